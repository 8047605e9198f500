// SPDX-License-Identifier: Apache-2.0
/* Set-id bits and file capabilities: neither made nor honoured (class 15). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	NR_FCHMODAT2 = 452
};

static int make_file(char *path, size_t size)
{
	snprintf(path, size, "/tmp/immure-set-id-%d", getpid());
	return open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}

/* Judged by the bits that are there afterwards. */
static enum outcome judge_bits(const char *path, long r)
{
	int e = errno;
	struct stat st = { 0 };
	int seen = lstat(path, &st);

	if (S_ISDIR(st.st_mode))
		rmdir(path);
	else
		unlink(path);
	if (seen == 0 && st.st_mode & (S_ISUID | S_ISGID))
		return act_broken("mode is now %o", st.st_mode & 07777);
	return act_refused("%s", r < 0 ? strerrorname_np(e) : "the bits were dropped");
}

static enum outcome try_chmod(const struct act *act)
{
	char path[64];
	cleanup_close int fd = make_file(path, sizeof(path));
	long r;

	if (fd < 0)
		return act_untried("%s: %s", path, strerrorname_np(errno));
	if (act->nr == SYS_fchmod)
		r = syscall(act->nr, fd, act->args[0]);
	else if (act->nr == SYS_fchmodat || act->nr == NR_FCHMODAT2)
		r = syscall(act->nr, AT_FDCWD, path, act->args[0], 0);
	else
		r = syscall(act->nr, path, act->args[0]);
	return judge_bits(path, r);
}

/* The folder may be set-gid by the chmod family alone; a file may be born with the bits. */
static enum outcome try_born(const struct act *act)
{
	char path[64];
	long r;

	snprintf(path, sizeof(path), "/tmp/immure-born-%d", getpid());
	switch (act->nr) {
	case SYS_mknod:
		r = syscall(SYS_mknod, path, S_IFREG | act->args[0], 0);
		break;
	case SYS_creat:
		r = syscall(SYS_creat, path, act->args[0]);
		break;
	default:
		r = syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_EXCL | O_WRONLY, act->args[0]);
		break;
	}
	return judge_bits(path, r);
}

static enum outcome try_xattr(const struct act *act)
{
	/* struct vfs_cap_data, revision 2, effective: cap_sys_chroot+ep */
	static const unsigned char value[20] = { 1, 0, 0, 2, 0, 0, 4 };
	char path[64];
	cleanup_close int fd = make_file(path, sizeof(path));
	int r;

	if (fd < 0)
		return act_untried("%s: %s", path, strerrorname_np(errno));
	r = fsetxattr(fd, act->path, value, sizeof(value), 0);
	if (r < 0 && errno == EOPNOTSUPP) {
		unlink(path);
		return act_untried("no extended attributes in /tmp");
	}
	unlink(path);
	return act_reached(r);
}

/* The runner has put a set-uid copy of this program, owned by somebody else, where we see it. */
static enum outcome try_exec(const struct act *act)
{
	const char *path = act_fact("setuid");
	int status = 0;
	pid_t pid;

	(void)act;
	if (!path || access(path, F_OK) < 0)
		return act_untried("no set-uid program was planted");
	pid = fork();
	if (pid == 0) {
		execl(path, path, "set-id-gained", (char *)NULL);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return act_untried("fork: %s", strerrorname_np(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_BROKEN)
		return OUTCOME_BROKEN;
	return act_refused("nothing gained: status %d", WEXITSTATUS(status));
}

static enum outcome see_gain(const struct act *act)
{
	(void)act;
	if (getauxval(AT_SECURE) || geteuid() != getuid() || getegid() != getgid())
		return act_broken("uid %u became %u", (unsigned)getuid(), (unsigned)geteuid());
	return act_refused("uid %u stayed", (unsigned)getuid());
}

/* clang-format off */
#define CHMOD(id, call, mode, text) \
	{ "chmod-" id, try_chmod, text, "R8", 15, CONTROL_PLAIN, .nr = (call), .args = { (mode) } }

const struct act acts_set_id[] = {
	CHMOD("set-uid", SYS_chmod, 04755, "chmod(2): set-uid bit"),
	CHMOD("set-gid", SYS_chmod, 02755, "chmod(2): set-gid bit"),
	CHMOD("high-bits", SYS_chmod, 04755 | (1UL << 32), "chmod(2): set-uid bit, with high bits that the kernel drops"),
	CHMOD("fchmod", SYS_fchmod, 06755, "fchmod(2): set-id bits"),
	CHMOD("fchmodat", SYS_fchmodat, 06755, "fchmodat(2): set-id bits"),
	{ "chmod-fchmodat2", try_chmod, "fchmodat2(2): set-id bits", "R8", 15, CONTROL_PLAIN | CONTROL_KERNEL,
	  .nr = NR_FCHMODAT2, .args = { 06755 } },
	{ "born-open", try_born, "open(2): a file that is born set-uid", "R8", 15, CONTROL_PLAIN, .nr = SYS_openat,
	  .args = { 06755 } },
	{ "born-creat", try_born, "creat(2): a file that is born set-uid", "R8", 15, CONTROL_PLAIN, .nr = SYS_creat,
	  .args = { 06755 } },
	{ "born-mknod", try_born, "mknod(2): a file that is born set-uid", "R8", 15, CONTROL_PLAIN, .nr = SYS_mknod,
	  .args = { 06755 } },
	{ "file-capability", try_xattr, "give a file a capability", "R8", 15, CONTROL_USERNS | CONTROL_KERNEL,
	  .path = "security.capability" },
	{ "xattr-trusted", try_xattr, "set a trusted attribute", "R8", 16, CONTROL_ROOT | CONTROL_KERNEL,
	  .path = "trusted.immure" },
	{ "exec-set-uid", try_exec, "gain the owner's uid by running a set-uid program", "R8", 15, CONTROL_ROOT },
	{ "set-id-gained", see_gain, "run with somebody else's ids", "R8", 15, CONTROL_NONE },
	{ 0 },
};
/* clang-format on */
