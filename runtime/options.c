/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/options.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

struct scan {
	const struct opt *opts;
	size_t n;
	int argc;
	char *const *argv;
	int at;
	struct arena *arena;
	char *ret;
};

static const struct opt *find_name(const struct scan *s, struct span name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (span_eq(name, s->opts[i].name))
			return &s->opts[i];
	}
	return NULL;
}

static const struct opt *find_letter(const struct scan *s, char letter)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->opts[i].letter == letter)
			return &s->opts[i];
	}
	return NULL;
}

static bool takes_value(const struct opt *opt)
{
	return opt->kind == OPT_TEXT || opt->kind == OPT_LIST;
}

static int usage(struct err *err, int r)
{
	err->stage = ERR_USAGE;
	return r;
}

static int unknown(const struct scan *s, const char *arg, struct err *err)
{
	struct text_near near = { .distance = 4 };

	for (size_t i = 0; i < s->n; i++)
		text_near_try(&near, arg + 2, s->opts[i].name);
	return usage(err, err_set(err, EINVAL, "unknown option %s%s%s%s", arg,
				  near.name ? "; did you mean --" : "; see --help",
				  near.name ? near.name : "", near.name ? "?" : ""));
}

static int store(struct scan *s, const struct opt *opt, const char *value, struct err *err)
{
	char *to = s->ret + opt->offset;
	struct opt_list *list;
	const char **grown;

	switch (opt->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_COUNT:
		(*(int *)(void *)to)++;
		return 0;
	case OPT_TEXT:
		*(const char **)(void *)to = value;
		return 0;
	case OPT_LIST:
		list = (struct opt_list *)(void *)to;
		grown = arena_grow(s->arena, list->items, &list->cap, list->n + 1, sizeof(*grown));
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		list->items = grown;
		grown[list->n++] = value;
		return 0;
	}
	return 0;
}

/* The argument after the option; argv ends with NULL. */
static int next_value(struct scan *s, const char *shown, const struct opt *opt, const char **ret,
		      struct err *err)
{
	if (s->at + 1 >= s->argc)
		return usage(err,
			     err_set(err, EINVAL, "option %s needs a value: %s", shown, opt->arg));
	*ret = s->argv[++s->at];
	return 0;
}

static int long_option(struct scan *s, const char *arg, struct err *err)
{
	struct span rest = span_of(arg + 2);
	bool has_value = span_has_byte(rest, '=');
	struct span name = span_cut(&rest, '=');
	const struct opt *opt = find_name(s, name);
	const char *value = NULL;
	int r;

	if (!opt)
		return unknown(s, arg, err);
	if (has_value && !takes_value(opt))
		return usage(err, err_set(err, EINVAL, "option --%s takes no value", opt->name));
	if (has_value) {
		value = rest.p;
	} else if (takes_value(opt)) {
		r = next_value(s, arg, opt, &value, err);
		if (r < 0)
			return r;
	}
	return store(s, opt, value, err);
}

/* -it, -vSRC:DST, -v SRC:DST */
static int letters(struct scan *s, const char *arg, struct err *err)
{
	for (const char *p = arg + 1; *p; p++) {
		const char shown[3] = { '-', *p, '\0' };
		const struct opt *opt = find_letter(s, *p);
		const char *value = NULL;
		int r;

		if (!opt)
			return usage(err, err_set(err, EINVAL, "unknown option -%c; see --help",
						  *p > ' ' && *p < 127 ? *p : '?'));
		if (takes_value(opt) && p[1]) {
			value = p + 1;
		} else if (takes_value(opt)) {
			r = next_value(s, shown, opt, &value, err);
			if (r < 0)
				return r;
		}
		r = store(s, opt, value, err);
		if (r < 0 || value)
			return r;
	}
	return 0;
}

int options_read(const struct opt *opts, size_t n, int argc, char *const argv[],
		 struct arena *arena, void *ret, struct err *err)
{
	struct scan s = { .opts = opts,
			  .n = n,
			  .argc = argc,
			  .argv = argv,
			  .at = 1,
			  .arena = arena,
			  .ret = ret };

	for (; s.at < argc; s.at++) {
		const char *arg = argv[s.at];
		int r;

		if (strcmp(arg, "--") == 0) {
			s.at++;
			break;
		}
		if (arg[0] != '-' || arg[1] == '\0')
			break;
		r = arg[1] == '-' ? long_option(&s, arg, err) : letters(&s, arg, err);
		if (r < 0)
			return r;
	}
	return s.at < argc ? s.at : argc;
}
