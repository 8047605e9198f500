/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/push_sign.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/image_parse.h"
#include "runtime/sign.h"
#include "runtime/signature_check.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"

struct signing {
	const struct push_request *request;
	struct registry_client *client;
	struct arena *arena;
	struct strbuf payload;
	char payload_digest[STORE_DIGEST_LEN];
	const char *signature;        /* base64 */
	struct span public;           /* PEM */
	struct image_manifest before; /* what signatures there are */
};

/* The name with its tag, which whoever pulls compares; keys in byte order. */
static int make_payload(struct signing *s, struct err *err)
{
	cleanup_strbuf struct strbuf name = { 0 };
	struct image_ref ref = s->request->to;
	struct jsonw j = { .out = &s->payload };

	ref.digest[0] = '\0';
	image_ref_print(&ref, &name);
	jsonw_object(&j);
	jsonw_key(&j, "critical");
	jsonw_object(&j);
	jsonw_key(&j, "identity");
	jsonw_object(&j);
	jsonw_kstr(&j, "docker-reference", strbuf_str(&name));
	jsonw_object_end(&j);
	jsonw_key(&j, "image");
	jsonw_object(&j);
	jsonw_kstr(&j, "docker-manifest-digest", s->request->manifest);
	jsonw_object_end(&j);
	jsonw_kstr(&j, "type", "cosign container image signature");
	jsonw_object_end(&j);
	jsonw_key(&j, "optional");
	jsonw_object(&j);
	jsonw_kstr(&j, "creator", "immure");
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	if (s->payload.failed || name.failed)
		return err_set(err, ENOMEM, "out of memory");
	store_digest_of(s->payload.p, s->payload.len, s->payload_digest);
	return 0;
}

static struct registry_request request_for(const struct signing *s, enum registry_op op,
					   const char *name)
{
	struct registry_request request = { .op = op };

	memcpy(request.repository, s->request->to.path, sizeof(request.repository));
	memcpy(request.name, name, strlen(name) + 1);
	return request;
}

static int fetch_before(struct signing *s, const char *tag, struct err *err)
{
	struct registry_request request = request_for(s, REGISTRY_MANIFEST, tag);
	cleanup_strbuf struct strbuf json = { 0 };
	struct registry_reply reply = { 0 };
	int r = registry_client_fetch(s->client, &request, &json, &reply, err);

	if (r == -ENOENT) {
		*err = (struct err){ 0 };
		return 0;
	}
	if (r == 0)
		r = image_parse_manifest((struct span){ strbuf_str(&json), json.len }, s->arena,
					 &s->before, err);
	return r < 0 ? err_wrap(err, "%.80s", tag) : 0;
}

/* Is there a signature of ours that says the same? Returns 1 or 0. */
static int is_signed(const struct signing *s, struct err *err)
{
	for (size_t i = 0; i < s->before.n_layers; i++) {
		const struct image_descriptor *layer = &s->before.layers[i];
		const char *signature = image_note_find(layer, SIGNATURE_NOTE);
		struct image_signature found = { 0 };
		int r;

		if (!signature || strcmp(layer->digest, s->payload_digest) != 0 ||
		    strlen(signature) > SIGNATURE_TEXT_MAX)
			continue;
		r = image_parse_signature(s->public, (struct span){ s->payload.p, s->payload.len },
					  signature, s->arena, &found, err);
		if (r < 0 || found.n_keys > 0)
			return r < 0 ? r : 1;
	}
	return 0;
}

static int put(const struct signing *s, struct registry_request *request,
	       const struct strbuf *bytes, struct err *err)
{
	cleanup_close int memory = memfd_create("immure-signature", MFD_CLOEXEC);
	struct registry_reply reply = { 0 };
	int r;

	if (bytes->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (memory < 0)
		return err_sys(err, errno, "cannot make a memory file");
	r = fd_write_all(memory, bytes->p, bytes->len);
	if (r < 0)
		return err_sys(err, -r, "cannot write a memory file");
	request->size = bytes->len;
	return registry_client_call(s->client, request, memory, &reply, err);
}

static int put_blob(const struct signing *s, const struct strbuf *bytes,
		    char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	struct registry_request request;

	store_digest_of(strbuf_str(bytes), bytes->len, ret_digest);
	request = request_for(s, REGISTRY_PUT_BLOB, ret_digest);
	return put(s, &request, bytes, err);
}

/* What cosign and containers/image write, too: an image whose layers are payloads. */
static void print_config(const struct signing *s, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "architecture", "");
	jsonw_key(&j, "config");
	jsonw_object(&j);
	jsonw_object_end(&j);
	jsonw_kstr(&j, "os", "");
	jsonw_key(&j, "rootfs");
	jsonw_object(&j);
	jsonw_key(&j, "diff_ids");
	jsonw_array(&j);
	for (size_t i = 0; i < s->before.n_layers; i++)
		jsonw_str(&j, s->before.layers[i].digest);
	jsonw_str(&j, s->payload_digest);
	jsonw_array_end(&j);
	jsonw_kstr(&j, "type", "layers");
	jsonw_object_end(&j);
	jsonw_object_end(&j);
}

static void print_descriptor(struct jsonw *j, const struct image_descriptor *d)
{
	jsonw_object(j);
	if (d->n_notes > 0) {
		jsonw_key(j, "annotations");
		jsonw_object(j);
		for (size_t i = 0; i < d->n_notes; i++) {
			const char *value = NULL;
			const char *key = image_note(d, i, &value);

			jsonw_kstr(j, key, value);
		}
		jsonw_object_end(j);
	}
	jsonw_kstr(j, "digest", d->digest);
	jsonw_kstr(j, "mediaType", d->media_type);
	jsonw_ku64(j, "size", d->size);
	jsonw_object_end(j);
}

static void print_manifest(const struct signing *s, const struct image_descriptor *config,
			   struct strbuf *out)
{
	const struct image_pair note[] = { { "note", SIGNATURE_NOTE },
					   { "note-value", s->signature } };
	const struct image_descriptor ours = { .digest = s->payload_digest,
					       .media_type = SIGNATURE_PAYLOAD_TYPE,
					       .size = s->payload.len,
					       .n_notes = 1,
					       .notes = note };
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_key(&j, "config");
	print_descriptor(&j, config);
	jsonw_key(&j, "layers");
	jsonw_array(&j);
	for (size_t i = 0; i < s->before.n_layers; i++)
		print_descriptor(&j, &s->before.layers[i]);
	print_descriptor(&j, &ours);
	jsonw_array_end(&j);
	jsonw_kstr(&j, "mediaType", MANIFEST_TYPE);
	jsonw_ku64(&j, "schemaVersion", 2);
	jsonw_object_end(&j);
}

static int put_all(const struct signing *s, const char *tag, struct err *err)
{
	cleanup_strbuf struct strbuf config = { 0 };
	cleanup_strbuf struct strbuf manifest = { 0 };
	char digest[STORE_DIGEST_LEN];
	struct image_descriptor d = { .media_type = CONFIG_TYPE };
	struct registry_request request;
	int r = put_blob(s, &s->payload, digest, err);

	print_config(s, &config);
	if (r == 0)
		r = put_blob(s, &config, digest, err);
	if (r < 0)
		return r;
	d.digest = digest;
	d.size = config.len;
	print_manifest(s, &d, &manifest);
	request = request_for(s, REGISTRY_PUT_MANIFEST, tag);
	memcpy(request.media, MANIFEST_TYPE, sizeof(MANIFEST_TYPE));
	return put(s, &request, &manifest, err);
}

static int sign(struct signing *s, struct err *err)
{
	char tag[SIGNATURE_TAG_MAX];
	int r = make_payload(s, err);

	signature_tag(s->request->manifest, tag);
	if (r == 0)
		r = sign_image(s->request->sign_by, (struct span){ s->payload.p, s->payload.len },
			       s->arena, &s->signature, &s->public, err);
	if (r == 0)
		r = fetch_before(s, tag, err);
	if (r == 0)
		r = is_signed(s, err);
	if (r == 0)
		return put_all(s, tag, err);
	return r < 0 ? r : 0;
}

int push_sign(const struct push_request *request, struct registry_client *client, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct signing s = { .request = request, .client = client, .arena = &arena };
	int r = sign(&s, err);

	strbuf_done(&s.payload);
	return r < 0 ? err_wrap(err, "signature") : 0;
}
