/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file a policy, named by the digest of this build and the policy's name. It lists what it was
 * made of with digests, so a changed source is a miss; builtins change only with the build.
 */
#include "runtime/policy_cache.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "build_id.h"
#include "runtime/config_paths.h"
#include "runtime/dirs.h"
#include "runtime/tool_path.h"

#define SOURCE_MAX ((size_t)1 << 20)
#define BUILTIN "builtin/"
#define KEY "policy.pub"

static bool is_builtin(const char *name)
{
	return strncmp(name, BUILTIN, strlen(BUILTIN)) == 0;
}

static void file_name(const char *name, const struct policy_keys *keys,
		      char ret[POLICY_CACHE_NAME_LEN])
{
	const void *pieces[2 + POLICY_MAX_KEYS] = { IMMURE_BUILD_ID, name };
	size_t lengths[2 + POLICY_MAX_KEYS] = { strlen(IMMURE_BUILD_ID), strlen(name) };
	struct digest key;

	for (size_t i = 0; i < keys->n; i++) {
		pieces[2 + i] = keys->paths[i];
		lengths[2 + i] = strlen(keys->paths[i]);
	}
	key = digest_of_pieces(pieces, lengths, 2 + keys->n);

	digest_hex(&key, ret);
	memcpy(ret + DIGEST_HEX_LEN - 1, ".bundle", sizeof(".bundle"));
}

static bool is_unchanged(const struct policy_source *source)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct digest now;

	if (!source->path)
		return true;
	if (fd_read_file(AT_FDCWD, source->path, SOURCE_MAX, &text, &ignored) < 0)
		return false;
	now = digest_of(strbuf_str(&text), text.len);
	return memcmp(now.bytes, source->digest.bytes, DIGEST_LEN) == 0;
}

/* Read the whole file into memory that is aligned for the program inside. */
static int read_bundle(struct policy_loaded *loaded, struct arena *arena, struct err *err)
{
	cleanup_close int fd = openat(loaded->dir, loaded->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = { 0 };
	ssize_t n;
	void *bytes;

	if (fd < 0)
		return err_sys(err, errno, "cannot open the compiled policy");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022) || st.st_size > (off_t)BUNDLE_MAX_BYTES)
		return err_set(err, EPERM, "the compiled policy is not a file of ours");
	bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	if (!bytes)
		return err_set(err, ENOMEM, "out of memory");
	n = fd_read_full(fd, bytes, (size_t)st.st_size);
	if (n < 0)
		return err_sys(err, (int)-n, "cannot read the compiled policy");
	return bundle_decode(bytes, (size_t)n, arena, &loaded->bundle, err);
}

static bool load_cached(struct policy_loaded *loaded, struct arena *arena, struct err *err)
{
	if (read_bundle(loaded, arena, err) < 0)
		return false;
	for (size_t i = 0; i < loaded->bundle.n_sources; i++) {
		if (!is_unchanged(&loaded->bundle.sources[i]))
			return false;
	}
	return true;
}

static int wait_for(pid_t pid, int *ret, struct err *err)
{
	while (waitpid(pid, ret, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for the policy compiler");
	}
	return 0;
}

/* It said why itself; where it writes to is what only we know. */
static int compiler_failed(struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *state = NULL;
	int r = dirs_state(&arena, &state, err);

	if (r < 0)
		return r;
	return err_set(err, EIO, "the policy compiler failed; it keeps compiled policies in %s",
		       state);
}

static int compile(const char *name, const struct policy_keys *keys,
		   const struct policy_loaded *loaded, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *tool = tool_path(&arena);
	char *out = arena_printf(&arena, "/proc/self/fd/%d/%s", loaded->dir, loaded->file);
	const char *argv[8 + 2 * POLICY_MAX_KEYS] = { "immure-tool", "policy", "compile",
						      "--output", out };
	size_t n = 5;
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid = -1;
	int r;

	if (!tool || !out || posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < keys->n; i++) {
		argv[n++] = "--require-signature";
		argv[n++] = keys->paths[i];
	}
	argv[n++] = "--";
	argv[n] = name;
	/* The folder's descriptor goes along: its number is in the path. dup2 onto itself keeps it.
	 */
	r = posix_spawn_file_actions_adddup2(&actions, loaded->dir, loaded->dir);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						     0);
	if (r == 0)
		r = posix_spawn(&pid, tool, &actions, NULL, (char *const *)(uintptr_t)argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return err_sys(err, r, "cannot start %s", tool);
	r = wait_for(pid, &status, err);
	if (r < 0)
		return r;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		err_set(err, EINVAL, "the policy %s has faults", name);
		return err_at(err, ERR_POLICY);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4) {
		err_set(err, EINVAL, "the policy %s is not signed as it has to be", name);
		return err_at(err, ERR_POLICY);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return compiler_failed(err);
	return 0;
}

static int add_key(struct policy_keys *keys, const char *path, struct arena *arena, struct err *err)
{
	char absolute[PATH_MAX];

	if (!realpath(path, absolute)) {
		err_sys(err, errno, "cannot find the key %s", path);
		return err_at(err, ERR_POLICY);
	}
	keys->paths[keys->n] = arena_strdup(arena, absolute);
	return keys->paths[keys->n++] ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* A key that is there and cannot be read is demanded all the same. */
static bool is_there(const char *path)
{
	return path && (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

int policy_keys_find(const char *policy, const char *named, struct arena *arena,
		     struct policy_keys *ret, struct err *err)
{
	struct config_paths paths;
	int r = 0;

	*ret = (struct policy_keys){ 0 };
	if (is_builtin(policy) && !named)
		return 0;
	paths = config_paths_of(KEY, arena);
	if (!paths.system)
		return err_set(err, ENOMEM, "out of memory");
	if (!is_builtin(policy) && is_there(paths.system))
		r = add_key(ret, paths.system, arena, err);
	if (r == 0 && named)
		r = add_key(ret, named, arena, err);
	else if (r == 0 && is_there(paths.own))
		r = add_key(ret, paths.own, arena, err);
	return r;
}

int policy_load(const char *name, struct arena *arena, struct policy_loaded *ret, struct err *err)
{
	return policy_load_signed(name, &(const struct policy_keys){ 0 }, arena, ret, err);
}

bool policy_is_stream(const char *name)
{
	struct stat st = { 0 };

	return strcmp(name, "-") == 0 ||
	       (!is_builtin(name) && stat(name, &st) == 0 && S_ISFIFO(st.st_mode));
}

/* A policy is compiled by another process, and read again whenever it is used. */
static int refuse_stream(const char *name, struct err *err)
{
	err_set(err, EINVAL, "the policy %s: expected a file, not a pipe", name);
	return err_at(err, ERR_POLICY);
}

static int not_found(const char *name, int error, struct err *err)
{
	if (policy_is_stream(name))
		return refuse_stream(name, err);
	err_sys(err, error, "cannot find the policy %s", name);
	return err_at(err, ERR_POLICY);
}

int policy_load_signed(const char *name, const struct policy_keys *keys, struct arena *arena,
		       struct policy_loaded *ret, struct err *err)
{
	struct policy_loaded loaded = { .dir = -1 };
	struct err miss = { 0 };
	char absolute[PATH_MAX];
	int r = 0;

	if (!is_builtin(name)) {
		if (!realpath(name, absolute))
			return not_found(name, errno, err);
		name = absolute;
	}
	file_name(name, keys, loaded.file);
	loaded.dir = dirs_open_state("bundles", err);
	if (loaded.dir < 0)
		return loaded.dir;
	loaded.was_cached = load_cached(&loaded, arena, &miss);
	if (!loaded.was_cached) {
		r = policy_is_stream(name) ? refuse_stream(name, err)
					   : compile(name, keys, &loaded, err);
		if (r == 0)
			r = read_bundle(&loaded, arena, err);
	}
	if (r < 0) {
		closep(&loaded.dir);
		return r;
	}
	*ret = loaded;
	return 0;
}

int policy_open_compiled(const char *name, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct policy_loaded policy = { .dir = -1 };
	int r = policy_load(name, &arena, &policy, err);
	int fd;

	if (r < 0)
		return r;
	fd = openat(policy.dir, policy.file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		r = err_sys(err, errno, "cannot open the compiled policy");
	closep(&policy.dir);
	return fd < 0 ? r : fd;
}
