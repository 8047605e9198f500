/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "audit/run_read.h"
#include "runtime/control_client.h"
#include "runtime/kept_list.h"
#include "runtime/life.h"
#include "runtime/run_row.h"
#include "runtime/verb_runs.h"

/* NULL if the run has none, or it does not answer. */
static json_t *ask_monitor(int dir)
{
	struct control_state state = { 0 };
	struct err ignored = { 0 };

	if (control_ask_state(dir, &state, &ignored) < 0)
		return NULL;
	return json_pack("{s:I, s:I, s:s, s:I, s:I, s:I, s:I}", "entered",
			 (json_int_t)state.entered, "failures", (json_int_t)state.failures,
			 "health", health_name((enum health_state)state.health), "pid",
			 (json_int_t)state.first, "program", (json_int_t)state.program,
			 "started_ms", (json_int_t)state.started_ms, "starts",
			 (json_int_t)state.starts);
}

/* Everything that is on record of it, as one JSON object. */
static int inspect(const struct verb_call *call, struct err *err)
{
	json_t *all = json_array();

	for (int i = 0; i < call->argc; i++) {
		cleanup_found_run struct found_run found = { -1, -1, NULL };
		cleanup_run_record struct run_record record = { 0 };
		json_t *life;
		json_t *monitor;
		int r = found_run_open(call->argv[i], call->arena, &found, err);

		if (r == 0)
			r = run_record_read(found.dir, NULL, &record, err);
		if (r < 0) {
			json_decref(all);
			return err_wrap(err, "%s", call->argv[i]);
		}
		life = record_file(found.dir, LIFE_FILE);
		monitor = ask_monitor(found.dir);
		json_array_append_new(
			all, json_pack("{s:O?, s:o?, s:o?, s:O?, s:s, s:s, s:O?}", "evidence",
				       record.evidence, "life", life, "monitor", monitor, "plan",
				       record.plan, "run", found.id, "state",
				       run_state(record.complete, kept_is_there(found.id),
						 run_folder_is_live(found.runs, found.id)),
				       "status", record.status));
	}
	json_dumpf(all, stdout, JSON_SORT_KEYS | JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return 0;
}

const struct verb verb_run_inspect = {
	.name = "inspect",
	.args = "RUN...",
	.help = "plan, evidence and status of runs, as JSON",
	.min_args = 1,
	.max_args = -1,
	.run = inspect,
};
