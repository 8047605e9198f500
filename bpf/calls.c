/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/calls.h"

#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"

#define NONE 7   /* no such argument */
#define ALWAYS 6 /* opens for writing, whatever the flags */

#define STRINGS TRACER_TAKE_STRINGS
#define ADDRESS (TRACER_TAKE_SOCKET | TRACER_TAKE_ADDRESS)
#define OPENS (TRACER_TAKE_FD | TRACER_TAKE_STRINGS)

static const struct row {
	uint16_t nr;
	uint8_t groups; /* enum tracer_group */
	struct tracer_call how;
} rows[] = {
	/* clang-format off */
	{ SYS_open,       TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 0, NONE, 1 } },
	{ SYS_openat,     TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 1, NONE, 2 } },
	{ SYS_openat2,    TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 1, NONE, NONE } },
	{ SYS_creat,      TRACER_GROUP_WRITE | TRACER_GROUP_READ, { OPENS, 0, NONE, ALWAYS } },
	{ SYS_open_by_handle_at, TRACER_GROUP_WRITE | TRACER_GROUP_SECURITY, { TRACER_TAKE_FD, NONE, NONE, 2 } },
	{ SYS_truncate,   TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_mkdir,      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_mkdirat,    TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ SYS_rmdir,      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_unlink,     TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_unlinkat,   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ SYS_rename,     TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ SYS_renameat,   TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ SYS_renameat2,  TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ SYS_link,       TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ SYS_linkat,     TRACER_GROUP_WRITE, { STRINGS, 1, 3, NONE } },
	{ SYS_symlink,    TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ SYS_symlinkat,  TRACER_GROUP_WRITE, { STRINGS, 0, 2, NONE } },
	{ SYS_chmod,      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_fchmodat,   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ SYS_chown,      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_lchown,     TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_fchownat,   TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ SYS_mknod,      TRACER_GROUP_WRITE, { STRINGS, 0, NONE, NONE } },
	{ SYS_mknodat,    TRACER_GROUP_WRITE, { STRINGS, 1, NONE, NONE } },
	{ SYS_setxattr,   TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },
	{ SYS_lsetxattr,  TRACER_GROUP_WRITE, { STRINGS, 0, 1, NONE } },

	{ SYS_execve,     TRACER_GROUP_EXEC, { STRINGS, 0, NONE, NONE } },
	{ SYS_execveat,   TRACER_GROUP_EXEC, { STRINGS, 1, NONE, NONE } },

	{ SYS_connect,    TRACER_GROUP_FLOW, { ADDRESS, 1, NONE, NONE } },
	{ SYS_bind,       TRACER_GROUP_FLOW, { ADDRESS, 1, NONE, NONE } },
	{ SYS_listen,     TRACER_GROUP_FLOW, { TRACER_TAKE_SOCKET, NONE, NONE, NONE } },
	{ SYS_accept,     TRACER_GROUP_FLOW, { TRACER_TAKE_ACCEPT, NONE, NONE, NONE } },
	{ SYS_accept4,    TRACER_GROUP_FLOW, { TRACER_TAKE_ACCEPT, NONE, NONE, NONE } },

	{ SYS_kill,       TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_tkill,      TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_tgkill,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_rt_sigqueueinfo, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_pidfd_send_signal, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_pidfd_getfd, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_ptrace,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_process_vm_readv, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_process_vm_writev, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_mount,      TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ SYS_umount2,    TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ SYS_move_mount, TRACER_GROUP_SECURITY, { STRINGS, 1, 3, NONE } },
	{ SYS_open_tree,  TRACER_GROUP_SECURITY, { STRINGS, 1, NONE, NONE } },
	{ SYS_mount_setattr, TRACER_GROUP_SECURITY, { STRINGS, 1, NONE, NONE } },
	{ SYS_fsopen,     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ SYS_pivot_root, TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ SYS_chroot,     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ SYS_setns,      TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_unshare,    TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_bpf,        TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_perf_event_open, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_userfaultfd, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_keyctl,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_add_key,    TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ SYS_request_key, TRACER_GROUP_SECURITY, { STRINGS, 0, 1, NONE } },
	{ SYS_init_module, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_finit_module, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_delete_module, TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ SYS_kexec_load, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_kexec_file_load, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_io_uring_setup, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_io_uring_enter, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_io_uring_register, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_seccomp,    TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setuid,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setgid,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setreuid,   TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setresuid,  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setresgid,  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_setgroups,  TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_capset,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_swapon,     TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
	{ SYS_reboot,     TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_sethostname, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_settimeofday, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_clock_settime, TRACER_GROUP_SECURITY, { 0, NONE, NONE, NONE } },
	{ SYS_memfd_create, TRACER_GROUP_SECURITY, { STRINGS, 0, NONE, NONE } },
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
		{ TRACER_GROUP_NATIVE, TRACER_WANT_NATIVE },
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
		if (!(groups & rows[i].groups))
			continue;
		slot->calls[rows[i].nr / 64] |= (uint64_t)1 << (rows[i].nr % 64);
		slot->want |= TRACER_WANT_RETURNS;
	}
	if (slot->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED))
		slot->want |= TRACER_WANT_RETURNS;
}

bool tracer_calls_are_few(const struct tracer_slot *slot, const uint64_t hooked[TRACER_CALLS / 64])
{
	if (!(slot->want & TRACER_WANT_RETURNS) ||
	    (slot->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED)))
		return false;
	for (size_t i = 0; i < TRACER_CALLS / 64; i++) {
		if (slot->calls[i] & ~hooked[i])
			return false;
	}
	return true;
}
