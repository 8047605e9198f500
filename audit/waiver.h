/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_WAIVER_H
#define IMMURE_AUDIT_WAIVER_H

#include "audit/judge.h"

#define WAIVERS_MAX 1000

/*
 * Read a list of waivers:
 *   [{"control":"cis-docker-5.27","until":"2026-12-31","by":"sec@acme.example","why":"..."}]
 *
 *   text  JSON; may be anything
 *   file  its name, for the report; borrowed
 *   ret   array in arena; filled only on success
 *
 * Returns   how many there are, or -EINVAL (which one, and what is wrong), -ENOMEM.
 */
must_check int waivers_parse(struct span text, const char *file, struct arena *arena,
			     struct waiver **ret, struct err *err);

#endif
