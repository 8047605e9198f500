/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_lock.h"

#include <errno.h>
#include <string.h>

#include "policies/syscall_sets.h"
#include "policies/yaml_tree.h"

const char *policy_lock_name(struct arena *arena, const char *path)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	size_t n = strlen(path);

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t end = strlen(endings[i]);

		if (n > end && strcmp(path + n - end, endings[i]) == 0)
			return arena_printf(arena, "%.*s.lock", (int)(n - end), path);
	}
	return arena_printf(arena, "%s.lock", path);
}

/* What a group stands for in this version, as one digest. */
static void group_digest(struct name_list list, char ret[DIGEST_HEX_LEN])
{
	cleanup_strbuf struct strbuf names = { 0 };
	struct digest digest;

	for (size_t i = 0; i < list.n; i++)
		strbuf_addf(&names, "%s\n", list.names[i]);
	digest = digest_of(strbuf_str(&names), names.len);
	digest_hex(&digest, ret);
}

/* Does a rule of the policy name the group? */
static bool uses_group(const struct policy *policy, const char *group)
{
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		struct span rest = span_of(policy->syscalls[i].rule.text);

		while (rest.n > 0) {
			struct span words = span_word(&rest);

			if (words.n == 0)
				break;
			while (words.n > 0) {
				if (span_eq(span_cut(&words, ','), group))
					return true;
			}
		}
	}
	return false;
}

/* One entry of a lock: what is locked, and its digest now. */
struct locked {
	const char *name;
	char digest[DIGEST_HEX_LEN];
	struct where where; /* what asked for it */
};

/* The i-th group that the policy uses; false after the last. */
static bool next_group(const struct policy *policy, size_t *i, struct locked *ret)
{
	for (; *i < n_syscall_group_names; (*i)++) {
		struct name_list list = { 0 };

		if (!uses_group(policy, syscall_group_names[*i]) ||
		    !syscall_group_find(span_of(syscall_group_names[*i]), &list))
			continue;
		ret->name = syscall_group_names[(*i)++];
		ret->where = (struct where){ policy->sources[0].name, 1, 1 };
		group_digest(list, ret->digest);
		return true;
	}
	return false;
}

static bool next_source(const struct policy *policy, size_t *i, struct locked *ret)
{
	*i = *i == 0 ? 1 : *i; /* the first is the policy itself */
	if (*i >= policy->n_sources)
		return false;
	ret->name = policy->sources[*i].name;
	ret->where = (struct where){ policy->sources[0].name, 1, 1 };
	for (size_t k = 0; k < policy->n_extends; k++) {
		if (strcmp(policy->extends[k], ret->name) == 0)
			ret->where = policy->extends_where[k];
	}
	digest_hex(&policy->sources[(*i)++].digest, ret->digest);
	return true;
}

static const struct {
	const char *key;
	bool (*next)(const struct policy *policy, size_t *i, struct locked *ret);
} parts[] = {
	{ "groups", next_group },
	{ "sources", next_source },
};

void policy_lock_print(const struct policy *policy, struct strbuf *ret)
{
	strbuf_puts(ret, "# Written by immure policy lock: what the policy builds on, by digest.\n"
			 "lock: 1\n");
	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		struct locked one = { 0 };
		bool first = true;

		for (size_t i = 0; parts[p].next(policy, &i, &one); first = false) {
			if (first)
				strbuf_addf(ret, "%s:\n", parts[p].key);
			strbuf_addf(ret, "  - \"%s %s\"\n", one.name, one.digest);
		}
	}
}

/* The line of a lock that names this, or NULL. */
static const struct yaml_node *find_line(const struct yaml_node *list, const char *name,
					 struct span *ret_digest)
{
	for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n; i++) {
		struct span rest =
			span_of(list->items[i].kind == YAML_SCALAR ? list->items[i].text : "");

		if (span_eq(span_word(&rest), name)) {
			*ret_digest = span_trim(rest);
			return &list->items[i];
		}
	}
	return NULL;
}

static void check_part(const struct yaml_node *root, size_t part, const char *file,
		       const struct policy *policy, struct diags *diags)
{
	const struct yaml_node *list = yaml_find(root, parts[part].key);
	struct locked one = { 0 };
	size_t n = 0;

	for (size_t i = 0; parts[part].next(policy, &i, &one); n++) {
		struct span digest = { "", 0 };

		if (!find_line(list, one.name, &digest))
			diags_add(diags, one.where,
				  "%s is not in %s; expected it there: immure policy lock",
				  one.name, file);
		else if (!span_eq(digest, one.digest))
			diags_add(
				diags, one.where,
				"%s is not what %s holds; expected the same, or immure policy lock once the difference is understood",
				one.name, file);
	}
	if (list && list->kind == YAML_LIST && list->n > n)
		diags_add(diags, list->where,
			  "%s that the policy does not build on; expected: immure policy lock",
			  parts[part].key);
}

int policy_lock_check(struct span text, const char *name, const struct policy *policy,
		      struct arena *arena, struct diags *diags)
{
	struct yaml_node root = { 0 };
	const struct yaml_node *version;
	int r = yaml_tree_read(text, name, arena, &root, diags);

	if (r < 0)
		return r;
	version = yaml_find(&root, "lock");
	if (!version || version->kind != YAML_SCALAR || strcmp(version->text, "1") != 0) {
		diags_add(diags, root.where, "not a lock of a policy; expected \"lock: 1\"");
		return -EINVAL;
	}
	for (size_t p = 0; p < ARRAY_LEN(parts); p++)
		check_part(&root, p, name, policy, diags);
	return 0;
}
