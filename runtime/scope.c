/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/scope.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/scope_wire.h"
#include "runtime/tool_path.h"

int scope_name(const char *cgroups_path, const char *id, struct arena *arena, struct scope *ret,
	       struct err *err)
{
	const char *text = cgroups_path ? cgroups_path : "";
	struct span rest = span_of(text);
	struct span slice = span_cut(&rest, ':');
	struct span prefix = span_cut(&rest, ':');
	struct scope scope = { .user = ret->user };

	if (strchr(text, '/') || (*text && !strchr(text, ':')) || span_has_byte(rest, ':'))
		return err_set(err, EINVAL, "cgroupsPath \"%s\": expected SLICE:PREFIX:NAME", text);
	if (rest.n == 0)
		rest = span_of(id);
	scope.slice = arena_strndup(arena, slice.p, slice.n);
	scope.unit = arena_printf(arena, "%.*s%s%.*s.scope", (int)prefix.n, prefix.p,
				  prefix.n > 0 ? "-" : "", (int)rest.n, rest.p);
	if (!scope.slice || !scope.unit)
		return err_set(err, ENOMEM, "out of memory");
	*ret = scope;
	return 0;
}

/* How systemd is found, and nothing else. */
static const char *const passed[] = { "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
				      "DBUS_SYSTEM_BUS_ADDRESS" };

static int spawn(const char *program, char *const argv[], char *const envp[], int talk, pid_t *ret,
		 struct err *err)
{
	posix_spawn_file_actions_t actions;
	int high = fcntl(talk, F_DUPFD_CLOEXEC, SCOPE_TALK + 1);
	int r;

	if (high < 0)
		return err_sys(err, errno, "cannot copy a descriptor");
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, high, SCOPE_TALK);
		if (r == 0)
			r = posix_spawn(ret, program, &actions, NULL, argv, envp);
		posix_spawn_file_actions_destroy(&actions);
	}
	close(high);
	return r == 0 ? 0 : err_sys(err, r, "--systemd-cgroup: cannot start %s", program);
}

static int hear(int fd, struct scope_answer *ret, struct err *err)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*ret) || ret->err.code < 0 ||
	    ret->err.len >= sizeof(ret->err.msg) || memchr(ret->cgroup, 0, PATH_MAX) == NULL)
		return err_set(err, EPROTO, "--systemd-cgroup: immure-scope gave no answer");
	ret->err.msg[ret->err.len] = '\0';
	if (ret->err.code == 0)
		return 0;
	*err = ret->err;
	return err_wrap(err, "--systemd-cgroup");
}

/* BUS VERB UNIT, then a word and limits if there are any. */
static char **arguments(const struct scope *scope, const char *verb, const char *word,
			const struct oci_pairs *limits, struct arena *arena)
{
	size_t n_limits = limits ? limits->n : 0;
	char **argv = arena_array(arena, n_limits + 6, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = arena_strdup(arena, "immure-scope");
	argv[n++] = arena_strdup(arena, scope->user ? "user" : "system");
	argv[n++] = arena_strdup(arena, verb);
	argv[n++] = arena_strdup(arena, scope->unit);
	if (word)
		argv[n++] = arena_strdup(arena, word);
	for (size_t i = 0; i < n_limits; i++)
		argv[n++] =
			arena_printf(arena, "%s=%s", limits->items[i].key, limits->items[i].value);
	for (size_t i = 0; i < n; i++) {
		if (!argv[i])
			return NULL;
	}
	return argv;
}

static int call(char **argv, struct scope_hold *hold, struct scope_answer *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *program = helper_path(&arena, "immure-scope");
	cleanup_close int theirs = -1;
	char *envp[ARRAY_LEN(passed) + 1];
	int pair[2];
	int r;

	*hold = (struct scope_hold){ .fd = -1, .pid = -1 };
	if (!program || !argv)
		return err_set(err, ENOMEM, "out of memory");
	r = helper_environment(&arena, passed, ARRAY_LEN(passed), envp, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	hold->fd = pair[0];
	theirs = pair[1];
	r = spawn(program, argv, envp, theirs, &hold->pid, err);
	closep(&theirs);
	return r < 0 ? r : hear(hold->fd, ret, err);
}

void scope_release(struct scope_hold *hold)
{
	/* The container's process has a copy, so that to close it alone says nothing. */
	if (hold->fd >= 0)
		shutdown(hold->fd, SHUT_RDWR);
	closep(&hold->fd);
	while (hold->pid > 0 && waitpid(hold->pid, NULL, 0) < 0 && errno == EINTR)
		;
	hold->pid = -1;
}

int scope_start(const struct scope *scope, const struct oci_pairs *limits, struct scope_hold *hold,
		struct arena *arena, const char **ret_path, struct err *err)
{
	struct scope_answer answer = { 0 };
	char **argv = arguments(scope, "start", scope->slice, limits, arena);
	int r = call(argv, hold, &answer, err);

	if (r < 0)
		return r;
	*ret_path = arena_strdup(arena, answer.cgroup);
	return *ret_path ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int ask(const struct scope *scope, const char *verb, const char *word,
	       const struct oci_pairs *limits, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct scope_answer answer = { 0 };
	struct scope_hold hold;
	int r = call(arguments(scope, verb, word, limits, &arena), &hold, &answer, err);

	scope_release(&hold);
	return r;
}

int scope_attach(const struct scope *scope, pid_t pid, struct err *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return ask(scope, "attach", text, NULL, err);
}

int scope_set(const struct scope *scope, const struct oci_pairs *limits, struct err *err)
{
	return ask(scope, "set", NULL, limits, err);
}

int scope_stop(const struct scope *scope, struct err *err)
{
	return ask(scope, "stop", NULL, NULL, err);
}

bool scope_is_possible(void)
{
	cleanup_arena struct arena arena = { 0 };
	const char *program = helper_path(&arena, "immure-scope");

	return program && access(program, X_OK) == 0;
}
