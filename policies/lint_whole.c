/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as a whole, and the waivers over all findings. */
#include <string.h>

#include "policies/lint_parts.h"

static bool has_own_files(const struct linter *l)
{
	for (size_t i = 0; i < l->policy->n_files; i++) {
		if (lint_is_own(l, &l->policy->files[i].rule))
			return true;
	}
	return false;
}

static void whole(struct linter *l)
{
	const struct policy *p = l->policy;

	if (p->identity.has_user && p->identity.uid == 0)
		lint_add(l, LINT_ROOT_USER, NULL, "%s", "");
	if (!(p->limits.set & LIMIT_MEMORY))
		lint_add(l, LINT_NO_MEMORY_LIMIT, NULL, "%s", "");
	if (!(p->limits.set & LIMIT_PIDS))
		lint_add(l, LINT_NO_PIDS_LIMIT, NULL, "%s", "");
	if (has_own_files(l) && !(p->require & 1U << LAYER_LANDLOCK))
		lint_add(l, LINT_FILES_NOT_REQUIRED, NULL, "%s", "");
	if ((p->limits.set & LIMIT_CPUS) && !(p->require & 1U << LAYER_CGROUP))
		lint_add(l, LINT_LIMIT_NOT_REQUIRED, NULL, "cpus");
	if (strcmp(p->name, p->sources[0].name) == 0 && strncmp(p->name, "builtin/", 8) != 0)
		lint_add(l, LINT_NO_NAME, NULL, "%s", "");
	if (p->audit_only)
		lint_add(l, LINT_MODE_AUDIT, NULL, "%s", "");
	if (p->n_tests == 0)
		lint_add(l, LINT_NO_TESTS, NULL, "%s", "");
}

static bool is_ours(const char *id)
{
	for (int i = 0; i < LINT_COUNT; i++) {
		if (strcmp(lint_catalogue[i].id, id) == 0)
			return true;
	}
	return false; /* a control of audit check */
}

void lint_waive(struct linter *l, const struct policy_waiver *waiver, const char *today)
{
	size_t covered = 0;

	/* Days of this form sort as texts. */
	if (strcmp(waiver->until, today) < 0) {
		lint_add(l, LINT_WAIVER_EXPIRED, &waiver->rule, "%s was waived until %s by %s",
			 waiver->id, waiver->until, waiver->by);
		return;
	}
	for (size_t i = 0; i < l->out->n; i++) {
		struct lint_finding *f = &l->out->items[i];

		if (strcmp(lint_catalogue[f->id].id, waiver->id) != 0)
			continue;
		f->waiver = waiver;
		covered++;
	}
	if (covered == 0 && is_ours(waiver->id))
		lint_add(l, LINT_WAIVER_UNUSED, &waiver->rule, "%s was not found", waiver->id);
	else if (covered == 0 && l->out->is_control && !l->out->is_control(waiver->id))
		lint_add(l, LINT_WAIVER_UNUSED, &waiver->rule,
			 "%s is neither a finding of lint nor a control of audit check",
			 waiver->id);
}

void lint_whole(struct linter *l, const char *today)
{
	whole(l);
	for (size_t i = 0; i < l->policy->n_waivers; i++) {
		/* Without records nobody can say whether it is needed. */
		if (strcmp(l->policy->waivers[i].id, lint_catalogue[LINT_GRANT_UNUSED].id) != 0)
			lint_waive(l, &l->policy->waivers[i], today);
	}
}
