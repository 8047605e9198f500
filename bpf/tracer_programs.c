/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/tracer_programs.h"

#include <stdio.h>
#include <string.h>

/* Tasks first: nothing is missed between two attachments, for nobody is marked yet. */
const struct tracer_program tracer_programs[TRACER_PROGRAMS] = {
	/* clang-format off */
	{ "task_is_made", NEED_ALWAYS },
	{ "task_was_made", NEED_ALWAYS },
	{ "task_ends", NEED_ALWAYS },
	{ "program_begins", NEED_ALWAYS },
	{ "call_enters", NEED_ENTERS },
	{ "call_returns", NEED_RETURNS },
	{ "connection_changes", NEED_ALWAYS },
	{ "packet_leaves", NEED_ALWAYS },
	{ "ring_takes", NEED_IF_THERE },
	{ "guard_open", NEED_TO_GUARD },
	{ "guard_connect", NEED_TO_GUARD },
	{ "guard_userns", NEED_TO_GUARD },
	{ "guard_signal", NEED_TO_GUARD },
	{ "guard_ptrace", NEED_TO_GUARD },
	{ "guard_call_bpf", NEED_IF_HOOK },
	{ "guard_call_inode_init_security_anon", NEED_IF_HOOK },
	{ "guard_call_inode_removexattr", NEED_IF_HOOK },
	{ "guard_call_inode_setxattr", NEED_IF_HOOK },
	{ "guard_call_kernel_load_data", NEED_IF_HOOK },
	{ "guard_call_kernel_read_file", NEED_IF_HOOK },
	{ "guard_call_key_alloc", NEED_IF_HOOK },
	{ "guard_call_key_permission", NEED_IF_HOOK },
	{ "guard_call_move_mount", NEED_IF_HOOK },
	{ "guard_call_msg_queue_alloc_security", NEED_IF_HOOK },
	{ "guard_call_path_chroot", NEED_IF_HOOK },
	{ "guard_call_perf_event_open", NEED_IF_HOOK },
	{ "guard_call_ptrace_access_check", NEED_IF_HOOK },
	{ "guard_call_ptrace_traceme", NEED_IF_HOOK },
	{ "guard_call_quotactl", NEED_IF_HOOK },
	{ "guard_call_sb_mount", NEED_IF_HOOK },
	{ "guard_call_sb_pivotroot", NEED_IF_HOOK },
	{ "guard_call_sb_statfs", NEED_IF_HOOK },
	{ "guard_call_sb_umount", NEED_IF_HOOK },
	{ "guard_call_sem_alloc_security", NEED_IF_HOOK },
	{ "guard_call_settime", NEED_IF_HOOK },
	{ "guard_call_shm_alloc_security", NEED_IF_HOOK },
	{ "guard_call_syslog", NEED_IF_HOOK },
	{ "guard_call_task_movememory", NEED_IF_HOOK },
	{ "guard_call_task_prlimit", NEED_IF_HOOK },
	{ "guard_call_task_setioprio", NEED_IF_HOOK },
	{ "guard_call_task_setnice", NEED_IF_HOOK },
	{ "guard_call_task_setscheduler", NEED_IF_HOOK },
	{ "guard_call_uring_cmd", NEED_IF_HOOK },
	{ "guard_call_uring_override_creds", NEED_IF_HOOK },
	{ "guard_call_uring_sqpoll", NEED_IF_HOOK },
	{ "guard_capable", NEED_IF_HOOK },
	{ "guard_chmod", NEED_IF_HOOK },
	{ "guard_ioctl", NEED_IF_HOOK },
	{ "guard_memory", NEED_IF_HOOK },
	{ "guard_mknod", NEED_IF_HOOK },
	{ "guard_prctl", NEED_IF_HOOK },
	{ "guard_socket", NEED_IF_HOOK },
	/* clang-format on */
};

bool tracer_is_guard(size_t i)
{
	return tracer_programs[i].need == NEED_TO_GUARD || tracer_programs[i].need == NEED_IF_HOOK;
}

bool tracer_has_hook(const struct btf *kernel, const struct bpf_program *program)
{
	static const char section[] = "lsm/";
	const char *name = bpf_program__section_name(program);
	char function[64];

	if (!kernel || strncmp(name, section, strlen(section)) != 0)
		return false;
	snprintf(function, sizeof(function), "bpf_lsm_%s", name + strlen(section));
	return btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC) > 0;
}
