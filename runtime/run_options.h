/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_OPTIONS_H
#define IMMURE_RUNTIME_RUN_OPTIONS_H

#include <stdbool.h>

#include "runtime/options.h"
#include "runtime/run_image.h"
#include "sandbox/plan.h"

/* The options of `immure run`, as typed. */
struct run_options {
	bool detach, host, writable, keep, interactive, tty, dry_run, json, trace_steps, verbose;
	bool guard, publish_all, remove, init;
	const char *rootfs, *policy, *require_signature, *name, *workdir, *user, *hostname,
		*network, *ids;
	const char *learn, *collector, *entrypoint, *sign_by;
	const char *stop_signal, *stop_timeout, *restart;
	const char *health_cmd, *health_interval, *health_timeout, *health_retries,
		*health_start_period;
	const char *memory, *pids, *cpus, *io, *wall, *nofile, *log_format;
	struct opt_list env, env_files, volumes, reads, writes, tmpfs, publish, allow_degraded,
		without, labels;
};

#define N_RUN_OPTS 52
extern const struct opt run_opts[N_RUN_OPTS];

/* What the process that calls us is like; in a struct so that tests can make one up. */
struct run_caller {
	const char *cwd;  /* absolute, or NULL */
	const char *home; /* absolute, or NULL */
	const char *term; /* of the environment, or NULL */
	const char *const *environ;
	const struct run_image *image; /* NULL with --host and --rootfs */
};

/*
 * Turn options and arguments into a request, checking all that needs no host facts.
 *
 *   argv    the command, NULL-terminated; with an image its arguments, maybe none
 *   ret     name and private_dir are left for the caller
 *
 * Returns   0, or -EINVAL (stage ERR_USAGE; names option and value), -ENOMEM.
 * Effects   reads --env-file files and resolves the folders of volume sources
 */
must_check int run_request(const struct run_options *options, const struct run_caller *caller,
			   char *const argv[], struct arena *arena, struct plan_request *ret,
			   struct err *err);

#endif
