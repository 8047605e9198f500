/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sign.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/tool_path.h"

#define ANSWER_MAX 8192

struct helper {
	pid_t pid;
	int in, out; /* our ends */
};

/* Children get these two ends and nothing else of ours: all others are close-on-exec. */
static int spawn(const char *const argv[], int in, int out, struct arena *arena, pid_t *ret,
		 struct err *err)
{
	const char *path = helper_path(arena, "immure-sign");
	static char *const env[] = { NULL };
	posix_spawn_file_actions_t actions;
	char *args[6] = { NULL };
	int r;

	for (size_t i = 0; argv[i] && i + 1 < ARRAY_LEN(args); i++)
		args[i] = arena_strdup(arena, argv[i]);
	if (!path || posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	r |= posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	r |= posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &actions, NULL, args, env);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(err, r, "cannot start %s", path);
}

static int start(const char *const argv[], struct arena *arena, struct helper *ret, struct err *err)
{
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	int r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		r = err_sys(err, errno, "cannot make a pipe");
		closep(&in[0]);
		closep(&in[1]);
		return r;
	}
	r = spawn(argv, in[0], out[1], arena, &ret->pid, err);
	closep(&in[0]);
	closep(&out[1]);
	ret->in = in[1];
	ret->out = out[0];
	if (r < 0) {
		closep(&ret->in);
		closep(&ret->out);
	}
	return r;
}

/* What it says of its failure, in place of an answer: "immure: sign: cannot ...\n". */
static int take_failure(const struct strbuf *answer, const char *verb, struct err *err)
{
	static const char prefix[] = "immure: sign: ";
	struct span all = { strbuf_str(answer), answer->len };
	struct span text = span_cut(&all, '\n');

	if (!span_starts(text, prefix))
		return err_set(err, EIO, "immure-sign could not %s", verb);
	text.p += sizeof(prefix) - 1;
	text.n -= sizeof(prefix) - 1;
	return err_set(err, EIO, "%.*s", (int)text.n, text.p);
}

/*
 * The helper reads all of its message before it answers, so that one pipe never waits for the
 * other.
 */
static int talk(const char *const argv[], struct span message, struct strbuf *answer,
		struct arena *arena, struct err *err)
{
	struct helper helper = { .pid = -1, .in = -1, .out = -1 };
	int status = 0;
	int r = start(argv, arena, &helper, err);

	if (r < 0)
		return r;
	r = fd_write_all(helper.in, message.p, message.n);
	closep(&helper.in);
	if (r == -EPIPE)
		r = 0; /* it says itself why */
	if (r == 0)
		r = fd_read_all(helper.out, ANSWER_MAX, answer);
	closep(&helper.out);
	while (waitpid(helper.pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for immure-sign");
	}
	if (r < 0)
		return err_sys(err, -r, "cannot talk to immure-sign");
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status);
	return take_failure(answer, argv[1], err);
}

static int key_path(struct arena *arena, const char **ret, struct err *err)
{
	const char *state = NULL;
	int r = dirs_state(arena, &state, err);

	if (r < 0)
		return r;
	*ret = arena_printf(arena, "%s/keys/ed25519.pem", state);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

int sign_find_key(struct arena *arena, const char **ret_path, struct err *err)
{
	const char *path = NULL;
	int r = key_path(arena, &path, err);

	if (r < 0 || !path)
		return r;
	if (access(path, R_OK) < 0)
		return err_sys(err, errno, "cannot read %s", path);
	*ret_path = path;
	return 0;
}

int sign_own_key(struct arena *arena, const char **ret_path, bool *ret_made, struct err *err)
{
	cleanup_close int folder = dirs_open_state("keys", err);
	cleanup_strbuf struct strbuf answer = { 0 };
	const char *path = NULL;
	int r;

	*ret_made = false;
	if (folder < 0)
		return folder;
	r = key_path(arena, &path, err);
	if (r < 0 || !path)
		return r;
	*ret_path = path;
	if (access(path, F_OK) == 0)
		return 0;
	r = talk((const char *[]){ "immure-sign", "new", path, NULL }, (struct span){ "", 0 },
		 &answer, arena, err);
	*ret_made = r == 0;
	return r;
}

int sign_key_id(const char *key, struct arena *arena, const char **ret, struct err *err)
{
	cleanup_strbuf struct strbuf answer = { 0 };
	int r = talk((const char *[]){ "immure-sign", "id", key, NULL }, (struct span){ "", 0 },
		     &answer, arena, err);

	if (r < 0)
		return r;
	*ret = arena_strndup(arena, strbuf_str(&answer), strcspn(strbuf_str(&answer), "\n"));
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

int sign_public_key(const char *key, struct arena *arena, struct strbuf *ret, struct err *err)
{
	return talk((const char *[]){ "immure-sign", "public", key, NULL }, (struct span){ "", 0 },
		    ret, arena, err);
}

int sign_bytes(const char *key, struct span message, struct arena *arena,
	       uint8_t ret[SIGNATURE_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf answer = { 0 };
	int r = talk((const char *[]){ "immure-sign", "sign", key, NULL }, message, &answer, arena,
		     err);

	if (r < 0)
		return r;
	if (r > 0 || answer.len != SIGNATURE_LEN)
		return err_set(err, EPROTO, "immure-sign gave no signature");
	memcpy(ret, answer.p, SIGNATURE_LEN);
	return 0;
}

int sign_image(const char *key, struct span payload, struct arena *arena,
	       const char **ret_signature, struct span *ret_public, struct err *err)
{
	cleanup_strbuf struct strbuf answer = { 0 };
	struct span rest, line;
	int r = talk((const char *[]){ "immure-sign", "sign-image", key, NULL }, payload, &answer,
		     arena, err);

	if (r < 0)
		return r;
	rest = (struct span){ strbuf_str(&answer), answer.len };
	line = span_cut(&rest, '\n');
	if (r > 0 || line.n == 0 || rest.n == 0)
		return err_set(err, EPROTO, "immure-sign gave no signature");
	*ret_signature = arena_strndup(arena, line.p, line.n);
	*ret_public = (struct span){ arena_strndup(arena, rest.p, rest.n), rest.n };
	return *ret_signature && ret_public->p ? 0 : err_set(err, ENOMEM, "out of memory");
}

int sign_verify(const char *key, struct span message, const uint8_t signature[SIGNATURE_LEN],
		struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf answer = { 0 };
	cleanup_strbuf struct strbuf hex = { 0 };
	int r;

	for (size_t i = 0; i < SIGNATURE_LEN; i++)
		strbuf_addf(&hex, "%02x", signature[i]);
	r = talk((const char *[]){ "immure-sign", "verify", key, strbuf_str(&hex), NULL }, message,
		 &answer, arena, err);
	return r > 0 ? err_set(err, EBADMSG, "the signature does not fit") : r;
}
