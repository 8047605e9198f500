/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_signature.h"

#include <fcntl.h>
#include <string.h>

#include "audit/dsse.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "policies/bundle_manifest.h"
#include "policies/policy_print.h"
#include "runtime/audit_sign.h"
#include "runtime/policy_bundle.h"
#include "runtime/sign.h"

#define SIGNATURE_MAX ((size_t)1 << 20)

void policy_statement(const struct policy *policy, struct strbuf *out)
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

const char *policy_signature_file(const char *policy, struct arena *arena)
{
	return policy_bundle_is(policy) ? arena_printf(arena, "%s/" BUNDLE_SIGNATURE, policy)
					: arena_printf(arena, "%s.sig", policy);
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

int policy_signature_check(const struct policy *policy, const char *file, const char *key,
			   struct arena *arena, const char **ret_id, struct err *err)
{
	cleanup_strbuf struct strbuf body = { 0 };
	struct dsse envelope = { 0 };
	int r;

	*ret_id = NULL;
	policy_statement(policy, &body);
	if (body.failed || !file)
		return err_set(err, ENOMEM, "out of memory");
	r = sign_key_id(key, arena, ret_id, err);
	if (r == 0)
		r = read_envelope(file, arena, &envelope, err);
	if (r == 0)
		r = check(&envelope, &body, key, arena, err);
	dsse_done(&envelope);
	return r;
}
