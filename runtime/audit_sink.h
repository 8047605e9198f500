/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_SINK_H
#define IMMURE_RUNTIME_AUDIT_SINK_H

/* Where events are exported to. Nothing is dropped: a receiver that is slow makes us wait. */

#include "base/err.h"
#include "base/text.h"

enum sink_kind {
	SINK_FILE,    /* or standard output */
	SINK_SYSLOG,  /* RFC 3164 to a local socket */
	SINK_JOURNAL, /* systemd-journald's native protocol */
};

struct sink {
	enum sink_kind kind;
	int fd;
	const char *run; /* borrowed */
};

#define cleanup_sink cleanup(sink_close)

/*
 * Open "-" (standard output), "syslog", "journald", either followed by ":PATH" of a socket, or a
 * file to append to.
 *
 * Returns   0, or -errno: cannot be opened.
 */
must_check int sink_open(struct sink *sink, const char *target, const char *run, struct err *err);

/*
 * Send one line.
 *
 *   severity  as syslog counts: 4 warning, 6 informational
 */
must_check int sink_send(struct sink *sink, int severity, struct span line, struct err *err);

void sink_close(struct sink *sink);

#endif
