/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/waiver.h"

#include <string.h>

static int parse_one(const json_t *object, struct arena *arena, struct waiver *ret, struct err *err)
{
	static const char *const keys[] = { "control", "until", "by", "why" };
	const char *texts[4];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = json_string_value(json_object_get(object, keys[i]));

		if (!text || *text == '\0')
			return err_set(err, EINVAL,
				       "expected control, until, by and why; %s is missing",
				       keys[i]);
		texts[i] = arena_strdup(arena, text);
		if (!texts[i])
			return err_set(err, ENOMEM, "out of memory");
	}
	if (!span_is_day(span_of(texts[1])))
		return err_set(err, EINVAL, "until: expected a day as YYYY-MM-DD");
	if (json_object_size(object) != ARRAY_LEN(keys))
		return err_set(err, EINVAL,
			       "expected control, until, by and why, and nothing else");
	*ret = (struct waiver){
		.control = texts[0], .until = texts[1], .by = texts[2], .why = texts[3]
	};
	return 0;
}

static int parse_list(const json_t *list, const char *file, struct arena *arena,
		      struct waiver **ret, struct err *err)
{
	size_t n = json_array_size(list);
	struct waiver *waivers = arena_array(arena, n + 1, sizeof(*waivers));

	if (!json_is_array(list) || n > WAIVERS_MAX)
		return err_set(err, EINVAL, "expected a list of at most %d waivers", WAIVERS_MAX);
	if (!waivers)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (parse_one(json_array_get(list, i), arena, &waivers[i], err) < 0)
			return err_wrap(err, "waiver %zu", i + 1);
		waivers[i].file = file;
	}
	*ret = waivers;
	return (int)n;
}

int waivers_parse(struct span text, const char *file, struct arena *arena, struct waiver **ret,
		  struct err *err)
{
	json_error_t error = { 0 };
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!root)
		return err_set(err, EINVAL, "line %d: %s", error.line, error.text);
	r = parse_list(root, file, arena, ret, err);
	json_decref(root);
	return r;
}
