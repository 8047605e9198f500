/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runtime/policy_exports.h"
#include "runtime/verb_policy.h"

#define TARGETS "oci, apparmor, selinux, selinux-base, systemd, landlock, network or capabilities"

struct export_options {
	const char *output;
};

static const struct opt export_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct export_options, output), "FILE",
	  "where it goes; standard output if not given", "@files" },
};

static int export(const struct verb_call *call, struct err *err)
{
	const struct export_options *o = call->options;
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	const struct policy_export *target = policy_export_find(call->argv[0]);
	int r;

	if (!target) {
		err_set(err, EINVAL, "%.40s: expected " TARGETS, call->argv[0]);
		return err_at(err, ERR_USAGE);
	}
	r = policy_open_or_tell(call->argv[1], call->arena, &policy, &bundle, err);
	if (r != 0)
		return r;
	r = target->write(&(const struct policy_exported){ &policy, &bundle, call->arena }, &text,
			  err);
	if (r < 0)
		return r;
	if (o->output)
		return policy_write_file(o->output, text.p, text.len, call->arena, err);
	fputs(strbuf_str(&text), stdout);
	return 0;
}

const struct verb verb_policy_export = {
	.name = "export",
	.args = "[--output FILE] TARGET POLICY",
	.help = "write a policy for another tool; policy targets says what is lost",
	.more = "  TARGET is " TARGETS "\n\n"
		"  immure policy export oci builtin/default >seccomp.json\n",
	.opts = export_opts,
	.n_opts = ARRAY_LEN(export_opts),
	.options_size = sizeof(struct export_options),
	.min_args = 2,
	.max_args = 2,
	.mixed = true,
	.run = export,
};
