/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/tracer_programs.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define FUNCTION_MAX 64
#define LSM_PREFIX "bpf_lsm_"
#define CALL_MARK "_sys_" /* __x64_sys_open, ia32_sys_call */

/* Tasks first: nothing is missed between two attachments, for nobody is marked yet. */
const struct tracer_program tracer_programs[TRACER_PROGRAMS] = {
	/* clang-format off */
	{ "task_is_made", NEED_ALWAYS, 0 },
	{ "task_was_made", NEED_ALWAYS, 0 },
	{ "task_ends", NEED_ALWAYS, 0 },
	{ "task_is_gone", NEED_ALWAYS, 0 },
	{ "program_begins", NEED_ALWAYS, 0 },
	{ "call_enters", NEED_ENTERS, 0 },
	{ "call_returns", NEED_RETURNS, 0 },
	{ "connection_changes", NEED_ALWAYS, 0 },
	{ "packet_leaves", NEED_ALWAYS, 0 },
	{ "ring_takes", NEED_IF_THERE, 0 },
	{ "guard_open", NEED_TO_GUARD, 0 },
	{ "guard_connect", NEED_TO_GUARD, 0 },
	{ "guard_userns", NEED_TO_GUARD, 0 },
	{ "guard_signal", NEED_TO_GUARD, 0 },
	{ "guard_ptrace", NEED_TO_GUARD, 0 },
	{ "guard_call_bpf", NEED_IF_HOOK, 0 },
	{ "guard_call_inode_init_security_anon", NEED_IF_HOOK, 0 },
	{ "guard_call_inode_removexattr", NEED_IF_HOOK, 0 },
	{ "guard_call_inode_setxattr", NEED_IF_HOOK, 0 },
	{ "guard_call_kernel_load_data", NEED_IF_HOOK, 0 },
	{ "guard_call_kernel_read_file", NEED_IF_HOOK, 0 },
	{ "guard_call_key_alloc", NEED_IF_HOOK, 0 },
	{ "guard_call_key_permission", NEED_IF_HOOK, 0 },
	{ "guard_call_move_mount", NEED_IF_HOOK, 0 },
	{ "guard_call_msg_queue_alloc_security", NEED_IF_HOOK, 0 },
	{ "guard_call_path_chroot", NEED_IF_HOOK, 0 },
	{ "guard_call_perf_event_open", NEED_IF_HOOK, 0 },
	{ "guard_call_ptrace_access_check", NEED_IF_HOOK, 0 },
	{ "guard_call_ptrace_traceme", NEED_IF_HOOK, 0 },
	{ "guard_call_quotactl", NEED_IF_HOOK, 0 },
	{ "guard_call_sb_mount", NEED_IF_HOOK, 0 },
	{ "guard_call_sb_pivotroot", NEED_IF_HOOK, 0 },
	{ "guard_call_sb_statfs", NEED_IF_HOOK, 0 },
	{ "guard_call_sb_umount", NEED_IF_HOOK, 0 },
	{ "guard_call_sem_alloc_security", NEED_IF_HOOK, 0 },
	{ "guard_call_settime", NEED_IF_HOOK, 0 },
	{ "guard_call_shm_alloc_security", NEED_IF_HOOK, 0 },
	{ "guard_call_syslog", NEED_IF_HOOK, 0 },
	{ "guard_call_task_movememory", NEED_IF_HOOK, 0 },
	{ "guard_call_task_prlimit", NEED_IF_HOOK, 0 },
	{ "guard_call_task_setioprio", NEED_IF_HOOK, 0 },
	{ "guard_call_task_setnice", NEED_IF_HOOK, 0 },
	{ "guard_call_task_setscheduler", NEED_IF_HOOK, 0 },
	{ "guard_call_uring_cmd", NEED_IF_HOOK, 0 },
	{ "guard_call_uring_override_creds", NEED_IF_HOOK, 0 },
	{ "guard_call_uring_sqpoll", NEED_IF_HOOK, 0 },
	{ "guard_capable", NEED_IF_HOOK, 0 },
	{ "guard_chmod", NEED_IF_HOOK, 0 },
	{ "guard_ioctl", NEED_IF_HOOK, 0 },
	{ "guard_memory", NEED_IF_HOOK, 0 },
	{ "guard_mknod", NEED_IF_HOOK, 0 },
	{ "guard_prctl", NEED_IF_HOOK, 0 },
	{ "guard_socket", NEED_IF_HOOK, 0 },
#define HOOK(function, call) { "hook_" #call, NEED_HOOK, __NR_##call },
	TRACER_HOOKS(HOOK)
#undef HOOK
	{ "hook_ia32", NEED_HOOK, -1 },
	/* clang-format on */
};

bool tracer_is_guard(size_t i)
{
	return tracer_programs[i].need == NEED_TO_GUARD || tracer_programs[i].need == NEED_IF_HOOK;
}

bool tracer_is_hook(size_t i)
{
	return tracer_programs[i].need == NEED_HOOK;
}

/* What the kernel calls the function that a program is for; "": it is for no function. */
static void function_of(const struct bpf_program *program, char ret[FUNCTION_MAX])
{
	static const struct {
		const char *section, *function;
	} kinds[] = { { "lsm/", LSM_PREFIX }, { "fexit/", "" } };
	const char *name = program ? bpf_program__section_name(program) : "";

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i].section);

		if (strncmp(name, kinds[i].section, n) == 0)
			snprintf(ret, FUNCTION_MAX, "%s%s", kinds[i].function, name + n);
	}
}

void tracer_find_hooks(const struct btf *kernel, const struct bpf_object *object,
		       bool ret[TRACER_PROGRAMS])
{
	char functions[TRACER_PROGRAMS][FUNCTION_MAX];

	for (size_t i = 0; i < TRACER_PROGRAMS; i++)
		function_of(bpf_object__find_program_by_name(object, tracer_programs[i].name),
			    functions[i]);
	for (uint32_t id = 1; id < btf__type_cnt(kernel); id++) {
		const struct btf_type *type = btf__type_by_id(kernel, id);
		const char *name =
			btf_is_func(type) ? btf__name_by_offset(kernel, type->name_off) : NULL;

		/* All that we look for begins so: most of the kernel's functions do not. */
		if (!name || (strncmp(name, LSM_PREFIX, strlen(LSM_PREFIX)) != 0 &&
			      !strstr(name, CALL_MARK)))
			continue;
		for (size_t i = 0; i < TRACER_PROGRAMS; i++)
			ret[i] = ret[i] || strcmp(name, functions[i]) == 0;
	}
}
