/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/standard.h"

#include <jansson.h>
#include <string.h>

#include "audit/check.h"

static const char severity_names[SEVERITY_COUNT][12] = { "low", "medium", "high", "critical" };

const char *severity_name(enum severity severity)
{
	return (unsigned)severity < SEVERITY_COUNT ? severity_names[severity] : "unknown";
}

int severity_find(const char *name)
{
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		if (strcmp(severity_names[i], name) == 0)
			return i;
	}
	return -1;
}

/* A copy in the arena; NULL if there is no such text, or no memory. */
static const char *text_of(const json_t *object, const char *key, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_strdup(arena, text) : NULL;
}

static int parse_control(const json_t *object, size_t number, struct arena *arena,
			 struct control *ret, struct err *err)
{
	const char *severity = json_string_value(json_object_get(object, "severity"));
	int rank = severity ? severity_find(severity) : -1;

	*ret = (struct control){
		.standard = ret->standard,
		.id = text_of(object, "id", arena),
		.title = text_of(object, "title", arena),
		.severity = rank < 0 ? SEVERITY_LOW : (enum severity)rank,
		.check = text_of(object, "check", arena),
		.param = text_of(object, "param", arena),
		.remedy = text_of(object, "remedy", arena),
		.reason = text_of(object, "reason", arena),
		.policy = text_of(object, "policy", arena),
		.option = text_of(object, "option", arena),
	};
	if (!ret->id || !ret->title || !ret->check || !ret->remedy)
		return err_set(err, EINVAL,
			       "control %zu: expected id, title, severity, check and remedy",
			       number);
	if (rank < 0)
		return err_set(err, EINVAL,
			       "control %.40s: expected severity low, medium, high or critical",
			       ret->id);
	if (!check_find(ret->check))
		return err_set(err, EINVAL, "control %.40s: there is no check \"%.40s\"", ret->id,
			       ret->check);
	return 0;
}

static int parse_controls(const json_t *list, struct arena *arena, struct standard *standard,
			  struct err *err)
{
	const json_t *object;
	size_t i;

	json_array_foreach(list, i, object)
	{
		struct control *control = &standard->controls[i];
		int r = parse_control(object, i + 1, arena, control, err);

		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++) {
			const char *other = standard->controls[k].id;

			if (other && control->id && strcmp(other, control->id) == 0)
				return err_set(err, EINVAL, "control %.40s is there twice",
					       control->id);
		}
	}
	return 0;
}

static int parse_root(const json_t *root, struct arena *arena, struct standard *ret,
		      struct err *err)
{
	const json_t *list = json_object_get(root, "controls");
	struct standard standard = {
		.name = text_of(root, "standard", arena),
		.title = text_of(root, "title", arena),
		.prefix = text_of(root, "prefix", arena),
		.n = json_array_size(list),
	};
	int r;

	if (!standard.name || !standard.title || !standard.prefix)
		return err_set(err, EINVAL,
			       "not a standard: expected standard, title, prefix and controls");
	if (json_integer_value(json_object_get(root, "version")) != 1)
		return err_set(err, EINVAL, "version: expected 1");
	if (standard.n == 0 || standard.n > STANDARD_MAX_CONTROLS)
		return err_set(err, EINVAL, "controls: expected 1 to %d of them",
			       STANDARD_MAX_CONTROLS);
	standard.controls = arena_array(arena, standard.n, sizeof(*standard.controls));
	if (!standard.controls)
		return err_set(err, ENOMEM, "out of memory");
	r = parse_controls(list, arena, &standard, err);
	if (r < 0)
		return r;
	*ret = standard;
	return 0;
}

int standard_parse(struct span text, struct arena *arena, struct standard *ret, struct err *err)
{
	json_error_t error = { 0 };
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!root)
		return err_set(err, EINVAL, "line %d: %s", error.line, error.text);
	r = parse_root(root, arena, ret, err);
	json_decref(root);
	for (size_t i = 0; r == 0 && i < ret->n; i++)
		ret->controls[i].standard = ret;
	return r;
}
