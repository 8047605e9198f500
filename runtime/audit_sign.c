/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_sign.h"

#include <string.h>

#include "audit/dsse.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "runtime/sign.h"

#define HEAD_TYPE "application/vnd.immure.head+json"
#define FILE_NAME "signature.json"
#define FILE_MAX ((size_t)64 << 10)

static_assert(SIGNATURE_LEN == DSSE_SIGNATURE_LEN, "both are Ed25519");

/* What is signed: keys in byte order, so that the same head gives the same bytes. */
static void put_head(const struct audit_run *run, struct strbuf *out)
{
	struct jsonw j = { .out = out };
	char head[DIGEST_HEX_LEN];

	digest_hex(&run->record.head, head);
	jsonw_object(&j);
	jsonw_kstr(&j, "head", head);
	jsonw_ku64(&j, "records", run->record.n_events);
	jsonw_kstr(&j, "run", run->id);
	jsonw_ku64(&j, "version", 1);
	jsonw_object_end(&j);
}

int audit_envelope(const char *type, const struct strbuf *body, const char *key,
		   struct arena *arena, struct strbuf *out, const char **ret_key_id,
		   struct err *err)
{
	cleanup_strbuf struct strbuf pae = { 0 };
	uint8_t signature[SIGNATURE_LEN] = { 0 };
	bool made = false;
	int r = key ? 0 : sign_own_key(arena, &key, &made, err);

	if (r == 0)
		r = sign_key_id(key, arena, ret_key_id, err);
	if (r < 0)
		return r;
	if (made)
		log_warning("made the key %s in %s", *ret_key_id, key);
	dsse_pae(type, strbuf_str(body), body->len, &pae);
	r = sign_bytes(key, (struct span){ strbuf_str(&pae), pae.len }, arena, signature, err);
	if (r < 0)
		return r;
	dsse_encode(type, body, *ret_key_id, signature, out);
	return out->failed || pae.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

int audit_sign(const struct audit_run *run, const char *key, struct arena *arena,
	       const char **ret_key_id, struct err *err)
{
	cleanup_strbuf struct strbuf body = { 0 };
	cleanup_strbuf struct strbuf envelope = { 0 };
	int r;

	if (run->record.chain.code)
		return err_set(err, EBADMSG, "run %s is not signed: %s", run->id,
			       run->record.chain.msg);
	if (!run->record.complete)
		return err_set(err, EBADMSG, "run %s is not signed: it was never sealed", run->id);
	put_head(run, &body);
	r = audit_envelope(HEAD_TYPE, &body, key, arena, &envelope, ret_key_id, err);
	if (r < 0)
		return r;
	return fd_replace_file(run->dir, FILE_NAME, envelope.p, envelope.len, true, err);
}

int audit_envelope_verify(const struct dsse *envelope, const char *key, struct arena *arena,
			  struct err *err)
{
	cleanup_strbuf struct strbuf pae = { 0 };

	dsse_pae(envelope->type, strbuf_str(&envelope->body), envelope->body.len, &pae);
	if (pae.failed)
		return err_set(err, ENOMEM, "out of memory");
	return sign_verify(key, (struct span){ strbuf_str(&pae), pae.len }, envelope->signature,
			   arena, err);
}

static int check_signature(const struct audit_run *run, const struct dsse *envelope,
			   const char *key, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf head = { 0 };
	int r = audit_envelope_verify(envelope, key, arena, err);

	if (r < 0)
		return r;
	put_head(run, &head);
	if (strcmp(envelope->type, HEAD_TYPE) != 0 || head.len != envelope->body.len ||
	    memcmp(strbuf_str(&head), strbuf_str(&envelope->body), head.len) != 0)
		return err_set(err, EBADMSG, "the signature is of another run or head");
	return 0;
}

/* By whom it is, and whether it fits. */
static int judge_envelope(const struct audit_run *run, const struct dsse *envelope, const char *key,
			  struct arena *arena, json_t **ret, struct err *err)
{
	const char *own = NULL;
	struct err ignored = { 0 };
	const char *state = "ok";
	bool is_named = key != NULL;
	int r = 0;

	if (!key && sign_find_key(arena, &key, &ignored) < 0)
		key = NULL;
	if (key)
		r = sign_key_id(key, arena, &own, err);
	if (r < 0)
		return r;
	if (is_named && strcmp(own, envelope->key_id) != 0)
		return err_set(err, EBADMSG, "it was signed by %.40s and not by %.40s",
			       envelope->key_id, own);
	if (!own || strcmp(own, envelope->key_id) != 0)
		state = "unknown key";
	else
		r = check_signature(run, envelope, key, arena, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s}", "key", envelope->key_id, "state", state);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

int audit_signature(const struct audit_run *run, const char *key, struct arena *arena, json_t **ret,
		    struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct dsse envelope = { 0 };
	struct err absent = { 0 };
	int r = fd_read_file(run->dir, FILE_NAME, FILE_MAX, &text, &absent);

	*ret = NULL;
	if (r == -ENOENT && !key)
		return 0;
	if (r == -ENOENT)
		return err_set(err, EBADMSG, "the run is not signed");
	if (r < 0) {
		*err = absent;
		return r;
	}
	r = dsse_decode((struct span){ strbuf_str(&text), text.len }, arena, &envelope, err);
	if (r == 0)
		r = judge_envelope(run, &envelope, key, arena, ret, err);
	dsse_done(&envelope);
	return r < 0 ? err_wrap(err, FILE_NAME) : 0;
}
