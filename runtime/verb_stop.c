/* SPDX-License-Identifier: Apache-2.0 */
/* immure stop, kill, wait, rm: to the monitor of a detached run, by its control socket. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "audit/run_read.h"
#include "base/fd.h"
#include "base/signal_name.h"
#include "base/text.h"
#include "runtime/control_client.h"
#include "runtime/kept_list.h"
#include "runtime/run_name.h"
#include "runtime/status.h"
#include "runtime/verb_runs.h"
#include "runtime/volume_anon.h"
#include "sandbox/plan.h"

struct stop_options {
	const char *signal, *time;
	bool force;
};

#define ROW(field) offsetof(struct stop_options, field)
#define START_LOOK_MS 50
#define STOP_SECONDS_MAX 86400

static const struct opt stop_opts[] = {
	{ "signal", 's', OPT_TEXT, ROW(signal), "SIGNAL",
	  "send this first (what the run was started with, or TERM)", NULL },
	{ "time", 't', OPT_TEXT, ROW(time), "SECONDS",
	  "then wait so long, and kill (what the run was started with, or 10)", NULL },
};
static const struct opt kill_opts[] = {
	{ "signal", 's', OPT_TEXT, ROW(signal), "SIGNAL", "a name or a number (KILL)", NULL },
};
static const struct opt rm_opts[] = {
	{ "force", 'f', OPT_FLAG, ROW(force), NULL, "kill it first if it goes on", NULL },
};

static int usage(struct err *err)
{
	return err_at(err, ERR_USAGE);
}

static int read_signal(const char *text, int *ret, struct err *err)
{
	*ret = signal_parse(text);
	if (*ret > 0)
		return 0;
	err_set(err, EINVAL, "\"%.30s\" is no signal: expected such as TERM or 15", text);
	return usage(err);
}

/* The record is gone, but what the run wrote may be there. */
static int rm_kept(const char *which, struct arena *arena, const char **ret_id, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct err gone = *err;
	int r;

	*err = (struct err){ 0 };
	r = store_open(&store, err);
	if (r == 0)
		r = kept_find(&store, which, arena, ret_id, err);
	if (r == 0)
		r = kept_remove(&store, *ret_id, err);
	if (r == -ENOENT)
		*err = gone;
	return r;
}

static int kill_one(const struct found_run *found, const void *data, struct err *err)
{
	const struct stop_options *options = data;
	int signal = SIGKILL;
	int r = options->signal ? read_signal(options->signal, &signal, err) : 0;

	if (r == 0)
		r = control_ask(found->dir, CONTROL_SIGNAL, (uint32_t)signal, 10000, err);
	return r < 0 ? r : 0;
}

/* The monitor holds a lock on the folder as long as it lives; it may end before it has answered. */
static int await_end(const struct found_run *found, struct err *err)
{
	while (flock(found->dir, LOCK_EX) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for the end of run %s", found->id);
	}
	flock(found->dir, LOCK_UN); /* or we would pass for the monitor */
	return 0;
}

/* How the run itself wants to be ended: its plan says so. */
static void read_stop(int dir, int *ret_signal, uint64_t *ret_ms)
{
	json_t *plan = record_file(dir, "plan.json");
	const json_t *stop = json_object_get(plan, "stop");
	int signal = signal_parse(record_text(stop, "signal", ""));
	int64_t ms = record_number(stop, "ms", 0);

	*ret_signal = signal > 0 ? signal : SIGTERM;
	*ret_ms = ms > 0 && ms <= (int64_t)STOP_SECONDS_MAX * 1000 ? (uint64_t)ms : STOP_MS_DEFAULT;
	json_decref(plan);
}

/* Which signal, and how long to wait for its effect. */
static int read_how(const struct found_run *found, const struct stop_options *options,
		    int *ret_signal, uint64_t *ret_ms, struct err *err)
{
	uint64_t seconds = 0;
	int r;

	read_stop(found->dir, ret_signal, ret_ms);
	r = options->signal ? read_signal(options->signal, ret_signal, err) : 0;
	if (r == 0 && options->time &&
	    span_u64(span_of(options->time), STOP_SECONDS_MAX, &seconds) < 0) {
		err_set(err, EINVAL, "--time %.30s: expected seconds", options->time);
		return usage(err);
	}
	if (r == 0 && options->time)
		*ret_ms = seconds * 1000;
	return r;
}

static int stop_one(const struct found_run *found, const void *data, struct err *err)
{
	const struct stop_options *options = data;
	uint64_t ms = 0;
	bool asked;
	int signal = 0;
	int r = read_how(found, options, &signal, &ms, err);

	if (r < 0)
		return r;
	r = control_ask(found->dir, CONTROL_STOP, (uint32_t)signal, 10000, err);
	asked = r >= 0;
	if (asked)
		r = control_ask(found->dir, CONTROL_WAIT, 0, (int)ms, err);
	if (r >= 0 || (r == -ENOENT && asked))
		return await_end(found, err);
	if (r != -ETIMEDOUT)
		return r;
	r = control_ask(found->dir, CONTROL_STOP, SIGKILL, 10000, err);
	return r < 0 && r != -ENOENT ? r : await_end(found, err);
}

/* Until the program has been started once more. */
static int await_start(const struct found_run *found, uint32_t starts, uint64_t ms, struct err *err)
{
	struct control_state state = { 0 };

	for (uint64_t waited = 0;; waited += START_LOOK_MS) {
		int r = control_ask_state(found->dir, &state, err);

		if (r < 0 || state.starts > starts)
			return r;
		if (waited / START_LOOK_MS == ms / START_LOOK_MS)
			r = control_ask(found->dir, CONTROL_RESTART, SIGKILL, 10000, err);
		if (r < 0)
			return r;
		poll(NULL, 0, START_LOOK_MS);
	}
}

static int restart_one(const struct found_run *found, const void *data, struct err *err)
{
	const struct stop_options *options = data;
	struct control_state before = { 0 };
	uint64_t ms = 0;
	int signal = 0;
	int r = read_how(found, options, &signal, &ms, err);

	if (r == 0)
		r = control_ask_state(found->dir, &before, err);
	if (r == 0)
		r = control_ask(found->dir, CONTROL_RESTART, (uint32_t)signal, 10000, err);
	return r < 0 ? r : await_start(found, before.starts, ms, err);
}

static int rm_one(const struct found_run *found, const void *data, struct err *err)
{
	const struct stop_options *options = data;
	int r;

	if (run_folder_is_live(found->runs, found->id)) {
		if (!options->force)
			return err_set(err, EBUSY, "run %s goes on: immure stop it, or use --force",
				       found->id);
		r = control_ask(found->dir, CONTROL_STOP, SIGKILL, 10000, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = await_end(found, err);
	if (r < 0)
		return r;
	r = kept_remove_of_run(found->id, err);
	if (r == 0)
		r = volumes_remove_of_run(found->dir, found->id, err);
	if (r == 0)
		r = fd_remove_tree(found->runs, found->id, err);
	if (r == 0)
		run_name_drop(found->id);
	return r;
}

static int kill_run(const struct verb_call *call, struct err *err)
{
	return found_run_each(call, kill_one, call->options, NULL, err);
}

static int stop_run(const struct verb_call *call, struct err *err)
{
	return found_run_each(call, stop_one, call->options, NULL, err);
}

static int restart_run(const struct verb_call *call, struct err *err)
{
	return found_run_each(call, restart_one, call->options, NULL, err);
}

static int rm_run(const struct verb_call *call, struct err *err)
{
	int r = found_run_each(call, rm_one, call->options, rm_kept, err);

	for (int i = 0; i < call->argc; i++) {
		char id[RUN_ID_LEN];

		/* A name whose run is no more stands for nothing. */
		if (run_name_find(call->argv[i], id) == 0 && r == 0)
			run_name_drop(id);
	}
	return r;
}

/* Its status is printed, and ours. */
static int wait_run(const struct verb_call *call, struct err *err)
{
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	struct err gone = { 0 };
	int r = found_run_open(call->argv[0], call->arena, &found, err);

	if (r < 0)
		return r;
	r = control_ask(found.dir, CONTROL_WAIT, 0, -1, &gone);
	if (r < 0)
		r = await_end(&found, err);
	if (r == 0 && gone.code)
		r = found_run_status(&found, err);
	if (r < 0)
		return r;
	printf("%d\n", r);
	return r;
}

const struct verb verb_stop = {
	.name = "stop",
	.args = "[OPTION...] RUN...",
	.help = "end detached runs: a signal, some patience, then SIGKILL",
	.opts = stop_opts,
	.n_opts = ARRAY_LEN(stop_opts),
	.options_size = sizeof(struct stop_options),
	.min_args = 1,
	.max_args = -1,
	.run = stop_run,
};

const struct verb verb_restart = {
	.name = "restart",
	.args = "[OPTION...] RUN...",
	.help = "end the program of detached runs, and start it again",
	.opts = stop_opts,
	.n_opts = ARRAY_LEN(stop_opts),
	.options_size = sizeof(struct stop_options),
	.min_args = 1,
	.max_args = -1,
	.run = restart_run,
};

const struct verb verb_kill = {
	.name = "kill",
	.args = "[--signal SIGNAL] RUN...",
	.help = "send a signal to the program of detached runs",
	.opts = kill_opts,
	.n_opts = ARRAY_LEN(kill_opts),
	.options_size = sizeof(struct stop_options),
	.min_args = 1,
	.max_args = -1,
	.run = kill_run,
};

const struct verb verb_wait = {
	.name = "wait",
	.args = "RUN",
	.help = "wait until a detached run ends; print its exit status, and end with it",
	.options_size = sizeof(struct stop_options),
	.min_args = 1,
	.max_args = 1,
	.run = wait_run,
};

const struct verb verb_run_rm = {
	.name = "rm",
	.args = "[--force] RUN...",
	.help = "remove what is kept of runs: record, output, and what --keep kept",
	.opts = rm_opts,
	.n_opts = ARRAY_LEN(rm_opts),
	.options_size = sizeof(struct stop_options),
	.min_args = 1,
	.max_args = -1,
	.run = rm_run,
};
