/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"

#define STATUS_MAX 16384

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };

int signals_open(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, errno, "cannot block signals");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return err_sys(err, errno, "cannot ignore SIGPIPE");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a signal descriptor");
	return fd;
}

int signals_next(int fd)
{
	struct signalfd_siginfo info = { 0 };

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* Does the process handle or ignore it? If that cannot be read, the safe answer is no. */
static bool is_taken_care_of(int sig, pid_t pid)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };
	uint64_t bit = (uint64_t)1 << (sig - 1);
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (fd_read_file(AT_FDCWD, path, STATUS_MAX, &text, &ignored) < 0)
		return false;
	if (proc_status_parse((struct span){ text.p, text.len }, &status, &ignored) < 0)
		return false;
	return (status.sig_cgt | status.sig_ign) & bit;
}

int signals_forward(int sig, int pidfd, pid_t pid)
{
	bool ends = sig != SIGWINCH;

	if (ends && !is_taken_care_of(sig, pid))
		return sys_pidfd_send_signal(pidfd, SIGKILL) == 0;
	if (sys_pidfd_send_signal(pidfd, sig) < 0)
		return 0; /* it is gone: its end is what poll() reports next */
	return 0;
}
