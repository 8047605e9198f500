/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/signature_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "runtime/image_parse.h"
#include "runtime/unpack.h"

#define ARTIFACT_TYPE "application/vnd.dev.cosign.artifact.sig.v1+json"
#define SIGNATURES_MAX 64 /* looked at for one manifest */
#define KEYS_MAX 64
#define KEY_FILE_MAX ((size_t)64 << 10)

/* One rule and what is found for it. */
struct trial {
	const struct signature_check *check;
	const struct signature_rule *rule;
	const char *digest; /* of the manifest */
	struct strbuf pem;
	size_t looked_at;
	const char *fault; /* why the last one did not count */
	size_t n_keys;     /* different keys whose signatures count */
	const char *keys[KEYS_MAX];
	struct signatures_taken *taken;
};

void signature_tag(const char *digest, char ret[SIGNATURE_TAG_MAX])
{
	const char *hex = store_digest_hex(digest);

	snprintf(ret, SIGNATURE_TAG_MAX, "sha256-%s.sig", hex ? hex : "");
}

static int read_keys(struct trial *t, struct err *err)
{
	for (size_t i = 0; i < t->rule->n_keys; i++) {
		cleanup_strbuf struct strbuf text = { 0 };
		int r = fd_read_file(AT_FDCWD, t->rule->keys[i], KEY_FILE_MAX, &text, err);

		if (r < 0)
			return err_wrap(err, "key %s", t->rule->keys[i]);
		strbuf_add(&t->pem, strbuf_str(&text), text.len);
		strbuf_putc(&t->pem, '\n');
	}
	return t->pem.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Something small, which has the digest that it is asked by, if it is one. */
static int fetch(const struct trial *t, enum registry_op op, const char *name, uint64_t size,
		 struct strbuf *ret, struct err *err)
{
	const struct signature_source *source = &t->check->source;
	char digest[STORE_DIGEST_LEN];
	int r = source->fetch(source->data, op, name, size, ret, err);

	if (r < 0 || !store_digest_hex(name) || op == REGISTRY_REFERRERS)
		return r;
	store_digest_of(strbuf_str(ret), ret->len, digest);
	return strcmp(digest, name) == 0
		       ? 0
		       : err_set(err, EBADMSG, "%.80s came with the digest %s", name, digest);
}

static bool is_known_key(const struct trial *t, const char *key)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		if (strcmp(t->keys[i], key) == 0)
			return true;
	}
	return false;
}

static int take(struct trial *t, const struct image_signature *s, const char *payload,
		struct err *err)
{
	struct arena *arena = t->check->arena;

	for (size_t i = 0; i < s->n_keys; i++) {
		struct signature_taken *grown;

		if (is_known_key(t, s->keys[i]) || t->n_keys == ARRAY_LEN(t->keys))
			continue;
		t->keys[t->n_keys++] = s->keys[i];
		grown = arena_grow(arena, t->taken->items, &t->taken->cap, t->taken->n + 1,
				   sizeof(*grown));
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		t->taken->items = grown;
		grown[t->taken->n++] = (struct signature_taken){
			.key = arena_printf(arena, "sha256:%s", s->keys[i]),
			.payload = arena_strdup(arena, payload),
			.name = s->reference,
		};
	}
	return 0;
}

/* Does a signature count? Whatever is wrong with it, the next one may be good. */
static int try_signature(struct trial *t, const struct image_descriptor *layer,
			 const char *signature, struct err *err)
{
	cleanup_strbuf struct strbuf payload = { 0 };
	struct image_signature found = { 0 };
	int r = fetch(t, REGISTRY_BLOB, layer->digest, layer->size, &payload, err);

	if (r == 0)
		r = image_parse_signature((struct span){ t->pem.p, t->pem.len },
					  (struct span){ strbuf_str(&payload), payload.len },
					  signature, t->check->arena, &found, err);
	if (r == -EBADMSG || r == -ENOENT) {
		t->fault = arena_strdup(t->check->arena, err->msg);
		*err = (struct err){ 0 };
		return 0;
	}
	if (r < 0)
		return r;
	if (found.n_keys == 0)
		t->fault = t->fault ? t->fault : "it is of none of the keys";
	else if (strcmp(found.digest, t->digest) != 0)
		t->fault = "it is of another image";
	else if (!signature_name_fits(t->rule, t->check->ref, found.reference))
		t->fault = "it is of this image under another name";
	else
		return take(t, &found, layer->digest, err);
	return 0;
}

static bool is_done(const struct trial *t)
{
	return t->n_keys >= t->rule->need || t->looked_at >= SIGNATURES_MAX;
}

/* All signatures of one manifest of them. */
static int try_manifest(struct trial *t, struct span json, struct err *err)
{
	struct image_manifest m = { 0 };
	int r = image_parse_manifest(json, t->check->arena, &m, err);

	for (size_t i = 0; r == 0 && i < m.n_layers && !is_done(t); i++) {
		const struct image_descriptor *layer = &m.layers[i];
		const char *signature = image_note_find(layer, SIGNATURE_NOTE);

		if (strcmp(layer->media_type, SIGNATURE_PAYLOAD_TYPE) != 0 || !signature)
			continue;
		t->looked_at++;
		if (layer->size > UNPACK_PAYLOAD_MAX || strlen(signature) > SIGNATURE_TEXT_MAX)
			t->fault = "it is too long";
		else
			r = try_signature(t, layer, signature, err);
	}
	return r;
}

/* What there is under a name; that it is not there, or no manifest, is no error. */
static int try_named(struct trial *t, const char *name, struct err *err)
{
	cleanup_strbuf struct strbuf json = { 0 };
	int r = fetch(t, REGISTRY_MANIFEST, name, 0, &json, err);

	if (r == 0)
		r = try_manifest(t, (struct span){ strbuf_str(&json), json.len }, err);
	if (r == -EBADMSG || r == -E2BIG)
		t->fault = arena_strdup(t->check->arena, err->msg);
	if (r == -ENOENT || r == -EBADMSG || r == -E2BIG) {
		*err = (struct err){ 0 };
		return 0;
	}
	return r;
}

static int try_referrers(struct trial *t, struct err *err)
{
	cleanup_strbuf struct strbuf json = { 0 };
	struct image_index index = { 0 };
	int r = fetch(t, REGISTRY_REFERRERS, t->digest, 0, &json, err);

	if (r == 0 && json.len > 0)
		r = image_parse_index((struct span){ strbuf_str(&json), json.len }, t->check->arena,
				      &index, err);
	for (size_t i = 0; r == 0 && i < index.n && !is_done(t); i++) {
		const char *type = index.manifests[i].artifact;

		if (!t->check->source.any_type) {
			if (!type || strcmp(type, ARTIFACT_TYPE) != 0)
				continue;
			t->looked_at++;
		}
		r = try_named(t, index.manifests[i].digest, err);
	}
	return r;
}

static int verdict(const struct trial *t, struct err *err)
{
	if (t->n_keys >= t->rule->need)
		return 1;
	if (t->looked_at == 0)
		err_set(err, EACCES, "it is not signed%s%s", t->fault ? ": " : "",
			t->fault ? t->fault : "");
	else if (t->rule->need == 1)
		err_set(err, EACCES, "none of its %zu signatures counts%s%s", t->looked_at,
			t->fault ? "; the last: " : "", t->fault ? t->fault : "");
	else
		err_set(err, EACCES, "%zu of %llu keys have signed it%s%s", t->n_keys,
			(unsigned long long)t->rule->need, t->fault ? "; the last signature: " : "",
			t->fault ? t->fault : "");
	err_at(err, ERR_TRUST);
	return 0;
}

static int try_all(struct trial *t, struct err *err)
{
	char tag[SIGNATURE_TAG_MAX];
	int r = read_keys(t, err);

	if (r < 0)
		return err_at(err, ERR_TRUST);
	signature_tag(t->digest, tag);
	r = try_named(t, tag, err);
	if (r == 0 && !is_done(t))
		r = try_referrers(t, err);
	if (r == -EINVAL)
		err_at(err, ERR_TRUST);
	return r < 0 ? err_wrap(err, "its signatures") : verdict(t, err);
}

static int check_rule(const struct signature_check *check, const struct signature_rule *rule,
		      const char *digest, struct signatures_taken *taken, struct err *err)
{
	struct trial t = { .check = check, .rule = rule, .digest = digest, .taken = taken };
	int r;

	if (rule->demand == SIGNATURE_NONE)
		return 1;
	r = try_all(&t, err);
	strbuf_done(&t.pem);
	return r;
}

int signature_check(const struct signature_check *check, const char *digest,
		    struct signatures_taken *taken, struct err *err)
{
	for (size_t i = 0; i < check->policies->n; i++) {
		const struct signature_policy *policy = &check->policies->items[i];
		const struct signature_rule *rule = signature_rule_of(policy, check->ref);
		int r = check_rule(check, rule, digest, taken, err);

		if (r <= 0) {
			signature_blame(policy, rule, err);
			return r;
		}
	}
	return 1;
}

int signatures_as_texts(const struct signatures_taken *taken, struct arena *arena,
			struct image_texts *ret, struct err *err)
{
	ret->n = 0;
	ret->items = arena_array(arena, taken->n + 1, sizeof(*ret->items));
	if (!ret->items)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < taken->n; i++) {
		const struct signature_taken *s = &taken->items[i];

		ret->items[ret->n] = arena_printf(arena, "%s %s %s", s->key, s->payload, s->name);
		if (!s->key || !s->payload || !ret->items[ret->n++])
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

int signatures_allow(const struct signature_policies *policies, const struct image_ref *ref,
		     struct err *err)
{
	for (size_t i = 0; i < policies->n; i++) {
		const struct signature_rule *rule = signature_rule_of(&policies->items[i], ref);

		if (rule->demand != SIGNATURE_REFUSE)
			continue;
		err_set(err, EACCES, "it is refused, whoever signed it");
		signature_blame(&policies->items[i], rule, err);
		return err_at(err, ERR_TRUST);
	}
	return 0;
}

bool signatures_are_demanded(const struct signature_policies *policies, const struct image_ref *ref)
{
	for (size_t i = 0; i < policies->n; i++) {
		if (signature_rule_of(&policies->items[i], ref)->demand != SIGNATURE_NONE)
			return true;
	}
	return false;
}
