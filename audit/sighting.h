/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_SIGHTING_H
#define IMMURE_AUDIT_SIGHTING_H

/*
 * What verdicts ask of events: was there one like this, which was the first, and how many. Looked
 * for while the log is read, so that no event has to be kept for it.
 */

#include "audit/run_read.h"

enum sighting_kind {
	SIGHT_ENTER,            /* somebody came in from outside */
	SIGHT_ENTER_PRIVILEGED, /* with a capability that the program has not */
	SIGHT_ENTER_ROOT,       /* as root of the machine */
	SIGHT_ENTER_UNKNOWN,    /* and it is not known as what */
	SIGHT_EXEC,             /* a program started */
	SIGHT_EXEC_FOREIGN,     /* one that the policy does not let start */
	SIGHT_EXEC_SSHD,
	SIGHT_LISTEN_SSH,
	SIGHT_LISTEN_UNASKED, /* on a port that was not published */
	SIGHT_CONNECT,
	SIGHT_CALL_UNNAMED,   /* a call was refused that no rule names */
	SIGHT_CONNECT_DENIED, /* a destination was */
	SIGHT_COUNT
};

struct sighting {
	json_t *first; /* NULL: there was none */
	uint64_t n;
};

struct sightings {
	struct sighting of[SIGHT_COUNT];
};

/* Look at the next event. The record has its plan and its evidence. */
void sightings_take(struct sightings *sightings, const struct run_record *record, json_t *event);

void sightings_done(struct sightings *sightings);

#endif
