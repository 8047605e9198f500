/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"

static enum log_level threshold = LOG_LEVEL_WARNING;
static bool as_json;
static struct strbuf *held; /* borrowed; NULL: warnings go to stderr */

void log_setup(enum log_level level, bool json)
{
	threshold = level;
	as_json = json;
}

void log_hold_warnings(struct strbuf *to)
{
	held = to;
}

bool log_is_on(enum log_level level)
{
	return level <= threshold;
}

static void render(struct strbuf *line, enum log_level level, const char *text, size_t n)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	struct jsonw j = { .out = line };

	if (!as_json) {
		strbuf_puts(line, "immure: ");
		if (level == LOG_LEVEL_WARNING)
			strbuf_puts(line, "warning: ");
		strbuf_escaped(line, text, n);
	} else {
		jsonw_object(&j);
		jsonw_kstr(&j, "level", names[level]);
		jsonw_key(&j, "msg");
		jsonw_strn(&j, text, n);
		jsonw_object_end(&j);
	}
	strbuf_putc(line, '\n');
}

void log_say(enum log_level level, const char *format, ...)
{
	cleanup_strbuf struct strbuf line = { 0 };
	char text[2048];
	va_list args;
	int n;

	if (!log_is_on(level))
		return;
	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;
	if (held && level == LOG_LEVEL_WARNING) {
		strbuf_escaped(held, text, strnlen(text, sizeof(text)));
		strbuf_putc(held, '\n');
		return;
	}
	render(&line, level, text, strnlen(text, sizeof(text)));
	if (fd_write_all(STDERR_FILENO, strbuf_str(&line), line.len) < 0)
		return; /* nobody listens: there is nowhere left to say so */
}
