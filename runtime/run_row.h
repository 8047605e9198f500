/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_ROW_H
#define IMMURE_RUNTIME_RUN_ROW_H

/* The runs as lists show them: one reading and one name for each state, whoever asks. */

#include "base/arena.h"
#include "base/err.h"
#include "runtime/run_folder.h"

/* All texts are in the arena, and safe for a terminal. */
struct run_row {
	const char *id;
	const char *name; /* --name, else the host name inside; may be empty */
	const char *state;
	const char *policy;
	const char *command;       /* cut at 60 bytes */
	const char *const *labels; /* "KEY=VALUE", NULL-terminated */
	const char *labels_text;   /* the same, with commas */
	const char *ports;         /* "127.0.0.1:8080->80/tcp", several with commas; may be empty */
	const char *health;        /* "none" if unknown */
	int64_t starts;            /* of a detached run that goes on; else 0 */
	bool detached, kept;       /* kept: what it wrote is there */
	int64_t started;           /* seconds since 1970 */
	int64_t exit;              /* -1 while there is none */
	int64_t denied;
};

enum run_rows_which {
	RUN_ROWS_LIVE, /* those that go on */
	RUN_ROWS_ALL,
	RUN_ROWS_DAMAGED, /* all, and those whose record has no plan that can be read */
	RUN_ROWS_KEPT,    /* and kept layers without a record */
};

/*
 * The state of a run: "done" once its record is sealed, even while its monitor ends; "kept" if what
 * it wrote is kept; else "running" if it has a supervisor, which rows show as
 * "waiting" between two starts; else "cut short".
 */
const char *run_state(bool sealed, bool kept, bool live);

/*
 * Read the rows, newest first. A run that has no plan (yet) is not among them, but for
 * RUN_ROWS_DAMAGED: if nobody makes one any more, its state is "damaged".
 *
 *   runs  descriptor of the folder of runs
 *
 * Returns   how many there are, or -errno.
 */
must_check int run_rows_read(int runs, enum run_rows_which which, struct arena *arena,
			     struct run_row **ret, struct err *err);

/*
 * True if a row fits every kind of filter that is there: "name=GLOB", "label=KEY[=VALUE]",
 * "status=STATE", "health=HEALTH". Several of one kind: one of them.
 */
bool run_row_fits(const struct run_row *row, const char *const *filters, size_t n);

/* Returns 0, or -EINVAL (stage ERR_USAGE) for a filter that is none. */
must_check int run_filters_check(const char *const *filters, size_t n, struct err *err);

#endif
