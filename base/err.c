/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

printf_like(3, 0) static void put(struct err *err, int code, const char *format, va_list args)
{
	int n = vsnprintf(err->msg, sizeof(err->msg), format, args);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len >= sizeof(err->msg))
		len = sizeof(err->msg) - 1;
	err->msg[len] = '\0';
	err->len = (uint16_t)len;
	err->code = code;
}

/* What does not fit is cut: a message is for reading, and its start matters most. */
static void append(struct err *err, const char *text)
{
	size_t room = sizeof(err->msg) - 1 - err->len;
	size_t n = strnlen(text, room);

	memcpy(err->msg + err->len, text, n);
	err->len = (uint16_t)(err->len + n);
	err->msg[err->len] = '\0';
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	assert(code > 0);
	va_start(args, format);
	put(err, code, format, args);
	va_end(args);
	return -code;
}

int err_sys(struct err *err, int code, const char *format, ...)
{
	const char *text = strerrordesc_np(code);
	va_list args;

	assert(code > 0);
	va_start(args, format);
	put(err, code, format, args);
	va_end(args);
	append(err, ": ");
	append(err, text ? text : "unknown error");
	return -code;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char inner[sizeof(err->msg)];
	int code = err->code;
	va_list args;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(args, format);
	put(err, code, format, args);
	va_end(args);
	append(err, ": ");
	append(err, inner);
	return -code;
}

int err_at(struct err *err, enum err_stage stage)
{
	err->stage = (uint16_t)stage;
	return -err->code;
}
