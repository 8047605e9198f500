/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "runtime/why.h"

/* The mount of the plan that shows a path, or NULL. */
static const json_t *mount_of(const struct subject *s, const char *path)
{
	const json_t *best = NULL;
	const json_t *m;
	size_t longest = 0;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "mounts"), i, m)
	{
		const char *target = record_text(m, "target", "");

		if (*target && path_is_below(path, target) && strlen(target) >= longest) {
			longest = strlen(target);
			best = m;
		}
	}
	return best;
}

static bool granted(const struct subject *s, const char *path, const char *op)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "files"), i, rule)
	{
		const char *where = record_text(rule, "path", "");
		bool covers = json_is_true(json_object_get(rule, "tree"))
				      ? path_is_below(path, where)
				      : strcmp(path, where) == 0;

		if (covers && json_is_true(json_object_get(rule, op)))
			return true;
	}
	return false;
}

/* A rule on the path's own folder or the longest way up it, whatever it grants. */
static const struct rule *nearest_file_rule(const struct bundle *bundle, const char *path)
{
	const struct rule *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < bundle->n_files; i++) {
		const char *where = bundle->files[i].path;
		size_t common = 0;

		while (path[common] && path[common] == where[common])
			common++;
		if (common > longest && bundle->files[i].rule < bundle->n_rules) {
			longest = common;
			best = &bundle->rules[bundle->files[i].rule];
		}
	}
	return best;
}

/*
 * What a path leads to, links followed as they are followed inside. False where it is not the root
 * that shows it, or nothing is there.
 */
static bool resolve(const struct subject *s, const char *path, char ret[PATH_MAX])
{
	static const char *const apart[] = { "/proc", "/dev", "/sys", "/tmp", "/var/tmp", "/run" };
	const json_t *root = json_object_get(s->record.plan, "root");
	const char *top = record_text(root, "path", "/");
	cleanup_close int dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = -1;
	struct err ignored = { 0 };
	char link[40];
	size_t skip = strcmp(top, "/") == 0 ? 0 : strlen(top);
	ssize_t n;

	for (size_t i = 0; i < ARRAY_LEN(apart); i++) {
		if (path_is_below(path, apart[i]))
			return false;
	}
	if (dir < 0 || json_is_true(json_object_get(mount_of(s, path), "volume")))
		return false;
	fd = path_open_in(dir, path, O_PATH, 0, &ignored);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n <= (ssize_t)skip || ret[skip] != '/')
		return false;
	memmove(ret, ret + skip, (size_t)n - skip);
	ret[(size_t)n - skip] = '\0';
	return true;
}

/* Whether a folder is shown there; as far as can be seen from here. */
static bool is_folder(const struct subject *s, const char *path)
{
	const char *top = record_text(json_object_get(s->record.plan, "root"), "path", "/");
	cleanup_close int dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = -1;
	struct err ignored = { 0 };

	if (dir < 0)
		return false;
	fd = path_open_in(dir, path, O_PATH | O_DIRECTORY, 0, &ignored);
	return fd >= 0;
}

static struct prediction predict(const struct subject *s, const char *path, const char *op)
{
	const json_t *mount = mount_of(s, path);
	const char *kind = record_text(mount, "kind", "");
	bool is_host = strcmp(record_text(json_object_get(s->record.plan, "root"), "kind", ""),
			      "host") == 0;
	bool is_write = strcmp(op, "write") == 0;
	bool is_exec = strcmp(op, "exec") == 0;
	bool shown = mount || !is_host || strcmp(path, "/") == 0 || path_is_below(path, "/proc") ||
		     path_is_below(path, "/dev");
	bool is_empty = strcmp(kind, "dir") == 0;

	if (strcmp(kind, "mask") == 0)
		return (struct prediction){ "mounts", "a \"deny\" rule hides it",
					    "take the deny rule away" };
	/* An empty folder in place of the host's can be listed, and that is all. */
	if (is_empty && strcmp(op, "list") == 0 &&
	    strcmp(path, record_text(mount, "target", "")) == 0)
		is_empty = false;
	if (!shown || is_empty)
		return (struct prediction){ "mounts", "it is not shown inside",
					    is_write ? "--write PATH" : "--read PATH" };
	if (is_write && mount && json_is_true(json_object_get(mount, "readonly")))
		return (struct prediction){ "mounts", "it is shown read-only", "--write PATH" };
	if (is_write && !mount && !path_is_below(path, "/dev") &&
	    !json_is_true(json_object_get(json_object_get(s->record.plan, "root"), "writable")))
		return (struct prediction){ "mounts", "the root is read-only",
					    is_host ? "--write PATH"
						    : "--writable, or -v SRC:PATH" };
	if (is_exec && mount && !json_is_true(json_object_get(mount, "readonly")) &&
	    !json_is_true(json_object_get(mount, "exec")))
		return (struct prediction){ "mounts",
					    "what can be written cannot be executed (noexec)",
					    "-v SRC:PATH:exec" };
	if (record_number(s->record.plan, "landlock_abi", 0) > 0 &&
	    strcmp(record_text(s->record.plan, "mode", "enforce"), "enforce") == 0 &&
	    !granted(s, path, op))
		return (struct prediction){ "landlock", "no rule grants it", NULL };
	return (struct prediction){ NULL, NULL, NULL };
}

struct prediction why_predict_path(const struct subject *s, const char *path, const char *op)
{
	struct prediction p = predict(s, path, op);
	char place[PATH_MAX];

	/* A rule may name the link, or what it leads to: both grant the file. */
	if (p.layer && strcmp(p.layer, "landlock") == 0 && resolve(s, path, place))
		return predict(s, place, op);
	return p;
}

int why_path(const struct subject *s, const char *typed, const char *op, struct arena *arena,
	     struct why_answer *ret, struct probe_wish *wish, struct err *err)
{
	const char *path = NULL;
	struct prediction p;
	bool folder;

	if (strcmp(op, "list") != 0 && strcmp(op, "read") != 0 && strcmp(op, "write") != 0 &&
	    strcmp(op, "exec") != 0) {
		err_set(err, EINVAL, "--op %.20s: expected list, read, write or exec", op);
		return err_at(err, ERR_USAGE);
	}
	if (path_clean(arena, typed, &path, err) < 0)
		return err_at(err, ERR_USAGE);
	folder = strcmp(op, "list") == 0 || is_folder(s, path);
	if (folder && strcmp(op, "read") == 0)
		op = "list"; /* a folder is read for its names */
	*wish = (struct probe_wish){ .wanted = true, .path = path, .op = op };
	strbuf_addf(&ret->asked, "%s %s", op, path);
	p = why_predict_path(s, path, op);
	ret->layer = p.layer;
	ret->predicted = p.layer;
	ret->reason = p.layer ? p.reason : "the file's own mode and owner decide";
	ret->is_open = !p.layer;
	if (!p.layer)
		return 0;
	ret->nearest = nearest_file_rule(&s->bundle, path);
	ret->risk = risk_of_path(path, op);
	if (p.remedy) {
		ret->remedy = arena_printf(arena, "%s (PATH is %s)", p.remedy, path);
	} else {
		ret->section = "files";
		ret->line = arena_printf(arena, "%s %s%s", op, path,
					 !folder                  ? ""
					 : strcmp(path, "/") == 0 ? "**"
								  : "/**");
	}
	return ret->remedy || ret->line ? 0 : err_set(err, ENOMEM, "out of memory");
}
