/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policies/policy_format.h"
#include "runtime/policy_cache.h"
#include "runtime/policy_draft.h"
#include "runtime/policy_fetch.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define STATUS_OUT_OF_SHAPE 1

struct fmt_options {
	bool check, write;
};

static const struct opt fmt_opts[] = {
	{ "check", 0, OPT_FLAG, offsetof(struct fmt_options, check), NULL,
	  "only name the files that are not in shape, and exit with 1", NULL },
	{ "write", 'w', OPT_FLAG, offsetof(struct fmt_options, write), NULL,
	  "write the files back instead of printing them", NULL },
};

static int fetch(const struct verb_call *call, const char **name, struct span *ret_text,
		 const char **ret_path, struct err *err)
{
	struct policy_draft draft = { 0 };
	int r;

	if (!policy_is_stream(*name))
		return policy_fetch(NULL, *name, NULL, call->arena, ret_text, ret_path, err);
	r = policy_stream_read(*name, call->arena, &draft, err);
	if (r < 0)
		return r;
	*name = draft.name;
	*ret_text = draft.text;
	return 0;
}

static int format_one(const struct verb_call *call, const char *name, bool *ret_changed,
		      struct err *err)
{
	const struct fmt_options *options = call->options;
	cleanup_strbuf struct strbuf out = { 0 };
	struct diags diags = { .arena = call->arena };
	struct span text = { "", 0 };
	const char *path = NULL;
	int r = options->write ? policy_refuse_stream(name, "it is to be written back", err) : 0;

	if (r == 0)
		r = fetch(call, &name, &text, &path, err);
	if (r < 0)
		return r;
	r = policy_format(text, name, call->arena, &out, &diags);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0) {
		policy_print_diags(&diags);
		return STATUS_USAGE;
	}
	if (text.n == out.len && memcmp(text.p, strbuf_str(&out), text.n) == 0) {
		if (!options->check && !options->write)
			fputs(strbuf_str(&out), stdout);
		return 0;
	}
	*ret_changed = true;
	if (options->check)
		printf("%s\n", name);
	else if (!options->write)
		fputs(strbuf_str(&out), stdout);
	else if (!path)
		return err_set(err, EROFS, "%s is built in and cannot be written", name);
	else
		return policy_write_file(path, strbuf_str(&out), out.len, call->arena, err);
	return 0;
}

static int run_fmt(const struct verb_call *call, struct err *err)
{
	const struct fmt_options *options = call->options;
	bool changed = false;

	for (int i = 0; i < call->argc; i++) {
		int r = format_one(call, call->argv[i], &changed, err);

		if (r != 0)
			return r;
	}
	return options->check && changed ? STATUS_OUT_OF_SHAPE : 0;
}

const struct verb verb_policy_fmt = {
	.name = "fmt",
	.args = "[--check | --write] POLICY...",
	.help = "bring policies into shape, comments kept",
	.opts = fmt_opts,
	.n_opts = ARRAY_LEN(fmt_opts),
	.options_size = sizeof(struct fmt_options),
	.min_args = 1,
	.max_args = -1,
	.mixed = true,
	.run = run_fmt,
};
