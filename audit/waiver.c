/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/waiver.h"

#include <string.h>

bool date_is_valid(const char *text)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct span rest = span_of(text);
	int n[3] = { 0 };

	if (rest.n != 10 || text[4] != '-' || text[7] != '-')
		return false;
	for (int i = 0; i < 3; i++) {
		struct span part = span_cut(&rest, '-');

		for (size_t k = 0; k < part.n; k++) {
			if (part.p[k] < '0' || part.p[k] > '9')
				return false;
			n[i] = n[i] * 10 + (part.p[k] - '0');
		}
	}
	return n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= days[n[1] - 1];
}

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
	if (!date_is_valid(texts[1]))
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
