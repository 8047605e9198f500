/* SPDX-License-Identifier: Apache-2.0 */
/* What the events say, and whether they are all there; and what needs no evidence at all. */
#include <string.h>

#include "audit/check_parts.h"

static void judge_entries(struct judge *j, struct finding *ret, enum sighting_kind kind)
{
	const struct sighting *bad = seen(j, kind);
	const struct sighting *unknown = seen(j, SIGHT_ENTER_UNKNOWN);
	unsigned long long all = seen(j, SIGHT_ENTER)->n;

	if (bad->first)
		judged_by_events(
			j, ret, FINDING_FAIL,
			TEXTS("nobody",
			      arena_printf(j->arena, "record %lld, uid %lld: %llu of %llu entries",
					   (long long)record_number(bad->first, "seq", -1),
					   (long long)record_number(bad->first, "uid", -1),
					   (unsigned long long)bad->n, all),
			      "enter events"));
	else if (unknown->first)
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS("nobody",
			     arena_printf(j->arena,
					  "record %lld: it had ended before it could be looked at",
					  (long long)record_number(unknown->first, "seq", -1)),
			     "enter events"));
	else
		judged_by_events(
			j, ret, FINDING_PASS,
			TEXTS("nobody",
			      all ? arena_printf(j->arena, "%llu entries, none of them so", all)
				  : "nobody entered it",
			      "enter events"));
}

void check_entered_privileged(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	judge_entries(j, ret, SIGHT_ENTER_PRIVILEGED);
}

void check_entered_root(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	judge_entries(j, ret, SIGHT_ENTER_ROOT);
}

void check_anomaly_process(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "only programs that the policy lets start";
	const struct sighting *foreign = seen(j, SIGHT_EXEC_FOREIGN);

	(void)control;
	if (!j->sees_all)
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS(expected, "starts of programs are not recorded", "exec events"));
	else if (foreign->first)
		judged_by_events(
			j, ret, FINDING_FAIL,
			TEXTS(expected, record_text(foreign->first, "path", "?"), "exec events"));
	else
		judged_by_events(j, ret, FINDING_PASS,
				 TEXTS(expected,
				       arena_printf(j->arena, "%llu programs",
						    (unsigned long long)seen(j, SIGHT_EXEC)->n),
				       "exec events"));
}

void check_anomaly_call(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "only calls that the policy names";
	const struct sighting *unnamed = seen(j, SIGHT_CALL_UNNAMED);

	(void)control;
	if (unnamed->first)
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected,
				       arena_printf(j->arena, "%s and %llu more refused",
						    record_text(unnamed->first, "text", "?"),
						    (unsigned long long)unnamed->n - 1),
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
		ret->part = arena_printf(j->arena, "require.%s", record_text(entry, "layer", "?"));
		note_left_out(j, ret, entry);
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

#define LIFE_SOURCE "what the run was started with: life.json"

/* "on-failure:3": at most so often; 0: without end. */
static uint64_t restarts_of(const char *restart)
{
	struct span text = span_of(restart);
	uint64_t n = 0;

	span_cut(&text, ':');
	return span_starts(span_of(restart), "on-failure:") && span_u64(text, UINT32_MAX, &n) == 0
		       ? n
		       : 0;
}

void check_restart(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "at most 5 times";
	const char *restart = record_text(j->record->life, "restart", "no");
	uint64_t n = restarts_of(restart);

	(void)control;
	if (json_object_get(j->plan, "engine"))
		judged(j, ret, FINDING_MANUAL, LEVEL_NONE,
		       TEXTS(expected, "the engine starts it, and may do so again", "plan"));
	else if (strcmp(restart, "no") == 0)
		judged(j, ret, FINDING_PASS, LEVEL_CONFIGURED,
		       TEXTS(expected, "never: it is started once", LIFE_SOURCE));
	else
		judged(j, ret, n >= 1 && n <= 5 ? FINDING_PASS : FINDING_FAIL, LEVEL_CONFIGURED,
		       TEXTS(expected, arena_printf(j->arena, "--restart %s", restart),
			     LIFE_SOURCE));
}

void check_health(struct judge *j, const struct control *control, struct finding *ret)
{
	const json_t *health = json_object_get(j->record->life, "health");

	if (json_is_object(health))
		judged(j, ret, FINDING_PASS, LEVEL_CONFIGURED,
		       TEXTS("a command that asks", record_text(health, "command", "there is one"),
			     LIFE_SOURCE));
	else
		check_manual(j, control, ret);
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
