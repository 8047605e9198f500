/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fd.h"
#include "runtime/header_link.h"

#define CONNECT_SECONDS 30L
#define STALL_SECONDS 30L
#define BUFFER_BYTES (256L << 10)

/* What the callbacks of one transfer share. */
struct transfer {
	const struct http_call *call;
	struct http_answer *answer;
	struct http *http;
	uint64_t sent;
	int error; /* negative errno of ours that ended it */
	struct err reason;
};

static struct span header_value(struct span line, const char *name)
{
	struct span value = { NULL, 0 };
	size_t n = strlen(name);

	if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
		return value;
	value = span_trim((struct span){ line.p + n + 1, line.n - n - 1 });
	while (value.n > 0 && (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
		value.n--;
	return span_trim(value);
}

static void keep_text(struct span value, char *ret, size_t cap)
{
	if (!value.p || value.n >= cap)
		return;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return;
	}
	memcpy(ret, value.p, value.n);
	ret[value.n] = '\0';
}

static void keep_number(struct span value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value.p && span_u64(value, UINT64_MAX, &number) == 0)
		*ret = number;
}

/* "bytes 100-199/200" */
static void keep_range(struct span value, uint64_t *ret)
{
	if (value.p && span_starts(value, "bytes ")) {
		value = span_trim((struct span){ value.p + 6, value.n - 6 });
		keep_number(span_cut(&value, '-'), ret);
	}
}

/* Only the type: parameters such as charset mean nothing to us. */
static void keep_media(struct span value, char *ret, size_t cap)
{
	if (value.p)
		keep_text(span_trim(span_cut(&value, ';')), ret, cap);
}

static void keep_challenge(struct span value, struct auth_challenge *best)
{
	struct auth_challenge challenge = { 0 };
	struct err ignored = { 0 };

	if (value.p && auth_challenge_parse(value, &challenge, &ignored) == 0 &&
	    challenge.scheme > best->scheme)
		*best = challenge;
}

/* A Link header that is malformed is none. */
static void keep_next(struct span value, char *ret, size_t cap)
{
	struct err ignored = { 0 };

	if (value.p && !ret[0] && header_link_next(value, ret, cap, &ignored) < 0)
		ret[0] = '\0';
}

static size_t on_header(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *t = data;
	struct http_answer *a = t->answer;
	struct span line = { bytes, size * n };
	struct span digest = header_value(line, "docker-content-digest");

	/* Another status line: what came before was an interim answer (100 Continue). */
	if (span_starts(line, "HTTP/"))
		memset(a, 0, offsetof(struct http_answer, text));
	keep_media(header_value(line, "content-type"), a->media, sizeof(a->media));
	keep_text(header_value(line, "location"), a->location, sizeof(a->location));
	keep_next(header_value(line, "link"), a->next, sizeof(a->next));
	keep_number(header_value(line, "retry-after"), &a->retry_after);
	keep_range(header_value(line, "content-range"), &a->range_start);
	keep_challenge(header_value(line, "www-authenticate"), &a->challenge);
	if (digest.p && image_digest_is_valid(digest))
		keep_text(digest, a->digest, sizeof(a->digest));
	return line.n;
}

static int give_up(struct transfer *t, int code, const char *why)
{
	t->error = err_set(&t->reason, code, "%s", why);
	return 0;
}

/* Returns 0 if the transfer shall end. */
static int to_sink(struct transfer *t, struct span body)
{
	struct http_sink *sink = t->call->sink;
	uint64_t skipped = sink->skip < body.n ? sink->skip : body.n;
	int r;

	sink->skip -= skipped;
	body.p += skipped;
	body.n -= skipped;
	if (body.n > sink->max - sink->done)
		return give_up(t, EFBIG, "the registry sends more bytes than there should be");
	r = fd_write_all(sink->fd, body.p, body.n);
	if (r < 0) {
		t->error = err_sys(&t->reason, -r, "cannot hand on what was downloaded");
		return 0;
	}
	sink->done += body.n;
	if (t->call->progress)
		t->call->progress(t->call->data, sink->done);
	return 1;
}

/* Where in the whole the first byte of this answer stands decides what is new of it. */
static bool align_sink(struct transfer *t, long status)
{
	struct http_sink *sink = t->call->sink;
	uint64_t start = status == 206 ? t->answer->range_start : 0;

	if (start > sink->done)
		return false;
	sink->skip = sink->done - start;
	return true;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
	struct transfer *t = data;
	struct strbuf *text = &t->answer->text;
	struct span body = { bytes, size * n };

	if (t->answer->status == 0) { /* the first piece */
		curl_easy_getinfo(t->http->curl, CURLINFO_RESPONSE_CODE, &t->answer->status);
		if (t->call->sink && !align_sink(t, t->answer->status))
			return (size_t)give_up(t, EPROTO,
					       "the registry answers with another range");
	}
	if (t->call->sink && (t->answer->status == 200 || t->answer->status == 206))
		return to_sink(t, body) ? body.n : 0;
	if (text->len + body.n > REGISTRY_SMALL_BODY)
		return (size_t)give_up(t, EFBIG, "the registry's answer is longer than 4 MiB");
	strbuf_span(text, body);
	return text->failed ? 0 : body.n;
}

static size_t on_read(char *buffer, size_t size, size_t n, void *data)
{
	struct transfer *t = data;
	uint64_t left = t->call->body_size - t->sent;
	size_t want = size * n < left ? size * n : (size_t)left;
	ssize_t got = pread(t->call->body_fd, buffer, want, (off_t)t->sent);

	if (got < 0 || (got == 0 && want > 0)) {
		t->error = err_sys(&t->reason, got < 0 ? errno : EIO, "cannot read what to upload");
		return CURL_READFUNC_ABORT;
	}
	t->sent += (uint64_t)got;
	if (t->call->progress)
		t->call->progress(t->call->data, t->sent);
	return (size_t)got;
}

static int on_seek(void *data, curl_off_t offset, int origin)
{
	struct transfer *t = data;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

int http_open(struct http *ret, const struct http_settings *settings, struct err *err)
{
	struct curl_blob ca = { .data = (void *)(uintptr_t)settings->ca,
				.len = settings->ca_length,
				.flags = CURL_BLOB_NOCOPY };
	CURL *curl = curl_easy_init();
	CURLcode r;

	if (!curl)
		return err_set(err, ENOMEM, "out of memory");
	ret->curl = curl;
	r = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	r |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	r |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	r |= curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	r |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	r |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	r |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, settings->insecure ? 0L : 1L);
	r |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, settings->insecure ? 0L : 2L);
	r |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "immure/" IMMURE_VERSION);
	r |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	r |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	r |= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	r |= curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	r |= curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
	r |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, ret->error);
	if (settings->ca)
		r |= curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
	if (r != CURLE_OK) {
		http_close(ret);
		return err_set(err, ENOTSUP, "libcurl lacks something that is needed");
	}
	return 0;
}

void http_close(struct http *http)
{
	curl_easy_cleanup(http->curl);
	http->curl = NULL;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	cleanup_strbuf struct strbuf line = { 0 };
	struct curl_slist *grown;

	if (!value)
		return true;
	strbuf_addf(&line, "%s: %s", name, value);
	grown = line.failed ? NULL : curl_slist_append(*list, strbuf_str(&line));
	if (grown)
		*list = grown;
	return grown != NULL;
}

static void free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* What of the request differs from one to the next. Everything is set again each time. */
static CURLcode set_call(CURL *curl, const struct http_call *call, struct transfer *t,
			 struct curl_slist *headers)
{
	bool upload = call->body_fd >= 0;
	char range[32];
	CURLcode r = curl_easy_setopt(curl, CURLOPT_URL, call->url);

	snprintf(range, sizeof(range), "%llu-", (unsigned long long)call->range_from);
	/* Not RESUME_FROM, which takes a server that sends everything for an error. */
	r |= curl_easy_setopt(curl, CURLOPT_RANGE, call->range_from > 0 ? range : NULL);
	r |= curl_easy_setopt(curl, CURLOPT_UPLOAD, upload ? 1L : 0L);
	if (!upload)
		r |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	r |= curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body_size);
	if (call->text) {
		r |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)call->text_length);
		r |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->text);
	}
	r |= curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(call->method, "HEAD") == 0 ? 1L : 0L);
	r |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	r |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	r |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	r |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	r |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	r |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	r |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	r |= curl_easy_setopt(curl, CURLOPT_READDATA, t);
	r |= curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
	r |= curl_easy_setopt(curl, CURLOPT_SEEKDATA, t);
	return r;
}

/* What went wrong on the way, sorted by what can be done about it. */
static int explain(const struct http *http, CURLcode code, struct err *err)
{
	const char *text = http->error[0] ? http->error : curl_easy_strerror(code);

	if (code == CURLE_SSL_CONNECT_ERROR)
		return err_set(err, EPROTONOSUPPORT, "%s", text);
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return err_set(err, EPROTO, "its certificate is not trusted: %s", text);
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
		return err_set(err, EHOSTUNREACH, "%s", text);
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
	    code == CURLE_WEIRD_SERVER_REPLY)
		return err_set(err, EPROTO, "%s", text);
	if (code == CURLE_OUT_OF_MEMORY)
		return err_set(err, ENOMEM, "out of memory");
	return err_set(err, EAGAIN, "%s", text);
}

int http_perform(struct http *http, const struct http_call *call, struct http_answer *ret,
		 struct err *err)
{
	cleanup(free_list) struct curl_slist *headers = NULL;
	struct transfer t = { .call = call, .answer = ret, .http = http };
	CURLcode code;

	/* "Expect" costs a round trip before each upload; an empty value takes it out. */
	if (!add_header(&headers, "Accept", call->accept ? call->accept : "*/*") ||
	    !add_header(&headers, "Authorization", call->authorization) ||
	    !add_header(&headers, "Content-Type", call->content_type) ||
	    !add_header(&headers, "Expect", ""))
		return err_set(err, ENOMEM, "out of memory");
	http->error[0] = '\0';
	code = set_call(http->curl, call, &t, headers);
	if (code != CURLE_OK)
		return err_set(err, EPROTO, "libcurl does not take the request: %s",
			       curl_easy_strerror(code));
	code = curl_easy_perform(http->curl);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	if (t.error < 0) {
		*err = t.reason;
		return t.error;
	}
	if (code != CURLE_OK)
		return explain(http, code, err);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &ret->status);
	return 0;
}

void http_answer_done(struct http_answer *answer)
{
	strbuf_done(&answer->text);
	*answer = (struct http_answer){ 0 };
}
