/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_policy.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "runtime/audit_sign.h"
#include "runtime/policy_signature.h"
#include "runtime/sign.h"

#define SIGNATURE_MAX ((size_t)1 << 20)

/* The digests of the statement are those of the run's sources, one by one. */
static bool is_of_these(const struct bundle *bundle, const struct dsse *envelope)
{
	json_t *statement = json_loadb(strbuf_str(&envelope->body), envelope->body.len, 0, NULL);
	const json_t *list = json_object_get(statement, "sources");
	bool same = strcmp(envelope->type, POLICY_TYPE) == 0 &&
		    json_array_size(list) == bundle->n_sources;

	for (size_t i = 0; same && i < bundle->n_sources; i++) {
		const char *signed_hex = json_string_value(json_array_get(list, i));
		char hex[DIGEST_HEX_LEN];

		digest_hex(&bundle->sources[i].digest, hex);
		same = signed_hex && strcmp(signed_hex, hex) == 0;
	}
	json_decref(statement);
	return same;
}

static const char *state_of(const struct bundle *bundle, const struct dsse *envelope,
			    struct arena *arena)
{
	struct err ignored = { 0 };
	const char *key = NULL;
	const char *own = NULL;

	if (!is_of_these(bundle, envelope))
		return "other version";
	if (sign_find_key(arena, &key, &ignored) < 0 ||
	    sign_key_id(key, arena, &own, &ignored) < 0 || strcmp(own, envelope->key_id) != 0)
		return "unknown key";
	return audit_envelope_verify(envelope, key, arena, &ignored) < 0 ? "does not fit" : "ok";
}

json_t *audit_policy_signature(const struct bundle *bundle, struct arena *arena)
{
	const char *policy = bundle && bundle->n_sources > 0 ? bundle->sources[0].path : NULL;
	const char *file = policy ? policy_signature_file(policy, arena) : NULL;
	cleanup_strbuf struct strbuf text = { 0 };
	struct dsse envelope = { 0 };
	struct err ignored = { 0 };
	json_t *made = NULL;

	if (!file || fd_read_file(AT_FDCWD, file, SIGNATURE_MAX, &text, &ignored) < 0)
		return NULL;
	if (dsse_decode((struct span){ strbuf_str(&text), text.len }, arena, &envelope, &ignored) ==
	    0)
		made = json_pack("{s:s, s:s}", "key", envelope.key_id, "state",
				 state_of(bundle, &envelope, arena));
	dsse_done(&envelope);
	return made;
}
