/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Should: believe digests alone. A manifest is what its digest says, a blob what the manifest says.
 * Mustn't: look into JSON; immure-unpack does, confined.
 */
#include "runtime/pull.h"

#include <string.h>

#include "base/log.h"
#include "runtime/pull_parts.h"
#include "runtime/store_image.h"

#define HOSTS_MAX 64

/* A manifest or an index as it came. */
struct document {
	struct strbuf bytes;
	char digest[STORE_DIGEST_LEN];
	char media[REGISTRY_MEDIA_MAX];
};

static void document_done(struct document *d)
{
	strbuf_done(&d->bytes);
}

static const char *const manifest_types[] = {
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
};

static int check_media(const char *media, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(manifest_types); i++) {
		if (strcmp(media, manifest_types[i]) == 0)
			return 0;
	}
	return err_set(err, EBADMSG, "unknown media type \"%.80s\"", media);
}

/* Two answers to one question, or what a registry could make us take for something else. */
static int check_same_media(const char *said, const char *found, struct err *err)
{
	if (!said || !found || strcmp(said, found) == 0)
		return 0;
	return err_set(err, EBADMSG, "it is a \"%.60s\", and says that it is a \"%.60s\"", found,
		       said);
}

/*
 * Fetch a manifest or an index.
 *
 *   name      tag or digest
 *   promised  digest that it must have, or NULL
 */
static int fetch_manifest(struct pull *p, const char *name, const char *promised,
			  struct document *ret, struct err *err)
{
	struct registry_request request = { .op = REGISTRY_MANIFEST };
	struct registry_reply reply = { 0 };
	int r;

	memcpy(request.repository, p->request->ref.path, sizeof(request.repository));
	memcpy(request.name, name, strlen(name) + 1);
	r = registry_client_fetch(&p->client, &request, &ret->bytes, &reply, err);
	if (r < 0)
		return r;
	store_digest_of(strbuf_str(&ret->bytes), ret->bytes.len, ret->digest);
	memcpy(ret->media, reply.media, sizeof(ret->media));
	if (promised && strcmp(ret->digest, promised) != 0)
		return err_set(err, EBADMSG, "the manifest %.80s that came has the digest %s",
			       promised, ret->digest);
	if (reply.digest[0] && strcmp(reply.digest, ret->digest) != 0)
		return err_set(err, EBADMSG, "the registry says %.80s of a manifest that is %s",
			       reply.digest, ret->digest);
	return check_media(ret->media, err);
}

static struct span text_of(const struct document *d)
{
	return (struct span){ strbuf_str(&d->bytes), d->bytes.len };
}

/* From an index to the manifest for our platform; a manifest stays what it is. */
static int choose_image(struct pull *p, struct document *d, struct err *err)
{
	const struct image_platform *wanted = &p->request->platform;
	const struct image_descriptor *chosen;
	struct image_index index = { 0 };
	int r;

	if (!image_media_is_index(d->media))
		return 0;
	r = image_parse_index(text_of(d), p->arena, &index, err);
	if (r == 0)
		r = check_same_media(index.media_type, d->media, err);
	if (r < 0)
		return r;
	chosen = image_choose(&index, wanted);
	if (!chosen)
		return err_set(err, ENOENT, "there is no image for %s/%s%s%s among the %zu of it",
			       wanted->os, wanted->arch, wanted->variant[0] ? "/" : "",
			       wanted->variant, index.n);
	if (image_media_is_index(chosen->media_type))
		return err_set(err, EBADMSG, "an index within an index");
	document_done(d);
	r = fetch_manifest(p, chosen->digest, chosen->digest, d, err);
	if (r < 0)
		return r;
	if (d->bytes.len != chosen->size)
		return err_set(err, EBADMSG, "a manifest is not as long as the index says");
	return check_same_media(chosen->media_type, d->media, err);
}

/* What the registry has beside the image, for its signatures. */
static int fetch_beside(void *data, enum registry_op op, const char *name, uint64_t size,
			struct strbuf *ret, struct err *err)
{
	struct pull *p = data;
	struct registry_request request = { .op = op, .size = size };
	struct registry_reply reply = { 0 };

	memcpy(request.repository, p->request->ref.path, sizeof(request.repository));
	memcpy(request.name, name, strlen(name) + 1);
	return registry_client_fetch(&p->client, &request, ret, &reply, err);
}

/*
 * Signed as demanded, and for our platform. Who signs an index signs all that it leads to; who
 * signs the image in it alone is heard too.
 */
static int choose_trusted(struct pull *p, struct document *d, struct err *err)
{
	const struct signature_check check = { .source = { .fetch = fetch_beside, .data = p },
					       .ref = &p->request->ref,
					       .policies = p->request->policies,
					       .arena = p->arena };
	bool is_index = image_media_is_index(d->media);
	int trusted = signature_check(&check, d->digest, &p->taken, err);
	int r;

	if (trusted < 0 || (trusted == 0 && !is_index))
		return -err->code;
	if (trusted == 0) {
		*err = (struct err){ 0 };
		p->taken.n = 0;
	}
	r = choose_image(p, d, err);
	if (r < 0 || trusted > 0)
		return r;
	return signature_check(&check, d->digest, &p->taken, err) > 0 ? 0 : -err->code;
}

static int check_limits(const struct pull *p, struct err *err)
{
	const struct registry_config *limits = p->request->config;
	const struct image_manifest *m = &p->manifest;
	uint64_t total = 0;

	if (m->n_layers > limits->max_layers)
		return err_set(err, E2BIG, "it has %zu layers, and the limit is %llu", m->n_layers,
			       (unsigned long long)limits->max_layers);
	for (size_t i = 0; i < m->n_layers; i++) {
		if (m->layers[i].size > limits->max_image - total)
			return err_set(err, EFBIG,
				       "its layers are larger than the limit of %llu bytes",
				       (unsigned long long)limits->max_image);
		total += m->layers[i].size;
	}
	if (m->config.size > REGISTRY_SMALL_BODY)
		return err_set(err, EFBIG, "its configuration is longer than 4 MiB");
	return 0;
}

static int fetch_config(struct pull *p, struct err *err)
{
	const struct image_descriptor *config = &p->manifest.config;
	struct registry_request request = { .op = REGISTRY_BLOB, .size = config->size };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct registry_reply reply = { 0 };
	int r = store_read_blob(p->store, config->digest, REGISTRY_SMALL_BODY, &bytes, err);

	if (r < 0) { /* not there, or damaged */
		*err = (struct err){ 0 };
		strbuf_reset(&bytes);
		memcpy(request.repository, p->request->ref.path, sizeof(request.repository));
		memcpy(request.name, config->digest, strlen(config->digest) + 1);
		r = registry_client_fetch(&p->client, &request, &bytes, &reply, err);
		if (r == 0)
			r = store_put_blob(p->store, strbuf_str(&bytes), bytes.len, config->digest,
					   NULL, err);
	}
	if (r == 0)
		r = image_parse_config((struct span){ strbuf_str(&bytes), bytes.len }, p->arena,
				       &p->config, err);
	if (r < 0)
		return err_wrap(err, "configuration");
	if (p->config.n_diff_ids != p->manifest.n_layers)
		return err_set(err, EBADMSG,
			       "it has %zu layers, and its configuration knows of %zu",
			       p->manifest.n_layers, p->config.n_diff_ids);
	return 0;
}

static int read_manifest(struct pull *p, const struct document *d, struct err *err)
{
	int r = image_parse_manifest(text_of(d), p->arena, &p->manifest, err);

	if (r == 0)
		r = check_same_media(p->manifest.media_type, d->media, err);
	if (r == 0)
		r = check_limits(p, err);
	if (r == 0)
		r = store_put_blob(p->store, text_of(d).p, text_of(d).n, d->digest, NULL, err);
	return r;
}

/* From one server. The client is left open for the layers. */
static int begin_at(struct pull *p, const char *host, struct document *d, struct err *err)
{
	const struct pull_request *request = p->request;
	const char *pin = registry_pin_of(request->config, &request->ref);
	const char *promised = request->ref.digest[0] ? request->ref.digest : pin;
	int r = registry_client_connect(request->config, host, request->ref.path, request->insecure,
					&p->client, err);

	if (r < 0)
		return r;
	r = fetch_manifest(p, promised ? promised : request->ref.tag, promised, d, err);
	if (r == 0)
		r = choose_trusted(p, d, err);
	if (r == 0 && !p->store)
		return 0;
	if (r == 0)
		r = read_manifest(p, d, err);
	if (r == 0)
		r = fetch_config(p, err);
	return r;
}

/* Everything but the layers, from the first server that has it. */
static int begin(struct pull *p, struct document *d, struct err *err)
{
	const char *domain = p->request->ref.domain;
	const struct registry_rule *rule = registry_rule_of(p->request->config, domain);
	int r = signatures_allow(p->request->policies, &p->request->ref, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < rule->n_mirrors && i < HOSTS_MAX; i++) {
		if (begin_at(p, rule->mirrors[i], d, err) == 0)
			return 0;
		log_warning("mirror %s: %s", rule->mirrors[i], err->msg);
		*err = (struct err){ 0 };
		registry_client_close(&p->client);
		document_done(d);
		p->taken.n = 0;
	}
	return begin_at(p, domain, d, err);
}

static int pull(struct pull *p, char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup(document_done) struct document d = { 0 };
	struct image_texts signatures = { 0 };
	int r = begin(p, &d, err);

	if (r == 0)
		r = pull_layers(p, err);
	if (r == 0)
		r = signatures_as_texts(&p->taken, p->arena, &signatures, err);
	if (r == 0)
		r = image_add_signed(p->store, d.digest, &p->request->ref, p->request->range,
				     &signatures, err);
	if (r < 0)
		return r;
	memcpy(ret_digest, d.digest, sizeof(d.digest));
	return 0;
}

static int blame(const struct pull_request *request, struct err *err)
{
	cleanup_strbuf struct strbuf name = { 0 };

	image_ref_familiar(&request->ref, &name);
	return err_wrap(err, "%s", strbuf_str(&name));
}

int pull_verify(const struct pull_request *request, struct arena *arena,
		struct signatures_taken *ret, char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup(document_done) struct document d = { 0 };
	struct pull p = { .request = request, .arena = arena, .client = REGISTRY_CLIENT_NONE };
	int r = begin(&p, &d, err);

	registry_client_close(&p.client);
	if (r < 0)
		return blame(request, err);
	memcpy(ret_digest, d.digest, sizeof(d.digest));
	*ret = p.taken;
	return 0;
}

int pull_image(const struct pull_request *request, const struct store *store,
	       char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct pull p = {
		.request = request, .store = store, .arena = &arena, .client = REGISTRY_CLIENT_NONE
	};
	int r = pull(&p, ret_digest, err);

	registry_client_close(&p.client);
	return r < 0 ? blame(request, err) : 0;
}
