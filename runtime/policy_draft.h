/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_DRAFT_H
#define IMMURE_RUNTIME_POLICY_DRAFT_H

#include "policies/bundle.h"

/* A policy that stands in no file, or not yet. */
struct policy_draft {
	const char *name; /* how messages call it */
	const char *path; /* where it will stand: its lock counts, and what it extends is looked for
			     there. NULL: no lock, and the working folder */
	struct span text;
};

/* A policy_fetch_fn that knows one policy more: the struct policy_draft that data points to. */
int policy_draft_fetch(void *data, const char *name, const char *from, struct arena *arena,
		       struct span *ret_text, const char **ret_path, struct err *err);

/*
 * Read a policy that is a stream (policy_cache.h) to its end.
 *
 *   ret  the name of "-" is "<stdin>", and stands on failure too; path is NULL
 */
must_check int policy_stream_read(const char *name, struct arena *arena, struct policy_draft *ret,
				  struct err *err);

/*
 * Refuse a stream where only a file will do.
 *
 *   reason  why that is
 *
 * Returns   0, or -EINVAL (an error of usage).
 */
must_check int policy_refuse_stream(const char *name, const char *reason, struct err *err);

/*
 * Compile a policy whose text is not written yet, as if it stood in `file`.
 *
 * Returns   0, -EINVAL (the faults have been printed), -ENOMEM.
 */
must_check int policy_draft_compile(const char *file, struct span text, struct arena *arena,
				    struct bundle *ret, struct err *err);

#endif
