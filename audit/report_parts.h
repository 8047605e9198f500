/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_REPORT_PARTS_H
#define IMMURE_AUDIT_REPORT_PARTS_H

/* What the renderers share. Nobody else includes it. */

#include "audit/report.h"

/* A member of a member: part_text(report, "subject", "run", "?"). */
const char *part_text(const json_t *report, const char *part, const char *key, const char *absent);
int64_t part_number(const json_t *report, const char *part, const char *key, int64_t absent);

/* Any text, safe for a terminal, a log or a table: strbuf_escaped(). */
void put_escaped(struct strbuf *out, const char *text);

/* "pass", "fail", "not-proven" or "broken", with nothing left out. */
const char *report_verdict(const json_t *report);

/* Is it about the machine, and not about a run? There are no events then. */
bool is_about_host(const json_t *report);

/* "CIS 5.29". */
void put_control(struct strbuf *out, const json_t *finding);

/* "policy.yaml:41", "command line --writable", or nothing. */
void put_place(struct strbuf *out, const json_t *place);

/* The command with its arguments, one blank between: as they are, and escaped. */
void command_text(const json_t *report, struct strbuf *out);
void put_command(struct strbuf *out, const json_t *report);

/* The executed file and its digest, or why there is none: "/usr/bin/sh sha256:1a2b...". As it is.
 */
void program_text(const json_t *report, struct strbuf *out);
/*
 * What was used at most, as far as it is known: of all processes together where they had a cgroup
 * of their own, and of the largest one. Nothing where none of it is known.
 */
void peaks_text(const json_t *report, struct strbuf *out);
/* "1.5 MiB". */
void put_bytes(struct strbuf *out, int64_t bytes);
/* Its name, and by whose key it is signed. */
void policy_text(const json_t *report, struct strbuf *out);

/* The lines of a policy that are rules, file by file, each with what became of its grants. */
json_t *report_rules(const struct bundle *bundle, const struct grants *grants, struct arena *arena);
/* How many of the user's own grants are used, unused, unknown; null without grants. */
json_t *report_grants(const struct grants *grants);

/* A list of the activity as HTML: what, how often, and how much there was no room for. */
void html_names(const json_t *activity, const char *key, const char *title, struct strbuf *out);

/* The policy's rules in the order of files and lines, like a coverage report, as HTML. */
void html_policy(const json_t *report, struct strbuf *out);

/* Any text as XML or HTML text or attribute: control bytes shown as \\xNN, never raw. */
void put_xml(struct strbuf *out, const char *text);

/* Any JSON with sorted keys and a newline; takes it over. NULL counts as out of memory. */
void put_json(struct strbuf *out, json_t *take_json);

/* The order in which findings are told: worst first; -1 for those that need no telling. */
int finding_rank(const json_t *finding);

#endif
