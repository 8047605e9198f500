/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/rule_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "policies/cond_parse.h"
#include "policies/rule_line.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define MAX_NAMES 512

struct names {
	size_t n;
	const char *list[MAX_NAMES];
};

static void add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->list[i], name) == 0)
			return;
	}
	if (names->n < MAX_NAMES)
		names->list[names->n++] = name;
}

static void add_list(struct names *names, struct name_list list)
{
	for (size_t i = 0; i < list.n; i++)
		add_name(names, list.names[i]);
}

/* A known call whose name is not far from a wrong one, or NULL. */
static const char *near_name(const char *wrong)
{
	struct text_near near = { .distance = 3 };

	for (size_t g = 0; g < n_syscall_group_names; g++) {
		struct name_list list = { 0 };

		if (!syscall_group_find(span_of(syscall_group_names[g]), &list))
			continue;
		for (size_t i = 0; i < list.n; i++)
			text_near_try(&near, wrong, list.names[i]);
	}
	return near.name;
}

static int unknown_group(struct rule_line *l, struct span word)
{
	const char *wrong = arena_strndup(l->arena, word.p, word.n);
	const char *what = "an unknown group; immure policy show --groups lists them";
	struct text_near near = { .distance = 3 };

	for (size_t i = 0; wrong && i < n_syscall_group_names; i++)
		text_near_try(&near, wrong, syscall_group_names[i]);
	if (near.name)
		what = arena_printf(l->arena, "an unknown group; did you mean %s?", near.name);
	if (!wrong || !what)
		return -ENOMEM;
	rule_line_fault(l, word, what);
	return 0;
}

static int call_name(struct rule_line *l, struct span word, bool families, struct names *names)
{
	struct name_list list = { 0 };
	char *name;

	if (word.p[0] == '@') {
		if (syscall_group_find(word, &list))
			add_list(names, list);
		else
			return unknown_group(l, word);
		return 0;
	}
	name = arena_strndup(l->arena, word.p, word.n);
	if (!name)
		return -ENOMEM;
	if (!syscall_is_known(name)) {
		const char *near = near_name(name);
		struct where where = l->node->where;

		where.col += (uint32_t)(word.p - l->node->text);
		diags_add(l->diags, where, "an unknown system call: \"%s\"%s%s%s", name,
			  near ? "; did you mean \"" : "; expected a name of syscalls(2)",
			  near ? near : "", near ? "\"?" : "");
		return 0;
	}
	add_name(names, name);
	if (families)
		add_list(names, syscall_family(name));
	return 0;
}

/* Words and commas up to "if", "as" or "quietly". */
static int call_names(struct rule_line *l, bool families, struct names *names)
{
	for (;;) {
		struct span before = l->rest;
		struct span word = span_word(&l->rest);

		if (word.n == 0)
			return 0;
		if (span_eq(word, "if") || span_eq(word, "as") || span_eq(word, "quietly")) {
			l->rest = before;
			return 0;
		}
		while (word.n > 0) {
			struct span name = span_cut(&word, ',');
			int r = name.n > 0 ? call_name(l, name, families, names) : 0;

			if (r < 0)
				return r;
		}
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_rule(struct rule_line *l, const struct syscall_rule *like, const char *const *names,
		    size_t n, const struct cond *cond)
{
	struct policy *policy = l->policy;
	const char **sorted = arena_array(l->arena, n, sizeof(*sorted));
	struct syscall_rule *grown = arena_grow(l->arena, policy->syscalls, &policy->cap_syscalls,
						policy->n_syscalls + 1, sizeof(*grown));

	if (!sorted || !grown)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = names[i];
	qsort(sorted, n, sizeof(*sorted), compare_names);
	policy->syscalls = grown;
	grown[policy->n_syscalls] = *like;
	grown[policy->n_syscalls].names = sorted;
	grown[policy->n_syscalls].n_names = n;
	grown[policy->n_syscalls].cond = cond;
	policy->n_syscalls++;
	return 0;
}

/* " as ERRNO" or " quietly" stand behind a condition: cut them off its end. */
static struct span cut_condition(struct span *rest)
{
	struct span all = *rest;
	struct span cond = all;

	for (size_t i = 0; i + 4 <= all.n; i++) {
		struct span from = { all.p + i, all.n - i };

		if (span_starts(from, " as ") || span_starts(from, " quietly")) {
			cond.n = i;
			break;
		}
	}
	rest->p += cond.n;
	rest->n -= cond.n;
	return cond;
}

static bool same_cond(const struct cond *a, const struct cond *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->arg != b->arg || a->n_values != b->n_values)
		return false;
	if (a->n_values > 0 && memcmp(a->values, b->values, a->n_values * sizeof(*a->values)) != 0)
		return false;
	return same_cond(a->left, b->left) && same_cond(a->right, b->right);
}

/* The condition is read for each call, for the same name may stand in another place in each. */
static int add_conditional(struct rule_line *l, const struct syscall_rule *like,
			   const struct names *names, struct span text)
{
	struct where where = l->node->where;
	const struct cond *conds[MAX_NAMES] = { NULL };
	bool done[MAX_NAMES] = { false };

	where.col += (uint32_t)(text.p - l->node->text);
	for (size_t i = 0; i < names->n; i++) {
		int r = cond_parse(text, names->list[i], where, l->arena, &conds[i], l->diags);

		if (r < 0)
			return r == -EINVAL ? 0 : r;
	}
	for (size_t i = 0; i < names->n; i++) {
		const char *alike[MAX_NAMES];
		size_t n = 0;
		int r;

		for (size_t k = i; k < names->n && !done[i]; k++) {
			if (!done[k] && same_cond(conds[i], conds[k])) {
				alike[n++] = names->list[k];
				done[k] = k != i;
			}
		}
		r = n > 0 ? add_rule(l, like, alike, n, conds[i]) : 0;
		if (r < 0)
			return r;
		done[i] = true;
	}
	return 0;
}

static bool take_error(struct rule_line *l, int *ret)
{
	struct span word = span_word(&l->rest);
	int error = errno_find(word);

	if (error < 0) {
		rule_line_fault(l, word.n ? word : l->rest,
				"expected the name of an error such as EPERM or ENOSYS");
		return false;
	}
	*ret = error;
	return true;
}

static int allow_or_deny(struct rule_line *l, bool allow)
{
	struct syscall_rule rule = { .rule = rule_line_rule(l), .allow = allow };
	struct names names = { 0 };
	struct span cond = { "", 0 };
	bool has_cond = false;
	size_t faults = l->diags->n;
	int r;

	/* A condition names arguments, which the other members of a family may not have. */
	has_cond = strstr(l->node->text, " if ") != NULL;
	r = call_names(l, !has_cond, &names);
	if (r < 0)
		return r;
	for (;;) {
		struct span word = span_word(&l->rest);

		if (word.n == 0)
			break;
		if (span_eq(word, "if")) {
			cond = cut_condition(&l->rest);
		} else if (span_eq(word, "as") && !allow) {
			if (!take_error(l, &rule.error))
				return 0;
		} else if (span_eq(word, "quietly") && !allow) {
			rule.quiet = true;
		} else {
			rule_line_fault(
				l, word,
				allow ? "unexpected; expected \"if\" and a condition"
				      : "unexpected; expected \"if\", \"as\" or \"quietly\"");
			return 0;
		}
	}
	if (names.n == 0) {
		if (l->diags->n == faults)
			rule_line_fault(l, (struct span){ l->node->text, 0 },
					"names no system call; expected calls or @groups");
		return 0;
	}
	if (has_cond)
		return add_conditional(l, &rule, &names, cond);
	return add_rule(l, &rule, names.list, names.n, NULL);
}

static void only_error(struct rule_line *l, int *to)
{
	int error = 0;

	if (*to) {
		rule_line_fault(l, (struct span){ l->node->text, 0 },
				"is said twice; expected it once");
		return;
	}
	if (!take_error(l, &error))
		return;
	*to = error;
	if (span_trim(l->rest).n > 0)
		rule_line_fault(l, span_trim(l->rest), "unexpected after the error");
}

int syscall_rule_parse(const struct yaml_node *node, struct policy *policy, struct arena *arena,
		       struct diags *diags)
{
	struct rule_line l = { .node = node, .policy = policy, .arena = arena, .diags = diags };
	struct span verb;

	if (!rule_line_start(&l, "a rule such as \"allow @io\""))
		return 0;
	verb = span_word(&l.rest);
	if (span_eq(verb, "allow"))
		return allow_or_deny(&l, true);
	if (span_eq(verb, "deny"))
		return allow_or_deny(&l, false);
	if (span_eq(verb, "otherwise"))
		only_error(&l, &policy->otherwise_error);
	else if (span_eq(verb, "unknown"))
		only_error(&l, &policy->unknown_error);
	else
		rule_line_fault(&l, verb,
				"an unknown verb; expected allow, deny, otherwise or unknown");
	return 0;
}

static const struct {
	const char *name;
	unsigned access;
} file_verb_table[] = { { "list", FILE_LIST },
			{ "read", FILE_READ },
			{ "write", FILE_READ | FILE_WRITE },
			{ "exec", FILE_EXEC | FILE_READ },
			{ "deny", FILE_DENY } };

static unsigned file_verb(struct span verb)
{
	for (size_t i = 0; i < ARRAY_LEN(file_verb_table); i++) {
		if (span_eq(verb, file_verb_table[i].name))
			return file_verb_table[i].access;
	}
	return 0;
}

static unsigned file_verbs(struct rule_line *l, struct span verbs)
{
	unsigned access = 0;

	while (verbs.n > 0) {
		struct span verb = span_cut(&verbs, ',');
		unsigned found = file_verb(verb);

		if (!found) {
			rule_line_fault(
				l, verb,
				"an unknown verb; expected list, read, write, exec or deny");
			return 0;
		}
		access |= found;
	}
	if ((access & FILE_DENY) && access != FILE_DENY) {
		rule_line_fault(l, (struct span){ l->node->text, 0 },
				"deny stands alone; expected a rule of its own");
		return 0;
	}
	return access;
}

static int file_path(struct rule_line *l, unsigned access, struct span word)
{
	struct policy *policy = l->policy;
	struct file_rule rule = { .rule = rule_line_rule(l), .access = access };
	struct file_rule *grown;
	struct err err = { 0 };
	char *text;
	int r;

	if (span_eq(word, "/**")) {
		word.n = 1;
		rule.tree = true;
	} else if (word.n > 3 && memcmp(word.p + word.n - 3, "/**", 3) == 0) {
		word.n -= 3;
		rule.tree = true;
	}
	if (span_has_byte(word, '*') || span_has_byte(word, '?') || span_has_byte(word, '[')) {
		rule_line_fault(
			l, word,
			"a pattern that no layer of this version can enforce; expected a path, or a folder with /** at its end");
		return 0;
	}
	text = arena_strndup(l->arena, word.p, word.n);
	if (!text)
		return -ENOMEM;
	r = path_clean(l->arena, text, &rule.path, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		rule_line_fault(
			l, word,
			file_verb(word)
				? "a verb in place of a path; expected verbs with commas and without blanks, such as read,exec"
				: err.msg);
		return 0;
	}
	if (access == FILE_LIST && !rule.tree) {
		rule_line_fault(
			l, word,
			"a folder cannot be listed alone; expected /** at its end: it and all folders below it");
		return 0;
	}
	if ((access & FILE_DENY) && strcmp(rule.path, "/") == 0) {
		rule_line_fault(l, word, "the root cannot be denied; expected a path below it");
		return 0;
	}
	grown = arena_grow(l->arena, policy->files, &policy->cap_files, policy->n_files + 1,
			   sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->files = grown;
	grown[policy->n_files++] = rule;
	return 0;
}

int file_rule_parse(const struct yaml_node *node, struct policy *policy, struct arena *arena,
		    struct diags *diags)
{
	struct rule_line l = { .node = node, .policy = policy, .arena = arena, .diags = diags };
	unsigned access;
	size_t paths = 0;

	if (!rule_line_start(&l, "a rule such as \"read /usr/**\""))
		return 0;
	access = file_verbs(&l, span_word(&l.rest));
	if (access == 0)
		return 0;
	for (;;) {
		struct span word = span_word(&l.rest);
		int r;

		if (word.n == 0)
			break;
		paths++;
		r = file_path(&l, access, word);
		if (r < 0)
			return r;
	}
	if (paths == 0)
		rule_line_fault(&l, (struct span){ node->text, 0 },
				"names no path; expected one or more, such as /usr/**");
	return 0;
}
