/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNIT_H
#define IMMURE_RUNTIME_UNIT_H

/* A systemd unit that starts a run as it was started before. Pure. */

#include "base/err.h"
#include "base/strbuf.h"

struct unit_plan {
	const char *name;         /* of the run, as text_is_id() has it */
	const char *program;      /* absolute path of immure */
	const char *cwd;          /* absolute, or NULL */
	const char *restart;      /* of systemd: "no", "on-failure", "always" */
	const char *const *words; /* of `immure run`, from "run" on; NULL-terminated */
};

/*
 * Append the unit. What words hold is data: nothing in them is taken for a variable, a specifier or
 * a quote. Source: systemd.service(5), "COMMAND LINES"; systemd.syntax(7), "QUOTING".
 *
 * Returns   0, or -EINVAL: a word with a control character, which a unit cannot hold.
 */
must_check int unit_put(const struct unit_plan *plan, struct strbuf *out, struct err *err);

#endif
