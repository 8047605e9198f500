/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/push.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "runtime/image_parse.h"
#include "runtime/push_sign.h"
#include "runtime/registry_client.h"

#define AT_ONCE 4
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct sending {
	const struct image_descriptor *blob;
	uint32_t id; /* of the request; 0 when it is over */
	size_t row;  /* of the progress */
};

/* The blobs of an image: its layers, then its configuration. */
struct push {
	const struct push_request *request;
	const struct store *store;
	struct registry_client client;
	struct image_manifest manifest;
	size_t n, next, open;
	struct sending *all;
};

static int collect(struct push *p, struct arena *arena, struct err *err)
{
	const struct image_manifest *m = &p->manifest;

	p->n = m->n_layers + 1;
	p->all = arena_array(arena, p->n, sizeof(*p->all));
	if (!p->all)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < p->n; i++) {
		const struct image_descriptor *blob = i < m->n_layers ? &m->layers[i] : &m->config;

		p->all[i].blob = blob;
		p->all[i].row = progress_add(p->request->progress, blob->digest, blob->size);
	}
	return 0;
}

/* The same registry may already have it under the name that we have it by. */
static void name_source(const struct push_request *request, struct registry_request *out)
{
	if (strcmp(request->from.domain, request->to.domain) == 0 &&
	    strcmp(request->from.path, request->to.path) != 0)
		memcpy(out->from, request->from.path, sizeof(out->from));
}

static int send_blob(struct push *p, size_t i, struct err *err)
{
	const struct image_descriptor *blob = p->all[i].blob;
	struct registry_request out = { .op = REGISTRY_PUT_BLOB };
	cleanup_close int fd = store_open_blob(p->store, blob->digest, &out.size, err);
	int r;

	if (fd < 0)
		return fd;
	if (out.size != blob->size)
		return err_set(err, EBADMSG,
			       "the blob %.19s is damaged: immure image check tells more",
			       blob->digest);
	memcpy(out.repository, p->request->to.path, sizeof(out.repository));
	memcpy(out.name, blob->digest, strlen(blob->digest) + 1);
	name_source(p->request, &out);
	r = registry_client_send(&p->client, &out, fd, err);
	p->all[i].id = out.id;
	p->open++;
	progress_set(p->request->progress, p->all[i].row, 0, PROGRESS_MOVING);
	return r;
}

static int hear(struct push *p, struct err *err)
{
	struct registry_reply reply;
	size_t i = 0;
	int r = registry_client_receive(&p->client, &reply, err);

	if (r < 0)
		return r;
	while (i < p->next && (p->all[i].id == 0 || p->all[i].id != reply.id))
		i++;
	if (i == p->next)
		return err_set(err, EPROTO, "immure-registry answers what nobody asked");
	if (reply.kind == REGISTRY_FAILED) {
		*err = reply.err;
		return err_wrap(err, "blob %.19s", p->all[i].blob->digest);
	}
	if (reply.kind == REGISTRY_NOTE)
		log_warning("%s; trying again", reply.err.msg);
	if (reply.kind == REGISTRY_PROGRESS)
		progress_set(p->request->progress, p->all[i].row, reply.bytes, PROGRESS_MOVING);
	if (reply.kind == REGISTRY_DONE) {
		p->all[i].id = 0;
		p->open--;
		progress_set(p->request->progress, p->all[i].row, p->all[i].blob->size,
			     reply.present ? PROGRESS_THERE : PROGRESS_DONE);
	}
	return 0;
}

static int send_blobs(struct push *p, struct err *err)
{
	int r = 0;

	while (r == 0 && (p->next < p->n || p->open > 0)) {
		if (p->next < p->n && p->open < AT_ONCE)
			r = send_blob(p, p->next++, err);
		else
			r = hear(p, err);
	}
	progress_end(p->request->progress);
	return r;
}

/* Last: a registry may refuse a manifest whose blobs it does not have. */
static int send_manifest(struct push *p, struct err *err)
{
	const struct push_request *request = p->request;
	const char *media = p->manifest.media_type ? p->manifest.media_type : MANIFEST_TYPE;
	const char *name = request->to.tag[0] ? request->to.tag : request->manifest;
	struct registry_request out = { .op = REGISTRY_PUT_MANIFEST };
	struct registry_reply reply = { 0 };
	cleanup_close int fd = store_open_blob(p->store, request->manifest, &out.size, err);
	int r;

	if (fd < 0)
		return fd;
	memcpy(out.repository, request->to.path, sizeof(out.repository));
	memcpy(out.name, name, strlen(name) + 1);
	memcpy(out.media, media, strnlen(media, sizeof(out.media) - 1));
	r = registry_client_call(&p->client, &out, fd, &reply, err);
	if (r < 0)
		return err_wrap(err, "manifest");
	if (reply.digest[0] && strcmp(reply.digest, request->manifest) != 0)
		return err_set(err, EBADMSG, "the registry took the manifest for %.80s",
			       reply.digest);
	return 0;
}

static int push(struct push *p, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	int r = store_read_blob(p->store, p->request->manifest, REGISTRY_SMALL_BODY, &bytes, err);

	if (r == 0)
		r = image_parse_manifest((struct span){ strbuf_str(&bytes), bytes.len }, arena,
					 &p->manifest, err);
	if (r == 0)
		r = collect(p, arena, err);
	if (r == 0)
		r = registry_client_connect(p->request->config, p->request->to.domain,
					    p->request->to.path, p->request->insecure, &p->client,
					    err);
	if (r == 0)
		r = send_blobs(p, err);
	if (r == 0)
		r = send_manifest(p, err);
	return r == 0 && p->request->sign_by ? push_sign(p->request, &p->client, err) : r;
}

int push_image(const struct push_request *request, const struct store *store, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf name = { 0 };
	struct push p = { .request = request, .store = store, .client = REGISTRY_CLIENT_NONE };
	int r = push(&p, &arena, err);

	registry_client_close(&p.client);
	if (r == 0)
		return 0;
	image_ref_print(&request->to, &name);
	return err_wrap(err, "%s", strbuf_str(&name));
}
