/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_env.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

#define FILE_MAX ((size_t)1 << 20)
#define HOME_AT 1 /* behind PATH */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char default_home[] = "HOME=/";

struct env {
	const struct run_caller *caller;
	struct arena *arena;
	const char **items;
	size_t n, cap;
};

static bool is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.n > 0;
}

static int put(struct env *env, const char *item, struct err *err)
{
	size_t name = strcspn(item, "=") + 1;
	const char **grown;

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->items[i], item, name) == 0) {
			env->items[i] = item;
			return 0;
		}
	}
	grown = arena_grow(env->arena, env->items, &env->cap, env->n + 2, sizeof(*grown));
	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	env->items = grown;
	grown[env->n++] = item;
	grown[env->n] = NULL;
	return 0;
}

/* "NAME=VALUE", or "NAME" for the caller's value if it has one. */
static int put_text(struct env *env, struct span text, struct err *err)
{
	struct span rest = text;
	struct span name = span_cut(&rest, '=');
	char *copy;

	if (!is_name(name))
		return err_set(err, EINVAL, "\"%.*s\" is no name of a variable",
			       (int)(name.n < 60 ? name.n : 60), name.p);
	if (name.n < text.n) {
		copy = arena_strndup(env->arena, text.p, text.n);
		return copy ? put(env, copy, err) : err_set(err, ENOMEM, "out of memory");
	}
	for (size_t i = 0; env->caller->environ && env->caller->environ[i]; i++) {
		const char *have = env->caller->environ[i];

		if (strncmp(have, name.p, name.n) == 0 && have[name.n] == '=')
			return put(env, have, err);
	}
	return 0;
}

static int put_file(struct env *env, const char *path, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = fd_read_file(AT_FDCWD, path, FILE_MAX, &text, err);
	struct span rest = { strbuf_str(&text), text.len };
	int line = 0;

	if (r < 0)
		return r;
	while (rest.n > 0) {
		struct span item = span_cut(&rest, '\n');

		line++;
		if (span_trim(item).n == 0 || item.p[0] == '#')
			continue;
		if (span_has_byte(item, '\0'))
			return err_set(err, EINVAL, "%s:%d: a NUL byte", path, line);
		if (put_text(env, item, err) < 0)
			return err_wrap(err, "%s:%d", path, line);
	}
	return 0;
}

static int put_defaults(struct env *env, const struct run_options *options, struct err *err)
{
	const char *term = env->caller->term;
	int r = put(env, DEFAULT_PATH, err);

	if (r == 0)
		r = put(env, options->host ? "HOME=/tmp" : default_home, err);
	if (r == 0 && options->tty) {
		char *text = arena_printf(env->arena, "TERM=%s", term ? term : "xterm");

		r = text ? put(env, text, err) : err_set(err, ENOMEM, "out of memory");
	}
	return r;
}

/* The image's own, as it has them; what is no assignment to a name means nothing. */
static int put_image(struct env *env, const struct run_image *image, struct err *err)
{
	const struct image_texts *list = &image->record.env;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct span rest = span_of(list->items[i]);

		if (span_has_byte(rest, '=') && is_name(span_cut(&rest, '=')))
			r = put(env, list->items[i], err);
	}
	return r;
}

int run_env(const struct run_options *options, const struct run_caller *caller, struct arena *arena,
	    struct plan_request *request, struct err *err)
{
	struct env env = { .caller = caller, .arena = arena };
	int r = put_defaults(&env, options, err);

	if (r == 0 && caller->image)
		r = put_image(&env, caller->image, err);
	for (size_t i = 0; r == 0 && i < options->env_files.n; i++) {
		r = put_file(&env, options->env_files.items[i], err);
		if (r < 0)
			return err_wrap(err, "--env-file");
	}
	for (size_t i = 0; r == 0 && i < options->env.n; i++) {
		r = put_text(&env, span_of(options->env.items[i]), err);
		if (r < 0)
			return err_wrap(err, "--env");
	}
	if (r < 0)
		return r;
	request->env = env.items;
	/* One address for one constant: nobody replaced it. */
	request->home_is_default = !options->host && env.items[HOME_AT] == default_home;
	return 0;
}
