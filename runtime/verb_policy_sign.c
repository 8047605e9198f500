/* SPDX-License-Identifier: Apache-2.0 */
/* policy sign, policy verify: who answers for a policy, with all that it extends. */
#include <stdio.h>

#include "runtime/audit_sign.h"
#include "runtime/policy_draft.h"
#include "runtime/policy_signature.h"
#include "runtime/sign.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

struct policy_sign_options {
	const char *key, *signature;
};

static const struct opt policy_sign_opts[] = {
	{ "key", 'k', OPT_TEXT, offsetof(struct policy_sign_options, key), "FILE",
	  "an Ed25519 key in PEM form, in place of your own", "@files" },
	{ "signature", 's', OPT_TEXT, offsetof(struct policy_sign_options, signature), "FILE",
	  "the signature's file (POLICY.sig, or manifest.sig of a bundle)", "@files" },
};

static int open_policy(const struct verb_call *call, struct policy *ret, struct err *err)
{
	const struct policy_sign_options *options = call->options;
	struct bundle bundle = { 0 };
	int r = options->signature ? 0
				   : policy_refuse_stream(call->argv[0],
							  "its signature stands beside it; "
							  "--signature FILE names another place",
							  err);

	return r < 0 ? r : policy_open_or_tell(call->argv[0], call->arena, ret, &bundle, err);
}

/* The statement of the policy that is named, and where its signature is. */
static int prepare(const struct verb_call *call, struct strbuf *body, const char **ret_file,
		   struct err *err)
{
	const struct policy_sign_options *options = call->options;
	struct policy policy = { 0 };
	int r = open_policy(call, &policy, err);

	if (r != 0)
		return r;
	policy_statement(&policy, body);
	*ret_file = options->signature ? options->signature
				       : policy_signature_file(call->argv[0], call->arena);
	if (!*ret_file || body->failed)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int run_sign(const struct verb_call *call, struct err *err)
{
	const struct policy_sign_options *options = call->options;
	cleanup_strbuf struct strbuf body = { 0 };
	cleanup_strbuf struct strbuf envelope = { 0 };
	const char *file = NULL;
	const char *id = NULL;
	int r = prepare(call, &body, &file, err);

	if (r == 0)
		r = audit_envelope(POLICY_TYPE, &body, options->key, call->arena, &envelope, &id,
				   err);
	if (r == 0)
		r = policy_write_file(file, envelope.p, envelope.len, call->arena, err);
	if (r == 0)
		printf("%s signed by %s\n", call->argv[0], id);
	return r;
}

static int run_verify(const struct verb_call *call, struct err *err)
{
	const struct policy_sign_options *options = call->options;
	struct policy policy = { 0 };
	const char *key = options->key;
	const char *file = options->signature;
	const char *id = NULL;
	int r = open_policy(call, &policy, err);

	if (r != 0)
		return r;
	if (!file)
		file = policy_signature_file(call->argv[0], call->arena);
	r = key ? 0 : sign_find_key(call->arena, &key, err);
	if (r == 0)
		r = policy_signature_check(&policy, file, key, call->arena, &id, err);
	if (r == -EBADMSG) {
		fprintf(stderr, "%s: not signed by %s: %s\n", call->argv[0], id ? id : "?",
			err->msg);
		return STATUS_BROKEN;
	}
	if (r == 0)
		printf("%s: signed by %s\n", call->argv[0], id);
	return r;
}

const struct verb verb_policy_sign = {
	.name = "sign",
	.args = "[--key FILE] [--signature FILE] POLICY",
	.help = "sign a policy with all that it extends, by your key",
	.opts = policy_sign_opts,
	.n_opts = ARRAY_LEN(policy_sign_opts),
	.options_size = sizeof(struct policy_sign_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_sign,
};

const struct verb verb_policy_verify = {
	.name = "verify",
	.args = "[--key FILE] [--signature FILE] POLICY",
	.help = "check the signature of a policy: exit 0, or 4 if it does not hold",
	.opts = policy_sign_opts,
	.n_opts = ARRAY_LEN(policy_sign_opts),
	.options_size = sizeof(struct policy_sign_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_verify,
};
