/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_FOLDER_H
#define IMMURE_RUNTIME_RUN_FOLDER_H

/*
 * The record of one run: $XDG_STATE_HOME/immure/runs/ID/ with plan.json, events.jsonl,
 * evidence.json, policy.bundle and, written last, status.json: its presence means complete.
 *
 * No file but the tally of what was refused is ever written again, and none is synced: what a kill
 * or a power cut leaves is a run without a whole status.json, which readers take for one that was
 * cut short.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* 8 hex digits of seconds, '-', 2 of their 256ths, 2 random ones, NUL: they sort by time. */
#define RUN_ID_LEN 14
#define RUN_KEEP 1000 /* folders beyond this are removed, oldest first */

struct run_folder {
	int runs; /* descriptor of .../runs */
	int dir;  /* descriptor of .../runs/ID; holds a shared lock while the run lasts */
	char id[RUN_ID_LEN];
};

/* A new folder, locked. Sometimes removes the oldest ones, see RUN_KEEP. */
must_check int run_folder_create(struct run_folder *ret, struct err *err);

/* A new file NAME; -EEXIST if there is one. */
must_check int run_folder_write(const struct run_folder *folder, const char *name,
				const void *bytes, size_t n, struct err *err);

/* Link (or copy) a file into the folder. */
must_check int run_folder_link(const struct run_folder *folder, int from_dir, const char *from,
			       const char *name, struct err *err);

/* Remove it: the launch failed before there was anything to tell. */
void run_folder_discard(struct run_folder *folder);
void run_folder_close(struct run_folder *folder);

/* True if its supervisor is alive: the folder is locked. */
bool run_folder_is_live(int runs, const char *id);

#endif
