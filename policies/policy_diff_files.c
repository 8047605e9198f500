/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of both policies cut the tree of files into finitely many kinds of paths: each path
 * that a rule names, and what lies right below it. One path of each kind is looked at in both.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "policies/policy_access.h"
#include "policies/policy_diff_parts.h"

struct kinds {
	struct arena *arena;
	size_t n, cap;
	const char **paths; /* rule paths of both policies, each once */
};

static int add_path(struct kinds *k, const char *path)
{
	const char **grown;

	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->paths[i], path) == 0)
			return 0;
	}
	grown = arena_grow(k->arena, k->paths, &k->cap, k->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	k->paths = grown;
	grown[k->n++] = path;
	return 0;
}

static int add_paths(struct kinds *k, const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_files; i++) {
		if (add_path(k, policy->files[i].path) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A path right below `path` that no rule names. */
static const char *child(const struct kinds *k, const char *path)
{
	const char *slash = strcmp(path, "/") == 0 ? "" : "/";
	char *name = arena_printf(k->arena, "%s%sx", path, slash);

	for (size_t i = 0; name && i < k->n; i++) {
		if (path_is_below(k->paths[i], name)) {
			name = arena_printf(k->arena, "%sx", name);
			i = SIZE_MAX; /* once more from the start */
		}
	}
	return name;
}

static const char *says(struct arena *arena, const struct file_rule *rule)
{
	if (!rule)
		return "not granted";
	return arena_printf(arena, "%s by %s:%u", rule->access == FILE_DENY ? "denied" : "granted",
			    rule->rule.where.file, rule->rule.where.line);
}

static int report(const struct policy *a, const struct policy *b, const char *path, unsigned bit,
		  struct policy_diff *ret, struct err *err)
{
	const struct file_rule *before = policy_access_rule(a, path, bit);
	const struct file_rule *after = policy_access_rule(b, path, bit);
	bool wider = policy_access(b, path) & bit;
	struct policy_difference one = {
		.class = wider ? DIFF_WIDER : DIFF_NARROWER,
		.area = "file",
		.witness = arena_printf(ret->arena, "%s %s", file_access_name(bit), path),
		.before = says(ret->arena, before),
		.after = says(ret->arena, after),
	};

	if (wider && after)
		one.rule = &after->rule;
	else if (!wider && before)
		one.rule = &before->rule;
	return diff_add(ret, &one, err);
}

/* What may be read may be listed: that is not told apart. */
static unsigned without_list(unsigned bits)
{
	return bits & FILE_READ ? bits & ~(unsigned)FILE_LIST : bits;
}

/* The bits on which the two differ, as those that got wider and those that got narrower. */
static unsigned differing(const struct policy *a, const struct policy *b, const char *path)
{
	unsigned x = policy_access(a, path);
	unsigned y = policy_access(b, path);

	return without_list(y & ~x) | without_list(x & ~y) << 8;
}

/* What is told by the path above is not told again. */
static unsigned above(const struct kinds *k, size_t at, const struct policy *a,
		      const struct policy *b)
{
	const char *nearest = NULL;

	for (size_t i = 0; i < k->n; i++) {
		const char *path = k->paths[i];

		if (i != at && path_is_below(k->paths[at], path) &&
		    (!nearest || path_is_below(path, nearest)))
			nearest = path;
	}
	return nearest ? differing(a, b, child(k, nearest)) : 0;
}

/* True if a rule of either is on the whole of a folder, not on one path. */
static bool has_tree(const struct policy *a, const struct policy *b, const char *path)
{
	for (size_t i = 0; i < a->n_files; i++) {
		if (a->files[i].tree && strcmp(a->files[i].path, path) == 0)
			return true;
	}
	return b && has_tree(b, NULL, path);
}

static int compare_at(const struct kinds *k, size_t at, const struct policy *a,
		      const struct policy *b, struct policy_diff *ret, struct err *err)
{
	static const unsigned bits[] = { FILE_LIST, FILE_READ, FILE_WRITE, FILE_EXEC };
	const char *below = child(k, k->paths[at]);
	unsigned told;
	unsigned here;
	unsigned under;

	if (!below)
		return err_set(err, ENOMEM, "out of memory");
	told = above(k, at, a, b);
	here = differing(a, b, k->paths[at]);
	under = has_tree(a, b, k->paths[at]) ? differing(a, b, below) : 0;
	for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
		unsigned both = bits[i] | bits[i] << 8;
		int r = 0;

		if ((under & both) && (under & both) != (told & both))
			r = report(a, b, below, bits[i], ret, err);
		else if ((here & both) && (here & both) != (told & both))
			r = report(a, b, k->paths[at], bits[i], ret, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int diff_files(const struct policy *a, const struct policy *b, struct policy_diff *ret,
	       struct err *err)
{
	struct kinds k = { .arena = ret->arena };

	if (add_paths(&k, a) < 0 || add_paths(&k, b) < 0)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < k.n; i++) {
		int r = compare_at(&k, i, a, b, ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}
