/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/uplink.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/tool_path.h"
#include "runtime/uplink_wire.h"

#define FIRST_FREE 16 /* above the numbers that the helper's descriptors get */

static int open_ns(pid_t pid, const char *name, struct err *err)
{
	char path[48];
	int fd;
	int high;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
	close(fd);
	return high < 0 ? err_sys(err, errno, "cannot copy a descriptor") : high;
}

static char **arguments(const struct plan *plan, struct arena *arena)
{
	char **argv = arena_array(arena, plan->n_ports + 2, sizeof(*argv));

	if (!argv)
		return NULL;
	argv[0] = arena_strdup(arena, "immure-uplink");
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct plan_port *port = &plan->ports[i];

		argv[i + 1] = arena_printf(arena, "%s=%s/%u:%u", port->udp ? "udp" : "tcp",
					   port->address, port->outside, port->inside);
		if (!argv[i + 1])
			return NULL;
	}
	return argv[0] ? argv : NULL;
}

/* fds in the order of uplink_wire.h. */
static int spawn(const char *program, char **argv, const int fds[3], pid_t *ret, struct err *err)
{
	char *envp[] = { (char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return err_set(err, ENOMEM, "out of memory");
	}
	sigemptyset(&none);
	r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	for (int i = 0; r == 0 && i < 3; i++)
		r = posix_spawn_file_actions_adddup2(&actions, fds[i], UPLINK_LIFE + i);
	if (r == 0)
		r = posix_spawn(ret, program, &actions, &attr, argv, envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(err, r, "cannot start %s", program);
}

static int await_answer(int life, struct err *err)
{
	struct err answer = { 0 };
	ssize_t n = fd_read_full(life, &answer, sizeof(answer));

	if (n != (ssize_t)sizeof(answer) || answer.code < 0 || answer.len >= sizeof(answer.msg))
		return err_set(err, EPROTO, "immure-uplink ended without an answer");
	answer.msg[answer.len] = '\0';
	if (answer.code > 0)
		*err = answer;
	return -answer.code;
}

/* The table of the sandbox's network, which the helper loads. */
static int send_table(int life, const struct plan *plan, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	uint32_t size;
	int r = to_nft(&plan->bundle->net, plan->pins, plan->n_pins,
		       NFT_LOG | (plan->bundle->audit_only ? NFT_AUDIT : 0), &text, err);

	if (r < 0)
		return r;
	if (text.len > UPLINK_TABLE_MAX)
		return err_set(err, E2BIG, "the network rules are too many");
	size = (uint32_t)text.len;
	r = fd_write_all(life, &size, sizeof(size));
	if (r == 0)
		r = fd_write_all(life, text.p, text.len);
	return r < 0 ? err_sys(err, -r, "cannot tell immure-uplink the rules") : 0;
}

int uplink_start(const struct plan *plan, pid_t pid, struct uplink *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_close int userns = -1;
	cleanup_close int netns = -1;
	cleanup_close int theirs = -1;
	const char *program;
	char **argv;
	int pair[2];
	int r;

	*ret = (struct uplink){ -1, -1 };
	if (plan->network != NETWORK_PRIVATE)
		return 0;
	userns = open_ns(pid, "user", err);
	if (userns < 0)
		return userns;
	netns = open_ns(pid, "net", err);
	if (netns < 0)
		return netns;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	ret->life = pair[0];
	theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_FREE);
	close(pair[1]);
	program = helper_path(&arena, "immure-uplink");
	argv = arguments(plan, &arena);
	if (theirs < 0 || !program || !argv)
		return err_set(err, ENOMEM, "out of memory");
	r = spawn(program, argv, (const int[]){ theirs, userns, netns }, &ret->pid, err);
	if (r < 0)
		return r;
	closep(&theirs);
	r = send_table(ret->life, plan, err);
	if (r == 0)
		r = await_answer(ret->life, err);
	return r < 0 ? err_wrap(err, "private network") : 0;
}

void uplink_stop(struct uplink *uplink)
{
	closep(&uplink->life);
	if (uplink->pid > 0) {
		while (waitpid(uplink->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	uplink->pid = -1;
}
