/* SPDX-License-Identifier: Apache-2.0 */
/* policy sign, policy verify: who answers for a policy, with all that it extends. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "audit/dsse.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "policies/policy_print.h"
#include "runtime/audit_sign.h"
#include "runtime/sign.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define POLICY_TYPE "application/vnd.immure.policy+json"
#define SIGNATURE_MAX ((size_t)1 << 20)
#define STATUS_BROKEN 4

struct policy_sign_options {
	const char *key, *signature;
};

static const struct opt policy_sign_opts[] = {
	{ "key", 'k', OPT_TEXT, offsetof(struct policy_sign_options, key), "FILE",
	  "an Ed25519 key in PEM form, in place of your own", "@files" },
	{ "signature", 's', OPT_TEXT, offsetof(struct policy_sign_options, signature), "FILE",
	  "the signature's file (POLICY.sig)", "@files" },
};

/*
 * What is signed, as canonical JSON: digests of the policy's own text and of each base, and of what
 * they add up to. Where the files lie is not part of it.
 */
static void put_statement(const struct policy *policy, struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy nameless = *policy;
	struct jsonw j = { .out = out };
	char hex[DIGEST_HEX_LEN];
	struct digest digest;

	if (strcmp(policy->name, policy->sources[0].name) == 0)
		nameless.name = "";
	policy_print(&nameless, 0, &text);
	digest = digest_of(strbuf_str(&text), text.len);
	digest_hex(&digest, hex);
	jsonw_object(&j);
	jsonw_kstr(&j, "effective_sha256", hex);
	jsonw_kstr(&j, "name", nameless.name);
	jsonw_key(&j, "sources");
	jsonw_array(&j);
	for (size_t i = 0; i < policy->n_sources; i++) {
		digest_hex(&policy->sources[i].digest, hex);
		jsonw_str(&j, hex);
	}
	jsonw_array_end(&j);
	jsonw_ku64(&j, "version", 1);
	jsonw_object_end(&j);
	out->failed = out->failed || text.failed;
}

/* The statement of the policy that is named, and where its signature is. */
static int prepare(const struct verb_call *call, struct strbuf *body, const char **ret_file,
		   struct err *err)
{
	const struct policy_sign_options *options = call->options;
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);

	if (r != 0)
		return r;
	put_statement(&policy, body);
	*ret_file = options->signature ? options->signature
				       : arena_printf(call->arena, "%s.sig", call->argv[0]);
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

/* 0 if the envelope is a signature by this key of this statement; -EBADMSG with the reason. */
static int check(const struct dsse *envelope, const struct strbuf *body, const char *key,
		 struct arena *arena, struct err *err)
{
	int r = audit_envelope_verify(envelope, key, arena, err);

	if (r < 0)
		return r;
	if (!envelope->type || strcmp(envelope->type, POLICY_TYPE) != 0)
		return err_set(err, EBADMSG, "it is the signature of something else");
	if (!span_eq((struct span){ strbuf_str(&envelope->body), envelope->body.len },
		     strbuf_str(body)))
		return err_set(
			err, EBADMSG,
			"the policy, or one that it extends, was changed after it was signed");
	return 0;
}

static int read_envelope(const char *file, struct arena *arena, struct dsse *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = fd_read_file(AT_FDCWD, file, SIGNATURE_MAX, &text, err);

	if (r < 0)
		return err_wrap(err, "%s", file);
	return dsse_decode((struct span){ strbuf_str(&text), text.len }, arena, ret, err);
}

static int run_verify(const struct verb_call *call, struct err *err)
{
	const struct policy_sign_options *options = call->options;
	cleanup_strbuf struct strbuf body = { 0 };
	struct dsse envelope = { 0 };
	const char *key = options->key;
	const char *file = NULL;
	const char *id = NULL;
	int r = prepare(call, &body, &file, err);

	if (r != 0)
		return r;
	r = key ? 0 : sign_find_key(call->arena, &key, err);
	if (r == 0)
		r = sign_key_id(key, call->arena, &id, err);
	if (r == 0)
		r = read_envelope(file, call->arena, &envelope, err);
	if (r == 0)
		r = check(&envelope, &body, key, call->arena, err);
	dsse_done(&envelope);
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
	.run = run_verify,
};
