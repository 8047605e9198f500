/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <jansson.h>

#define MAX_HOPS 8
#define MAX_TRIES 5
#define FIRST_WAIT_MS 500
#define MAX_WAIT_MS 60000
#define PROGRESS_MS 100
#define REASON_MAX 160

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int registry_reply(const struct registry_worker *worker, const struct registry_reply *reply)
{
	struct registry_reply sent = *reply;

	sent.id = worker->request.id;
	if (send(worker->session->socket, &sent, sizeof(sent), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(sent))
		return -errno;
	return 0;
}

void session_progress(void *of_worker, uint64_t bytes)
{
	struct registry_worker *worker = of_worker;
	struct registry_reply reply = { .kind = REGISTRY_PROGRESS, .bytes = bytes };
	uint64_t now = now_ms();

	if (now - worker->told < PROGRESS_MS)
		return;
	worker->told = now;
	if (registry_reply(worker, &reply) < 0)
		exit(1); /* nobody is there any more */
}

static void tell(struct registry_worker *worker, const struct err *why)
{
	struct registry_reply reply = { .kind = REGISTRY_NOTE, .err = *why };

	if (registry_reply(worker, &reply) < 0)
		exit(1);
}

static bool is_plain(struct registry_session *session)
{
	bool plain;

	pthread_mutex_lock(&session->lock);
	plain = session->plain;
	pthread_mutex_unlock(&session->lock);
	return plain;
}

static int address_of(struct registry_session *session, const char *path, char ret[HTTP_URL_MAX],
		      struct err *err)
{
	char base[HTTP_URL_MAX];

	snprintf(base, sizeof(base), "%s://%s/", is_plain(session) ? "http" : "https",
		 session->hello.host);
	return http_resolve(base, path, ret, err);
}

int session_next(struct registry_session *session, const char *path, const char *next,
		 char ret[HTTP_URL_MAX], struct err *err)
{
	char base[HTTP_URL_MAX];
	int r = address_of(session, path, base, err);

	if (r == 0)
		r = http_resolve(base, next, ret, err);
	if (r == 0 && !http_same_origin(base, ret))
		return err_set(err, EPROTO, "the registry says that its list goes on elsewhere");
	return r;
}

/* The registry speaks no HTTPS. Loopback, or a user who said so, may do without. */
static bool may_be_plain(struct registry_session *session)
{
	bool may = session->hello.loopback || session->hello.insecure;

	pthread_mutex_lock(&session->lock);
	may = may && !session->plain;
	if (may)
		session->plain = true;
	pthread_mutex_unlock(&session->lock);
	return may;
}

/* Nothing that was safe becomes unsafe, and nobody sends us to a service of this machine. */
static int check_redirect(const struct registry_session *session, const char *from, const char *to,
			  struct err *err)
{
	if (http_same_origin(from, to))
		return 0;
	if (!http_is_https(to) && !session->hello.insecure &&
	    (http_is_https(from) || !http_is_loopback(to)))
		return err_set(err, EPROTO, "the registry redirects to plain HTTP: %.120s", to);
	if (http_is_loopback(to) && !session->hello.loopback && !session->hello.insecure)
		return err_set(err, EPROTO, "the registry redirects to this machine: %.120s", to);
	return 0;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool invites_another_try(long status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
	       status == 504;
}

static int one_request(struct registry_worker *worker, struct session_call *call, const char *url,
		       const char *home, struct http_answer *ret, struct err *err)
{
	/* Who we are is told to the registry alone, not to where it points. */
	cleanup_free char *authorization =
		http_same_origin(url, home) ? session_authorization(worker->session, call->scope)
					    : NULL;
	int r;

	http_answer_done(ret);
	call->http.url = url;
	call->http.authorization = authorization;
	if (call->http.sink)
		call->http.range_from = call->http.sink->done;
	r = http_perform(&worker->http, &call->http, ret, err);
	call->http.authorization = NULL;
	if (r == 0) {
		pthread_mutex_lock(&worker->session->lock);
		worker->session->answered = true;
		pthread_mutex_unlock(&worker->session->lock);
	}
	return r;
}

static int next_hop(struct registry_worker *worker, const struct http_answer *answer,
		    char url[HTTP_URL_MAX], struct err *err)
{
	char next[HTTP_URL_MAX];
	int r;

	if (!answer->location[0])
		return err_set(err, EPROTO, "the registry redirects to nowhere");
	r = http_resolve(url, answer->location, next, err);
	if (r == 0)
		r = check_redirect(worker->session, url, next, err);
	if (r == 0)
		memcpy(url, next, HTTP_URL_MAX);
	return r;
}

/* One try: through challenges and redirects to an answer. */
static int one_try(struct registry_worker *worker, struct session_call *call,
		   struct http_answer *ret, struct err *err)
{
	struct registry_session *session = worker->session;
	char home[HTTP_URL_MAX];
	char url[HTTP_URL_MAX];
	bool authorized = false;

	for (int hop = 0; hop < MAX_HOPS; hop++) {
		int r = address_of(session, "/", home, err);

		if (r == 0 && (hop == 0 || !url[0]))
			r = address_of(session, call->path, url, err);
		if (r == 0 && hop == 0) /* an address that the registry gave */
			r = check_redirect(session, home, url, err);
		if (r < 0)
			return r;
		r = one_request(worker, call, url, home, ret, err);
		if (r == -EPROTONOSUPPORT && http_same_origin(url, home) &&
		    (is_plain(session) || may_be_plain(session))) {
			*err = (struct err){ 0 };
			url[0] = '\0';
			continue;
		}
		if (r < 0)
			return r;
		if (ret->status == 401 && !authorized && http_same_origin(url, home)) {
			struct auth_challenge challenge = ret->challenge;

			authorized = true;
			r = session_authorize(worker, &challenge, call->scope, err);
		} else if (is_redirect(ret->status) && call->follow) {
			r = next_hop(worker, ret, url, err);
		} else {
			return 0;
		}
		if (r < 0)
			return r;
	}
	return err_set(err, EPROTO, "the registry redirects in a circle");
}

/* Is it worth asking again? A registry that never answered is likely not there at all. */
static bool is_passing(struct registry_session *session, int r, const struct http_answer *answer)
{
	bool answered;

	if (r == 0)
		return invites_another_try(answer->status);
	pthread_mutex_lock(&session->lock);
	answered = session->answered;
	pthread_mutex_unlock(&session->lock);
	return r == -EAGAIN || (r == -EHOSTUNREACH && answered);
}

static void wait_ms(uint64_t ms)
{
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0)
		;
}

static uint64_t wait_before(int tries, const struct http_answer *answer)
{
	uint64_t ms = (uint64_t)FIRST_WAIT_MS << (tries - 1);

	if (answer->retry_after > 0)
		ms = answer->retry_after * 1000;
	return ms < MAX_WAIT_MS ? ms : MAX_WAIT_MS;
}

int session_call(struct registry_worker *worker, struct session_call *call, struct http_answer *ret,
		 struct err *err)
{
	int tries = 0;

	for (;;) {
		const struct http_sink *sink = call->http.sink;
		uint64_t before = sink ? sink->done : 0;
		int r = one_try(worker, call, ret, err);

		/* Fewer bytes than there should be, and no error: cut off all the same. */
		if (r == 0 && sink && (ret->status == 200 || ret->status == 206) &&
		    sink->done < sink->max)
			r = err_set(err, EAGAIN, "the registry ends %llu bytes too early",
				    (unsigned long long)(sink->max - sink->done));
		if (!is_passing(worker->session, r, ret))
			return r;
		tries = sink && sink->done > before ? 1 : tries + 1;
		if (r == 0)
			r = session_refusal(worker, ret, err);
		if (call->once || tries > MAX_TRIES)
			return r;
		tell(worker, err);
		wait_ms(wait_before(tries, ret));
		*err = (struct err){ 0 };
	}
}

/* {"errors": [{"code": ..., "message": ...}]}; source: distribution-spec 1.1, "Error Codes" */
static void reason_of(const struct strbuf *text, char ret[REASON_MAX])
{
	json_t *root = json_loadb(strbuf_str(text), text->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *first = json_array_get(json_object_get(root, "errors"), 0);
	const char *code = json_string_value(json_object_get(first, "code"));
	const char *message = json_string_value(json_object_get(first, "message"));

	ret[0] = '\0';
	if (code || message)
		snprintf(ret, REASON_MAX, ": %s%s%s", code ? code : "", code && message ? ": " : "",
			 message ? message : "");
	json_decref(root);
}

int session_refusal(const struct registry_worker *worker, const struct http_answer *answer,
		    struct err *err)
{
	char reason[REASON_MAX];

	reason_of(&answer->text, reason);
	if (answer->status == 401 || answer->status == 403)
		return err_set(err, EACCES, "it refuses (status %ld%s)%s", answer->status,
			       worker->session->hello.password[0]
				       ? ""
				       : ", no login is known: immure login",
			       reason);
	if (answer->status == 404)
		return err_set(err, ENOENT, "it is not there%s", reason);
	return err_set(err, EPROTO, "it answers with status %ld%s", answer->status, reason);
}
