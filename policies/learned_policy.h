/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_LEARNED_POLICY_H
#define IMMURE_POLICIES_LEARNED_POLICY_H

/* From what learning runs saw to a policy: text in the language itself, each line with its support.
 */

#include "policies/bundle.h"
#include "policies/learned.h"

enum grant_kind {
	GRANT_CALL,  /* subject: a call; object: its condition, "" for none */
	GRANT_VALUE, /* subject: a call and an argument, "ioctl if cmd"; object: one value */
	GRANT_FILE,  /* subject: read, write or exec; object: a path */
	GRANT_NET,   /* subject: "connect tcp", "listen udp"; object: a target */
};

/* One thing granted; those alike in all but the object stand in one line. */
struct grant {
	enum grant_kind kind;
	const char *subject, *object;
	const char *note; /* the rule by which paths were joined, or NULL */
	struct run_set runs;
};

struct grants {
	const struct learned *learned; /* borrowed */
	const struct bundle *base;     /* borrowed; what it allows needs no grant */
	struct arena *arena;
	size_t n, cap;
	struct grant *items; /* by kind, subject, object */
};

/* Add one, or the runs to one that is there. Returns 0 or -ENOMEM. */
must_check int grants_add(struct grants *grants, struct grant grant);

/* The parts of grants_make(). Each returns 0 or -ENOMEM. */
must_check int grants_add_calls(struct grants *grants);
must_check int grants_add_files(struct grants *grants);
must_check int grants_add_net(struct grants *grants);

/*
 * What a policy that extends `base` must grant for the runs to work again, on another libc too.
 *
 *   ret  filled only on success; items in arena
 */
must_check int grants_make(const struct learned *learned, const struct bundle *base,
			   struct arena *arena, struct grants *ret, struct err *err);

/*
 * The condition that a grant of this call goes with, whatever else is known: no set-id bits, no
 * devices, no namespaces.
 *
 *   args  of a call that it has to allow: the low halves
 *
 * Returns   NULL: there is none, or it would not allow the call.
 */
const char *usual_condition_of(const char *call, const uint32_t args[6]);

/* In parts per million. */
struct estimate {
	uint32_t unseen;    /* share of what the next run needs that is not granted yet */
	uint32_t low, high; /* 95 % */
	size_t once;        /* grants that one run alone supports */
};

/*
 * Good-Turing: what was seen once so far stands for what is not seen yet. With one run there is
 * nothing to compare: all of it.
 *
 * Source    I. J. Good 1953; for incidences A. Chao, R. Colwell 2017; interval: W. Esty 1983
 */
struct estimate estimate_make(const struct grants *grants);

/* Write the policy. The same grants give the same bytes. */
void learned_policy_print(const struct grants *grants, const struct estimate *estimate,
			  const char *name, struct strbuf *out);

#endif
