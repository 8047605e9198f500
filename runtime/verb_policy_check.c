/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/jsonw.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

static void print_diags_json(const struct diags *diags)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_array(&j);
	for (size_t i = 0; i < diags->n; i++) {
		jsonw_object(&j);
		jsonw_ku64(&j, "column", diags->items[i].where.col);
		jsonw_kstr(&j, "file", diags->items[i].where.file);
		jsonw_ku64(&j, "line", diags->items[i].where.line);
		jsonw_kstr(&j, "message", diags->items[i].text);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&out));
}

struct check_options {
	bool json;
};

static const struct opt check_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct check_options, json), NULL,
	  "print the faults as a JSON array on standard output", NULL },
};

static int check(const struct verb_call *call, struct err *err)
{
	const struct check_options *options = call->options;
	struct diags diags = { .arena = call->arena };

	for (int i = 0; i < call->argc; i++) {
		struct policy policy = { 0 };
		struct bundle bundle = { 0 };

		if (policy_open(call->argv[i], call->arena, &policy, &bundle, &diags) == -ENOMEM)
			return err_set(err, ENOMEM, "out of memory");
	}
	if (options->json)
		print_diags_json(&diags);
	else
		policy_print_diags(&diags);
	return diags.n > 0 ? STATUS_USAGE : 0;
}

const struct verb verb_policy_check = {
	.name = "check",
	.args = "[--json] POLICY...",
	.help = "report every fault of policies, with its place",
	.more = "POLICY is a file, a builtin such as builtin/default, or - for standard input.\n",
	.opts = check_opts,
	.n_opts = ARRAY_LEN(check_opts),
	.options_size = sizeof(struct check_options),
	.min_args = 1,
	.max_args = -1,
	.mixed = true,
	.run = check,
};
