/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens. Source: distribution's "Token Authentication Specification". The address that gives them
 * out is named by the registry: it gets the password that is meant for that registry, over HTTPS
 * only, unless the registry itself is plain.
 */
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "runtime/registry_session.h"

#define TOKEN_MAX ((size_t)64 << 10)
#define KEPT ":/," /* of a scope, besides what is unreserved */

static void free_copy(char **p)
{
	if (*p)
		explicit_bzero(*p, strlen(*p));
	freep(p);
}

static void forget(struct registry_session *session, const char *scope)
{
	for (size_t i = 0; i < SESSION_MAX_TOKENS; i++) {
		if (session->tokens[i].value && strcmp(session->tokens[i].scope, scope) == 0)
			free_copy(&session->tokens[i].value);
	}
}

char *session_authorization(struct registry_session *session, const char *scope)
{
	char *found = NULL;

	pthread_mutex_lock(&session->lock);
	for (size_t i = 0; !found && i < SESSION_MAX_TOKENS; i++) {
		const struct session_token *token = &session->tokens[i];

		if (token->value && strcmp(token->scope, scope) == 0)
			found = strdup(token->value);
	}
	if (!found && session->basic)
		found = strdup(session->basic);
	pthread_mutex_unlock(&session->lock);
	return found;
}

/* The oldest one goes when there is no room; it can be asked for again. */
static int keep_token(struct registry_session *session, const char *scope, const char *token,
		      struct err *err)
{
	cleanup_strbuf struct strbuf value = { 0 };
	struct session_token *slot;

	strbuf_addf(&value, "Bearer %s", token);
	if (value.failed || strlen(scope) >= SESSION_SCOPE_MAX)
		return err_set(err, ENOMEM, "out of memory");
	pthread_mutex_lock(&session->lock);
	forget(session, scope);
	slot = &session->tokens[session->next_token++ % SESSION_MAX_TOKENS];
	free_copy(&slot->value);
	memcpy(slot->scope, scope, strlen(scope) + 1);
	slot->value = steal_ptr(value.p);
	pthread_mutex_unlock(&session->lock);
	return 0;
}

static char *basic_value(const struct registry_hello *hello)
{
	cleanup_strbuf struct strbuf pair = { 0 };
	cleanup_strbuf struct strbuf value = { 0 };

	strbuf_addf(&pair, "%s:%s", hello->user, hello->password);
	strbuf_puts(&value, "Basic ");
	base64_encode(pair.p, pair.len, &value);
	if (pair.p)
		explicit_bzero(pair.p, pair.len);
	return pair.failed || value.failed ? NULL : steal_ptr(value.p);
}

static bool has_login(const struct registry_hello *hello)
{
	return hello->user[0] && hello->password[0];
}

static int use_basic(struct registry_worker *worker, struct err *err)
{
	struct registry_session *session = worker->session;
	char *value;

	if (!has_login(&session->hello))
		return err_set(err, EACCES, "it wants a user name and a password: immure login %s",
			       session->hello.host);
	value = basic_value(&session->hello);
	if (!value)
		return err_set(err, ENOMEM, "out of memory");
	pthread_mutex_lock(&session->lock);
	free_copy(&session->basic);
	session->basic = value;
	pthread_mutex_unlock(&session->lock);
	return 0;
}

static int token_address(const struct auth_challenge *challenge, const char *scope,
			 char ret[HTTP_URL_MAX], struct err *err)
{
	cleanup_strbuf struct strbuf url = { 0 };
	struct span rest = span_of(scope);
	char joint = strchr(challenge->realm, '?') ? '&' : '?';

	strbuf_puts(&url, challenge->realm);
	if (challenge->service[0]) {
		strbuf_addf(&url, "%cservice=", joint);
		strbuf_percent(&url, span_of(challenge->service), KEPT);
		joint = '&';
	}
	while (rest.n > 0) {
		strbuf_addf(&url, "%cscope=", joint);
		strbuf_percent(&url, span_cut(&rest, ' '), KEPT);
		joint = '&';
	}
	if (url.failed)
		return err_set(err, ENOMEM, "out of memory");
	return http_resolve(challenge->realm, strbuf_str(&url), ret, err);
}

static int check_realm(const struct registry_session *session, const char *url, struct err *err)
{
	bool own = session->plain || session->hello.insecure;

	if (http_is_https(url))
		return 0;
	if (session->hello.insecure || (own && http_is_loopback(url)))
		return 0;
	return err_set(err, EPROTO, "the registry wants tokens to be fetched without HTTPS: %.120s",
		       url);
}

/* A header is made of it: nothing but visible characters. */
static bool is_token(const char *text)
{
	size_t n = 0;

	for (; text && text[n]; n++) {
		if (text[n] <= ' ' || text[n] > '~')
			return false;
	}
	return n > 0 && n <= TOKEN_MAX;
}

static int read_token(struct registry_session *session, const struct strbuf *text,
		      const char *scope, struct err *err)
{
	json_t *root = json_loadb(strbuf_str(text), text->len, JSON_REJECT_DUPLICATES, NULL);
	const char *token = json_string_value(json_object_get(root, "token"));
	int r;

	if (!token)
		token = json_string_value(json_object_get(root, "access_token"));
	r = is_token(token) ? keep_token(session, scope, token, err)
			    : err_set(err, EPROTO, "what gives out tokens sends none");
	json_decref(root);
	return r;
}

static int fetch_token(struct registry_worker *worker, const struct auth_challenge *challenge,
		       const char *scope, struct err *err)
{
	struct registry_session *session = worker->session;
	cleanup_http_answer struct http_answer answer = { 0 };
	cleanup_free char *basic = has_login(&session->hello) ? basic_value(&session->hello) : NULL;
	char url[HTTP_URL_MAX];
	const struct http_call call = { .method = "GET",
					.url = url,
					.accept = "application/json",
					.authorization = basic,
					.body_fd = -1 };
	int r = token_address(challenge, scope, url, err);

	if (r == 0)
		r = check_realm(session, url, err);
	if (r == 0)
		r = http_perform(&worker->http, &call, &answer, err);
	if (r < 0)
		return err_wrap(err, "token");
	if (answer.status == 401 || answer.status == 403)
		return err_set(err, EACCES, "it does not take %s",
			       basic ? "this user name and password"
				     : "requests without a login (immure login)");
	if (answer.status != 200)
		return err_set(err, answer.status >= 500 || answer.status == 429 ? EAGAIN : EPROTO,
			       "what gives out tokens answers with status %ld", answer.status);
	return read_token(session, &answer.text, scope, err);
}

int session_authorize(struct registry_worker *worker, const struct auth_challenge *challenge,
		      const char *scope, struct err *err)
{
	struct registry_session *session = worker->session;

	if (challenge->scheme == AUTH_BASIC)
		return use_basic(worker, err);
	if (challenge->scheme == AUTH_NONE)
		return err_set(err, ENOTSUP,
			       "it asks for a way of logging in that is neither Basic nor Bearer");
	if (!session->hello.user[0] && session->hello.password[0])
		return is_token(session->hello.password)
			       ? keep_token(session, scope, session->hello.password, err)
			       : err_set(err, EINVAL, "the stored token is malformed");
	return fetch_token(worker, challenge, scope, err);
}
