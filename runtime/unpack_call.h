/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_CALL_H
#define IMMURE_RUNTIME_UNPACK_CALL_H

/* Starts immure-unpack, confined by the policy builtin/unpack, and reads its report. */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "sandbox/worker.h"

struct unpack_call {
	const char *task;        /* "layer", "archive", "json", "signature" */
	const char *compression; /* NULL: by the first bytes */
	const char *keep;        /* of "layer": compress the blob, see unpack.h; or NULL */
	const char *kind;        /* of "json" */
	const char *signature;   /* of "signature": base64 */
	uint64_t in_max, out_max, entries, progress;
	bool range; /* the files get the owners of a range of ids */
	int input;  /* its standard input */
	int dir;    /* its folder, or -1 */
	int blob;   /* where it keeps what it reads, or -1 */
};

struct unpack_job {
	struct worker worker;
	int report;         /* read end; non-blocking */
	struct strbuf text; /* of the report so far */
	size_t seen;        /* of text: lines that were looked at for progress */
	uint64_t at;        /* progress: bytes of input */
	bool ended;
};

#define UNPACK_JOB_NONE                                            \
	{                                                          \
		.worker = { .pid = -1, .pidfd = -1 }, .report = -1 \
	}

/*
 * Give a folder to the ids that immure-unpack works with. Only root's are others than the caller's:
 * files belong to the range that root's workloads get.
 */
must_check int unpack_own(int folder, bool range, struct err *err);

/* ret is ended by unpack_done(), after success or failure. Descriptors are borrowed. */
must_check int unpack_start(const struct unpack_call *call, struct unpack_job *ret,
			    struct err *err);
void unpack_done(struct unpack_job *job);
#define cleanup_unpack_job cleanup(unpack_done)

/* Read what there is of the report; job->at and job->ended follow. Does not wait. */
must_check int unpack_advance(struct unpack_job *job, struct err *err);

/*
 * Wait for its end. job->text is the whole report then.
 *
 * Returns   0, or the error that it reported; -EPROTO when it crashed or was killed.
 */
must_check int unpack_wait(struct unpack_job *job, struct err *err);

#endif
