/* SPDX-License-Identifier: Apache-2.0 */
/* The policy line by line, as a report has it. */
#include <stdlib.h>
#include <string.h>

#include "audit/report_parts.h"

struct line {
	size_t file; /* rank of its file: that of the file's first rule */
	uint32_t line;
	const struct rule *rule;
};

static bool is_same_line(const struct rule *a, const struct rule *b)
{
	return a->where.line == b->where.line && strcmp(a->where.file, b->where.file) == 0;
}

/* Is it the first rule of its line? One line may have become several rules. */
static bool is_first_of_line(const struct bundle *bundle, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_same_line(&bundle->rules[i], &bundle->rules[n]))
			return false;
	}
	return true;
}

static int by_line(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static size_t rank_of_file(const struct bundle *bundle, const char *file)
{
	size_t i = 0;

	while (i < bundle->n_rules && strcmp(bundle->rules[i].where.file, file) != 0)
		i++;
	return i;
}

/* What became of the grants of one line. */
struct tally {
	size_t n, used, unknown;
	uint64_t uses;
	const char *why; /* unknown */
	json_t *unused;  /* texts */
};

static struct tally tally_line(const struct grants *grants, const struct rule *rule)
{
	struct tally tally = { .unused = json_array() };

	for (size_t i = 0; grants && i < grants->n; i++) {
		const struct grant *grant = &grants->items[i];

		if (!is_same_line(grant->rule, rule))
			continue;
		tally.n++;
		tally.used += grant->use == GRANT_USED;
		tally.unknown += grant->use == GRANT_UNKNOWN;
		tally.uses += grant->n;
		if (grant->use == GRANT_UNKNOWN && !tally.why)
			tally.why = grant->unknown;
		if (grant->use == GRANT_UNUSED)
			json_array_append_new(tally.unused, json_string(grant->text));
	}
	return tally;
}

/* A line is used by any of its words, and unused if all of them are. */
static const char *use_of(const struct tally *tally)
{
	if (tally->n == 0)
		return NULL;
	return grant_use_name(tally->used > 0      ? GRANT_USED
			      : tally->unknown > 0 ? GRANT_UNKNOWN
						   : GRANT_UNUSED);
}

static json_t *make_rule(const struct grants *grants, const struct rule *rule)
{
	struct tally tally = tally_line(grants, rule);

	return json_pack("{s:s, s:I, s:s, s:s?, s:o, s:o, s:s?, s:s?}", "file", rule->where.file,
			 "line", (json_int_t)rule->where.line, "text", rule->text, "unknown",
			 tally.why, "unused", tally.unused, "uses",
			 tally.used > 0 ? json_integer((json_int_t)tally.uses) : json_null(), "use",
			 use_of(&tally), "why", rule->why);
}

json_t *report_rules(const struct bundle *bundle, const struct grants *grants, struct arena *arena)
{
	struct line *lines =
		bundle ? arena_array(arena, bundle->n_rules + 1, sizeof(*lines)) : NULL;
	json_t *rules = json_array();
	size_t n = 0;

	for (size_t i = 0; lines && i < bundle->n_rules; i++) {
		const struct rule *rule = &bundle->rules[i];

		if (is_first_of_line(bundle, i))
			lines[n++] = (struct line){ rank_of_file(bundle, rule->where.file),
						    rule->where.line, rule };
	}
	if (n > 1)
		qsort(lines, n, sizeof(*lines), by_line);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rules, make_rule(grants, lines[i].rule));
	return rules;
}

json_t *report_grants(const struct grants *grants)
{
	json_int_t n[] = { 0, 0, 0 };

	if (!grants)
		return json_null();
	for (size_t i = 0; i < grants->n; i++) {
		if (grant_is_own(grants, &grants->items[i]))
			n[grants->items[i].use]++;
	}
	return json_pack("{s:I, s:I, s:I}", "unknown", n[GRANT_UNKNOWN], "unused", n[GRANT_UNUSED],
			 "used", n[GRANT_USED]);
}
