/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pins.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/policy_cache.h"
#include "runtime/tool_path.h"

#define FIRST_FREE 16 /* above the numbers that the helper's descriptors get */
#define MAX_NAMES 512

/* The names, each once, as arguments of the helper. */
static int collect(const struct net_table *net, struct arena *arena, char ***ret, size_t *ret_n,
		   struct err *err)
{
	char **argv = arena_array(arena, MAX_NAMES + 2, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return err_set(err, ENOMEM, "out of memory");
	argv[0] = (char *)(uintptr_t) "immure-resolve";
	for (size_t i = 0; i < net->n; i++) {
		const char *name = net->rules[i].to.name;
		bool known = !name;

		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(argv[k + 1], name) == 0;
		if (known)
			continue;
		if (n == MAX_NAMES)
			return err_set(err, E2BIG, "more than %d names in network rules",
				       MAX_NAMES);
		argv[++n] = arena_strdup(arena, name);
		if (!argv[n])
			return err_set(err, ENOMEM, "out of memory");
	}
	*ret = argv;
	*ret_n = n;
	return 0;
}

static int spawn(char **argv, int out, int policy, pid_t *ret, struct err *err)
{
	char *envp[] = { (char *)(uintptr_t) "LANG=C", NULL };
	cleanup_arena struct arena arena = { 0 };
	const char *program = helper_path(&arena, "immure-resolve");
	posix_spawn_file_actions_t actions;
	int r;

	if (!program || posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	r = posix_spawn_file_actions_adddup2(&actions, out, PIN_OUT);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, policy, PIN_POLICY);
	if (r == 0)
		r = posix_spawn(ret, program, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(err, r, "cannot start %s", program);
}

/* Add an address to its name; the helper is not believed. */
static int take(const struct pin_record *record, struct net_pin *pins, size_t n,
		struct address *room, struct err *err)
{
	struct net_pin *pin = record->name < n ? &pins[record->name] : NULL;

	if (!pin || pin->n == PIN_MAX_ADDRESSES)
		return err_set(err, EPROTO, "immure-resolve says what makes no sense");
	pin->addresses = room + (size_t)record->name * PIN_MAX_ADDRESSES;
	room[(size_t)record->name * PIN_MAX_ADDRESSES + pin->n++] = record->address;
	return 0;
}

static int receive(int in, struct net_pin *pins, size_t n, struct address *room, struct err *err)
{
	for (uint32_t got = 0; got <= PIN_MAX_ADDRESSES; got++) {
		struct pin_record record = { 0 };
		int r;

		if (fd_read_full(in, &record, sizeof(record)) != (ssize_t)sizeof(record))
			return err_set(err, EPROTO, "immure-resolve ended unexpectedly");
		if (record.kind == PIN_END)
			return 0;
		if (record.kind == PIN_FAILED && record.err.code > 0 &&
		    record.err.len < sizeof(record.err.msg)) {
			record.err.msg[record.err.len] = '\0';
			*err = record.err;
			return -record.err.code;
		}
		r = record.kind == PIN_ADDRESS
			    ? take(&record, pins, n, room, err)
			    : err_set(err, EPROTO, "immure-resolve says what makes no sense");
		if (r < 0)
			return r;
	}
	return err_set(err, E2BIG, "the names have more than %u addresses", PIN_MAX_ADDRESSES);
}

int pins_find(const struct net_table *net, struct arena *arena, size_t *ret_n,
	      const struct net_pin **ret, struct err *err)
{
	cleanup_close int policy = -1;
	cleanup_close int out = -1;
	cleanup_close int in = -1;
	struct address *room;
	struct net_pin *pins;
	char **argv = NULL;
	int pipe_fds[2];
	size_t n = 0;
	pid_t pid = -1;
	int r = collect(net, arena, &argv, &n, err);

	if (r < 0 || n == 0)
		return r;
	pins = arena_array(arena, n, sizeof(*pins));
	room = arena_array(arena, n * PIN_MAX_ADDRESSES, sizeof(*room));
	if (!pins || !room)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		pins[i].name = argv[i + 1];
	policy = policy_open_compiled("builtin/registry", err);
	if (policy < 0)
		return policy;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	in = pipe_fds[0];
	out = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, FIRST_FREE);
	close(pipe_fds[1]);
	r = out < 0 ? err_sys(err, errno, "cannot copy a descriptor")
		    : spawn(argv, out, policy, &pid, err);
	closep(&out);
	if (r == 0)
		r = receive(in, pins, n, room, err);
	closep(&in);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_wrap(err, "names of network rules");
	*ret = pins;
	*ret_n = n;
	return 0;
}
