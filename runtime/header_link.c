/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/header_link.h"

#include <string.h>
#include <strings.h>

static int malformed(struct err *err)
{
	return err_set(err, EBADMSG, "a Link header that is malformed");
}

static void skip(struct span *rest, const char *any_of)
{
	while (rest->n > 0 && *rest->p && strchr(any_of, *rest->p)) {
		rest->p++;
		rest->n--;
	}
}

static bool take(struct span *rest, char c)
{
	skip(rest, " \t");
	if (rest->n == 0 || *rest->p != c)
		return false;
	rest->p++;
	rest->n--;
	return true;
}

/* A quoted value may hold what separates links otherwise; escapes stay as they are. */
static bool take_quoted(struct span *rest, struct span *ret)
{
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == '\\')
			i++;
		else if (rest->p[i] == '"') {
			*ret = (struct span){ rest->p, i };
			rest->p += i + 1;
			rest->n -= i + 1;
			return true;
		}
	}
	return false;
}

static struct span take_token(struct span *rest)
{
	struct span token = { rest->p, 0 };

	while (token.n < rest->n && token.p[token.n] && !strchr(" \t,;=\"<>", token.p[token.n]))
		token.n++;
	rest->p += token.n;
	rest->n -= token.n;
	return token;
}

static bool is_word(struct span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* Relations stand with blanks between them. */
static bool has_next(struct span relations)
{
	while (relations.n > 0) {
		if (is_word(span_word(&relations), "next"))
			return true;
	}
	return false;
}

/* ";name", ";name=token" or ";name=\"text\"". */
static int read_parameter(struct span *rest, bool *is_next, struct err *err)
{
	struct span value = { "", 0 };
	struct span name;

	skip(rest, " \t");
	name = take_token(rest);
	if (take(rest, '=')) {
		if (!take(rest, '"'))
			value = take_token(rest);
		else if (!take_quoted(rest, &value))
			return malformed(err);
	}
	*is_next = *is_next || (is_word(name, "rel") && has_next(value));
	return 0;
}

static int read_link(struct span *rest, struct span *ret, bool *is_next, struct err *err)
{
	const char *end;
	int r = 0;

	if (!take(rest, '<'))
		return malformed(err);
	end = memchr(rest->p, '>', rest->n);
	if (!end)
		return malformed(err);
	*ret = (struct span){ rest->p, (size_t)(end - rest->p) };
	rest->n -= ret->n + 1;
	rest->p = end + 1;
	while (r == 0 && take(rest, ';'))
		r = read_parameter(rest, is_next, err);
	return r;
}

static int keep(struct span target, char *ret, size_t cap, struct err *err)
{
	if (target.n == 0 || target.n >= cap)
		return malformed(err);
	for (size_t i = 0; i < target.n; i++) {
		if (target.p[i] <= ' ' || target.p[i] > '~')
			return malformed(err);
	}
	memcpy(ret, target.p, target.n);
	ret[target.n] = '\0';
	return 1;
}

int header_link_next(struct span value, char *ret, size_t cap, struct err *err)
{
	skip(&value, " \t,");
	while (value.n > 0) {
		struct span target = { NULL, 0 };
		bool is_next = false;
		int r = read_link(&value, &target, &is_next, err);

		if (r < 0)
			return r;
		if (is_next)
			return keep(target, ret, cap, err);
		skip(&value, " \t");
		if (value.n > 0 && !take(&value, ','))
			return malformed(err);
		skip(&value, " \t,");
	}
	return 0;
}
