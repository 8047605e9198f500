/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "policies/policy_diff.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define STATUS_DIFFERENT 1

struct diff_options {
	bool json, forbid_widening;
};

static const struct opt diff_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct diff_options, json), NULL,
	  "print the differences as a JSON array", NULL },
	{ "forbid-widening", 0, OPT_FLAG, offsetof(struct diff_options, forbid_widening), NULL,
	  "exit with 1 only if the second policy allows more", NULL },
};

/* Two that say the same of different calls or files. */
static bool are_alike(const struct policy_difference *a, const struct policy_difference *b)
{
	return a->class == b->class && strcmp(a->area, b->area) == 0 &&
	       strcmp(a->before, b->before) == 0 && strcmp(a->after, b->after) == 0;
}

/* One paragraph for each way to differ, with all witnesses of it. */
static void print_text(const struct policy_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++) {
		const struct policy_difference *d = &diff->items[i];
		cleanup_strbuf struct strbuf text = { 0 };
		bool told = false;

		for (size_t k = 0; k < i; k++)
			told = told || are_alike(d, &diff->items[k]);
		if (told)
			continue;
		strbuf_addf(&text, "%s %s:\n", diff_class_name(d->class), d->area);
		for (size_t k = i; k < diff->n; k++) {
			if (!are_alike(d, &diff->items[k]))
				continue;
			strbuf_puts(&text, "  ");
			strbuf_escaped(&text, diff->items[k].witness,
				       strlen(diff->items[k].witness));
			strbuf_putc(&text, '\n');
		}
		strbuf_puts(&text, "    before: ");
		strbuf_escaped(&text, d->before, strlen(d->before));
		strbuf_puts(&text, "\n    after:  ");
		strbuf_escaped(&text, d->after, strlen(d->after));
		printf("%s\n", strbuf_str(&text));
	}
}

static void print_json(const struct policy_diff *diff)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_array(&j);
	for (size_t i = 0; i < diff->n; i++) {
		const struct policy_difference *d = &diff->items[i];

		jsonw_object(&j);
		jsonw_kstr(&j, "after", d->after);
		jsonw_kstr(&j, "area", d->area);
		jsonw_kstr(&j, "before", d->before);
		jsonw_kstr(&j, "class", diff_class_name(d->class));
		if (d->rule) {
			jsonw_kstr(&j, "file", d->rule->where.file);
			jsonw_ku64(&j, "line", d->rule->where.line);
			jsonw_kstr(&j, "rule", d->rule->text);
		}
		jsonw_kstr(&j, "witness", d->witness);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&out));
}

static int run_diff(const struct verb_call *call, struct err *err)
{
	const struct diff_options *options = call->options;
	struct policy_diff diff = { .arena = call->arena };
	struct policy policies[2] = { 0 };
	struct bundle bundles[2] = { 0 };
	size_t wider = 0;
	int r;

	for (int i = 0; i < 2; i++) {
		r = policy_open_or_tell(call->argv[i], call->arena, &policies[i], &bundles[i], err);
		if (r != 0)
			return r;
	}
	r = policy_diff(&policies[0], &policies[1], bundles[0].audit_arch, &diff, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < diff.n; i++)
		wider += diff.items[i].class == DIFF_WIDER;
	if (options->json)
		print_json(&diff);
	else
		print_text(&diff);
	return (options->forbid_widening ? wider : diff.n) > 0 ? STATUS_DIFFERENT : 0;
}

const struct verb verb_policy_diff = {
	.name = "diff",
	.args = "[--json] [--forbid-widening] OLD NEW",
	.help = "compare what two policies mean, with a witness for each difference",
	.opts = diff_opts,
	.n_opts = ARRAY_LEN(diff_opts),
	.options_size = sizeof(struct diff_options),
	.min_args = 2,
	.max_args = 2,
	.mixed = true,
	.run = run_diff,
};
