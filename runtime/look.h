/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LOOK_H
#define IMMURE_RUNTIME_LOOK_H

/*
 * Mode audit has no layer that refuses a file, so the supervisor looks: would the policy's rules
 * grant what a waiting call names? What it finds is recorded and decides nothing.
 */

#include "base/arena.h"
#include "runtime/call_paths.h"
#include "sandbox/plan.h"

struct look_rule {
	unsigned access; /* 0: a deny */
	const char *path;
	bool tree;
};

struct look {
	const struct plan *plan; /* borrowed */
	const char *program;     /* borrowed; as found for the first execve(2) */
	struct arena arena;
	int root; /* -1 until the program runs */
	bool seen;
	size_t n, cap;
	struct look_rule *rules; /* what rules name, and what that leads to */
};

#define LOOK_NONE          \
	{                  \
		.root = -1 \
	}

/* A file that the rules do not grant; `path` is short-lived. */
typedef void (*look_fn)(void *data, const char *access, const char *path);

/* Report each file of a waiting call that would have been refused. */
void look_at(struct look *look, const struct seccomp_notif *rq, const char *call, look_fn found,
	     void *data);

/* Whether the rules grant it; for what `look_at` calls "make" the access is "write". */
bool look_grants(const struct look *look, const char *access, const char *path, bool is_dir);

void look_done(struct look *look);

#endif
