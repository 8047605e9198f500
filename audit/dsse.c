/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dsse.h"

#include <string.h>

#include "audit/run_read.h"
#include "base/base64.h"
#include "base/jsonw.h"

void dsse_pae(const char *type, const void *body, size_t n, struct strbuf *out)
{
	strbuf_addf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, n);
	strbuf_add(out, body, n);
}

void dsse_encode(const char *type, const struct strbuf *body, const char *key_id,
		 const uint8_t signature[DSSE_SIGNATURE_LEN], struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = out };

	base64_encode(strbuf_str(body), body->len, &text);
	jsonw_object(&j);
	jsonw_kstr(&j, "payload", strbuf_str(&text));
	jsonw_kstr(&j, "payloadType", type);
	jsonw_key(&j, "signatures");
	jsonw_array(&j);
	jsonw_object(&j);
	jsonw_kstr(&j, "keyid", key_id);
	strbuf_reset(&text);
	base64_encode(signature, DSSE_SIGNATURE_LEN, &text);
	jsonw_kstr(&j, "sig", strbuf_str(&text));
	jsonw_object_end(&j);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
	out->failed |= text.failed || body->failed;
}

static int take_apart(const json_t *root, struct arena *arena, struct dsse *ret, struct err *err)
{
	const json_t *signature = json_array_get(json_object_get(root, "signatures"), 0);
	const char *payload = record_text(root, "payload", NULL);
	const char *sig = record_text(signature, "sig", NULL);
	cleanup_strbuf struct strbuf bytes = { 0 };

	if (!payload || !sig || !record_text(root, "payloadType", NULL))
		return err_set(err, EBADMSG, "not an envelope: expected payload and signatures");
	if (base64_decode(span_of(sig), &bytes) < 0 || bytes.len != DSSE_SIGNATURE_LEN)
		return err_set(err, EBADMSG, "the signature is not %d bytes in base64",
			       DSSE_SIGNATURE_LEN);
	memcpy(ret->signature, bytes.p, DSSE_SIGNATURE_LEN);
	if (base64_decode(span_of(payload), &ret->body) < 0)
		return err_set(err, EBADMSG, "the payload is not base64");
	ret->type = arena_strdup(arena, record_text(root, "payloadType", ""));
	ret->key_id = arena_strdup(arena, record_text(signature, "keyid", ""));
	if (!ret->type || !ret->key_id || ret->body.failed)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

int dsse_decode(struct span text, struct arena *arena, struct dsse *ret, struct err *err)
{
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct dsse envelope = { 0 };
	int r;

	if (!root)
		return err_set(err, EBADMSG, "not an envelope: not JSON");
	r = take_apart(root, arena, &envelope, err);
	json_decref(root);
	if (r < 0) {
		dsse_done(&envelope);
		return r;
	}
	*ret = envelope;
	return 0;
}

void dsse_done(struct dsse *envelope)
{
	strbuf_done(&envelope->body);
}
