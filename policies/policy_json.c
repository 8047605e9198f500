/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "policies/policy_print.h"
#include "policies/yaml_tree.h"

#define PLACE_FIELDS 5

struct member {
	const char *key;
	const struct yaml_node *value;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static int put_node(const struct yaml_node *node, struct arena *arena, struct jsonw *j);

static int put_map(const struct yaml_node *node, struct arena *arena, struct jsonw *j)
{
	struct member *members = arena_array(arena, node->n + 1, sizeof(*members));
	int r = 0;

	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < node->n; i++)
		members[i] = (struct member){ node->keys[i].text, &node->items[i] };
	if (node->n > 1)
		qsort(members, node->n, sizeof(*members), by_key);
	jsonw_object(j);
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		jsonw_key(j, members[i].key);
		r = put_node(members[i].value, arena, j);
	}
	jsonw_object_end(j);
	return r;
}

/* As deep as a policy is, at most 8. */
static int put_node(const struct yaml_node *node, struct arena *arena, struct jsonw *j)
{
	int r = 0;

	if (node->kind == YAML_MAP)
		return put_map(node, arena, j);
	if (node->kind == YAML_SCALAR) {
		jsonw_str(j, node->text);
		return 0;
	}
	jsonw_array(j);
	for (size_t i = 0; r == 0 && i < node->n; i++)
		r = put_node(&node->items[i], arena, j);
	jsonw_array_end(j);
	return r;
}

int policy_json(const struct policy *policy, struct arena *arena, struct strbuf *out,
		struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { .arena = arena };
	struct jsonw j = { .out = out };
	struct yaml_node root = { 0 };
	int r;

	policy_print(policy, 0, &text);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = yaml_tree_read((struct span){ strbuf_str(&text), text.len }, policy->name, arena, &root,
			   &diags);
	if (r == -EINVAL)
		return err_set(err, EINVAL, "%s: %s", policy->name,
			       diags.n > 0 ? diags.items[0].text : "it cannot be printed");
	if (r == 0)
		r = put_node(&root, arena, &j);
	return r < 0 || out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Calls fn for each rule; those of one line follow each other. */
static void each_rule(struct policy *policy, void (*fn)(void *data, struct rule *rule), void *data)
{
	for (size_t i = 0; i < policy->n_files; i++)
		fn(data, &policy->files[i].rule);
	for (size_t i = 0; i < policy->n_syscalls; i++)
		fn(data, &policy->syscalls[i].rule);
	/* Rules of the network point at theirs, which is the arena's like all others. */
	for (size_t i = 0; i < policy->net.n; i++)
		fn(data, (struct rule *)(uintptr_t)policy->net.rules[i].rule);
	for (size_t i = 0; i < policy->n_tests; i++)
		fn(data, &policy->tests[i].rule);
	for (size_t i = 0; i < policy->n_waivers; i++)
		fn(data, &policy->waivers[i].rule);
}

static void put_number(struct jsonw *j, uint32_t n)
{
	char text[16];
	char *p = text + sizeof(text) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	jsonw_str(j, p);
}

struct placing {
	struct jsonw j;
	const char *last;
};

static void put_place(void *data, struct rule *rule)
{
	struct placing *p = data;
	cleanup_strbuf struct strbuf text = { 0 };

	if (rule->text == p->last)
		return;
	p->last = rule->text;
	policy_print_line(span_trim(span_of(rule->text)), &text);
	jsonw_array(&p->j);
	jsonw_str(&p->j, strbuf_str(&text));
	jsonw_str(&p->j, rule->where.file);
	put_number(&p->j, rule->where.line);
	put_number(&p->j, rule->where.col);
	jsonw_str(&p->j, rule->why ? rule->why : "");
	jsonw_array_end(&p->j);
	p->j.out->failed = p->j.out->failed || text.failed;
}

void policy_places_json(const struct policy *policy, struct strbuf *out)
{
	struct placing p = { .j = { .out = out } };
	struct policy copy = *policy;

	jsonw_object(&p.j);
	jsonw_key(&p.j, "places");
	jsonw_array(&p.j);
	each_rule(&copy, put_place, &p);
	jsonw_array_end(&p.j);
	jsonw_object_end(&p.j);
}

struct finding_places {
	const struct yaml_node *places;
	const char *last;
	struct where where;
	const char *why;
};

static bool is_place(const struct yaml_node *node)
{
	uint64_t line = 0;
	uint64_t col = 0;

	if (node->kind != YAML_LIST || node->n != PLACE_FIELDS)
		return false;
	for (size_t i = 0; i < node->n; i++) {
		if (node->items[i].kind != YAML_SCALAR)
			return false;
	}
	return span_u64(span_of(node->items[2].text), UINT32_MAX, &line) >= 0 &&
	       span_u64(span_of(node->items[3].text), UINT32_MAX, &col) >= 0;
}

static void place_rule(void *data, struct rule *rule)
{
	struct finding_places *f = data;

	for (size_t i = 0; rule->text != f->last && i < f->places->n; i++) {
		const struct yaml_node *fields = f->places->items[i].items;
		uint64_t line = 0;
		uint64_t col = 0;

		if (strcmp(fields[0].text, rule->text) != 0 ||
		    span_u64(span_of(fields[2].text), UINT32_MAX, &line) < 0 ||
		    span_u64(span_of(fields[3].text), UINT32_MAX, &col) < 0)
			continue;
		f->last = rule->text;
		f->where = (struct where){ fields[1].text, (uint32_t)line, (uint32_t)col };
		f->why = fields[4].text[0] ? fields[4].text : NULL;
		break;
	}
	if (rule->text != f->last)
		return;
	rule->where = f->where;
	rule->why = f->why;
}

int policy_places_apply(struct span text, const char *name, struct arena *arena,
			struct policy *policy, struct diags *diags)
{
	struct finding_places f = { 0 };
	struct yaml_node root = { 0 };
	int r = yaml_tree_read(text, name, arena, &root, diags);

	if (r < 0)
		return r;
	f.places = root.kind == YAML_MAP ? yaml_find(&root, "places") : NULL;
	if (!f.places || f.places->kind != YAML_LIST) {
		diags_add(diags, root.where,
			  "no list \"places\"; expected what policy compile wrote");
		return -EINVAL;
	}
	for (size_t i = 0; i < f.places->n; i++) {
		if (is_place(&f.places->items[i]))
			continue;
		diags_add(diags, f.places->items[i].where,
			  "not a place; expected [\"RULE\",\"FILE\",\"LINE\",\"COLUMN\",\"WHY\"]");
		return -EINVAL;
	}
	each_rule(policy, place_rule, &f);
	return 0;
}
