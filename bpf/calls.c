/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/calls.h"

#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

#define NONE 7   /* no such argument */
#define ALWAYS 6 /* opens for writing, whatever the flags */

#define STRINGS TRACER_TAKE_STRINGS
#define ADDRESS (TRACER_TAKE_SOCKET | TRACER_TAKE_ADDRESS)
#define OPENS (TRACER_TAKE_FD | TRACER_TAKE_STRINGS)

#define CALL(name) SYS_##name, "__x64_sys_" #name

static const struct row {
	uint16_t nr;
	const char *symbol; /* the kernel's function of it */
	uint8_t groups;     /* enum tracer_group */
	struct tracer_call how;
} rows[] = {
	/* clang-format off */
	{ CALL(open),       TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 0, NONE, 1 } },
	{ CALL(openat),     TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 1, NONE, 2 } },
	{ CALL(openat2),    TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 1, NONE, NONE } },
	{ CALL(creat),      TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 0, NONE, ALWAYS } },
	{ CALL(open_by_handle_at), TRACER_GROUP_WRITE | TRACER_GROUP_SECURITY, { TRACER_TAKE_FD, NONE, NONE, 2 } },
	{ CALL(truncate),   TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(mkdir),      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(mkdirat),    TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ CALL(rmdir),      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(unlink),     TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(unlinkat),   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ CALL(rename),     TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ CALL(renameat),   TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ CALL(renameat2),  TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ CALL(link),       TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ CALL(linkat),     TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ CALL(symlink),    TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ CALL(symlinkat),  TRACER_GROUP_WRITE, { STRINGS, 0, 2, NONE } },
	{ CALL(chmod),      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(fchmodat),   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ CALL(chown),      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(lchown),     TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(fchownat),   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ CALL(mknod),      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ CALL(mknodat),    TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ CALL(setxattr),   TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ CALL(lsetxattr),  TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },

	{ CALL(execve),     TRACER_GROUP_EXEC, { STRINGS, 0, NONE, NONE } },
	{ CALL(execveat),   TRACER_GROUP_EXEC, { STRINGS, 1, NONE, NONE } },

	{ CALL(connect),    TRACER_GROUP_FLOW, { ADDRESS, 1, NONE, NONE } },
	{ CALL(bind),       TRACER_GROUP_FLOW, { ADDRESS, 1, NONE, NONE } },
	{ CALL(listen),     TRACER_GROUP_FLOW, { TRACER_TAKE_SOCKET, NONE, NONE, NONE } },
	{ CALL(accept),     TRACER_GROUP_FLOW, { TRACER_TAKE_ACCEPT, NONE, NONE, NONE } },
	{ CALL(accept4),    TRACER_GROUP_FLOW, { TRACER_TAKE_ACCEPT, NONE, NONE, NONE } },

	{ CALL(kill),       TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(tkill),      TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(tgkill),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(rt_sigqueueinfo), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(pidfd_send_signal), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(pidfd_getfd), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(ptrace),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(process_vm_readv), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(process_vm_writev), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(mount),      TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ CALL(umount2),    TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ CALL(move_mount), TRACER_GROUP_SECURITY, { STRINGS, 1, 3, NONE } },
	{ CALL(open_tree),  TRACER_GROUP_SECURITY, { STRINGS, 1, NONE, NONE } },
	{ CALL(mount_setattr), TRACER_GROUP_SECURITY, { STRINGS, 1, NONE, NONE } },
	{ CALL(fsopen),     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ CALL(pivot_root), TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ CALL(chroot),     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ CALL(setns),      TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(unshare),    TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(bpf),        TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(perf_event_open), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(userfaultfd), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(keyctl),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(add_key),    TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ CALL(request_key), TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ CALL(init_module), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(finit_module), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(delete_module), TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ CALL(kexec_load), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(kexec_file_load), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(io_uring_setup), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(io_uring_enter), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(io_uring_register), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(seccomp),    TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setuid),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setgid),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setreuid),   TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setresuid),  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setresgid),  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(setgroups),  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(capset),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(swapon),     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ CALL(reboot),     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(sethostname), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(settimeofday), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(clock_settime), TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ CALL(memfd_create), TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	/* clang-format on */
};

void tracer_calls_fill(struct tracer_call how[TRACER_CALLS])
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		how[rows[i].nr] = rows[i].how;
		how[rows[i].nr].take |= TRACER_TAKE_ALONE;
	}
}

void tracer_calls_select(uint32_t groups, struct tracer_slot *slot)
{
	static const struct {
		uint32_t group, want;
	} wants[] = {
		{ TRACER_GROUP_EXEC, TRACER_WANT_EXEC },
		{ TRACER_GROUP_DENIED, TRACER_WANT_DENIED },
		{ TRACER_GROUP_FLOW, TRACER_WANT_FLOWS },
		{ TRACER_GROUP_READ, TRACER_WANT_READ_OPENS },
		{ TRACER_GROUP_TASKS, TRACER_WANT_TASKS },
		{ TRACER_GROUP_GUARD, TRACER_WANT_GUARD },
		{ TRACER_GROUP_LOCAL, TRACER_WANT_LOCAL },
		{ TRACER_GROUP_PATHS, TRACER_WANT_PATHS },
		{ TRACER_GROUP_CALLS, TRACER_WANT_CALLS },
		{ TRACER_GROUP_ALL,
		  TRACER_WANT_ALL | TRACER_WANT_EXEC | TRACER_WANT_FLOWS | TRACER_WANT_TASKS },
	};

	memset(slot->calls, 0, sizeof(slot->calls));
	slot->want = 0;
	for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
		if (groups & wants[i].group)
			slot->want |= wants[i].want;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (groups & rows[i].groups)
			slot->calls[rows[i].nr / 64] |= (uint64_t)1 << (rows[i].nr % 64);
	}
}

/* Those may wait for as long as they like, and until Linux 6.14 the kernel can follow only so many
 * functions at a time to their end: hundreds of waiting servers would hide calls of ours. */
static bool may_wait_long(unsigned nr)
{
	return nr == SYS_accept || nr == SYS_accept4 || nr == SYS_io_uring_enter;
}

const char *tracer_call_symbol(size_t i)
{
	return may_wait_long(rows[i].nr) ? NULL : rows[i].symbol;
}

size_t tracer_call_symbols(void)
{
	return ARRAY_LEN(rows);
}
