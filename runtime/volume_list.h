/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_LIST_H
#define IMMURE_RUNTIME_VOLUME_LIST_H

/* Volumes as those see them who look after them: records, sizes, removal. */

#include <stdbool.h>

#include "runtime/volume.h"

struct volume_info {
	uint64_t created; /* seconds since 1970 */
	size_t n_labels;
	const char **labels; /* "KEY=VALUE" */
	struct volume_limits limits;
	const char *run; /* that made it for itself; NULL: somebody named it */
	bool in_use;
};

struct volume_size {
	uint64_t bytes; /* of disk */
	uint64_t files; /* and folders, links, ... */
};

/* Names in order, in the arena. Returns how many, or -errno. */
must_check int volumes_names(int volumes, struct arena *arena, const char ***ret, struct err *err);

/* What the record of a volume says. -ENOENT, -EBADMSG (damaged). */
must_check int volume_info(int volumes, const char *name, struct arena *arena,
			   struct volume_info *ret, struct err *err);

/* A label: KEY=VALUE or KEY, the key of [A-Za-z0-9_.-/]; added to a record's flat text. */
must_check int volume_label(struct strbuf *record, const char *text, struct err *err);

/* Count what a volume holds; works on what a program with a range of ids left behind, too. */
must_check int volume_size(int volumes, const char *name, struct volume_size *ret, struct err *err);

/*
 * Remove a folder of or in a volume: first as ourselves; what belongs to subordinate ids needs the
 * namespace that maps them. Absent is success.
 */
must_check int volume_remove_tree(int dir, const char *name, struct err *err);

/* -EBUSY while it is in use, -ENOENT. */
must_check int volume_remove(int volumes, const char *name, struct err *err);

/* Remove what an earlier command left half made or half removed. Returns how many, or -errno. */
must_check int volumes_collect(int volumes, struct err *err);

#endif
