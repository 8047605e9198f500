/* SPDX-License-Identifier: Apache-2.0 */
/* The starts of a run's program, one after the other, and its end. */
#include <poll.h>
#include <time.h>

#include "base/log.h"
#include "runtime/command.h"
#include "runtime/run_learn.h"
#include "runtime/run_parts.h"
#include "runtime/signals.h"
#include "runtime/status.h"

static void print_trace(const struct confine_page *page)
{
	for (uint32_t i = 1; i < page->n_steps && i < CONFINE_MAX_STEPS; i++)
		log_say(LOG_LEVEL_ERROR, "step %-14s %7llu us", page->steps[i].name,
			(unsigned long long)(page->steps[i].ns - page->steps[i - 1].ns) / 1000);
}

/* Only once the child has mapped its ids can the way out enter its namespaces. */
static int start_uplink(struct run *run, struct err *err)
{
	int r;

	if (run->plan.network != NETWORK_PRIVATE)
		return 0;
	if (!launch_await_linkable(&run->launched))
		return launch_failure(&run->launched, err);
	r = uplink_start(&run->plan, run->launched.pid, &run->uplink, err);
	if (r < 0)
		return err_at(err, ERR_HOST);
	launch_linked(&run->launched);
	run->egress.fd = run->uplink.life;
	run->egress.recorded = 0; /* of an earlier start: they have been added up */
	run->egress.have = 0;
	run->egress.net.complete = false;
	run->egress.bundle = &run->policy.bundle;
	run->egress.log = &run->log;
	run->egress.table = run->denials;
	run->evidence.net = &run->egress.net;
	return 0;
}

/* The log has the first start's record, and a note of each further one. */
static int record_start(struct run *run, struct err *err)
{
	cleanup_strbuf struct strbuf members = { 0 };
	struct jsonw j = { .out = &members };

	if (run->lifetime.starts == 1)
		return run_record_start(run, err);
	jsonw_ku64(&j, "pid", (uint64_t)run->launched.pid);
	jsonw_ku64(&j, "starts", run->lifetime.starts);
	jsonw_kstr(&j, "what", "restarted");
	return command_note(&run->log, &members, err);
}

static struct winsize size_of_terminal(const struct run *run)
{
	return run->detach ? run->detach->size : pty_size_of(run->stdio.saved[1]);
}

/* The child confines itself while we write what there is to write. */
static int start(struct run *run, struct err *err)
{
	const struct winsize size = size_of_terminal(run);
	struct timespec now = { 0 };
	int r;

	run->lifetime.starts++;
	run->lifetime.again = run->lifetime.paused = false;
	clock_gettime(CLOCK_REALTIME, &now);
	run->lifetime.started_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
	r = launch_start(&run->plan, run->folder.id, run->detach && !run->options.learn, &size,
			 &run->launched, err);
	if (r < 0)
		return r;
	run->learn.program = run->look.program = run->launched.page->program;
	run->look.plan = &run->plan;
	r = record_start(run, err);
	if (r < 0)
		return err_at(err, ERR_STATE);
	r = start_uplink(run, err);
	if (r < 0)
		return r;
	r = tracing_start((enum collector)collector_find(run->options.collector), &run->plan,
			  &run->launched, run->folder.id, &run->tracing, err);
	if (r < 0)
		return r;
	run->tracing.log = &run->log;
	run->log.loss[SOURCE_BPF].absent += !run->tracing.on;
	health_start(&run->lifetime.health, &run->life.health, command_now());
	launch_go(&run->launched);
	return 0;
}

static struct supervisor supervisor_of(struct run *run)
{
	run->tally.dir = run->folder.dir;
	return (struct supervisor){
		.plan = &run->plan,
		.launched = &run->launched,
		.notify = { .listener = -1,
			    .bundle = &run->policy.bundle,
			    .log = &run->log,
			    .table = run->denials,
			    .learn = run->options.learn ? &run->learn : NULL,
			    .look = run->policy.bundle.audit_only ? &run->look : NULL,
			    .refused = tracing_refused(&run->tracing),
			    .first = run->launched.pid },
		.evidence = &run->evidence,
		.tracing = &run->tracing,
		.egress = &run->egress,
		.tally = &run->tally,
		.life = &run->lifetime,
		.detach = run->detach,
		.profile = run->profile,
		.pty = run->pty,
		.terminal = { run->stdio.saved[0], run->stdio.saved[1] },
		.signals = run->signals,
		.keep_evidence = run_record_evidence,
		.data = run,
	};
}

/* From the start to the end of the program. */
static int watch(struct run *run, struct supervisor *s, int *ret_status, struct err *err)
{
	int end = 0;
	int r = supervise(s, &end, err);

	detach_empty(run->detach); /* first: what we say ourselves must find room */
	closep(&s->notify.listener);
	entries_done(&s->entries);
	if (run->pty)
		pty_done(run->pty);
	if (r == 0)
		r = launch_failure(&run->launched, err);
	run->kept.used = run->kept.used || r == 0;
	if (run->options.trace_steps)
		print_trace(run->launched.page);
	if (r < 0)
		return r;
	*ret_status = status_of_end(end);
	if (s->out_of_time)
		log_error("the time limit of %llu ms was reached: the program was ended",
			  (unsigned long long)run->plan.limits.wall_ms);
	if (run->plan.network == NETWORK_PRIVATE)
		r = egress_finish(&run->egress, &run->arena, err);
	return r < 0 ? err_at(err, ERR_STATE) : 0;
}

/* Between two starts the socket is answered, and signals end the wait. */
static void wait_between(struct run *run, struct supervisor *s, int ms)
{
	uint64_t until = command_now() + (uint64_t)ms;

	for (uint64_t now = command_now();
	     now < until && !run->lifetime.stopped && !run->lifetime.again; now = command_now()) {
		struct pollfd fds[1 + DETACH_POLLFDS] = { { .fd = run->signals,
							    .events = POLLIN } };

		detach_fill(run->detach, fds + 1);
		if (poll(fds, ARRAY_LEN(fds), (int)(until - now)) <= 0)
			continue;
		if (fds[0].revents && signals_next(run->signals) != 0)
			run->lifetime.stopped = true;
		detach_handle(run->detach, fds + 1, command_act, s);
	}
}

/* Returns true if there is to be one more start. *s is still the supervisor of the last one. */
static bool is_again(struct run *run, struct supervisor *s, int status, uint64_t began)
{
	struct lifetime *life = &run->lifetime;
	int wait;

	if (!run->detach || life->stopped || s->out_of_time)
		return false;
	life->short_ends = command_now() - began < LIFE_SHORT_MS ? life->short_ends + 1 : 1;
	wait = life->again ? 0
			   : life_restart_wait(&run->life, status, life->starts, life->short_ends);
	if (wait < 0)
		return false;
	uplink_stop(&run->uplink);
	tracing_done(&run->tracing);
	run_record_usage(run);
	launch_done(&run->launched);
	life->health.state = HEALTH_NONE;
	wait_between(run, s, wait);
	return !life->stopped;
}

static int finish(struct run *run, const struct supervisor *s, int status, struct err *err)
{
	int r = run_record_end(run, s, status, err);

	/* There was a program: what is on record of it stays, and counts as cut short. */
	if (r < 0)
		err_wrap(err, "the record of run %s is not sealed", run->folder.id);
	if (s->lost.code)
		log_error("the record is incomplete: %s", s->lost.msg);
	if (run->denials->total > 0 && log_is_on(LOG_LEVEL_INFO))
		log_info("%llu calls were refused: immure audit show %s",
			 (unsigned long long)run->denials->total, run->folder.id);
	/* The run itself is over and recorded. */
	if (r == 0 && run->options.learn)
		r = run_learn_write(run->options.learn, &run->folder, err);
	if (r == 0 && run->options.sign_by)
		r = run_record_sign(run, err);
	if (r < 0)
		log_error("%s", err->msg);
	status = s->lost.code || r < 0 ? STATUS_FAILED : status;
	detach_report(run->detach, &(const struct err){ 0 });
	detach_done(run->detach, &run->folder, status);
	return status;
}

static int prepare(struct run *run, struct err *err)
{
	bool ours = run->plan.tty && !run->detach; /* we hand our terminal's input on */

	run->signals = signals_open(err);
	if (run->signals < 0)
		return run->signals;
	run->lifetime = (struct lifetime){ .plan = &run->life };
	run->denials = arena_alloc(&run->arena, sizeof(*run->denials));
	run->pty = ours ? arena_alloc(&run->arena, sizeof(*run->pty)) : NULL;
	if (!run->denials || (ours && !run->pty))
		return err_set(err, ENOMEM, "out of memory");
	if (run->pty)
		pty_init(run->pty);
	return stdfds_prepare(run->options.interactive, run->options.tty, &run->stdio, err);
}

int run_launch(struct run *run, struct err *err)
{
	struct supervisor s = { 0 };
	struct err lost = { 0 };
	uint64_t began;
	int status = 0;
	int r = prepare(run, err);

	if (r < 0)
		return r;
	do {
		began = command_now();
		r = start(run, err);
		s = supervisor_of(run);
		if (r == 0)
			r = watch(run, &s, &status, err);
		lost = lost.code ? lost : s.lost;
		if (r < 0 && run->lifetime.starts == 1)
			return r; /* there was no program: nothing is kept */
		if (r < 0) {
			log_error("cannot start the program again: %s", err->msg);
			status = status_of(err);
		}
	} while (is_again(run, &s, status, began));
	s.lost = lost;
	detach_drain(run->detach);
	stdfds_restore(&run->stdio);
	return finish(run, &s, status, err);
}
