/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OUTPUT_LOG_H
#define IMMURE_RUNTIME_OUTPUT_LOG_H

/*
 * What a detached program writes, in the run's folder: output.log, and what came before it in
 * output.log.1. One line each: "2026-11-25T10:00:00.000000000Z stdout F text". The tag is F for a
 * whole line, P for a piece of one that is longer than OUTPUT_LINE_MAX or not ended yet.
 * Source: Kubernetes, "CRI: Log management", as kubelet and crictl read it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define OUTPUT_LINE_MAX 4096
#define OUTPUT_LOG_MAX ((uint64_t)10 << 20) /* bytes of one file; there are two at most */

struct output_log {
	int dir; /* borrowed: the run's folder */
	int fd;
	uint64_t size, max;
	uint64_t lost;      /* bytes that could not be written */
	struct strbuf text; /* reused */
	struct output_line {
		size_t n;
		char bytes[OUTPUT_LINE_MAX];
	} lines[2]; /* of stdout and stderr: what is not ended yet */
};

must_check int output_log_open(struct output_log *ret, int dir, struct err *err);

/*
 * Add what was read.
 *
 *   stream  0: stdout, 1: stderr
 *
 * A full disk loses text, never the run: `lost` counts the bytes.
 */
void output_log_add(struct output_log *log, int stream, const char *bytes, size_t n);

/* Write out what is not ended, and close. */
void output_log_close(struct output_log *log);

#endif
