/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/jsonw.h"
#include "policies/policy_minimize.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define STATUS_FOUND 1

struct minimize_options {
	bool json;
};

static const struct opt minimize_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct minimize_options, json), NULL,
	  "print what was found as a JSON array", NULL },
};

static void print_json(const struct spare_grants *spare)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_array(&j);
	for (size_t i = 0; i < spare->n; i++) {
		const struct spare_grant *g = &spare->items[i];

		jsonw_object(&j);
		jsonw_kstr(&j, "file", g->rule->where.file);
		jsonw_kstr(&j, "grant", g->what);
		jsonw_ku64(&j, "line", g->rule->where.line);
		jsonw_kstr(&j, "rule", g->rule->text);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&out));
}

/* One line for each rule, with all of it that no test needs. */
static void print_text(const struct spare_grants *spare)
{
	for (size_t i = 0; i < spare->n; i++) {
		const struct spare_grant *g = &spare->items[i];
		bool first = i == 0 || spare->items[i - 1].rule->text != g->rule->text;

		if (first)
			printf("%s%s:%u:%u: no test needs:", i ? "\n" : "", g->rule->where.file,
			       g->rule->where.line, g->rule->where.col);
		printf(" %s", g->what);
	}
	if (spare->n > 0)
		printf("\n");
}

static int run_minimize(const struct verb_call *call, struct err *err)
{
	const struct minimize_options *options = call->options;
	struct spare_grants spare = { .arena = call->arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);

	if (r != 0)
		return r;
	r = policy_minimize(&policy, bundle.audit_arch, &spare, err);
	if (r == -ENODATA)
		return err_at(err, ERR_POLICY);
	if (r < 0)
		return r;
	if (options->json)
		print_json(&spare);
	else
		print_text(&spare);
	return spare.n > 0 ? STATUS_FOUND : 0;
}

const struct verb verb_policy_minimize = {
	.name = "minimize",
	.args = "[--json] POLICY",
	.help = "find the grants of a policy that none of its tests needs",
	.opts = minimize_opts,
	.n_opts = ARRAY_LEN(minimize_opts),
	.options_size = sizeof(struct minimize_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_minimize,
};
