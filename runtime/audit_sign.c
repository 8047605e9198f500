/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_sign.h"

#include <stdio.h>
#include <string.h>

#include "audit/dsse.h"
#include "audit/log_read.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "runtime/sign.h"

#define HEAD_TYPE "application/vnd.immure.head+json"
#define FILE_NAME "signature.json"
#define FILE_NAME_MAX 32
#define FILE_MAX ((size_t)64 << 10)

static void segment_file(uint32_t segment, char ret[FILE_NAME_MAX])
{
	snprintf(ret, FILE_NAME_MAX, "signature.%u.json", segment);
}

static_assert(SIGNATURE_LEN == DSSE_SIGNATURE_LEN, "both are Ed25519");

/* A head of a chain: of all of a run, or of it up to the end of a segment. */
struct head {
	const char *run;
	const char *hash; /* hex */
	uint64_t records;
};

/* What is signed: keys in byte order, so that the same head gives the same bytes. */
static void put_head(const struct head *head, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "head", head->hash);
	jsonw_ku64(&j, "records", head->records);
	jsonw_kstr(&j, "run", head->run);
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

int audit_key_check(const char *key, struct arena *arena, struct err *err)
{
	const char *id = NULL;

	if (!key || sign_key_id(key, arena, &id, err) == 0)
		return 0;
	err_wrap(err, "--key");
	return err_at(err, ERR_USAGE);
}

static int sign_head(int dir, const char *file, const struct head *head, const char *key,
		     struct arena *arena, const char **ret_key_id, struct err *err)
{
	cleanup_strbuf struct strbuf body = { 0 };
	cleanup_strbuf struct strbuf envelope = { 0 };
	int r;

	put_head(head, &body);
	r = audit_envelope(HEAD_TYPE, &body, key, arena, &envelope, ret_key_id, err);
	if (r < 0)
		return r;
	return fd_replace_file(dir, file, envelope.p, envelope.len, true, err);
}

int audit_sign(const struct audit_run *run, const char *key, struct arena *arena,
	       const char **ret_key_id, struct err *err)
{
	struct head head = { .run = run->id, .records = run->record.n_events };
	char hex[DIGEST_HEX_LEN];

	if (run->record.chain.code)
		return err_set(err, EBADMSG, "run %s is not signed: %s", run->id,
			       run->record.chain.msg);
	if (!run->record.complete)
		return err_set(err, EBADMSG, "run %s is not signed: %s", run->id,
			       run->record.lives ? "it goes on, and is sealed when it ends"
						 : "it was never sealed");
	digest_hex(&run->record.head, hex);
	head.hash = hex;
	return sign_head(run->dir, FILE_NAME, &head, key, arena, ret_key_id, err);
}

int audit_sign_segment(int dir, const char *id, uint32_t segment, const char *key,
		       struct arena *arena, const char **ret_key_id, struct err *err)
{
	struct log_reader reader = { .n_segments = segment + 1 };
	struct head head = { .run = id };
	char file[FILE_NAME_MAX];
	char hex[DIGEST_HEX_LEN];
	int r = log_read(&reader, dir, err);

	if (r == 0 && !reader.rotated)
		r = err_set(err, EBADMSG, "segment %u is not full", segment);
	if (r < 0)
		return err_wrap(err, "run %s is not signed", id);
	digest_hex(&reader.head, hex);
	head.hash = hex;
	head.records = reader.n;
	segment_file(segment, file);
	return sign_head(dir, file, &head, key, arena, ret_key_id, err);
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

static int check_signature(const struct head *signed_head, const struct dsse *envelope,
			   const char *key, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf head = { 0 };
	int r = audit_envelope_verify(envelope, key, arena, err);

	if (r < 0)
		return r;
	put_head(signed_head, &head);
	if (strcmp(envelope->type, HEAD_TYPE) != 0 || head.len != envelope->body.len ||
	    memcmp(strbuf_str(&head), strbuf_str(&envelope->body), head.len) != 0)
		return err_set(err, EBADMSG, "the signature is of another run or head");
	return 0;
}

/* By whom it is, and whether it fits. */
static int judge_envelope(const struct head *head, const struct dsse *envelope, const char *key,
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
		r = check_signature(head, envelope, key, arena, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s:s, s:s}", "key", envelope->key_id, "state", state);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* *ret stays NULL if there is no such file. */
static int check_file(int dir, const char *file, const struct head *head, const char *key,
		      struct arena *arena, json_t **ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct dsse envelope = { 0 };
	int r = fd_read_file(dir, file, FILE_MAX, &text, err);

	*ret = NULL;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = dsse_decode((struct span){ strbuf_str(&text), text.len }, arena, &envelope, err);
	if (r == 0)
		r = judge_envelope(head, &envelope, key, arena, ret, err);
	dsse_done(&envelope);
	return r < 0 ? err_wrap(err, "%s", file) : 0;
}

int audit_signature(const struct audit_run *run, const char *key, struct arena *arena, json_t **ret,
		    struct err *err)
{
	struct head head = { .run = run->id, .records = run->record.n_events };
	char hex[DIGEST_HEX_LEN];
	int r;

	digest_hex(&run->record.head, hex);
	head.hash = hex;
	r = check_file(run->dir, FILE_NAME, &head, key, arena, ret, err);
	if (r == 0 && !*ret && key)
		return err_set(err, EBADMSG, "the run is not signed, which --key asks for");
	return r;
}

int audit_segment_signatures(const struct audit_run *run, const char *key, struct arena *arena,
			     struct err *err)
{
	uint32_t segment = 0;
	const json_t *event;
	int n = 0;
	size_t i;

	json_array_foreach(run->record.rotated, i, event)
	{
		struct head head = { .run = run->id,
				     .hash = record_text(event, "hash", ""),
				     .records = (uint64_t)record_number(event, "seq", -1) + 1 };
		char file[FILE_NAME_MAX];
		json_t *found = NULL;
		int r;

		segment_file(segment++, file);
		r = check_file(run->dir, file, &head, key, arena, &found, err);
		if (r < 0)
			return r;
		n += found && strcmp(record_text(found, "state", ""), "ok") == 0;
		json_decref(found);
	}
	return n;
}
