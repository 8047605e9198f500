/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_lint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/filter_model.h"
#include "policies/lint_parts.h"
#include "policies/syscall_sets.h"

#define BUILTIN "builtin/"
#define MAX_TEXT 400

static struct lint_finding *find(const struct lint *lint, enum lint_id id, struct where where)
{
	for (size_t i = 0; i < lint->n; i++) {
		struct lint_finding *f = &lint->items[i];

		if (f->id == id && f->where.line == where.line && f->where.col == where.col &&
		    strcmp(f->where.file, where.file) == 0)
			return f;
	}
	return NULL;
}

static void add_text(struct lint *out, struct lint_finding *to, const char *text)
{
	if (strlen(to->text) > MAX_TEXT)
		return;
	to->text = arena_printf(out->arena, "%s, %s", to->text,
				strlen(to->text) + strlen(text) > MAX_TEXT ? "..." : text);
	if (!to->text) {
		to->text = "";
		out->out_of_memory = true;
	}
}

void lint_add(struct linter *l, enum lint_id id, const struct rule *rule, const char *format, ...)
{
	struct where where =
		rule ? rule->where : (struct where){ l->policy->sources[0].name, 1, 1 };
	struct lint *out = l->out;
	struct lint_finding *found = find(out, id, where);
	char text[512];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	if (found) {
		add_text(out, found, text);
		return;
	}
	found = arena_grow(out->arena, out->items, &out->cap, out->n + 1, sizeof(*found));
	if (found)
		out->items = found;
	if (found)
		found[out->n] = (struct lint_finding){ .id = id,
						       .where = where,
						       .rule = rule ? rule->text : NULL,
						       .text = arena_strdup(out->arena, text) };
	if (!found || !found[out->n].text)
		out->out_of_memory = true;
	else
		out->n++;
}

bool lint_is_own(const struct linter *l, const struct rule *rule)
{
	const char *asked = l->policy->sources[0].name;

	return strcmp(rule->where.file, asked) == 0 ||
	       strncmp(rule->where.file, BUILTIN, strlen(BUILTIN)) != 0;
}

bool lint_call(struct linter *l, const char *call, diagram *ret)
{
	int nr = syscall_number(call, l->arch);

	if (nr < 0)
		return false;
	*ret = diagram_fix(&l->set, diagram_fix(&l->set, l->verdict, DIAGRAM_ARCH, l->arch),
			   DIAGRAM_NR, (uint32_t)nr);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct lint_finding *x = a;
	const struct lint_finding *y = b;
	int r = strcmp(x->where.file, y->where.file);

	if (r != 0)
		return r;
	if (x->where.line != y->where.line)
		return x->where.line < y->where.line ? -1 : 1;
	return (int)x->id - (int)y->id;
}

static int end(struct lint *lint, struct err *err)
{
	if (lint->out_of_memory)
		return err_set(err, ENOMEM, "out of memory");
	if (lint->n > 1)
		qsort(lint->items, lint->n, sizeof(*lint->items), by_place);
	return 0;
}

int policy_lint(const struct policy *policy, uint32_t arch, const char *today, struct lint *ret,
		struct err *err)
{
	struct linter l = { .policy = policy, .arch = arch, .out = ret };
	int r;

	if (diagrams_init(&l.set, ret->arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = filter_model(policy, arch, FILTER_VERDICT, &l.set, &l.verdict, err);
	if (r == 0)
		r = filter_model(policy, arch, FILTER_RULES, &l.set, &l.explain, err);
	if (r < 0)
		return r;
	lint_dangers(&l);
	lint_families(&l);
	lint_rules(&l);
	lint_files(&l);
	lint_network(&l);
	lint_whole(&l, today);
	if (l.set.failed)
		return err_set(err, E2BIG, "the conditions are too complex to be looked into");
	return end(ret, err);
}

int policy_lint_unused(const struct policy *policy, const struct lint_unused *list, size_t n,
		       const char *today, struct lint *ret, struct err *err)
{
	struct linter l = { .policy = policy, .out = ret };

	for (size_t i = 0; i < n; i++)
		lint_add(&l, LINT_GRANT_UNUSED, list[i].rule, "%s", list[i].text);
	for (size_t i = 0; i < policy->n_waivers; i++) {
		if (strcmp(policy->waivers[i].id, lint_catalogue[LINT_GRANT_UNUSED].id) == 0)
			lint_waive(&l, &policy->waivers[i], today);
	}
	return end(ret, err);
}
