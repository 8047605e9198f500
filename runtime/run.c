/* SPDX-License-Identifier: Apache-2.0 */
/* One run from end to end: decide, launch, watch, record. */
#include "runtime/run.h"
#include "runtime/guard.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/categories.h"
#include "runtime/dirs.h"
#include "runtime/label_tree.h"
#include "runtime/pins.h"
#include "runtime/profile.h"
#include "runtime/run_learn.h"
#include "runtime/run_name.h"
#include "runtime/run_parts.h"
#include "runtime/selfexe.h"
#include "runtime/signals.h"
#include "runtime/status.h"
#include "runtime/tool_path.h"
#include "runtime/verb.h"
#include "sandbox/plan_lsm.h"

static void run_done(struct run *run)
{
	if (run->pty)
		pty_done(run->pty);
	stdfds_restore(&run->stdio);
	launch_done(&run->launched);
	if (run->profile >= 0)
		profile_remove(&run->plan);
	uplink_stop(&run->uplink);
	event_log_close(&run->log);
	closep(&run->tally.fd);
	learn_done(&run->learn);
	look_done(&run->look);
	tracing_done(&run->tracing);
	evidence_done(&run->evidence);
	strbuf_done(&run->text);
	closep(&run->policy.dir);
	closep(&run->signals);
	closep(&run->categories);
	closep(&run->profile);
	volumes_release(&run->volumes); /* whoever waits for the folder finds them free */
	kept_close(&run->kept);         /* before the folder, whose lock others wait for */
	run_folder_close(&run->folder);
	closep(&run->image.lock);
	arena_done(&run->arena);
}

static int decide(struct run *run, char *const argv[], struct err *err)
{
	char *cwd = arena_alloc(&run->arena, PATH_MAX);
	struct run_caller caller = {
		.cwd = cwd && getcwd(cwd, PATH_MAX) && cwd[0] == '/' ? cwd : NULL,
		.home = getenv("HOME"),
		.term = getenv("TERM"),
		.environ = (const char *const *)environ,
	};
	const char *policy = run->options.policy  ? run->options.policy
			     : run->options.learn ? "builtin/learn"
						  : "builtin/default";
	struct policy_keys keys = { 0 };
	struct err no_data = { 0 };
	int r = run_find_image(run, &argv, err);

	if (r < 0)
		return r;
	caller.image = r > 0 ? &run->image : NULL;
	r = run_request(&run->options, &caller, argv, &run->arena, &run->request, err);
	if (r < 0)
		return r;
	if (caller.cwd)
		run->request.cwd = cwd;
	r = host_read(&run->arena, &run->host, err);
	if (r < 0)
		return r;
	r = selfexe_protect(run->host.landlock_abi, run->whole_argv, err);
	if (r < 0)
		return r;
	run->request.image = run->image.name;
	run->request.image_digest = run->image.record.manifest;
	run->request.image_signed = run->image.record.signed_by.items;
	r = dirs_state(&run->arena, &run->request.private_dir, err);
	if (r < 0)
		return err_at(err, ERR_STATE);
	if (dirs_data(&run->arena, &run->request.data_dir, &no_data) < 0)
		run->request.data_dir = NULL; /* no home: nothing there to hide */
	run->request.own_program = own_path(&run->arena);
	run->request.profile = profile_name(&run->arena);
	if (run->host.lsm_facts.selinux != SELINUX_OFF) {
		r = categories_take(run->request.categories, &run->categories, err);
		if (r < 0)
			return err_at(err, ERR_HOST);
	}
	r = policy_keys_find(policy, run->options.require_signature, &run->arena, &keys, err);
	if (r < 0)
		return r;
	return policy_load_signed(policy, &keys, &run->arena, &run->policy, err);
}

/* The user's own AppArmor profile. Without it the floor alone is left, and the ledger says so. */
static int load_profile(struct run *run, struct err *err)
{
	struct err why = { 0 };
	const char *text;

	if (!run->plan.lsm.profile || run->options.dry_run)
		return 0;
	run->profile = profile_load(&run->plan, &run->arena, &why);
	if (run->profile >= 0)
		return 0;
	text = arena_printf(&run->arena, "the floor profile only: %s", why.msg);
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	plan_drop_profile(&run->plan, text);
	return 0;
}

/* Where what is written to the root goes. With --dry-run nothing is made. */
static int keep_layer(struct run *run, struct err *err)
{
	struct plan_request *request = &run->request;
	struct kept_info info = { .image = run->image.name,
				  .manifest = run->image.record.manifest,
				  .name = run->options.name,
				  .range = run->image.range };
	int r;

	if (!run->options.keep || run->options.dry_run)
		return 0;
	while (request->argv[info.argv.n])
		info.argv.n++;
	info.argv.items = (const char **)(uintptr_t)request->argv;
	r = kept_make(run->folder.id, &info, &run->host, &run->kept, err);
	return r < 0 ? r : kept_path(run->folder.id, &run->arena, &request->keep, err);
}

static int make_plan(struct run *run, struct err *err)
{
	const struct ledger_entry *refusal;
	int r;

	run->request.name = run->options.name ? run->options.name : run->folder.id;
	run->request.guard = guard_find(run->options.guard, &run->policy.bundle, &run->arena,
					&run->request.guard_why);
	r = run_volumes(run, err);
	if (r == 0)
		r = keep_layer(run, err);
	if (r < 0)
		return err->stage == ERR_USAGE ? r : err_at(err, ERR_STATE);
	if (run->request.network == NETWORK_PRIVATE)
		r = pins_find(&run->policy.bundle.net, &run->arena, &run->request.n_pins,
			      &run->request.pins, err);
	if (r < 0)
		return err_at(err, ERR_HOST);
	r = plan_make(&run->policy.bundle, &run->host, &run->request, &run->arena, &run->plan, err);
	if (r < 0)
		return r;
	r = load_profile(run, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->plan.n_ledger; i++) {
		const struct ledger_entry *e = &run->plan.ledger[i];

		/* What was left out by --without was left out on purpose, by who reads this. */
		if (e->required && e->degraded && e->state != LEDGER_ENFORCED &&
		    !(run->request.without & 1U << e->layer))
			log_warning("degraded: %s: %s", layer_name(e->layer), e->text);
	}
	refusal = plan_refusal(&run->plan);
	if (refusal && !run->options.dry_run) {
		err_set(err, ENOTSUP, "%s: %s; %s%sor --allow-degraded %s",
			layer_name(refusal->layer), refusal->text,
			refusal->remedy ? refusal->remedy : "", refusal->remedy ? ", " : "",
			layer_name(refusal->layer));
		return err_at(err, ERR_HOST);
	}
	if (!run->options.dry_run && label_volumes(&run->plan, getenv("HOME"), err) < 0)
		return err_at(err, ERR_STATE);
	return 0;
}

static int print_plan(struct run *run, struct err *err)
{
	struct jsonw j = { .out = &run->text };
	int r;

	if (run->options.json) {
		plan_json(&run->plan, &j);
		strbuf_putc(&run->text, '\n');
	} else {
		plan_print(&run->plan, &run->text);
	}
	if (run->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(STDOUT_FILENO, run->text.p, run->text.len);
	if (r < 0)
		return err_sys(err, -r, "cannot write the plan");
	return plan_refusal(&run->plan) ? STATUS_FAILED : 0;
}

/* In a learning run another filter is installed, which announces what is to be recorded. */
static int start_learning(struct run *run, struct err *err)
{
	int r;

	if (!run->host.seccomp_notify)
		return err_set(err, ENOTSUP,
			       "--learn: this kernel cannot announce calls (Linux 5.0)");
	r = run_learn_prepare(run->options.learn, &run->policy.bundle, &run->arena, &run->learn,
			      err);
	if (r < 0)
		return err_at(err, ERR_STATE);
	run->learn.plan = &run->plan;
	run->plan.filter = run->learn.filter;
	run->plan.n_filter = run->learn.n_filter;
	return 0;
}

/* Told before the program starts, and not when there is nobody left to answer for. */
static int check_key(const struct run *run, struct err *err)
{
	const char *key = run->options.sign_by;

	if (!key || strcmp(key, "own") == 0 || access(key, R_OK) == 0)
		return 0;
	err_sys(err, errno, "--sign-by: cannot read the key %s", key);
	return err_at(err, ERR_USAGE);
}

static int write_life(struct run *run, struct err *err)
{
	strbuf_reset(&run->text);
	life_json(&run->life, run->whole_argv, run->request.cwd, &run->text);
	if (run->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return run_folder_write(&run->folder, LIFE_FILE, run->text.p, run->text.len, err);
}

static bool has_begun(const struct run *run)
{
	struct err ignored = { 0 };

	return run->launched.page && launch_is_confined(&run->launched) &&
	       launch_failure(&run->launched, &ignored) == 0;
}

/* --rm: what was recorded is of no use to who asked for it. */
static void remove_all(struct run *run)
{
	volumes_drop(&run->volumes);
	run_folder_discard(&run->folder);
	if (run->options.detach)
		run_name_drop(run->folder.id); /* it may have got one meanwhile */
}

/* What a monitor could not start its launcher cleans up, once the monitor has let go. */
static void drop_volumes(struct run *run)
{
	if (run->detach)
		volumes_release(&run->volumes);
	else
		volumes_drop(&run->volumes);
}

/* Returns 0 in the monitor, 1 in the launcher once the run has started, -errno in either. */
static int fork_monitor(struct run *run, struct err *err)
{
	cleanup_close int report = -1;
	int r = detach_fork(&run->arena, &run->folder, run->options.tty, run->options.interactive,
			    &run->detach, &report, err);

	if (r <= 0)
		return r;
	/* They are the monitor's: it removes some when it ends, which may be before we do. */
	volumes_release(&run->volumes);
	return detach_await(report, err);
}

/* Of a program that ran, what there is on record stays: it counts as cut short. */
static void give_up(struct run *run, const struct err *err)
{
	bool began = has_begun(run);

	launch_done(&run->launched);
	drop_volumes(run);
	detach_report(run->detach, err);
	detach_done(run->detach, &run->folder, STATUS_FAILED);
	run->kept.used = run->kept.used || began;
	kept_discard(&run->kept);
	if (!began)
		run_folder_discard(&run->folder);
}

static int run_all(struct run *run, char *const argv[], struct err *err)
{
	int r = life_make(&run->options, &run->arena, &run->life, err);

	if (r == 0)
		r = decide(run, argv, err);
	if (r < 0)
		return r;
	if (run->options.dry_run) {
		memcpy(run->folder.id, "immure", sizeof("immure"));
		r = make_plan(run, err);
		if (r == 0 && run->options.keep) /* where it would be */
			r = kept_path(run->folder.id, &run->arena, &run->plan.keep.path, err);
		return r < 0 ? r : print_plan(run, err);
	}
	r = run_folder_create(&run->folder, err);
	if (r < 0)
		return err_at(err, ERR_STATE);
	run->known.dir = run->folder.runs;
	run->evidence.exe.known = &run->known;
	r = make_plan(run, err);
	if (r == 0 && run->options.learn)
		r = start_learning(run, err);
	if (r == 0)
		r = check_key(run, err);
	if (r == 0 && life_has_file(&run->options, &run->life))
		r = write_life(run, err);
	if (r == 0 && run->options.detach && run->options.name)
		r = run_name_claim(&run->folder, run->options.name, err);
	if (r == 0 && run->options.detach)
		r = fork_monitor(run, err);
	if (r > 0) {
		closep(&run->profile); /* the monitor's, as all else is */
		printf("%s\n", run->folder.id);
		return fflush(stdout) != 0 ? STATUS_FAILED : 0;
	}
	if (r == 0)
		r = run_launch(run, err);
	if (r >= 0 && run->life.remove)
		remove_all(run);
	if (r < 0)
		give_up(run, err);
	return r;
}

/* Most of it is for what few runs have, and stays memory that nobody has touched. */
static struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->folder = (struct run_folder){ .runs = -1, .dir = -1 };
	run->image = (struct run_image)RUN_IMAGE_NONE;
	run->kept = (struct kept)KEPT_NONE;
	run->launched = (struct launched)LAUNCHED_NONE;
	run->policy.dir = -1;
	run->uplink = (struct uplink){ -1, -1 };
	run->egress.fd = -1;
	run->stdio = (struct stdfds){ { -1, -1, -1 } };
	run->log.fd = -1;
	run->tally = (struct tally){ .dir = -1, .fd = -1 };
	run->tracing.client.connection = run->tracing.client.ring_fd = -1;
	run->tracing.client.wake_fd = -1;
	run->signals = run->categories = run->profile = -1;
	run->learn.root = -1;
	run->look = (struct look)LOOK_NONE;
	return run;
}

static void run_free(struct run **run)
{
	if (*run)
		run_done(*run);
	free(*run);
}

int run_main(int argc, char *argv[], char *const whole_argv[], struct err *err)
{
	cleanup(run_free) struct run *run = run_new();
	int used;

	if (!run)
		return err_set(err, ENOMEM, "out of memory");
	run->whole_argv = whole_argv;
	used = options_read(run_opts, N_RUN_OPTS, argc, argv, &run->arena, &run->options, err);
	if (used < 0)
		return used;
	log_setup(run->options.verbose ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		  run->options.log_format && strcmp(run->options.log_format, "json") == 0);
	return run_all(run, argv + used, err);
}
