/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VERB_AUDIT_H
#define IMMURE_RUNTIME_VERB_AUDIT_H

/* The verbs of `immure audit`. One file for one or two of them: verb_audit_VERB.c. */

#include "runtime/verb.h"

extern const struct verb verb_audit_check;
extern const struct verb verb_audit_diff;
extern const struct verb verb_audit_export;
extern const struct verb verb_audit_host;
extern const struct verb verb_audit_key;
extern const struct verb verb_audit_list;
extern const struct verb verb_audit_report;
extern const struct verb verb_audit_retain;
extern const struct verb verb_audit_show;
extern const struct verb verb_audit_sign;
extern const struct verb verb_audit_tail;
extern const struct verb verb_audit_verify;

/* The record of a run is broken or was never sealed. */
#define STATUS_INTEGRITY 4

#endif
