/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_STANDARD_H
#define IMMURE_AUDIT_STANDARD_H

/* Standards are data: a list of controls, each judged by one check of ours. audit/controls/. */

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum severity {
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITY_COUNT
};

struct control {
	const struct standard *standard;
	const char *id;    /* as the standard counts: "5.29" */
	const char *title; /* what has to be so, in our words */
	enum severity severity;
	const char *check;  /* name of a check: check_find() */
	const char *param;  /* for it, or NULL */
	const char *remedy; /* what to do when it is not so */
	const char *reason; /* why it is not applicable or manual, or NULL */
	const char *policy; /* part of the policy that decides it: "limits.pids", or NULL */
	const char *option; /* option of immure run that decides it: "network", or NULL */
};

struct standard {
	const char *name;   /* "cis-docker-1.6" */
	const char *title;  /* for people */
	const char *prefix; /* before an id where several standards are listed: "CIS" */
	size_t n;
	struct control *controls;
};

#define STANDARD_MAX_BYTES ((size_t)1 << 20)
#define STANDARD_MAX_CONTROLS 500

/*
 * Read a standard.
 *
 *   text  JSON; may be anything
 *   ret   filled only on success; all of it in arena
 *
 * Returns   0, -EINVAL (what is wrong, and with which control), -ENOMEM.
 */
must_check int standard_parse(struct span text, struct arena *arena, struct standard *ret,
			      struct err *err);

/* The shipped ones. standard_text() gives an empty span for a name that is none of them. */
extern const char *const standard_names[];
extern const size_t n_standard_names;
struct span standard_text(const char *name);

/* "low" ... "critical"; or -1 for another word. */
const char *severity_name(enum severity severity);
int severity_find(const char *name);

#endif
