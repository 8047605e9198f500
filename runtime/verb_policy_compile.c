/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb_policy.h"

struct compile_options {
	const char *output;
};

static const struct opt compile_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct compile_options, output), "FILE",
	  "where the compiled policy goes", "@files" },
};

static int compile(const struct verb_call *call, struct err *err)
{
	const struct compile_options *options = call->options;
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r;

	if (!options->output) {
		err_set(err, EINVAL, "no --output FILE");
		return err_at(err, ERR_USAGE);
	}
	r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);
	if (r != 0)
		return r;
	r = bundle_encode(&bundle, &bytes, err);
	if (r < 0)
		return r;
	return policy_write_file(options->output, bytes.p, bytes.len, call->arena, err);
}

const struct verb verb_policy_compile = {
	.name = "compile",
	.args = "--output FILE POLICY",
	.help = "compile a policy to what a launch reads",
	.opts = compile_opts,
	.n_opts = ARRAY_LEN(compile_opts),
	.options_size = sizeof(struct compile_options),
	.min_args = 1,
	.max_args = 1,
	.run = compile,
};
