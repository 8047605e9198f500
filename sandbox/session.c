/* SPDX-License-Identifier: Apache-2.0 */
/* What a process inherits besides files: session, terminal, keyring, signals, names (R5). */
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "sandbox/steps.h"

/*
 * The kernel kills us with the supervisor; the look at its pidfd closes the gap before prctl(2).
 * Changing ids or losing capabilities clears the setting, so this is done twice.
 */
int deathsig_apply(struct confine *c, struct err *err)
{
	struct pollfd parent = { .fd = c->fds->supervisor, .events = POLLIN };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, errno, "cannot tie our life to the supervisor's");
	if (poll(&parent, 1, 0) != 0)
		return err_set(err, EOWNERDEAD, "the supervisor is gone");
	return 0;
}

int signals_apply(struct err *err)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &plain, NULL); /* EINVAL for the two that libc keeps */
	}
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return err_sys(err, errno, "cannot unblock signals");
	return 0;
}

int session_apply(struct confine *c, struct err *err)
{
	const struct plan *plan = c->plan;
	int r;

	if (setsid() < 0)
		return err_sys(err, errno, "cannot start a session");
	if (plan->tty && ioctl(0, TIOCSCTTY, 0) < 0)
		return err_sys(err, errno, "cannot make the pseudo terminal ours");
	if (sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return err_sys(err, errno, "cannot set the host name %s", plan->hostname);
	if (setdomainname("", 0) < 0)
		return err_sys(err, errno, "cannot clear the domain name");
	r = sys_join_session_keyring(NULL);
	if (r < 0 && r != -ENOSYS) /* a kernel without keyrings has none to hide */
		return err_sys(err, -r, "cannot start a session keyring");
	if (personality(PER_LINUX) < 0)
		return err_sys(err, errno, "cannot reset the personality");
	umask(022);
	return signals_apply(err);
}

int loopback_apply(struct err *err)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	cleanup_close int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_sys(err, errno, "cannot open a socket");
	if (ioctl(s, SIOCSIFFLAGS, &lo) < 0)
		return err_sys(err, errno, "cannot bring the loopback interface up");
	return 0;
}

/* Source: Documentation/userspace-api/no_new_privs.rst */
int nnp_apply(struct confine *c, struct err *err)
{
	(void)c;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "cannot set no_new_privs");
	return 0;
}

/* Late, for the supervisor reads our namespaces from /proc until now; execve(2) undoes it. */
int dumpable_apply(struct confine *c, struct err *err)
{
	(void)c;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, errno, "cannot become undumpable");
	return 0;
}

int workdir_enter(const char *path, bool optional, struct err *err)
{
	char seen[4096];

	if (chdir(path) < 0) {
		if (!optional)
			return err_sys(err, errno, "cannot enter the working folder %s", path);
		if (chdir("/") < 0)
			return err_sys(err, errno, "cannot enter /");
	}
	/* CVE-2024-21626: a working folder outside the root shows as "(unreachable)". */
	if (!getcwd(seen, sizeof(seen)) || seen[0] != '/')
		return err_set(err, EXDEV, "the working folder %s leads out of the root", path);
	return 0;
}

int workdir_apply(struct confine *c, struct err *err)
{
	return workdir_enter(c->plan->cwd, c->plan->cwd_optional, err);
}

int fds_apply(struct confine *c, struct err *err)
{
	closep(&c->scratch);
	closep(&c->root);
	closep(&c->proc);
	/* The table is the supervisor's too: mark what is left, do not close it. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot mark descriptors close-on-exec");
	return 0;
}
