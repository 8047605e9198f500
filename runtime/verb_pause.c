/* SPDX-License-Identifier: Apache-2.0 */
/* immure pause, unpause: the freezer of the run's own cgroup, by its monitor. */
#include "runtime/control_client.h"
#include "runtime/verb_runs.h"

static int ask(const struct found_run *found, const void *data, struct err *err)
{
	const enum control_op *op = data;
	int r = control_ask(found->dir, *op, 0, 10000, err);

	if (r == -ENOTSUP)
		err_set(err, ENOTSUP,
			"it has no cgroup of its own to be frozen in: see immure doctor, or run it under systemd-run --user -p Delegate=yes");
	return r < 0 ? r : 0;
}

static int pause_run(const struct verb_call *call, struct err *err)
{
	const enum control_op op = CONTROL_PAUSE;

	return found_run_each(call, ask, &op, NULL, err);
}

static int unpause_run(const struct verb_call *call, struct err *err)
{
	const enum control_op op = CONTROL_UNPAUSE;

	return found_run_each(call, ask, &op, NULL, err);
}

const struct verb verb_pause = {
	.name = "pause",
	.args = "RUN...",
	.help = "let all processes of detached runs stand still",
	.min_args = 1,
	.max_args = -1,
	.run = pause_run,
};

const struct verb verb_unpause = {
	.name = "unpause",
	.args = "RUN...",
	.help = "let paused runs go on",
	.min_args = 1,
	.max_args = -1,
	.run = unpause_run,
};
