/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_RUN_H
#define IMMURE_RUNTIME_AUDIT_RUN_H

/* A run on record, opened for the verbs of `immure audit`. */

#include "audit/activity.h"
#include "audit/grants.h"
#include "audit/sighting.h"
#include "policies/bundle.h"

struct audit_run {
	int dir;        /* the run's folder */
	const char *id; /* in arena */
	struct run_record record;
	struct activity activity; /* what its events come to, ... */
	struct sightings seen;    /* and what verdicts ask of them; both empty after _sealed() */
	struct bundle bundle;
	bool has_bundle;      /* its policy.bundle could be read by this version */
	struct grants grants; /* of that policy, and their use */
	bool has_grants; /* it is the very policy that the plan is sealed with; not _sealed() */
};

#define cleanup_audit_run cleanup(audit_run_close)

/*
 * Open a run's record.
 *
 *   which  "last" or NULL, an id, a unique beginning or end of one
 *   arena  owns id and bundle
 *
 * Returns   0, -ENOENT, -EINVAL (several fit), -EBADMSG (no plan), -errno.
 * Effects   syncs the file system, so that what is reported is also there after a power cut
 */
must_check int audit_run_open(const char *which, struct arena *arena, struct audit_run *ret,
			      struct err *err);

/* The same for who asks only whether the record holds: events are checked and not looked at. */
must_check int audit_run_open_sealed(const char *which, struct arena *arena, struct audit_run *ret,
				     struct err *err);

/*
 * The same without reading anything: for a run that may go on.
 *
 * Returns   descriptor of its folder, or as above.
 */
must_check int audit_run_open_folder(const char *which, struct arena *arena, const char **ret_id,
				     struct err *err);

/* The policy that a run was made from; false: it is not there, or of another version. */
bool audit_run_bundle(int dir, struct arena *arena, struct bundle *ret);

void audit_run_close(struct audit_run *run);

#endif
