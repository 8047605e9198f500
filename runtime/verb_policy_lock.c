/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "policies/policy_lock.h"
#include "policies/policy_read.h"
#include "runtime/policy_draft.h"
#include "runtime/policy_fetch.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

struct lock_options {
	bool print;
};

static const struct opt lock_opts[] = {
	{ "print", 0, OPT_FLAG, offsetof(struct lock_options, print), NULL,
	  "print the lock instead of writing it", NULL },
};

static int run_lock(const struct verb_call *call, struct err *err)
{
	const struct lock_options *options = call->options;
	struct diags diags = { .arena = call->arena };
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy policy = { 0 };
	const char *path;
	int r = policy_refuse_stream(call->argv[0], "the lock stands beside it", err);

	if (r < 0)
		return r;
	r = policy_resolve_unlocked(call->argv[0], policy_fetch, NULL, call->arena, &policy,
				    &diags);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	policy_print_diags(&diags);
	if (r < 0)
		return STATUS_USAGE;
	policy_lock_print(&policy, &text);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (options->print) {
		fputs(strbuf_str(&text), stdout);
		return 0;
	}
	if (!policy.sources[0].path) {
		err_set(err, EINVAL, "%s is built in: it changes with immure alone", call->argv[0]);
		return err_at(err, ERR_USAGE);
	}
	path = policy_lock_name(call->arena, policy.sources[0].path);
	if (!path)
		return err_set(err, ENOMEM, "out of memory");
	return policy_write_file(path, strbuf_str(&text), text.len, call->arena, err);
}

const struct verb verb_policy_lock = {
	.name = "lock",
	.args = "[--print] POLICY",
	.help = "write down what a policy builds on, so that a change of it is noticed",
	.opts = lock_opts,
	.n_opts = ARRAY_LEN(lock_opts),
	.options_size = sizeof(struct lock_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_lock,
};
