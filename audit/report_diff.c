/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report_diff.h"

#include <string.h>

#include "audit/report_parts.h"

/* From good to bad; what is waived or does not apply is neither. */
static int rank_of(const char *status)
{
	static const char *const order[] = { "pass",   "not-applicable", "waived",
					     "manual", "not-proven",     "fail" };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (strcmp(order[i], status) == 0)
			return (int)i;
	}
	return -1;
}

static void note(json_t *diff, const char *list, const char *what, const char *before,
		 const char *after)
{
	json_array_append_new(
		json_object_get(diff, list),
		json_pack("{s:s?, s:s?, s:s}", "after", after, "before", before, "what", what));
}

static void diff_finding(json_t *diff, const json_t *old, const json_t *f)
{
	const char *before = record_text(old, "status", "absent");
	const char *after = record_text(f, "status", "absent");
	cleanup_strbuf struct strbuf what = { 0 };

	/* A control that only one of them was judged by says nothing. */
	if (!old || strcmp(before, after) == 0)
		return;
	put_control(&what, f);
	strbuf_puts(&what, ": ");
	put_escaped(&what, record_text(f, "title", "?"));
	note(diff,
	     !old                               ? "changed"
	     : rank_of(after) > rank_of(before) ? "worse"
						: "better",
	     strbuf_str(&what), before, after);
}

static void diff_findings(json_t *diff, const json_t *before, const json_t *after)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(after, "findings"), i, f)
	{
		const char *standard = record_text(f, "standard", "");
		const char *id = record_text(f, "id", "");

		if (report_finding(after, standard, id) == f)
			diff_finding(diff, report_finding(before, standard, id), f);
	}
}

static const json_t *find_layer(const json_t *report, const char *name)
{
	const json_t *layer;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(report, "policy"), "layers"), i, layer)
	{
		if (strcmp(record_text(layer, "layer", "?"), name) == 0)
			return layer;
	}
	return NULL;
}

static void diff_layers(json_t *diff, const json_t *before, const json_t *after)
{
	const json_t *layer;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(after, "policy"), "layers"), i, layer)
	{
		const char *name = record_text(layer, "layer", "?");
		const char *now = record_text(layer, "state", "?");
		const json_t *old = find_layer(before, name);
		const char *then = old ? record_text(old, "state", "?") : "absent";
		cleanup_strbuf struct strbuf what = { 0 };

		/* Of what a foreign report says twice, the first counts. */
		if (strcmp(now, then) == 0 || find_layer(after, name) != layer)
			continue;
		strbuf_puts(&what, "layer ");
		put_escaped(&what, name);
		note(diff,
		     !old                           ? "changed"
		     : strcmp(now, "enforced") == 0 ? "better"
						    : "worse",
		     strbuf_str(&what), then, now);
	}
}

static void diff_text(json_t *diff, const char *what, const char *before, const char *after)
{
	if (strcmp(before, after) != 0)
		note(diff, "changed", what, before, after);
}

static bool has_item(const json_t *list, const char *key, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (strcmp(record_text(item, key, "?"), value) == 0)
			return true;
	}
	return false;
}

/* What one list of activities has and the other has not. */
static void diff_list(json_t *diff, const char *into, const json_t *from, const json_t *to)
{
	static const struct {
		const char *list, *key, *word;
	} lists[] = {
		{ "denials", "text", "refused" },      { "processes", "name", "program" },
		{ "flows", "remote", "connection" },   { "listeners", "name", "listener" },
		{ "names", "name", "name asked for" }, { "written", "name", "written" },
	};

	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		const json_t *old =
			json_object_get(json_object_get(from, "activity"), lists[k].list);
		const json_t *now = json_object_get(json_object_get(to, "activity"), lists[k].list);
		const json_t *item;
		size_t i;

		json_array_foreach(now, i, item)
		{
			const char *value = record_text(item, lists[k].key, "?");
			cleanup_strbuf struct strbuf what = { 0 };

			strbuf_addf(&what, "%s ", lists[k].word);
			put_escaped(&what, value);
			if (!has_item(old, lists[k].key, value) &&
			    !has_item(json_object_get(diff, into), "what", strbuf_str(&what)))
				note(diff, into, strbuf_str(&what), NULL, NULL);
		}
	}
}

json_t *report_diff(const json_t *before, const json_t *after)
{
	json_t *diff = json_pack("{s:[], s:[], s:[], s:[], s:[]}", "better", "changed", "gone",
				 "new", "worse");

	if (!diff)
		return NULL;
	diff_findings(diff, before, after);
	diff_layers(diff, before, after);
	diff_text(diff, "policy", part_text(before, "policy", "name", "?"),
		  part_text(after, "policy", "name", "?"));
	diff_text(diff, "policy digest", part_text(before, "policy", "digest", "?"),
		  part_text(after, "policy", "digest", "?"));
	diff_text(diff, "kernel", part_text(before, "identity", "kernel", "?"),
		  part_text(after, "identity", "kernel", "?"));
	diff_list(diff, "new", before, after);
	diff_list(diff, "gone", after, before);
	return diff;
}
