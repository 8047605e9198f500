/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn_store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/policy_format.h"
#include "policies/policy_read.h"
#include "runtime/dirs.h"
#include "runtime/learn_base.h"
#include "runtime/run_find.h"
#include "runtime/verb_policy.h"

static int add_text(const struct strbuf *text, const char *name, struct arena *arena,
		    struct learned *learned, struct err *err)
{
	struct diags diags = { .arena = arena };
	struct learned one = { 0 };
	const char *copy = arena_strndup(arena, strbuf_str(text), text->len);
	int r;

	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	r = learned_read((struct span){ copy, text->len }, name, arena, &one, &diags);
	if (r == -ENOMEM || (r < 0 && diags.n == 0))
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0)
		return err_set(err, -r, "%s:%u: %s", name, diags.items[0].where.line,
			       diags.items[0].text);
	if (learned->n_runs == 0) {
		*learned = one;
		return 0;
	}
	return learned_merge(learned, &one, arena, learned, err);
}

static int add_run(const char *which, struct arena *arena, struct learned *learned, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	cleanup_close int dir = -1;
	cleanup_strbuf struct strbuf text = { 0 };
	const char *id = NULL;
	int r = runs < 0 ? runs : run_find(runs, which, arena, &id, err);

	if (r < 0)
		return r;
	dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open run %s", id);
	if (faccessat(dir, "learned", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ENOENT, "run %s was not a learning run: immure run --learn",
			       id);
	r = fd_read_file(dir, "learned", LEARNED_MAX_BYTES, &text, err);
	return r < 0 ? r : add_text(&text, arena_printf(arena, "run %s", id), arena, learned, err);
}

int learn_store_add(const char *which, struct arena *arena, struct learned *learned,
		    struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	size_t n = strlen(which);
	int r;

	if (!strchr(which, '/') && (n < 5 || strcmp(which + n - 5, ".runs") != 0))
		return add_run(which, arena, learned, err);
	r = fd_read_file(AT_FDCWD, which, LEARNED_MAX_BYTES, &text, err);
	return r < 0 ? r : add_text(&text, which, arena, learned, err);
}

/* "learned/NAME" of "path/NAME.yaml", or "learned/policy" where that is no name. */
static const char *policy_name(const char *file, struct arena *arena)
{
	const char *slash = strrchr(file, '/');
	char *name = arena_strdup(arena, slash ? slash + 1 : file);
	char *dot = name ? strrchr(name, '.') : NULL;

	if (dot)
		*dot = '\0';
	return name && text_is_id(name) ? arena_printf(arena, "learned/%s", name)
					: "learned/policy";
}

/* As immure policy fmt has it. */
static int shape(const struct strbuf *draft, struct arena *arena, struct strbuf *ret,
		 struct err *err)
{
	struct diags diags = { .arena = arena };
	int r = policy_format((struct span){ draft->p, draft->len }, "learned", arena, ret, &diags);

	return r < 0 ? err_set(err, -r, "the learned policy cannot be brought into shape") : 0;
}

static int make(const char *file, const struct learned *learned, struct arena *arena,
		struct strbuf *text, struct learn_result *ret, struct err *err)
{
	struct learn_draft draft = { 0 };
	int r = learn_base_choose(file, policy_name(file, arena), learned, arena, &draft, err);

	if (r == 0)
		r = shape(&draft.text, arena, text, err);
	strbuf_done(&draft.text);
	if (r < 0)
		return r;
	ret->estimate = draft.estimate;
	ret->n_runs = learned->n_runs;
	ret->n_grants = draft.grants.n;
	ret->n_allowed = draft.bundle.n_allowed;
	return 0;
}

static int lock_folder(const char *file, struct arena *arena, struct err *err)
{
	const char *slash = strrchr(file, '/');
	const char *folder = slash ? arena_strndup(arena, file, (size_t)(slash - file) + 1) : ".";
	cleanup_close int fd = -1;

	if (!folder)
		return err_set(err, ENOMEM, "out of memory");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(err, errno, "cannot lock %s", folder);
	return steal_fd(fd);
}

static int write_runs(const char *path, const struct strbuf *record, struct arena *arena,
		      struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *folder = arena_strndup(arena, path, (size_t)(slash - path) + 1);
	cleanup_close int dir = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir < 0)
		return err_sys(err, errno, "cannot open the folder of %s", path);
	return fd_replace_file(dir, slash + 1, record->p, record->len, false, err);
}

int learn_store_write(const char *file, const struct learned *learned, struct arena *arena,
		      struct learn_result *ret, struct err *err)
{
	const char *runs = arena_printf(arena, "%s%s.runs", strchr(file, '/') ? "" : "./", file);
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf record = { 0 };
	struct learned all = *learned;
	cleanup_close int lock = lock_folder(file, arena, err);
	int r = 0;

	if (lock < 0)
		return lock;
	if (!runs)
		return err_set(err, ENOMEM, "out of memory");
	if (access(runs, F_OK) == 0)
		r = learn_store_add(runs, arena, &all, err);
	else if (access(file, F_OK) == 0)
		return err_set(
			err, EEXIST,
			"%s is there and was not learned (there is no %s): expected another name",
			file, runs);
	if (r < 0)
		return r;
	if (all.n_runs == 0)
		return err_set(err, EINVAL, "nothing to learn from: expected runs or FILE.runs");
	r = make(file, &all, arena, &text, ret, err);
	if (r < 0)
		return r;
	learned_print(&all, &record);
	if (record.failed)
		return err_set(err, ENOMEM, "out of memory");
	/* Not synced: should a power cut take it, the run's own record is still there. */
	r = write_runs(runs, &record, arena, err);
	return r < 0 ? r : policy_write_file(file, text.p, text.len, arena, err);
}
