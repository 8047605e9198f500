/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/life.h"

#include <string.h>

#include "base/jsonw.h"

#define LABEL_MAX 4096

static int bad(struct err *err, const char *option, const char *value, const char *expected)
{
	err_set(err, EINVAL, "--%s %.60s: expected %s", option, value, expected);
	return err_at(err, ERR_USAGE);
}

/* A key as Docker and Kubernetes have them; the value is any line of text. */
static bool is_label(const char *text)
{
	size_t key = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._-/");

	return key > 0 && key <= 253 && (text[key] == '=' || text[key] == '\0') &&
	       strlen(text) <= LABEL_MAX && !strchr(text, '\n');
}

static size_t find_key(const char *const *labels, size_t n, const char *text)
{
	size_t key = strcspn(text, "=");

	for (size_t i = 0; i < n; i++) {
		if (strcspn(labels[i], "=") == key && strncmp(labels[i], text, key) == 0)
			return i;
	}
	return n;
}

static int make_labels(const struct opt_list *list, struct arena *arena, struct life *life,
		       struct err *err)
{
	const char **labels = arena_array(arena, list->n + 1, sizeof(*labels));

	if (!labels)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->items[i];
		size_t at = find_key(labels, life->n_labels, text);

		if (!is_label(text))
			return bad(err, "label", text,
				   "KEY[=VALUE], the key of letters, digits and . _ - /");
		labels[at] = text; /* the last one of a key counts */
		if (at == life->n_labels)
			life->n_labels++;
	}
	life->labels = labels;
	return 0;
}

int life_make(const struct run_options *options, struct arena *arena, struct life *ret,
	      struct err *err)
{
	struct life life = { .name = options->name, .remove = options->remove };
	int r = make_labels(&options->labels, arena, &life, err);

	if (r < 0)
		return r;
	if (life.remove && options->keep) {
		err_set(err, EINVAL, "--rm excludes --keep");
		return err_at(err, ERR_USAGE);
	}
	*ret = life;
	return 0;
}

bool life_has_file(const struct run_options *options, const struct life *life)
{
	return options->detach || life->n_labels > 0;
}

static void put_labels(const struct life *life, struct jsonw *j)
{
	jsonw_key(j, "labels");
	jsonw_object(j);
	for (size_t i = 0; i < life->n_labels; i++) {
		const char *text = life->labels[i];
		size_t key = strcspn(text, "=");

		jsonw_keyn(j, text, key);
		jsonw_str(j, text[key] ? text + key + 1 : "");
	}
	jsonw_object_end(j);
}

void life_json(const struct life *life, char *const argv[], struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_key(&j, "command");
	jsonw_array(&j);
	for (size_t i = 0; argv[i]; i++)
		jsonw_str(&j, argv[i]);
	jsonw_array_end(&j);
	put_labels(life, &j);
	jsonw_kstr(&j, "name", life->name);
	jsonw_kbool(&j, "remove", life->remove);
	jsonw_object_end(&j);
}
