/* SPDX-License-Identifier: Apache-2.0 */
/* What `immure run` is, as data: for the launcher, and for help and completion in immure-tool. */
#include "runtime/run_options.h"
#include "runtime/verb.h"

const struct verb verb_run = {
	.name = "run",
	.args = "[OPTION...] IMAGE|--host|--rootfs DIR [--] [CMD [ARG...]]",
	.help = "run a program confined",
	.more = "Exit status: the program's own; 128+N if signal N ended it; 125 immure failed, 126 cannot\n"
		"execute, 127 not found, 2 wrong usage or a faulty policy.\n"
		"\n"
		"  immure run debian:12 cat /etc/os-release       an image of the store\n"
		"  immure run --host -- python3 job.py            the working folder is there, read-only\n"
		"  immure run --host --write out -- ./convert in  ... and out may be written\n"
		"  immure run --rootfs ./debian -v ./src:/src -w /src -- make\n"
		"  immure run --host --dry-run -- true            the plan, and what enforces it\n",
	.opts = run_opts,
	.n_opts = N_RUN_OPTS,
	.options_size = sizeof(struct run_options),
	.min_args = 0,
	.max_args = -1,
};
