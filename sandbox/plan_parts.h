/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_PLAN_PARTS_H
#define IMMURE_SANDBOX_PLAN_PARTS_H

/* The parts of plan_make(), one file each. Not used outside of sandbox/plan*.c. */

#include "sandbox/plan.h"

struct planner {
	const struct bundle *bundle;
	const struct host *host;
	const struct plan_request *request;
	struct arena *arena;
	struct plan *plan;
	size_t cap_mounts, cap_fsrules, cap_ledger, cap_port_rules;
	/* Folders that a rule names without stars: Landlock cannot grant them without all below. */
	size_t n_folders_alone, cap_folders_alone;
	const char **folders_alone;
};

must_check int plan_ids(struct planner *p, struct err *err);
/* By request->user: ids.uid, ids.gid, the groups, and HOME if that is the default. */
must_check int plan_user(struct planner *p, struct err *err);
/* HOME of the user that was chosen, if that is the default. */
must_check int plan_user_home(struct planner *p, struct err *err);
must_check int plan_mounts(struct planner *p, struct err *err);
must_check int plan_fsrules(struct planner *p, struct err *err);
must_check int plan_limits(struct planner *p, struct err *err);
must_check int plan_lsm(struct planner *p, struct err *err);
/* `absent`: what a missing SELinux is to this policy. */
must_check int plan_selinux(struct planner *p, enum ledger_state absent, struct err *err);
must_check int plan_net(struct planner *p, struct err *err);
/* The texts inside that tell names: /etc/resolv.conf, /etc/hosts. */
must_check int plan_net_texts(struct planner *p, struct err *err);
must_check int plan_note_network(struct planner *p, struct err *err);
must_check int plan_ledger(struct planner *p, struct err *err);

/* Append to the plan; -ENOMEM only. */
must_check int planner_add_mount(struct planner *p, struct plan_mount mount, struct err *err);
must_check int planner_add_fsrule(struct planner *p, struct plan_fsrule rule, struct err *err);
/* By --without, or by the launcher of a test. */
bool planner_leaves_out(const struct planner *p, enum layer layer);
/* `required` and `degraded` are filled in here. */
must_check int planner_note(struct planner *p, enum layer layer, enum ledger_state state,
			    const char *text, const char *remedy, struct err *err);

#endif
