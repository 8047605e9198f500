/* SPDX-License-Identifier: Apache-2.0 */
/* immure rename: another name for a run. Its record stays as it was made. */
#include <stdio.h>

#include "runtime/kept_list.h"
#include "runtime/run_name.h"
#include "runtime/verb_runs.h"

/* A kept layer outlives the record of its run, and keeps a name. */
static int find(const struct verb_call *call, struct found_run *found, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct err absent = { 0 };
	int r = found_run_open(call->argv[0], call->arena, found, err);

	if (r != -ENOENT || found->runs < 0)
		return r;
	r = store_open(&store, &absent);
	if (r == 0)
		r = kept_find(&store, call->argv[0], call->arena, &found->id, &absent);
	return r < 0 ? -ENOENT : 0;
}

static int rename_run(const struct verb_call *call, struct err *err)
{
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	int r = find(call, &found, err);

	if (r == 0)
		r = run_name_change(found.runs, found.id, call->argv[1], err);
	if (r < 0)
		return r;
	printf("%s\n", found.id);
	return 0;
}

const struct verb verb_rename = {
	.name = "rename",
	.args = "RUN NAME",
	.help = "give a run another name",
	.min_args = 2,
	.max_args = 2,
	.run = rename_run,
};
