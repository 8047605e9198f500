/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_TARGETS_H
#define IMMURE_POLICIES_TARGETS_H

/*
 * What each target can hold of each rule. A target is a layer that immure itself applies, or a text
 * for another tool. A new one is a row in targets.c.
 */

#include "policies/policy.h"

enum target_state {
	TARGET_NA,       /* not what the target is about: another holds it */
	TARGET_ENFORCED, /* all of it */
	TARGET_WEAKENED, /* some of it is lost; the reason says what */
	TARGET_LOST,     /* it should hold it and cannot */
};

struct target_verdict {
	enum target_state state;
	const char *reason; /* for weakened and lost */
};

struct target {
	const char *name;
	const char *help;
	struct target_verdict (*call)(const struct syscall_rule *rule); /* NULL: not applicable */
	struct target_verdict (*file)(const struct file_rule *rule);
	struct target_verdict (*limit)(enum limit_bit bit);
	struct target_verdict (*net)(const struct net_rule *rule);
};

extern const struct target targets[];
extern const size_t n_targets;

/* "enforced", "weakened", "lost", "-". */
const char *target_state_name(enum target_state state);

#endif
