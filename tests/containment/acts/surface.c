// SPDX-License-Identifier: Apache-2.0
/*
 * How much of the kernel is open (class 30): every call number is tried under one more filter, of
 * our own, that lets none through. Where both filters refuse, the stricter action wins, and the
 * actions order as ERRNO < USER_NOTIF < TRACE: so ENOSYS (from our TRACE without a tracer) means
 * that the sandbox would have let the call pass, and anything else that it would not.
 */
#include "act.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPEN_LIMIT 200
#define NR_LAST 470
/* From here on every call checks its arguments first, so that it can be asked itself. */
#define NR_NEW 424

/* Let exit_group(2) alone pass: that is how the child tells. */
static int hold_all_but_exit(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	};
	struct sock_fprog prog = { ARRAY_LEN(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* Marks in a shared page: a filter may also kill. */
static void probe_all(volatile unsigned char *open_calls, volatile int *at)
{
	if (hold_all_but_exit() < 0)
		_exit(OUTCOME_UNTRIED);
	while (*at <= NR_LAST) {
		int nr = (*at)++;

		if (nr == SYS_exit_group || nr == SYS_rt_sigreturn)
			continue;
		if (syscall(nr, -1, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS)
			open_calls[nr] = 1;
	}
	_exit(0);
}

/* Of those, what answers ENOSYS by itself is refused by policy, or not in this kernel. */
static void drop_absent(unsigned char *open_calls)
{
	for (int nr = NR_NEW; nr <= NR_LAST; nr++) {
		if (open_calls[nr] && syscall(nr, -1, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS)
			open_calls[nr] = 0;
	}
	for (int nr = 335; nr < NR_NEW; nr++)
		open_calls[nr] = 0;
}

static enum outcome count_open(const struct act *act)
{
	unsigned char *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int *at;
	int n = 2; /* exit_group, rt_sigreturn: every program ends and handles signals */

	(void)act;
	if (shared == MAP_FAILED)
		return act_untried("mmap: %s", strerrorname_np(errno));
	at = (int *)(void *)(shared + 2048);
	while (*at <= NR_LAST) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			probe_all(shared, at);
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return act_untried("fork: %s", strerrorname_np(errno));
		if (WIFEXITED(status) && WEXITSTATUS(status) == OUTCOME_UNTRIED)
			return act_untried("a second filter is refused");
	}
	drop_absent(shared);
	for (int nr = 0; nr <= NR_LAST; nr++)
		n += shared[nr];
	if (getenv("ACTS_LIST_OPEN")) {
		for (int nr = 0; nr <= NR_LAST; nr++) {
			if (shared[nr])
				fprintf(stderr, "open %d\n", nr);
		}
	}
	if (n > OPEN_LIMIT)
		return act_broken("%d calls are open", n);
	return act_refused("%d calls are open, of at most %d", n, OPEN_LIMIT);
}

/* clang-format off */
const struct act acts_surface[] = {
	{ "surface", count_open, "more than 200 system calls", "R7", 30, CONTROL_PLAIN },
	{ 0 },
};
/* clang-format on */
