/* SPDX-License-Identifier: Apache-2.0 */
/* What the events say, and whether they are all there; and what needs no evidence at all. */
#include <string.h>

#include "audit/check_parts.h"
#include "base/path.h"

static bool has_enter(const struct judge *j, bool (*is_bad)(const json_t *), const char **ret)
{
	const json_t *event;
	size_t at = 0;

	while ((event = next_event(j, "enter", &at)) != NULL) {
		if (!is_bad(event))
			continue;
		*ret = arena_printf(j->arena, "record %lld, uid %lld",
				    (long long)record_number(event, "seq", -1),
				    (long long)record_number(event, "uid", -1));
		return true;
	}
	*ret = "no such entry";
	return false;
}

static bool is_privileged(const json_t *event)
{
	return record_number(event, "flags", 0) != 0;
}

static bool is_root(const json_t *event)
{
	return record_number(event, "uid", 0) == 0;
}

void check_entered_privileged(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *observed = NULL;
	bool bad = has_enter(j, is_privileged, &observed);

	(void)control;
	judged_by_events(j, ret, bad ? FINDING_FAIL : FINDING_PASS,
			 TEXTS("nobody", observed, "enter events"));
}

void check_entered_root(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *observed = NULL;
	bool bad = has_enter(j, is_root, &observed);

	(void)control;
	judged_by_events(j, ret, bad ? FINDING_FAIL : FINDING_PASS,
			 TEXTS("nobody", observed, "enter events"));
}

bool is_granted(const struct judge *judge, const char *path, const char *access)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(judge->plan, "files"), i, rule)
	{
		const char *where = record_text(rule, "path", "");
		bool covers = json_is_true(json_object_get(rule, "tree"))
				      ? path_is_below(path, where)
				      : strcmp(path, where) == 0;

		if (covers && json_is_true(json_object_get(rule, access)))
			return true;
	}
	return false;
}

void check_anomaly_process(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "only programs that the policy lets start";
	const json_t *event;
	size_t n = 0;
	size_t at = 0;

	(void)control;
	if (!j->sees_exec) {
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS(expected, "starts of programs are not recorded", "exec events"));
		return;
	}
	while ((event = next_event(j, "exec", &at)) != NULL) {
		n++;
		if (is_granted(j, record_text(event, "path", ""), "exec"))
			continue;
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected, record_text(event, "path", "?"), "exec events"));
		return;
	}
	judged_by_events(j, ret, FINDING_PASS,
			 TEXTS(expected, arena_printf(j->arena, "%zu programs", n), "exec events"));
}

/* A rule that denies on purpose is part of the policy; what no rule names is not. */
void check_anomaly_call(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "only calls that the policy names";
	const json_t *first = NULL;
	const json_t *event;
	size_t n = 0;
	size_t at = 0;

	(void)control;
	while ((event = next_refusal(j, &at)) != NULL) {
		if (!json_is_null(json_object_get(event, "rule")) ||
		    strcmp(record_text(event, "layer", ""), "netns") == 0)
			continue; /* a packet is no call */
		first = first ? first : event;
		n++;
	}
	if (first)
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected,
				       arena_printf(j->arena, "%s and %zu more refused",
						    record_text(first, "text", "?"), n - 1),
				       "denied events"));
	else
		judged_by_events(j, ret, FINDING_PASS,
				 TEXTS(expected, "no other was tried", "denied events"));
}

void check_events(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *n = arena_printf(j->arena, "%llu records, none lost",
				     (unsigned long long)j->record->n_events);

	(void)control;
	if (j->whole)
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("sealed, nothing lost", n, "chain of hashes, counters"));
	else
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("sealed, nothing lost", j->not_whole, "chain of hashes, counters"));
}

void check_on_record(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "user, command, policy";

	(void)control;
	judged_by_events(j, ret, FINDING_PASS,
			 TEXTS(expected,
			       arena_printf(j->arena, "user %s, policy %s %.12s",
					    record_text(j->plan, "user", "?"),
					    record_text(j->plan, "policy", "?"),
					    record_text(j->plan, "policy_digest", "?")),
			       "plan, sealed by the chain"));
}

/* A layer that is required and weaker than planned was let through by --allow-degraded. */
void check_ledger(struct judge *j, const struct control *control, struct finding *ret)
{
	const json_t *ledger = json_object_get(j->plan, "ledger");
	const json_t *entry;
	size_t required = 0;
	size_t i;

	(void)control;
	json_array_foreach(ledger, i, entry)
	{
		const char *state = record_text(entry, "state", "");

		if (!json_is_true(json_object_get(entry, "required")))
			continue;
		required++;
		if (strcmp(state, "enforced") == 0)
			continue;
		judged(j, ret, FINDING_FAIL, LEVEL_INSTALLED,
		       TEXTS("every required layer is in force",
			     arena_printf(j->arena, "%s: %s, %s", record_text(entry, "layer", "?"),
					  state, record_text(entry, "text", "?")),
			     "ledger of the plan"));
		return;
	}
	if (required == 0)
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS("every required layer is in force", "the policy requires none",
			     "ledger of the plan"));
	else
		judged(j, ret, FINDING_PASS, LEVEL_INSTALLED,
		       TEXTS("every required layer is in force",
			     arena_printf(j->arena, "so are all %zu", required),
			     "ledger of the plan"));
}

void check_restart(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	judged(j, ret, FINDING_PASS, LEVEL_CONFIGURED,
	       TEXTS("at most 5 times", "never: it is started once", "how immure run works"));
}

void check_runtime_version(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	judged(j, ret, FINDING_MANUAL, LEVEL_ASSERTED,
	       TEXTS("a version without known weaknesses", "immure " IMMURE_VERSION,
		     "immure --version"));
}

void check_manual(struct judge *j, const struct control *control, struct finding *ret)
{
	judged(j, ret, FINDING_MANUAL, LEVEL_NONE,
	       TEXTS(control->title, control->reason ? control->reason : "a person has to look",
		     "nowhere"));
}

void check_not_applicable(struct judge *j, const struct control *control, struct finding *ret)
{
	judged(j, ret, FINDING_NA, LEVEL_NONE,
	       TEXTS(control->title, control->reason ? control->reason : "it does not apply",
		     "how immure works"));
}
