/* SPDX-License-Identifier: Apache-2.0 */
/* immure pause, unpause: the freezer of the run's own cgroup, by its monitor. */
#include <stdio.h>

#include "runtime/control_client.h"
#include "runtime/verb_runs.h"

static int ask(const struct verb_call *call, enum control_op op, struct err *err)
{
	int result = 0;

	for (int i = 0; i < call->argc; i++) {
		cleanup_found_run struct found_run found = { -1, -1, NULL };
		struct err one = { 0 };
		int r = found_run_open(call->argv[i], call->arena, &found, &one);

		if (r == 0)
			r = control_ask(found.dir, op, 0, 10000, &one);
		if (r == -ENOTSUP)
			err_set(&one, ENOTSUP,
				"it has no cgroup of its own to be frozen in: see immure doctor, or run it under systemd-run --user -p Delegate=yes");
		if (r >= 0) {
			printf("%s\n", found.id);
		} else if (result == 0) {
			*err = one;
			result = err_wrap(err, "%s", call->argv[i]);
		}
	}
	return result;
}

static int pause_run(const struct verb_call *call, struct err *err)
{
	return ask(call, CONTROL_PAUSE, err);
}

static int unpause_run(const struct verb_call *call, struct err *err)
{
	return ask(call, CONTROL_UNPAUSE, err);
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
