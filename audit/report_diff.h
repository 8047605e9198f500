/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_REPORT_DIFF_H
#define IMMURE_AUDIT_REPORT_DIFF_H

#include <jansson.h>

/*
 * What is different between two reports: verdicts, layers, and what the run did that it did not do
 * before.
 *
 *   ret  {"better":[...],"worse":[...],"changed":[...],"new":[...],"gone":[...]}: each entry has
 *        "what", "before" and "after"; released by json_decref(); NULL when out of memory
 */
json_t *report_diff(const json_t *before, const json_t *after);

#endif
