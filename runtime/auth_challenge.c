/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/auth_challenge.h"

#include <string.h>
#include <strings.h>

struct reader {
	struct span rest;
	struct auth_challenge now; /* the one being read */
	struct auth_challenge best;
};

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~/", c));
}

static void skip(struct reader *r, const char *any_of)
{
	while (r->rest.n > 0 && *r->rest.p && strchr(any_of, *r->rest.p)) {
		r->rest.p++;
		r->rest.n--;
	}
}

static struct span cut_token(struct reader *r)
{
	struct span token = { r->rest.p, 0 };

	while (token.n < r->rest.n && is_token_char(token.p[token.n]))
		token.n++;
	r->rest.p += token.n;
	r->rest.n -= token.n;
	return token;
}

static bool is_word(struct span token, const char *word)
{
	return token.n == strlen(word) && strncasecmp(token.p, word, token.n) == 0;
}

static int too_long(struct err *err)
{
	return err_set(err, EBADMSG, "a challenge has a value that is too long");
}

/* The text between quotes, un-escaped; the opening quote is the next byte. */
static int read_quoted(struct reader *r, char *ret, size_t cap, struct err *err)
{
	size_t used = 0;

	for (size_t i = 1; i < r->rest.n; i++) {
		char c = r->rest.p[i];

		if (c == '"') {
			ret[used] = '\0';
			r->rest.p += i + 1;
			r->rest.n -= i + 1;
			return 0;
		}
		if (c == '\\' && i + 1 < r->rest.n)
			c = r->rest.p[++i];
		if ((unsigned char)c < ' ' || c == 127)
			return err_set(err, EBADMSG, "a challenge has a control character");
		if (used + 1 == cap)
			return too_long(err);
		ret[used++] = c;
	}
	return err_set(err, EBADMSG, "a challenge has a quote that does not end");
}

static int read_value(struct reader *r, char *ret, size_t cap, struct err *err)
{
	struct span token;

	skip(r, " \t");
	if (r->rest.n > 0 && *r->rest.p == '"')
		return read_quoted(r, ret, cap, err);
	token = cut_token(r);
	if (token.n >= cap)
		return too_long(err);
	memcpy(ret, token.p, token.n);
	ret[token.n] = '\0';
	return 0;
}

static int read_parameter(struct reader *r, struct span name, struct err *err)
{
	struct auth_challenge *now = &r->now;
	char ignored[4096];

	if (is_word(name, "realm"))
		return read_value(r, now->realm, sizeof(now->realm), err);
	if (is_word(name, "service"))
		return read_value(r, now->service, sizeof(now->service), err);
	if (is_word(name, "scope"))
		return read_value(r, now->scope, sizeof(now->scope), err);
	return read_value(r, ignored, sizeof(ignored), err);
}

static int end_challenge(struct reader *r, struct err *err)
{
	if (r->now.scheme == AUTH_BEARER && !r->now.realm[0])
		return err_set(err, EBADMSG, "a Bearer challenge has no realm");
	if (r->now.scheme > r->best.scheme)
		r->best = r->now;
	r->now = (struct auth_challenge){ 0 };
	return 0;
}

static enum auth_scheme scheme_of(struct span token)
{
	if (is_word(token, "Bearer"))
		return AUTH_BEARER;
	return is_word(token, "Basic") ? AUTH_BASIC : AUTH_NONE;
}

/* A name with '=' behind it belongs to the challenge before; one without begins the next. */
static int read_item(struct reader *r, bool *begun, struct err *err)
{
	struct span token = cut_token(r);
	int result;

	if (token.n == 0)
		return err_set(err, EBADMSG, "a challenge is malformed");
	skip(r, " \t");
	if (r->rest.n > 0 && *r->rest.p == '=') {
		if (!*begun)
			return err_set(err, EBADMSG, "a challenge begins without its scheme");
		skip(r, "="); /* more than one: the padding of what other schemes send */
		return read_parameter(r, token, err);
	}
	result = end_challenge(r, err);
	r->now.scheme = scheme_of(token);
	*begun = true;
	return result;
}

int auth_challenge_parse(struct span value, struct auth_challenge *ret, struct err *err)
{
	struct reader r = { .rest = value };
	bool begun = false;
	int result;

	for (skip(&r, " \t,"); r.rest.n > 0; skip(&r, " \t,")) {
		result = read_item(&r, &begun, err);
		if (result < 0)
			return result;
	}
	result = end_challenge(&r, err);
	if (result == 0)
		*ret = r.best;
	return result;
}
