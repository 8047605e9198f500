/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/look.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

static void add_rule(struct look *l, struct look_rule rule)
{
	struct look_rule *grown =
		rule.path ? arena_grow(&l->arena, l->rules, &l->cap, l->n + 1, sizeof(*grown))
			  : NULL;

	if (!grown)
		return; /* a rule less: more is recorded, never less */
	l->rules = grown;
	grown[l->n++] = rule;
}

/* A rule on a link is one on what it leads to. */
static void add_both(struct look *l, unsigned access, const char *path, bool tree)
{
	struct err ignored = { 0 };
	cleanup_close int fd = path_open_in(l->root, path, O_PATH, 0, &ignored);
	char place[PATH_MAX];

	add_rule(l, (struct look_rule){ access, path, tree });
	if (fd >= 0 && call_paths_place(fd, place) && strcmp(place, path) != 0)
		add_rule(l, (struct look_rule){ access, arena_strdup(&l->arena, place), tree });
}

static void add_rules(struct look *l)
{
	const struct bundle *bundle = l->plan->bundle;

	for (size_t i = 0; i < l->plan->n_fsrules; i++) {
		const struct plan_fsrule *rule = &l->plan->fsrules[i];

		if (rule->access)
			add_both(l, rule->access, rule->path, rule->tree);
	}
	for (size_t i = 0; i < bundle->n_files; i++) {
		if (bundle->files[i].access & FILE_DENY)
			add_both(l, 0, bundle->files[i].path, true);
	}
}

bool look_grants(const struct look *l, const char *access, const char *path, bool is_dir)
{
	unsigned bit = strcmp(access, "exec") == 0   ? FILE_EXEC
		       : strcmp(access, "read") == 0 ? FILE_READ
						     : FILE_WRITE;
	bool granted = false;

	if (is_dir && bit == FILE_READ)
		bit |= FILE_LIST;
	for (size_t i = 0; i < l->n; i++) {
		const struct look_rule *rule = &l->rules[i];
		bool covers = rule->tree ? path_is_below(path, rule->path)
					 : !is_dir && strcmp(path, rule->path) == 0;

		if (covers && rule->access == 0)
			return false;
		granted = granted || (covers && (rule->access & bit));
	}
	return granted;
}

struct report {
	const struct look *look;
	look_fn found;
	void *data;
};

static void judge(void *data, const char *access, const char *path, bool is_dir)
{
	const struct report *r = data;

	if (!look_grants(r->look, access, path, is_dir))
		r->found(r->data, access, path);
}

/* False as long as the program has not begun: its root cannot be looked at before. */
static bool open_root(struct look *l, pid_t pid, struct call_paths *paths)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	paths->root = l->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->root < 0)
		return false;
	add_rules(l);
	if (!l->program || strlen(l->program) >= sizeof(path))
		return true;
	memcpy(path, l->program, strlen(l->program) + 1);
	call_paths_exec(paths, path);
	return true;
}

void look_at(struct look *l, const struct seccomp_notif *rq, const char *call, look_fn found,
	     void *data)
{
	struct report report = { l, found, data };
	struct call_paths paths = { l->root, judge, &report };
	int row = call_paths_find(call);
	bool first = !l->seen;

	l->seen = true;
	if (row < 0 || first || (l->root < 0 && !open_root(l, (pid_t)rq->pid, &paths)))
		return;
	call_paths_note(&paths, row, rq);
}

void look_done(struct look *l)
{
	closep(&l->root);
	arena_done(&l->arena);
}
