/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_REPORT_SVG_H
#define IMMURE_AUDIT_REPORT_SVG_H

/* Drawings of what a run did, for the HTML report. Colours come from the page's style. */

#include <jansson.h>

#include "base/strbuf.h"

/* Events over time, one lane for each kind. Nothing when there are none. */
void svg_timeline(const json_t *timeline, const json_t *kinds, struct strbuf *out);

/* Who started whom, with refused calls. */
void svg_processes(const json_t *processes, struct strbuf *out);

/* From the sandbox to each destination, as wide as bytes went there. */
void svg_flows(const json_t *flows, struct strbuf *out);

#endif
