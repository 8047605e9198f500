/* SPDX-License-Identifier: Apache-2.0 */
/* What immure-registry does for each kind of request. Source: OCI distribution-spec 1.1 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "runtime/registry_pages.h"
#include "runtime/registry_session.h"

#define PUSH_TRIES 4
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

static const char manifest_types[] =
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json, "
	"application/vnd.docker.distribution.manifest.v2+json";

/* What is needed by one request and outlives the pieces of it. */
struct service {
	struct registry_worker *worker;
	const struct registry_request *request;
	int fd;
	char path[HTTP_URL_MAX];
	char scope[SESSION_SCOPE_MAX];
	struct registry_reply reply;
};

static void set_path(struct service *s, const char *kind, const char *name)
{
	snprintf(s->path, sizeof(s->path), "/v2/%s/%s/%s", s->request->repository, kind, name);
}

static void set_scope(struct service *s, const char *actions)
{
	const struct registry_request *r = s->request;

	if (r->from[0])
		snprintf(s->scope, sizeof(s->scope), "repository:%s:%s repository:%s:pull",
			 r->repository, actions, r->from);
	else
		snprintf(s->scope, sizeof(s->scope), "repository:%s:%s", r->repository, actions);
}

/* The parts of a call that most have in common. */
static struct session_call call_of(const struct service *s, const char *method)
{
	return (struct session_call){ .path = s->path,
				      .scope = s->scope,
				      .http = { .method = method, .body_fd = -1 } };
}

static int ping(struct service *s, struct err *err)
{
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "GET");
	int r;

	snprintf(s->path, sizeof(s->path), "/v2/");
	s->scope[0] = '\0';
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	return answer.status == 200 ? 0 : session_refusal(s->worker, &answer, err);
}

static int hand_on(struct service *s, const struct http_answer *answer, struct err *err)
{
	int r = fd_write_all(s->fd, strbuf_str(&answer->text), answer->text.len);

	if (r < 0)
		return err_sys(err, -r, "cannot hand on what was downloaded");
	s->reply.bytes = answer->text.len;
	memcpy(s->reply.media, answer->media, sizeof(s->reply.media));
	memcpy(s->reply.digest, answer->digest, sizeof(s->reply.digest));
	return 0;
}

/* -ENOENT if it is not there. */
static int get_small(struct service *s, const char *accept, struct err *err)
{
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "GET");
	int r;

	call.follow = true;
	call.http.accept = accept;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200)
		return session_refusal(s->worker, &answer, err);
	return hand_on(s, &answer, err);
}

static int get_manifest(struct service *s, struct err *err)
{
	set_path(s, "manifests", s->request->name);
	set_scope(s, "pull");
	return get_small(s, manifest_types, err);
}

static void json_done(json_t **json)
{
	json_decref(*json);
}

/* One part of a list, to what there is of it. Returns 1 if it goes on. */
static int get_page(struct service *s, json_t **all, struct err *err)
{
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "GET");
	char next[HTTP_URL_MAX];
	int r;

	call.follow = true;
	call.http.accept = INDEX_TYPE;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200)
		return session_refusal(s->worker, &answer, err);
	r = pages_add(all, (struct span){ strbuf_str(&answer.text), answer.text.len }, err);
	if (r < 0 || !answer.next[0])
		return r;
	r = session_next(s->worker->session, s->path, answer.next, next, err);
	memcpy(s->path, next, sizeof(s->path));
	return r < 0 ? r : 1;
}

static int get_pages(struct service *s, struct err *err)
{
	cleanup(json_done) json_t *all = NULL;
	cleanup_strbuf struct strbuf text = { 0 };
	int r = 1;

	for (int n = 0; r == 1; n++) {
		if (n == PAGES_MAX)
			return err_set(err, EPROTO, "the registry's list has more than %d parts",
				       PAGES_MAX);
		r = get_page(s, &all, err);
	}
	if (r == 0)
		r = pages_print(all, REGISTRY_SMALL_BODY, &text, err);
	if (r == 0)
		r = fd_write_all(s->fd, strbuf_str(&text), text.len);
	return r < 0 && err->code == 0 ? err_sys(err, -r, "cannot hand on a list") : r;
}

/* A registry without the referrers API keeps them under a tag made of the digest. */
static int get_referrers(struct service *s, struct err *err)
{
	char tag[IMAGE_TAG_MAX + 1];
	int r;

	set_path(s, "referrers", s->request->name);
	set_scope(s, "pull");
	r = get_pages(s, err);
	if (r != -ENOENT)
		return r;
	*err = (struct err){ 0 };
	snprintf(tag, sizeof(tag), "%s", s->request->name);
	if (strchr(tag, ':'))
		*strchr(tag, ':') = '-';
	set_path(s, "manifests", tag);
	r = get_small(s, manifest_types, err);
	if (r != -ENOENT)
		return r;
	*err = (struct err){ 0 };
	return 0; /* nothing refers to it: no bytes */
}

static int get_blob(struct service *s, struct err *err)
{
	cleanup_http_answer struct http_answer answer = { 0 };
	struct http_sink sink = { .fd = s->fd,
				  .done = s->request->offset,
				  .max = s->request->size };
	struct session_call call = call_of(s, "GET");
	int r;

	set_path(s, "blobs", s->request->name);
	set_scope(s, "pull");
	call.follow = true;
	call.http.sink = &sink;
	call.http.progress = session_progress;
	call.http.data = s->worker;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	if (answer.status != 200 && answer.status != 206)
		return session_refusal(s->worker, &answer, err);
	s->reply.bytes = sink.done;
	return 0;
}

/* 1 if the registry has the blob, 0 if not. */
static int has_blob(struct service *s, struct err *err)
{
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "HEAD");
	int r;

	set_path(s, "blobs", s->request->name);
	call.follow = true;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	if (answer.status == 200)
		return 1;
	return answer.status == 404 ? 0 : session_refusal(s->worker, &answer, err);
}

/* 1 if the registry took the blob from its other repository; 0 and the address to send it to. */
static int begin_upload(struct service *s, char ret[HTTP_URL_MAX], struct err *err)
{
	const struct registry_request *request = s->request;
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "POST");
	int r;

	if (request->from[0])
		snprintf(s->path, sizeof(s->path), "/v2/%s/blobs/uploads/?mount=%s&from=%s",
			 request->repository, request->name, request->from);
	else
		snprintf(s->path, sizeof(s->path), "/v2/%s/blobs/uploads/", request->repository);
	call.http.text = "";
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	if (answer.status == 201)
		return 1;
	if (answer.status != 202 || !answer.location[0])
		return session_refusal(s->worker, &answer, err);
	/* Relative or whole: session_call() takes both, and tells who we are to the registry alone.
	 */
	memcpy(ret, answer.location, HTTP_URL_MAX);
	return 0;
}

static int send_blob(struct service *s, const char *address, struct err *err)
{
	const struct registry_request *request = s->request;
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "PUT");
	int n = snprintf(s->path, sizeof(s->path), "%s%cdigest=%s", address,
			 strchr(address, '?') ? '&' : '?', request->name);
	int r;

	if (n >= (int)sizeof(s->path))
		return err_set(err, EPROTO, "the registry names too long an address");
	call.once = true;
	call.http.content_type = "application/octet-stream";
	call.http.progress = session_progress;
	call.http.data = s->worker;
	call.http.body_fd = s->fd;
	call.http.body_size = request->size;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	return answer.status == 201 || answer.status == 204
		       ? 0
		       : session_refusal(s->worker, &answer, err);
}

static int put_blob(struct service *s, struct err *err)
{
	char address[HTTP_URL_MAX];
	int r;

	set_scope(s, "pull,push");
	r = has_blob(s, err);
	for (int tries = 0; r == 0; tries++) {
		r = begin_upload(s, address, err);
		if (r != 0)
			break;
		r = send_blob(s, address, err);
		if (r == 0)
			return 0;
		if (r != -EAGAIN || tries == PUSH_TRIES)
			return r;
		*err = (struct err){ 0 };
		r = 0;
	}
	s->reply.present = r > 0;
	return r < 0 ? r : 0;
}

static int put_manifest(struct service *s, struct err *err)
{
	const struct registry_request *request = s->request;
	cleanup_http_answer struct http_answer answer = { 0 };
	struct session_call call = call_of(s, "PUT");
	int r;

	set_path(s, "manifests", request->name);
	set_scope(s, "pull,push");
	call.http.content_type = request->media;
	call.http.body_fd = s->fd;
	call.http.body_size = request->size;
	r = session_call(s->worker, &call, &answer, err);
	if (r < 0)
		return r;
	memcpy(s->reply.digest, answer.digest, sizeof(s->reply.digest));
	return answer.status == 201 ? 0 : session_refusal(s->worker, &answer, err);
}

static int serve(struct service *s, struct err *err)
{
	switch ((enum registry_op)s->request->op) {
	case REGISTRY_PING:
		return ping(s, err);
	case REGISTRY_MANIFEST:
		return get_manifest(s, err);
	case REGISTRY_REFERRERS:
		return get_referrers(s, err);
	case REGISTRY_BLOB:
		return get_blob(s, err);
	case REGISTRY_PUT_BLOB:
		return put_blob(s, err);
	case REGISTRY_PUT_MANIFEST:
		return put_manifest(s, err);
	}
	return err_set(err, EINVAL, "unknown kind of request");
}

void registry_serve(struct registry_worker *worker, int fd)
{
	struct registry_reply reply = { 0 };
	cleanup_free struct service *s = calloc(1, sizeof(*s));

	if (s) {
		s->worker = worker;
		s->request = &worker->request;
		s->fd = fd;
		if (serve(s, &reply.err) == 0)
			reply = s->reply;
	} else {
		err_set(&reply.err, ENOMEM, "out of memory");
	}
	reply.kind = reply.err.code ? REGISTRY_FAILED : REGISTRY_DONE;
	closep(&fd); /* whoever reads it sees its end before we say so */
	if (registry_reply(worker, &reply) < 0)
		_exit(1); /* nobody is there any more */
}
