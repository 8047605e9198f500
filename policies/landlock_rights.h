/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_LANDLOCK_RIGHTS_H
#define IMMURE_POLICIES_LANDLOCK_RIGHTS_H

/*
 * Every right of Landlock, the ABI that brought it, and which access of a file rule grants it: one
 * table for the layer that is applied (sandbox/fsrules.c) and for the one that is printed
 * (to_landlock.c). Debian 12's header ends at ABI 2, so the numbers stand here.
 *
 * Source: landlock(7), Documentation/userspace-api/landlock.rst of Linux 7.2
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum landlock_kind {
	LANDLOCK_FS,    /* handled_access_fs */
	LANDLOCK_NET,   /* handled_access_net */
	LANDLOCK_SCOPE, /* scoped */
	LANDLOCK_LOG,   /* a flag of landlock_restrict_self(2) */
};

#define LANDLOCK_LAST_ABI 10 /* what a newer kernel adds is not used */

struct landlock_right {
	const char *name;
	uint64_t bit;
	enum landlock_kind kind;
	int abi;
	unsigned access; /* FS: enum file_access bits, any of which grants it; 0: nobody gets it */
	bool of_folder;  /* FS: makes sense for folders only */
};

extern const struct landlock_right landlock_rights[];
extern const size_t n_landlock_rights;

/* The bits of one kind that a kernel of this ABI knows. */
uint64_t landlock_known(enum landlock_kind kind, int abi);

/* Whether a kernel of this ABI knows a right; false if there is no such right. */
bool landlock_knows(enum landlock_kind kind, const char *name, int abi);

/*
 * The bits of file access that a rule grants.
 *
 *   access  FILE_LIST | FILE_READ | FILE_WRITE | FILE_EXEC
 *   folder  with those that make sense for folders only
 */
uint64_t landlock_granted(unsigned access, bool folder);

/* The bit of a right by its kind and name; 0 if there is none. */
uint64_t landlock_bit(enum landlock_kind kind, const char *name);

#endif
