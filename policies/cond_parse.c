/* SPDX-License-Identifier: Apache-2.0 */
/*
 * or    := and { "or" and }
 * and   := unary { "and" unary }
 * unary := "not" unary | "(" or ")" | ARG test
 * test  := ("==" | "!=" | "<") value | "in" set | "has" value | "only" (set | value)
 * set   := "{" value { "," value } "}"         value := name | number { "|" name | number }
 */
#include "policies/cond_parse.h"

#include <errno.h>
#include <string.h>

#include "policies/syscall_args.h"

#define MAX_DEPTH 8
#define MAX_VALUES 128

struct parser {
	struct span rest;
	const char *start;
	struct where where;
	const char *call;
	struct arena *arena;
	struct diags *diags;
	int depth;
};

static int fault(const struct parser *p, const char *what, struct span at)
{
	struct where where = p->where;

	where.col += (uint32_t)(at.p - p->start);
	diags_add(p->diags, where, "%s%s%.*s%s", what, at.n > 0 ? ": \"" : "",
		  (int)(at.n < 60 ? at.n : 60), at.p, at.n > 0 ? "\"" : "");
	return -EINVAL;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The next token without taking it: a word, "==", "!=", or one byte. */
static struct span peek(struct parser *p)
{
	struct span s;

	p->rest = span_trim(p->rest);
	s = (struct span){ p->rest.p, 0 };
	while (s.n < p->rest.n && is_word(s.p[s.n]))
		s.n++;
	if (s.n == 0 && p->rest.n > 0)
		s.n = p->rest.n > 1 && p->rest.p[1] == '=' &&
				      (p->rest.p[0] == '=' || p->rest.p[0] == '!')
			      ? 2
			      : 1;
	return s;
}

static struct span take(struct parser *p)
{
	struct span s = peek(p);

	p->rest.p += s.n;
	p->rest.n -= s.n;
	return s;
}

static bool accept(struct parser *p, const char *token)
{
	if (!span_eq(peek(p), token))
		return false;
	take(p);
	return true;
}

static int unknown_constant(struct parser *p, struct span token)
{
	const char *wrong = arena_strndup(p->arena, token.p, token.n);
	const char *near = wrong ? constant_near(wrong) : NULL;
	const char *what =
		near ? arena_printf(p->arena, "an unknown constant; did you mean %s?", near)
		     : "an unknown constant; expected a number or a name of the man page";

	return wrong && what ? fault(p, what, token) : -ENOMEM;
}

static int value(struct parser *p, uint32_t *ret)
{
	uint32_t all = 0;

	do {
		struct span token = take(p);
		uint64_t one = 0;

		if (token.n == 0 || !is_word(token.p[0]))
			return fault(p, "a value is missing; expected a number or a constant",
				     token);
		if (span_c_number(token, &one) < 0 && !constant_find(token, &one))
			return unknown_constant(p, token);
		if (one > UINT32_MAX)
			return fault(
				p,
				"a value of more than 32 bits, which the kernel does not look at",
				token);
		all |= (uint32_t)one;
	} while (accept(p, "|"));
	*ret = all;
	return 0;
}

/* "{A, B}" as a list; for `only` the values are or-ed by the caller. */
static int set(struct parser *p, struct cond *c)
{
	uint32_t *values = arena_array(p->arena, MAX_VALUES, sizeof(*values));
	uint32_t n = 0;

	if (!values)
		return -ENOMEM;
	if (!accept(p, "{"))
		return fault(p, "expected \"{\" and values", peek(p));
	do {
		int r;

		if (n == MAX_VALUES)
			return fault(p, "too many values", peek(p));
		r = value(p, &values[n]);
		if (r < 0)
			return r;
		n++;
	} while (accept(p, ","));
	if (!accept(p, "}"))
		return fault(p, "expected \",\" or \"}\"", peek(p));
	c->values = values;
	c->n_values = n;
	return 0;
}

static int single(struct parser *p, struct cond *c)
{
	uint32_t *one = arena_array(p->arena, 1, sizeof(*one));
	int r = one ? value(p, one) : -ENOMEM;

	c->values = one;
	c->n_values = 1;
	return r;
}

static int only(struct parser *p, struct cond *c)
{
	uint32_t *all = arena_array(p->arena, 1, sizeof(*all));
	int r;

	if (!all)
		return -ENOMEM;
	if (!span_eq(peek(p), "{"))
		return single(p, c);
	r = set(p, c);
	for (uint32_t i = 0; r == 0 && i < c->n_values; i++)
		*all |= c->values[i];
	c->values = all;
	c->n_values = 1;
	return r;
}

static bool is_pointer(enum arg_kind kind)
{
	return kind == ARG_PATH || kind == ARG_SOCKADDR || kind == ARG_POINTER;
}

static int no_such_argument(const struct parser *p, const struct arg_info *args, int n,
			    struct span name)
{
	const char *names = "";

	for (int i = 0; i < n && names; i++) {
		if (!is_pointer(args[i].kind))
			names = arena_printf(p->arena, "%s%s%.*s", names, *names ? ", " : "",
					     (int)args[i].name.n, args[i].name.p);
	}
	if (names)
		names = arena_printf(p->arena, "%s has no such argument; expected %s", p->call,
				     *names ? names : "no condition: it has none to compare");
	return names ? fault(p, names, name) : -ENOMEM;
}

static int find_arg(struct parser *p, struct span name, uint8_t *ret)
{
	struct arg_info args[6];
	int n = syscall_args_find(p->call, args);

	for (int i = 0; i < n; i++) {
		if (args[i].name.n != name.n || memcmp(args[i].name.p, name.p, name.n) != 0)
			continue;
		if (is_pointer(args[i].kind))
			return fault(
				p,
				"a pointer cannot be compared, for the kernel reads what it points to again after the filter looked",
				name);
		*ret = (uint8_t)i;
		return 0;
	}
	return no_such_argument(p, args, n, name);
}

static struct cond *new_cond(struct parser *p, enum cond_kind kind, const struct cond *left,
			     const struct cond *right)
{
	struct cond *c = arena_alloc(p->arena, sizeof(*c));

	if (c)
		*c = (struct cond){ .kind = kind, .left = left, .right = right };
	return c;
}

static int comparison(struct parser *p, const struct cond **ret)
{
	struct span name = take(p);
	struct cond *c = new_cond(p, COND_EQ, NULL, NULL);
	bool negate = false;
	int r;

	if (!c)
		return -ENOMEM;
	if (name.n == 0 || !is_word(name.p[0]))
		return fault(p, "expected the name of an argument", name.n ? name : p->rest);
	r = find_arg(p, name, &c->arg);
	if (r < 0)
		return r;
	if (accept(p, "==")) {
		r = single(p, c);
	} else if (accept(p, "!=")) {
		negate = true;
		r = single(p, c);
	} else if (accept(p, "<")) {
		c->kind = COND_LT;
		r = single(p, c);
	} else if (accept(p, "in")) {
		c->kind = COND_IN;
		r = set(p, c);
	} else if (accept(p, "has")) {
		c->kind = COND_HAS;
		r = single(p, c);
	} else if (accept(p, "only")) {
		c->kind = COND_ONLY;
		r = only(p, c);
	} else {
		r = fault(p, "expected ==, !=, <, in, has or only", peek(p));
	}
	if (r < 0)
		return r;
	*ret = negate ? new_cond(p, COND_NOT, c, NULL) : c;
	return *ret ? 0 : -ENOMEM;
}

static int either(struct parser *p, const struct cond **ret);

static int unary(struct parser *p, const struct cond **ret)
{
	const struct cond *inner = NULL;
	int r;

	if (++p->depth > MAX_DEPTH)
		return fault(p, "a condition nested too deeply", peek(p));
	if (accept(p, "not")) {
		r = unary(p, &inner);
		*ret = r == 0 ? new_cond(p, COND_NOT, inner, NULL) : NULL;
		if (r == 0 && !*ret)
			r = -ENOMEM;
	} else if (accept(p, "(")) {
		r = either(p, ret);
		if (r == 0 && !accept(p, ")"))
			r = fault(p, "expected \")\"", peek(p));
	} else {
		r = comparison(p, ret);
	}
	p->depth--;
	return r;
}

static int chain(struct parser *p, const char *word, enum cond_kind kind,
		 int (*next)(struct parser *, const struct cond **), const struct cond **ret)
{
	int r = next(p, ret);

	while (r == 0 && accept(p, word)) {
		const struct cond *right = NULL;

		r = next(p, &right);
		if (r == 0) {
			*ret = new_cond(p, kind, *ret, right);
			r = *ret ? 0 : -ENOMEM;
		}
	}
	return r;
}

static int both(struct parser *p, const struct cond **ret)
{
	return chain(p, "and", COND_AND, unary, ret);
}

static int either(struct parser *p, const struct cond **ret)
{
	return chain(p, "or", COND_OR, both, ret);
}

int cond_parse(struct span text, const char *call, struct where where, struct arena *arena,
	       const struct cond **ret, struct diags *diags)
{
	struct parser p = { .rest = text,
			    .start = text.p,
			    .where = where,
			    .call = call,
			    .arena = arena,
			    .diags = diags };
	const struct cond *cond = NULL;
	int r = either(&p, &cond);

	if (r < 0)
		return r;
	if (span_trim(p.rest).n > 0)
		return fault(&p, "unexpected after the condition", peek(&p));
	*ret = cond;
	return 0;
}
