/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OPTIONS_H
#define IMMURE_RUNTIME_OPTIONS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Where the value of an option goes in the verb's plain struct, at `offset`. */
enum opt_kind {
	OPT_FLAG,  /* bool: set to true */
	OPT_COUNT, /* int: one more each time (-v, -vv) */
	OPT_TEXT,  /* const char *: the last one given */
	OPT_LIST,  /* struct opt_list: each one given, in order */
};

struct opt_list {
	size_t n, cap;
	const char **items;
};

struct opt {
	const char *name; /* without the dashes */
	char letter;      /* 0: none */
	enum opt_kind kind;
	size_t offset;
	const char *arg;  /* "PATH", "SRC:DST[:ro]"; NULL for flags and counts */
	const char *help; /* one line */
	const char
		*values; /* for completion: "none host", "@files", "@dirs", "@policies", or NULL */
};

/*
 * Read options up to the first argument that is none, or up to "--".
 *
 *   opts, n  rows of the verb
 *   argv     argv[0] is skipped; borrowed by *ret
 *   ret      the verb's struct, zeroed by the caller
 *
 * Accepts --name VALUE, --name=VALUE, -l VALUE, -lVALUE, joined flags (-it), unique prefixes are
 * not accepted. Returns how many of argv were read, argv[0] and "--" included, or -EINVAL (unknown
 * option, with a near one named; missing or unexpected value; stage ERR_USAGE), -ENOMEM.
 */
must_check int options_read(const struct opt *opts, size_t n, int argc, char *const argv[],
			    struct arena *arena, void *ret, struct err *err);

#endif
