/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_HOOKS_H
#define IMMURE_BPF_HOOKS_H

/*
 * The calls of the table in calls.c, each with a program of its own where it returns, for kernels
 * that take programs there: whoever makes another call does not notice. Compiled on both sides.
 *
 *   HOOK(FUNCTION, CALL)  __x64_sys_FUNCTION is what the kernel runs for CALL
 */

#include <asm/unistd_64.h>

/* clang-format off */
#define TRACER_HOOKS(HOOK) \
	HOOK(open, open) \
	HOOK(openat, openat) \
	HOOK(openat2, openat2) \
	HOOK(creat, creat) \
	HOOK(open_by_handle_at, open_by_handle_at) \
	HOOK(truncate, truncate) \
	HOOK(mkdir, mkdir) \
	HOOK(mkdirat, mkdirat) \
	HOOK(rmdir, rmdir) \
	HOOK(unlink, unlink) \
	HOOK(unlinkat, unlinkat) \
	HOOK(rename, rename) \
	HOOK(renameat, renameat) \
	HOOK(renameat2, renameat2) \
	HOOK(link, link) \
	HOOK(linkat, linkat) \
	HOOK(symlink, symlink) \
	HOOK(symlinkat, symlinkat) \
	HOOK(chmod, chmod) \
	HOOK(fchmodat, fchmodat) \
	HOOK(chown, chown) \
	HOOK(lchown, lchown) \
	HOOK(fchownat, fchownat) \
	HOOK(mknod, mknod) \
	HOOK(mknodat, mknodat) \
	HOOK(setxattr, setxattr) \
	HOOK(lsetxattr, lsetxattr) \
	HOOK(execve, execve) \
	HOOK(execveat, execveat) \
	HOOK(connect, connect) \
	HOOK(bind, bind) \
	HOOK(listen, listen) \
	HOOK(accept, accept) \
	HOOK(accept4, accept4) \
	HOOK(kill, kill) \
	HOOK(tkill, tkill) \
	HOOK(tgkill, tgkill) \
	HOOK(rt_sigqueueinfo, rt_sigqueueinfo) \
	HOOK(pidfd_send_signal, pidfd_send_signal) \
	HOOK(pidfd_getfd, pidfd_getfd) \
	HOOK(ptrace, ptrace) \
	HOOK(process_vm_readv, process_vm_readv) \
	HOOK(process_vm_writev, process_vm_writev) \
	HOOK(mount, mount) \
	HOOK(umount, umount2) \
	HOOK(move_mount, move_mount) \
	HOOK(open_tree, open_tree) \
	HOOK(mount_setattr, mount_setattr) \
	HOOK(fsopen, fsopen) \
	HOOK(pivot_root, pivot_root) \
	HOOK(chroot, chroot) \
	HOOK(setns, setns) \
	HOOK(unshare, unshare) \
	HOOK(bpf, bpf) \
	HOOK(perf_event_open, perf_event_open) \
	HOOK(userfaultfd, userfaultfd) \
	HOOK(keyctl, keyctl) \
	HOOK(add_key, add_key) \
	HOOK(request_key, request_key) \
	HOOK(init_module, init_module) \
	HOOK(finit_module, finit_module) \
	HOOK(delete_module, delete_module) \
	HOOK(kexec_load, kexec_load) \
	HOOK(kexec_file_load, kexec_file_load) \
	HOOK(io_uring_setup, io_uring_setup) \
	HOOK(io_uring_enter, io_uring_enter) \
	HOOK(io_uring_register, io_uring_register) \
	HOOK(seccomp, seccomp) \
	HOOK(setuid, setuid) \
	HOOK(setgid, setgid) \
	HOOK(setreuid, setreuid) \
	HOOK(setresuid, setresuid) \
	HOOK(setresgid, setresgid) \
	HOOK(setgroups, setgroups) \
	HOOK(capset, capset) \
	HOOK(swapon, swapon) \
	HOOK(reboot, reboot) \
	HOOK(sethostname, sethostname) \
	HOOK(settimeofday, settimeofday) \
	HOOK(clock_settime, clock_settime) \
	HOOK(memfd_create, memfd_create)
/* clang-format on */

#endif
