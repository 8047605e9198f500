/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_OCSF_H
#define IMMURE_AUDIT_OCSF_H

/*
 * Events and findings in the Open Cybersecurity Schema Framework, version 1.3.0: Process Activity
 * 1007, Kernel Activity 1003, File Activity 1001, Network Activity 4001, Compliance Finding 2003.
 */

#include <jansson.h>

#define OCSF_VERSION "1.3.0"

/*
 * One event of a run's log.
 *
 *   run  id of the run; becomes the container's uid
 *
 * Returns   a new object, or NULL: this kind of event has no class there, or no memory.
 */
json_t *ocsf_event(const json_t *event, const char *run);

/* What every class asks for: class and activity, time, severity and product. */
json_t *ocsf_base(int class_uid, int activity, int severity, const char *time);

/* Milliseconds since 1970 of "2026-01-02T03:04:05.678901234Z"; 0 if it is not of that form. */
json_int_t ocsf_time(const char *text);

#endif
