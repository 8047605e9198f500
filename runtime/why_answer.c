/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runtime/why.h"

void why_answer_done(struct why_answer *a)
{
	strbuf_done(&a->asked);
}

void why_print_escaped(const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };

	strbuf_escaped(&out, text, strlen(text));
	fputs(strbuf_str(&out), stdout);
}

/* Names of files, programs and their arguments may hold anything. */
static void say(const char *label, const char *text)
{
	printf("  %-9s ", label);
	why_print_escaped(text);
	printf("\n");
}

static void say_rule(const char *label, const struct rule *rule)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (!rule)
		return;
	strbuf_addf(&text, "%s:%u  %s", rule->where.file, rule->where.line, rule->text);
	say(label, strbuf_str(&text));
	if (rule->why)
		say("because", rule->why);
}

static void say_lineage(const json_t *lineage)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const json_t *who;
	size_t i;

	json_array_foreach(lineage, i, who)
	{
		strbuf_addf(&text, "%s%s", i ? " <- " : "", record_text(who, "comm", "?"));
	}
	if (text.len > 0)
		say("lineage", strbuf_str(&text));
}

static void say_layer(const struct why_answer *a)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (a->layer)
		strbuf_addf(&text, "%s%s", a->layer, a->predicted ? " (predicted)" : "");
	else if (a->reason)
		strbuf_puts(&text, "none of immure's refuses it");
	if (a->reason)
		strbuf_addf(&text, ": %s", a->reason);
	if (text.len > 0)
		say("layer", strbuf_str(&text));
}

static void say_pair(const char *label, const char *what, const char *of_it)
{
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_addf(&text, "%s: %s", what, of_it);
	say(label, strbuf_str(&text));
}

static void say_remedy(const struct why_answer *a)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (a->line)
		strbuf_addf(&text, "under %s:  - %s", a->section, a->line);
	else if (a->remedy)
		strbuf_puts(&text, a->remedy);
	if (text.len > 0)
		say("to allow", strbuf_str(&text));
}

void why_print_text(const struct why_answer *a)
{
	why_print_escaped(strbuf_str(&a->asked));
	printf("\n");
	say_lineage(a->lineage);
	say_layer(a);
	say_rule("rule", a->rule);
	say_rule("nearest", a->nearest);
	say_remedy(a);
	if (a->risk.level)
		say_pair("risk", a->risk.level, a->risk.reason);
	if (a->note)
		say("note", a->note);
	if (a->confirmed)
		say_pair("confirmed", a->confirmed, a->bisect);
	else if (a->bisect)
		say("bisect", a->bisect);
	if (a->file)
		say(a->is_added ? "added to" : "is in", a->file);
}

static void put_rule(struct jsonw *j, const char *key, const struct rule *rule)
{
	if (!rule)
		return;
	jsonw_key(j, key);
	jsonw_object(j);
	jsonw_kstr(j, "file", rule->where.file);
	jsonw_ku64(j, "line", rule->where.line);
	jsonw_kstr(j, "text", rule->text);
	if (rule->why)
		jsonw_kstr(j, "why", rule->why);
	jsonw_object_end(j);
}

static void put_text(struct jsonw *j, const char *key, const char *text)
{
	if (text)
		jsonw_kstr(j, key, text);
}

static void put_lineage(struct jsonw *j, const json_t *lineage)
{
	const json_t *who;
	size_t i;

	jsonw_key(j, "lineage");
	jsonw_array(j);
	json_array_foreach(lineage, i, who)
	{
		jsonw_str(j, record_text(who, "comm", "?"));
	}
	jsonw_array_end(j);
}

static void put_line(struct jsonw *j, const struct why_answer *a)
{
	jsonw_key(j, "line");
	jsonw_object(j);
	jsonw_kstr(j, "section", a->section);
	jsonw_kstr(j, "text", a->line);
	jsonw_object_end(j);
}

static void put_risk(struct jsonw *j, const struct risk *risk)
{
	jsonw_key(j, "risk");
	jsonw_object(j);
	jsonw_kstr(j, "level", risk->level);
	jsonw_kstr(j, "reason", risk->reason);
	jsonw_object_end(j);
}

void why_put_json(const struct why_answer *a, struct jsonw *j)
{
	if (a->file)
		jsonw_kbool(j, "added", a->is_added);
	jsonw_kstr(j, "asked", strbuf_str(&a->asked));
	put_text(j, "bisect", a->bisect);
	put_text(j, "confirmed", a->confirmed);
	put_text(j, "file", a->file);
	jsonw_kstr(j, "layer", a->layer);
	if (a->line)
		put_line(j, a);
	if (a->lineage)
		put_lineage(j, a->lineage);
	put_rule(j, "nearest", a->nearest);
	put_text(j, "note", a->note);
	jsonw_kbool(j, "predicted", a->predicted);
	put_text(j, "reason", a->reason);
	jsonw_kbool(j, "refused", !a->is_open);
	put_text(j, "remedy", a->remedy);
	if (a->risk.level)
		put_risk(j, &a->risk);
	put_rule(j, "rule", a->rule);
}
