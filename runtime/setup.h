/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SETUP_H
#define IMMURE_RUNTIME_SETUP_H

/* `immure setup`: what an administrator does once, so that ordinary users have more. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct setup {
	struct arena *arena;
	size_t n_users;
	const unsigned *users; /* for whom: user ids */
	bool remove;           /* undo it */
	bool dry_run;          /* only say what would be done */
};

/* A part of it. Each prints a line for what it does (setup_say) and may be repeated. */
struct setup_part {
	const char *name;
	const char *help;
	/* Returns 0, -ENOTSUP (this machine has no use for it; *err says why), or -errno. */
	int (*run)(const struct setup *setup, struct err *err);
};

extern const struct setup_part setup_apparmor;
extern const struct setup_part setup_selinux;
extern const struct setup_part setup_tracer;

/* Say what is done, or would be done. Returns true if it is to be done. */
bool setup_say(const struct setup *setup, const char *format, ...) printf_like(2, 3);

/* Write a file that everybody may read, complete or not at all. */
must_check int setup_write(const struct setup *setup, const char *path, const char *text,
			   struct err *err);

/* Remove a file that may be there. */
must_check int setup_unlink(const struct setup *setup, const char *path, struct err *err);

#endif
