/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_LOG_H
#define IMMURE_BASE_LOG_H

/* Talk on stderr. The audit trail is not the log. Only runtime/ calls this. */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

void log_setup(enum log_level level, bool json);

/* Warnings are kept in `to` from now on, escaped, a line each, and not told on stderr. */
void log_hold_warnings(struct strbuf *to);

bool log_is_on(enum log_level level);

/* "immure: TEXT\n", or {"level":"error","msg":"TEXT"}; the text is escaped for a terminal. */
void log_say(enum log_level level, const char *format, ...) printf_like(2, 3);

#define log_error(...) log_say(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_say(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_say(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_say(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
