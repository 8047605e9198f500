/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_LOG_FOLLOW_H
#define IMMURE_AUDIT_LOG_FOLLOW_H

#include "audit/log_read.h"
#include "base/strbuf.h"

/* Reads an event log that may still grow, each record checked as it comes. */
struct log_follow {
	struct log_reader reader;
	int dir, fd; /* dir is borrowed */
	uint32_t segment;
	struct strbuf rest; /* the beginning of a line whose end is not written yet */
	bool sealed;        /* the last record was read */
};

#define cleanup_log_follow cleanup(log_follow_close)

/*
 * Stand before the first record.
 *
 *   reader  with fn and data set; called by log_follow_step()
 *
 * Returns   0, -ENOENT (no log yet), -errno.
 */
must_check int log_follow_open(struct log_follow *follow, int dir, const struct log_reader *reader,
			       struct err *err);

/*
 * Read what is there by now.
 *
 * Returns   how many records came (0: none for now), -EBADMSG and the first one that does not hold,
 *           or what the reader's fn returned.
 */
must_check int log_follow_step(struct log_follow *follow, struct err *err);

void log_follow_close(struct log_follow *follow);

#endif
