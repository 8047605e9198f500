/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb_audit.h"

static const struct verb *const subverbs[] = {
	/* clang-format off */
	&verb_audit_check,
	&verb_audit_diff,
	&verb_audit_export,
	&verb_audit_host,
	&verb_audit_key,
	&verb_audit_list,
	&verb_audit_report,
	&verb_audit_retain,
	&verb_audit_show,
	&verb_audit_sign,
	&verb_audit_tail,
	&verb_audit_verify,
	NULL,
	/* clang-format on */
};

const struct verb verb_audit = {
	.name = "audit",
	.args = "VERB ...",
	.help = "judge the records of runs, and report on them",
	.subverbs = subverbs,
};
