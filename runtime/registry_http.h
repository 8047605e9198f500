/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_HTTP_H
#define IMMURE_RUNTIME_REGISTRY_HTTP_H

/* One request and its answer, by libcurl. Used in immure-registry only. */

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "runtime/auth_challenge.h"
#include "runtime/registry_proto.h"

#define HTTP_URL_MAX 4096

/* Where the body of a 200 or 206 goes, if not into the answer's text. */
struct http_sink {
	int fd;
	uint64_t done; /* written so far, over all tries */
	uint64_t max;  /* more is -EFBIG */
	uint64_t skip; /* not to be written: the server began before where we asked */
	int error;     /* of the last write, negative errno */
};

struct http_call {
	const char *method;
	const char *url;
	const char *accept;        /* or NULL */
	const char *authorization; /* the whole value, or NULL */
	const char *content_type;  /* or NULL */
	uint64_t range_from;       /* 0: no range */
	const char *text;          /* body to send, or NULL */
	size_t text_length;
	int body_fd; /* body to send, read from its beginning; -1: none */
	uint64_t body_size;
	struct http_sink *sink;                      /* or NULL */
	void (*progress)(void *data, uint64_t done); /* of the sink or of body_fd; or NULL */
	void *data;
};

struct http_answer {
	long status;
	uint64_t retry_after; /* seconds, 0: not said */
	uint64_t range_start; /* of a 206 */
	char media[REGISTRY_MEDIA_MAX];
	char location[HTTP_URL_MAX];
	char next[HTTP_URL_MAX];           /* where a list goes on, relative or whole, or "" */
	char digest[IMAGE_DIGEST_LEN + 1]; /* Docker-Content-Digest if it is one, or "" */
	struct auth_challenge challenge;   /* the best of all */
	struct strbuf text;                /* body, at most REGISTRY_SMALL_BODY */
};

struct http {
	CURL *curl;
	char error[CURL_ERROR_SIZE];
};

/* What is the same for all requests of the process. */
struct http_settings {
	bool insecure;
	const char *ca; /* PEM text, or NULL: the system's */
	size_t ca_length;
};

must_check int http_open(struct http *ret, const struct http_settings *settings, struct err *err);
void http_close(struct http *http);

/*
 * Ask and take the answer, following no redirect.
 *
 *   ret  zeroed before; ended by http_answer_done()
 *
 * Returns   0 with any status, or -EAGAIN (the network; worth another try), -EHOSTUNREACH (no name,
 *           nobody listens), -EPROTONOSUPPORT (HTTPS is not spoken there), -EFBIG (a body longer
 * than allowed), -EPIPE or -errno of the sink, -EPROTO (certificate, malformed answer).
 */
must_check int http_perform(struct http *http, const struct http_call *call,
			    struct http_answer *ret, struct err *err);
void http_answer_done(struct http_answer *answer);
#define cleanup_http_answer cleanup(http_answer_done)

/* Resolve `location` against `base`; -EPROTO if it is none of http(s), or too long. */
must_check int http_resolve(const char *base, const char *location, char ret[HTTP_URL_MAX],
			    struct err *err);

/* Same scheme, host and port: what one may be told the other may know. */
bool http_same_origin(const char *a, const char *b);
bool http_is_https(const char *url);
/* The host is 127.0.0.0/8, ::1 or localhost. */
bool http_is_loopback(const char *url);

#endif
