/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_login.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/fd.h"

#define FILE_MAX ((size_t)1 << 20)
#define ANSWER_MAX ((size_t)64 << 10)
#define HUB_KEY "https://index.docker.io/v1/" /* what Docker calls docker.io */

static const char *absolute(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] == '/' ? value : NULL;
}

/* NULL when the variable it begins with is not set; at most 4. */
static size_t list_files(struct arena *arena, const char *ret[4])
{
	const char *named = absolute("REGISTRY_AUTH_FILE");
	const char *run = absolute("XDG_RUNTIME_DIR");
	const char *home = absolute("HOME");
	const char *docker = absolute("DOCKER_CONFIG");
	size_t n = 0;

	if (named) {
		ret[n++] = named;
		return n;
	}
	if (run)
		ret[n++] = arena_printf(arena, "%s/containers/auth.json", run);
	if (home)
		ret[n++] = arena_printf(arena, "%s/.config/containers/auth.json", home);
	if (docker)
		ret[n++] = arena_printf(arena, "%s/config.json", docker);
	else if (home)
		ret[n++] = arena_printf(arena, "%s/.docker/config.json", home);
	return n;
}

/* -ENOENT if there is none. */
static int read_own(const char *path, struct strbuf *text, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = { 0 };
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is not a file", path);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(err, EPERM, "%s belongs to another user, or others may write to it",
			       path);
	r = fd_read_all(fd, FILE_MAX, text);
	return r < 0 ? err_sys(err, -r, "cannot read %s", path) : 0;
}

/* Start docker-credential-NAME get, with pipes to and from it. */
static int start_helper(const char *name, int ret_pipes[2], pid_t *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	char *program = arena_printf(&arena, "docker-credential-%s", name);
	char *argv[] = { program, (char *)(uintptr_t) "get", NULL };
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];
	int r;

	if (!program || pipe2(in, O_CLOEXEC) < 0)
		return err_set(err, ENOMEM, "cannot make a pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return err_sys(err, errno, "cannot make a pipe");
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	r = posix_spawnp(ret, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	ret_pipes[0] = out[0];
	ret_pipes[1] = in[1];
	if (r == 0)
		return 0;
	close(out[0]);
	close(in[1]);
	return err_sys(err, r, "cannot start %s", program);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int read_answer(const struct strbuf *text, struct registry_login *ret, struct err *err)
{
	json_t *root = json_loadb(strbuf_str(text), text->len, 0, NULL);
	const char *user = json_string_value(json_object_get(root, "Username"));
	const char *secret = json_string_value(json_object_get(root, "Secret"));
	int r = 1;

	if (!user || !secret || strlen(user) >= sizeof(ret->user) ||
	    strlen(secret) >= sizeof(ret->password)) {
		r = err_set(err, EBADMSG, "it answers with no user name and secret");
	} else {
		memcpy(ret->user, user, strlen(user) + 1);
		memcpy(ret->password, secret, strlen(secret) + 1);
	}
	json_decref(root);
	return r;
}

/* Source: docker-credential-helpers, "Development": the server on stdin, JSON on stdout. */
static int ask_helper(const char *name, const char *host, struct registry_login *ret,
		      struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const char *server = strcmp(host, "docker.io") == 0 ? HUB_KEY : host;
	int pipes[2] = { -1, -1 };
	pid_t pid = -1;
	int ended;
	int r;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return err_sys(err, errno, "cannot ignore a signal");
	r = start_helper(name, pipes, &pid, err);
	if (r < 0)
		return r;
	r = fd_write_all(pipes[1], server, strlen(server));
	close(pipes[1]);
	if (r == 0 || r == -EPIPE)
		r = fd_read_all(pipes[0], ANSWER_MAX, &text);
	close(pipes[0]);
	ended = wait_for(pid);
	if (r < 0)
		return err_sys(err, -r, "cannot talk to docker-credential-%s", name);
	if (ended < 0) /* how a helper says that it knows nothing */
		return 0;
	r = read_answer(&text, ret, err);
	explicit_bzero(text.p, text.len);
	return r < 0 ? err_wrap(err, "docker-credential-%s", name) : r;
}

/* 1, 0 (not in this file), -errno */
static int find_in(const char *file, const char *host, const char *path, struct registry_login *ret,
		   struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct login_entry entry = { 0 };
	int r = read_own(file, &text, err);

	if (r == -ENOENT || r == -ENOTDIR) {
		*err = (struct err){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	r = registry_login_parse((struct span){ strbuf_str(&text), text.len }, host, path, &entry,
				 err);
	if (text.p)
		explicit_bzero(text.p, text.len);
	if (r < 0)
		return err_wrap(err, "%s", file);
	if (entry.kind == LOGIN_HELPER)
		return ask_helper(entry.helper, host, ret, err);
	if (entry.kind == LOGIN_PASSWORD)
		*ret = entry.login;
	explicit_bzero(&entry, sizeof(entry));
	return ret->password[0] ? 1 : 0;
}

int registry_login_find(const char *host, const char *path, struct registry_login *ret,
			struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *files[4];
	size_t n = list_files(&arena, files);

	*ret = (struct registry_login){ 0 };
	for (size_t i = 0; i < n; i++) {
		int r = files[i] ? find_in(files[i], host, path, ret, err)
				 : err_set(err, ENOMEM, "out of memory");

		if (r != 0)
			return r;
	}
	return 0;
}

/* Where `immure login` writes: what was named, else what Podman and Skopeo read too. */
static int own_file(struct arena *arena, const char **ret_dir, const char **ret_name,
		    struct err *err)
{
	const char *named = absolute("REGISTRY_AUTH_FILE");
	const char *home = absolute("HOME");
	const char *slash = named ? strrchr(named, '/') : NULL;

	if (!named && !home)
		return err_set(
			err, EINVAL,
			"no place for logins: set HOME or REGISTRY_AUTH_FILE to an absolute path");
	*ret_dir = named ? arena_strndup(arena, named, (size_t)(slash - named) + (slash == named))
			 : arena_printf(arena, "%s/.config/containers", home);
	*ret_name = named ? slash + 1 : "auth.json";
	if (!*ret_dir)
		return err_set(err, ENOMEM, "out of memory");
	return **ret_name ? 0 : err_set(err, EINVAL, "REGISTRY_AUTH_FILE is a folder");
}

static int load(const char *path, json_t **ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	json_error_t fault = { 0 };
	int r = read_own(path, &text, err);

	if (r == -ENOENT) {
		*err = (struct err){ 0 };
		*ret = json_object();
		return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
	}
	if (r < 0)
		return r;
	*ret = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_object(*ret))
		return err_set(err, EBADMSG, "%s, line %d: %s", path, fault.line,
			       *ret ? "expected an object" : fault.text);
	return 0;
}

/* 0, 1 (nothing was there to remove), -ENOMEM */
static int change(json_t *root, const char *host, const struct registry_login *login)
{
	const char *key = strcmp(host, "docker.io") == 0 ? HUB_KEY : host;
	cleanup_strbuf struct strbuf pair = { 0 };
	cleanup_strbuf struct strbuf auth = { 0 };
	json_t *auths = json_object_get(root, "auths");

	if (!login)
		return json_object_del(auths, key) < 0 ? 1 : 0;
	if (!json_is_object(auths)) {
		auths = json_object();
		if (json_object_set_new(root, "auths", auths) < 0)
			return -ENOMEM;
	}
	strbuf_addf(&pair, "%s:%s", login->user, login->password);
	base64_encode(pair.p, pair.len, &auth);
	if (auth.failed ||
	    json_object_set_new(auths, key, json_pack("{s:s}", "auth", strbuf_str(&auth))) < 0)
		return -ENOMEM;
	explicit_bzero(pair.p, pair.len);
	return 0;
}

int registry_login_save(const char *host, const struct registry_login *login, struct arena *arena,
			const char **ret_path, struct err *err)
{
	const char *folder = NULL;
	const char *name = NULL;
	cleanup_close int dir = -1;
	json_t *root = NULL;
	char *text = NULL;
	int r = own_file(arena, &folder, &name, err);

	if (r < 0)
		return r;
	*ret_path = arena_printf(arena, "%s/%s", folder, name);
	dir = fd_make_dirs(folder, err);
	if (dir < 0)
		return dir;
	/* Two logins at a time: the second one sees what the first one wrote. */
	if (!*ret_path || flock(dir, LOCK_EX) < 0)
		return err_sys(err, *ret_path ? errno : ENOMEM, "cannot lock %s", folder);
	r = load(*ret_path, &root, err);
	if (r == 0)
		r = change(root, host, login);
	if (r == 0) {
		text = json_dumps(root, JSON_INDENT(8) | JSON_PRESERVE_ORDER);
		r = text ? fd_replace_file(dir, name, text, strlen(text), true, err) : -ENOMEM;
	}
	if (r == -ENOMEM)
		err_set(err, ENOMEM, "out of memory");
	json_decref(root);
	free(text);
	return r;
}
