/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_CHECK_H
#define IMMURE_AUDIT_CHECK_H

/* Checks: each looks at one thing of a run's record and says what is expected and what was seen. */

#include "audit/run_read.h"
#include "audit/sighting.h"
#include "audit/standard.h"
#include "base/procfs.h"
#include "policies/bundle.h"

enum finding_status {
	FINDING_PASS,
	FINDING_FAIL,
	FINDING_NOT_PROVEN, /* evidence is missing, or events were lost */
	FINDING_NA,         /* not applicable, and why */
	FINDING_MANUAL,     /* a person has to look */
	FINDING_WAIVED,     /* failed or not proven, and somebody answers for it */
	FINDING_STATUS_COUNT
};

/* How it is known, from weak to strong. */
enum evidence_level {
	LEVEL_NONE,
	LEVEL_ASSERTED,   /* E0 */
	LEVEL_CONFIGURED, /* E1: the text of the policy or of the plan */
	LEVEL_INSTALLED,  /* E2: the call that sets it succeeded */
	LEVEL_KERNEL,     /* E3: read from the kernel while the program ran */
	LEVEL_PROBED,     /* E4: it was tried in an identical sandbox, and refused */
	LEVEL_COUNT
};

struct finding {
	const struct control *control;
	enum finding_status status;
	enum finding_status before_waiver; /* what it was, when status is FINDING_WAIVED */
	enum evidence_level level;
	const char *expected, *observed; /* in arena; never NULL once judged */
	const char *source;              /* where it was read */
	const char *file;                /* of the policy, or "command line"; NULL: unknown */
	uint32_t line;                   /* from 1; 0 for the command line */
	const char *rule;                /* the text there, or NULL */
	const char *given; /* on the command line, that made it so; NULL: the check knows of none */
	const char *part;  /* of the policy that made it so; NULL: the control's */
	const struct waiver *waiver; /* or NULL */
};

struct judge {
	const struct run_record *record;
	const struct sightings *seen; /* among the events; NULL: there are none */
	const struct bundle *bundle;  /* NULL if it cannot be read */
	struct arena *arena;
	const json_t *evidence, *plan;
	const json_t *status, *namespaces; /* of evidence */
	struct proc_mount *mounts;
	size_t n_mounts;
	bool whole;            /* sealed, chain holds, nothing lost */
	bool sees_all;         /* the kernel's collector: every start, connection and listener */
	const json_t *proof;   /* of this policy on this kernel, or NULL */
	const char *not_whole; /* why not, or NULL */
	bool fails;            /* events were lost, and the policy lets nothing pass then */
	bool out_of_memory;
};

typedef void (*check_fn)(struct judge *judge, const struct control *control, struct finding *ret);

struct check {
	const char *name;
	check_fn fn;
};

/* NULL if there is none of that name. */
const struct check *check_find(const char *name);

/* "pass"..., "E3"...; "-" for LEVEL_NONE. */
const char *finding_status_name(enum finding_status status);
int finding_status_find(const char *name);
const char *evidence_level_name(enum evidence_level level);
/* "E0".."E4", or -1. */
int evidence_level_find(const char *name);

#endif
