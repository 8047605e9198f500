/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what `immure policy` can do. */
#include "runtime/verb_policy.h"

static const struct verb *const subverbs[] = {
	/* clang-format off */
	&verb_policy_new,
	&verb_policy_check,
	&verb_policy_show,
	&verb_policy_compile,
	&verb_policy_diff,
	&verb_policy_fmt,
	&verb_policy_import,
	&verb_policy_install,
	&verb_policy_learn,
	&verb_policy_prove,
	&verb_policy_targets,
	&verb_policy_export,
	&verb_policy_lint,
	&verb_policy_lock,
	&verb_policy_sign,
	&verb_policy_verify,
	&verb_policy_cost,
	&verb_policy_minimize,
	NULL,
	/* clang-format on */
};

const struct verb verb_policy = {
	.name = "policy",
	.args = "VERB ...",
	.help = "check, print and compile policies",
	.subverbs = subverbs,
};
