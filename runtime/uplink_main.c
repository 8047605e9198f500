/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-uplink: the table of the sandbox's network namespace (uplink_gate.c), then pasta(1) as its
 * way out, until the launcher is gone. pasta forgets PR_SET_PDEATHSIG as it gives up its ids, so
 * somebody must watch.
 * Should: tell one error, whole, before anything runs in the sandbox.
 * Mustn't: read what comes from the workload but the heads of refused packets; pasta does, in a
 * sandbox of its own.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/uplink_gate.h"
#include "runtime/uplink_wire.h"
#include "sandbox/plan.h"

#define MAX_ARGS 600
#define TEXT_MAX 4096

/* What it ended of. Where nobody takes its log (no /dev/log), it complains of that first. */
static struct span reason(const char *text)
{
	struct span rest = span_of(text);
	struct span line = span_cut(&rest, '\n');

	while (span_starts(line, "Failed to send ") && rest.n > 0)
		line = span_cut(&rest, '\n');
	if (line.n > 150)
		line.n = 150;
	return line;
}

/* The table comes first: its length, then its text. */
static char *read_table(struct err *err)
{
	uint32_t size = 0;
	char *table;

	if (fd_read_full(UPLINK_LIFE, &size, sizeof(size)) != (ssize_t)sizeof(size) ||
	    size > UPLINK_TABLE_MAX) {
		err_set(err, EPROTO, "no table of rules came");
		return NULL;
	}
	table = calloc(1, (size_t)size + 1);
	if (!table || fd_read_full(UPLINK_LIFE, table, size) != (ssize_t)size) {
		err_set(err, EPROTO, "the table of rules is cut short");
		free(table);
		return NULL;
	}
	return table;
}

static int apply_rules(pid_t *ret, struct err *err)
{
	cleanup_free char *table = read_table(err);

	return table ? uplink_gate_start(table, ret, err) : -err->code;
}

/* Ports of one protocol become options; none of it means that nothing is led in. */
static size_t add_ports(int argc, char *argv[], const char *prefix, const char *option,
			const char **ret, size_t n)
{
	size_t before = n;

	for (int i = 1; i < argc && n + 2 < MAX_ARGS; i++) {
		if (strncmp(argv[i], prefix, strlen(prefix)) != 0)
			continue;
		ret[n++] = option;
		ret[n++] = argv[i] + strlen(prefix);
	}
	if (n == before) {
		ret[n++] = option;
		ret[n++] = "none";
	}
	return n;
}

static pid_t start_pasta(int argc, char *argv[], int ready, int talk)
{
	static const char *const fixed[] = {
		"pasta",          "--foreground",   "--stderr", "--quiet",         "--config-net",
		"--no-map-gw",    "--tcp-ns",       "none",     "--udp-ns",        "none",
		"--dns-forward",  NETWORK_RESOLVER, "--userns", "/proc/self/fd/4", "--netns",
		"/proc/self/fd/5"
	};
	const char *args[MAX_ARGS + 8];
	char pid_file[32];
	size_t n = 0;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		args[n++] = fixed[i];
	snprintf(pid_file, sizeof(pid_file), "/proc/self/fd/%d", ready);
	args[n++] = "--pid";
	args[n++] = pid_file;
	if (geteuid() == 0) {
		/* It is root of the sandbox's user namespace only; as nobody it could not enter. */
		args[n++] = "--runas";
		args[n++] = "0";
	}
	n = add_ports(argc, argv, "tcp=", "--tcp-ports", args, n);
	n = add_ports(argc, argv, "udp=", "--udp-ports", args, n);
	args[n] = NULL;
	/* pasta of 2023 takes a SIGPIPE that was ignored before for a failure to ignore it. */
	if (dup2(talk, STDERR_FILENO) < 0 || fcntl(ready, F_SETFD, 0) < 0 ||
	    signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		_exit(127);
	execvp("pasta", (char *const *)(uintptr_t)args);
	_exit(127);
}

/* It writes its number once it carries packets, and ends with words on standard error if it cannot.
 */
static int await_pasta(pid_t pid, int ready, int talk, struct err *err)
{
	char text[TEXT_MAX];
	struct span why;
	char digit;
	ssize_t n;
	int status = 0;

	if (fd_read_full(ready, &digit, 1) == 1)
		return 0;
	n = fd_read_full(talk, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(err, ENOENT, "cannot start pasta: install the package passt");
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return err_sys(err, errno, "pasta needs /dev/net/tun (mode 666, as udev makes it)");
	why = reason(text);
	return err_set(err, EIO, "pasta ended: %.*s", (int)why.n, why.p);
}

/* Until the gate, which listens to the launcher, or pasta has ended. */
static void watch(pid_t pid, pid_t gate)
{
	cleanup_close int pasta = pidfd_open(pid, 0);
	cleanup_close int rules = pidfd_open(gate, 0);
	struct pollfd fds[] = { { .fd = rules, .events = POLLIN },
				{ .fd = pasta, .events = POLLIN } };

	while (pasta >= 0 && rules >= 0 && poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
		;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int begin(int argc, char *argv[], pid_t *ret, pid_t *ret_gate, struct err *err)
{
	int ready[2];
	int talk[2];
	int r = apply_rules(ret_gate, err);

	if (r < 0)
		return r;
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(talk, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	*ret = start_pasta(argc, argv, ready[1], talk[1]);
	close(ready[1]);
	close(talk[1]);
	if (*ret < 0)
		return err_sys(err, errno, "cannot make a process");
	r = await_pasta(*ret, ready[0], talk[0], err);
	close(ready[0]);
	/* talk stays: what pasta says later must not end it by a closed pipe. */
	return r;
}

int main(int argc, char *argv[])
{
	struct err err = { 0 };
	pid_t pasta = -1;
	pid_t gate = -1;
	int r;

	if (fcntl(UPLINK_LIFE, F_SETFD, FD_CLOEXEC) < 0 || fcntl(UPLINK_NETNS, F_GETFD) < 0) {
		fputs("immure-uplink is started by immure run --network private\n", stderr);
		return 2;
	}
	if (close_range(UPLINK_NETNS + 1, ~0U, 0) < 0 || argc > MAX_ARGS / 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	r = begin(argc, argv, &pasta, &gate, &err);
	if (fd_write_all(UPLINK_LIFE, &err, sizeof(err)) < 0 && r == 0)
		r = -EPIPE;
	if (r == 0)
		watch(pasta, gate);
	else if (pasta > 0)
		kill(pasta, SIGKILL);
	if (r < 0 && gate > 0)
		kill(gate, SIGKILL);
	return r < 0;
}
