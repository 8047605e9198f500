/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_json.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define BIG_DIGITS 19 /* 2^63 has 19 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Put quotes around whole numbers that do not fit into 63 bits; oci_json_u64() takes them. */
static void quote_big_numbers(const char *text, size_t n, struct strbuf *out)
{
	bool in_text = false;
	size_t i = 0;

	while (i < n) {
		size_t digits = 0;

		if (text[i] == '"')
			in_text = !in_text;
		if (in_text && text[i] == '\\' && i + 1 < n) {
			strbuf_add(out, text + i, 2);
			i += 2;
			continue;
		}
		while (!in_text && i + digits < n && is_digit(text[i + digits]))
			digits++;
		if (digits >= BIG_DIGITS && i > 0 &&
		    (text[i - 1] == ' ' || text[i - 1] == ':' || text[i - 1] == ',' ||
		     text[i - 1] == '['))
			strbuf_addf(out, "\"%.*s\"", (int)digits, text + i);
		else
			strbuf_add(out, text + i, digits ? digits : 1);
		i += digits ? digits : 1;
	}
}

int oci_json_parse(const char *text, size_t n, json_t **ret, struct err *err)
{
	cleanup_strbuf struct strbuf quoted = { 0 };
	json_error_t fault = { 0 };
	json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);

	if (!json && json_error_code(&fault) == json_error_numeric_overflow) {
		quote_big_numbers(text, n, &quoted);
		if (quoted.failed)
			return err_set(err, ENOMEM, "out of memory");
		json = json_loadb(strbuf_str(&quoted), quoted.len, JSON_REJECT_DUPLICATES, &fault);
	}
	if (!json)
		return err_set(err, EINVAL, "line %d, column %d: %s", fault.line, fault.column,
			       fault.text);
	if (!json_is_object(json)) {
		json_decref(json);
		return err_set(err, EINVAL, "expected a JSON object");
	}
	*ret = json;
	return 0;
}

int oci_json_load(int dirfd, const char *path, json_t **ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_close int fd = -1;
	int r;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = openat(dirfd, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	r = fd_read_all(fd, OCI_JSON_MAX, &text);
	if (r < 0)
		return err_sys(err, -r, "cannot read %s", path);
	r = oci_json_parse(strbuf_str(&text), text.len, ret, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

void oci_json_fault(struct oci_json *j, int code, const char *format, ...)
{
	char text[200];
	va_list args;

	if (j->r < 0)
		return;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is */
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	j->r = err_set(j->err, code, "%s", text);
}

void *oci_json_alloc(struct oci_json *j, size_t n, size_t size)
{
	void *p = arena_array(j->arena, n ? n : 1, size);

	if (!p)
		oci_json_fault(j, ENOMEM, "out of memory");
	return p;
}

/* The member, or NULL when it is absent or a fault was found before. */
static const json_t *member(const struct oci_json *j, const json_t *in, const char *key)
{
	const json_t *value = j->r < 0 || !in ? NULL : json_object_get(in, key);

	return json_is_null(value) ? NULL : value;
}

bool oci_json_has(const json_t *in, const char *key)
{
	const json_t *value = json_object_get(in, key);

	return value && !json_is_null(value);
}

const json_t *oci_json_object(struct oci_json *j, const json_t *in, const char *key)
{
	const json_t *value = member(j, in, key);

	if (value && !json_is_object(value)) {
		oci_json_fault(j, EINVAL, "%s: expected an object", key);
		return NULL;
	}
	return value;
}

const json_t *oci_json_array(struct oci_json *j, const json_t *in, const char *key, size_t *ret_n)
{
	const json_t *value = member(j, in, key);

	*ret_n = 0;
	if (value && !json_is_array(value)) {
		oci_json_fault(j, EINVAL, "%s: expected an array", key);
		return NULL;
	}
	if (value)
		*ret_n = json_array_size(value);
	return value;
}

const char *oci_json_element(struct oci_json *j, const json_t *value, const char *key)
{
	char *copy;

	if (j->r < 0)
		return "";
	if (!json_is_string(value)) {
		oci_json_fault(j, EINVAL, "%s: expected a text", key);
		return "";
	}
	copy = arena_strndup(j->arena, json_string_value(value), json_string_length(value));
	if (!copy) {
		oci_json_fault(j, ENOMEM, "out of memory");
		return "";
	}
	return copy;
}

const char *oci_json_text(struct oci_json *j, const json_t *in, const char *key)
{
	const json_t *value = member(j, in, key);

	return value ? oci_json_element(j, value, key) : NULL;
}

const char *oci_json_need(struct oci_json *j, const json_t *in, const char *key)
{
	const char *text = oci_json_text(j, in, key);

	if (!text || !*text) {
		oci_json_fault(j, EINVAL, "%s is missing", key);
		return "";
	}
	return text;
}

const char *const *oci_json_texts(struct oci_json *j, const json_t *in, const char *key,
				  size_t *ret_n)
{
	size_t n;
	const json_t *array = oci_json_array(j, in, key, &n);
	const char **texts;

	*ret_n = 0;
	if (!array)
		return NULL;
	texts = oci_json_alloc(j, n + 1, sizeof(*texts));
	for (size_t i = 0; texts && i < n; i++)
		texts[i] = oci_json_element(j, json_array_get(array, i), key);
	if (j->r < 0)
		return NULL;
	*ret_n = n;
	return texts;
}

bool oci_json_bool(struct oci_json *j, const json_t *in, const char *key, bool otherwise)
{
	const json_t *value = member(j, in, key);

	if (value && !json_is_boolean(value))
		oci_json_fault(j, EINVAL, "%s: expected true or false", key);
	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

int64_t oci_json_int(struct oci_json *j, const json_t *in, const char *key, int64_t min,
		     int64_t max, int64_t otherwise)
{
	const json_t *value = member(j, in, key);
	int64_t number = json_integer_value(value);

	if (!value)
		return otherwise;
	if (!json_is_integer(value) || number < min || number > max) {
		oci_json_fault(j, EINVAL, "%s: expected a whole number from %lld to %lld", key,
			       (long long)min, (long long)max);
		return otherwise;
	}
	return number;
}

uint64_t oci_json_u64(struct oci_json *j, const json_t *in, const char *key, uint64_t otherwise)
{
	const json_t *value = member(j, in, key);
	uint64_t number = 0;

	if (!value)
		return otherwise;
	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	if (json_is_string(value) && json_string_length(value) >= BIG_DIGITS &&
	    span_u64((struct span){ json_string_value(value), json_string_length(value) },
		     UINT64_MAX, &number) == 0)
		return number;
	oci_json_fault(j, EINVAL, "%s: expected a whole number from 0 to 2^64-1", key);
	return otherwise;
}
