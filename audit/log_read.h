/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_LOG_READ_H
#define IMMURE_AUDIT_LOG_READ_H

#include "audit/chain.h"

/*
 * One record that holds.
 *
 *   line    without the newline
 *   number  its number in the log, from 0
 *
 * Returns   0, or a negative errno to stop with *err filled.
 */
typedef int (*log_read_fn)(void *data, struct span line, uint64_t number, struct err *err);

/* How far a log was read. Zeroed, with fn and data set, it stands before the first record. */
struct log_reader {
	log_read_fn fn; /* or NULL */
	void *data;
	struct digest head;  /* hash of the last record that holds */
	uint64_t n;          /* how many hold */
	bool rotated;        /* the last one says that another segment follows */
	uint32_t n_segments; /* read no more than these, whatever follows; 0: all */
};

/*
 * Read the event log in a run's folder, all segments of it: one record at a time, so that memory
 * does not grow with the log.
 *
 *   dir  the folder; its contents are not trusted
 *
 * Returns   0, or -EBADMSG and the first record that does not hold: which file, which number, and
 *           whether it was changed, removed, moved or cut short.
 */
must_check int log_read(struct log_reader *reader, int dir, struct err *err);

/* The same for whole lines of one segment. */
must_check int log_read_lines(struct log_reader *reader, struct span text, struct err *err);

/*
 * The same for bytes that end anywhere: whole lines are read and taken away, the beginning of one
 * stays in *rest.
 */
must_check int log_read_whole(struct log_reader *reader, struct strbuf *rest, struct err *err);

/* A segment of the log, opened for reading: a descriptor, or -errno. */
must_check int log_read_open(int dir, uint32_t segment, struct err *err);

#endif
