/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_SESSION_H
#define IMMURE_RUNTIME_REGISTRY_SESSION_H

/*
 * Talking to one registry: its scheme, who we are, tokens, redirects, tries. Several threads share
 * a session; each has a registry_worker of its own. Used in immure-registry only.
 */

#include <pthread.h>

#include "runtime/registry_http.h"

#define SESSION_MAX_TOKENS 32
#define SESSION_SCOPE_MAX 1400

struct session_token {
	char scope[SESSION_SCOPE_MAX];
	char *value; /* "Bearer ..." */
};

struct registry_session {
	struct registry_hello hello;
	struct http_settings settings;
	int socket;
	pthread_mutex_t lock; /* what follows */
	bool plain;           /* HTTPS is not spoken there, and we may do without */
	bool answered;        /* it has answered at least once */
	char *basic;          /* "Basic ...", once it was asked for; or NULL */
	size_t next_token;
	struct session_token tokens[SESSION_MAX_TOKENS];
};

struct registry_worker {
	struct registry_session *session;
	struct http http;
	struct registry_request request; /* being served */
	uint64_t told;                   /* when progress was last told, milliseconds */
};

/* A request, as often as it takes. */
struct session_call {
	const char *path;  /* "/v2/...", or a whole address that the registry gave */
	const char *scope; /* "repository:x:pull", several with blanks between; "" */
	bool follow;       /* redirects */
	bool once;         /* no second try when the network fails */
	struct http_call http;
};

/*
 * Returns   0 with a status that is neither a redirect (if followed) nor one that invites another
 *           try; or -errno.
 */
must_check int session_call(struct registry_worker *worker, struct session_call *call,
			    struct http_answer *ret, struct err *err);

/*
 * Where a list goes on. -EPROTO if that is not at the registry itself.
 *
 *   path  what was asked for
 *   next  as the answer has it
 *   ret   a path for session_call()
 */
must_check int session_next(struct registry_session *session, const char *path, const char *next,
			    char ret[HTTP_URL_MAX], struct err *err);

/* Turn an answer that is not what was hoped for into an error that names the registry's reason. */
int session_refusal(const struct registry_worker *worker, const struct http_answer *answer,
		    struct err *err);

/* Send REGISTRY_PROGRESS, ten times a second at most. */
void session_progress(void *of_worker, uint64_t bytes);

/* registry_token.c: what to send as Authorization, after a challenge. */
must_check int session_authorize(struct registry_worker *worker,
				 const struct auth_challenge *challenge, const char *scope,
				 struct err *err);
/* A copy of what is known for this scope, or NULL; freed by the caller. */
char *session_authorization(struct registry_session *session, const char *scope);

/* registry_serve.c */
void registry_serve(struct registry_worker *worker, int fd);
must_check int registry_reply(const struct registry_worker *worker,
			      const struct registry_reply *reply);

#endif
