/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tracing.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/denial.h"
#include "audit/recorded.h"
#include "base/log.h"
#include "runtime/guard.h"

#define EVENTS_PER_TURN 4096
#define READY_STEP_US 100
#define READY_STEPS 100000 /* ten seconds: mounts on a busy machine */
#define LAST_END_MS 5000   /* for the kernel to give a task's memory back: milliseconds, mostly */
#define LAST_END_LOOK_MS 5

int collector_find(const char *word)
{
	static const char *const words[] = { "auto", "notify", "bpf" };

	if (!word)
		return COLLECTOR_AUTO;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	}
	return -1;
}

/* Without us, only the first of these is done. */
static void warn_of_what_is_missing(const struct bundle *bundle)
{
	cleanup_strbuf struct strbuf names = { 0 };

	for (int i = RECORDING_DENIED + 1; i < RECORDING_COUNT; i++) {
		if (!(bundle->record >> i & 1))
			continue;
		strbuf_puts(&names, names.len > 0 ? ", " : "");
		strbuf_puts(&names, recording_name((enum recording)i));
	}
	if (names.len > 0)
		log_warning("the policy wants %s recorded: that needs immure-tracerd, which is not "
			    "in use; only refused calls are",
			    strbuf_str(&names));
}

/* "" for a call that has none. */
static const char *name_of(const struct tracing *t, const struct tracer_event *head)
{
	if (head->nr < 0 || head->nr >= TRACER_CALLS || (head->flags & TRACER_IA32) ||
	    !t->calls.names[head->nr])
		return "";
	return t->calls.names[head->nr];
}

/* The thread that made a network namespace is counted until the kernel has buried it. proc(5). */
static bool has_one_thread(const struct launched *launched)
{
	struct stat st = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/task", launched->pid);
	return stat(path, &st) < 0 || st.st_nlink <= 3;
}

/* It says so first, and ends a moment later. */
static bool has_failed(const struct launched *launched)
{
	struct pollfd end = { .fd = launched->pidfd, .events = POLLIN };

	return __atomic_load_n(&launched->page->state, __ATOMIC_ACQUIRE) == CONFINE_FAILED ||
	       poll(&end, 1, 0) != 0;
}

/* The daemon takes only tasks that have given up gaining rights: the child does so on its way. */
static int wait_until_ready(const struct launched *launched, struct err *err)
{
	for (int i = 0; i < READY_STEPS; i++) {
		uint32_t state = __atomic_load_n(&launched->page->state, __ATOMIC_ACQUIRE);

		if ((state >= CONFINE_READY && has_one_thread(launched)) || has_failed(launched))
			return 0;
		usleep(READY_STEP_US);
	}
	return err_set(err, ETIMEDOUT, "the child does not get ready");
}

int tracing_start(enum collector collector, const struct plan *plan,
		  const struct launched *launched, const char *id, struct tracing *ret,
		  struct err *err)
{
	const struct bundle *bundle = plan->bundle;
	bool unfiltered = plan->without & 1U << LAYER_SECCOMP;
	uint32_t groups = recorded_groups(bundle->record) | guard_groups(plan) |
			  (unfiltered ? 0 : (uint32_t)TRACER_GROUP_NATIVE);
	struct err why = { 0 };
	int r;

	*ret = (struct tracing){ .client = { .connection = -1, .ring_fd = -1, .wake_fd = -1 },
				 .bundle = bundle,
				 .unfiltered = unfiltered };
	if (plan->guard)
		collector = COLLECTOR_BPF;
	if (collector == COLLECTOR_NOTIFY ||
	    (collector == COLLECTOR_AUTO && access(tracer_client_socket(), F_OK) < 0)) {
		warn_of_what_is_missing(bundle);
		return 0;
	}
	r = wait_until_ready(launched, &why);
	if (r == 0 && has_failed(launched))
		return 0; /* it failed, which whoever launched it is going to tell */
	if (r == 0)
		r = tracer_client_start(launched->pidfd, groups, id, &ret->client, &why);
	if (r == 0) {
		ret->on = true;
		r = guard_send_rules(plan, launched, &ret->client, &why);
	}
	if (r == 0) {
		call_table_fill(&ret->calls, bundle->calls);
		log_info("recording with the kernel's collector (immure-tracerd)");
		return 0;
	}
	if (collector == COLLECTOR_BPF) {
		*err = why;
		return err_at(err, ERR_HOST);
	}
	if (r != -ENOENT)
		log_warning("%s: only refused calls are recorded", why.msg);
	warn_of_what_is_missing(bundle);
	return 0;
}

/*
 * Is that what our filter answered? What it hands to the supervisor is recorded there, with more
 * about it; what it answers itself is not to be recorded, by the policy. Left are errors of the
 * kernel's own, and filters of the program's own.
 */
static bool is_refused(struct tracing *t, int32_t nr, int64_t ret, const uint64_t args[6])
{
	struct seccomp_data data = { .nr = nr, .arch = t->bundle->audit_arch };
	struct denial denial;

	if (ret >= 0 || nr < 0 || nr >= TRACER_CALLS || t->unfiltered)
		return false;
	static_assert(sizeof(data.args) == 6 * sizeof(args[0]), "six arguments");
	memcpy(data.args, args, sizeof(data.args));
	denial_decide(t->bundle, &data, &denial);
	if (denial.allowed || denial.audited || denial.killed || ret != -denial.error)
		return false;
	t->refused[nr]++;
	return true;
}

static bool is_told_by_notify(struct tracing *t, const struct event *e)
{
	const struct tracer_event *head = &e->head;
	uint64_t args[6];

	static_assert(sizeof(args) == sizeof(head->args), "six arguments");
	memcpy(args, head->args, sizeof(args));
	return (head->type == TRACER_DENIED || head->type == TRACER_SYSCALL) &&
	       !(head->flags & TRACER_IA32) && is_refused(t, head->nr, head->ret, args);
}

/* The calls of a batch that nobody else tells of. */
static int record_batch(struct tracing *t, const struct event *e, struct err *err)
{
	struct record record;

	if (!decode_event(e, &t->decoder, &record))
		return 0;
	strbuf_reset(&t->batch);
	for (size_t i = 0; i < event_calls(e); i++) {
		struct tracer_return call;
		uint64_t args[6];

		event_call(e, i, &call);
		memcpy(args, call.args, sizeof(args));
		if (is_refused(t, call.nr, call.ret, args))
			continue;
		batch_add(&t->calls, &call, &t->batch);
		record.n_calls++;
	}
	record.calls = (struct span){ strbuf_str(&t->batch), t->batch.len };
	return record.n_calls > 0 ? event_log_add(t->log, &record, err) : 0;
}

static int record(struct tracing *t, const struct event *e, struct err *err)
{
	struct record record;
	const char *name;

	if (event_calls(e) > 0)
		return record_batch(t, e, err);
	if (is_told_by_notify(t, e) || !decode_event(e, &t->decoder, &record))
		return 0;
	name = name_of(t, &e->head);
	if (!record.call && name[0])
		record.call = name;
	return event_log_add(t->log, &record, err);
}

static int tell_losses(struct tracing *t, struct err *err)
{
	uint64_t dropped = tracer_client_dropped(&t->client);
	uint64_t more = dropped - t->told;

	t->told = dropped;
	return more > 0 ? event_log_lost(t->log, SOURCE_BPF, more, err) : 0;
}

uint64_t *tracing_refused(struct tracing *t)
{
	return t->on && (t->client.want & TRACER_WANT_HOOKS) ? t->refused : NULL;
}

/* What is seen of calls: the verdicts' reader is told. */
static const char *mode_of(uint32_t want)
{
	if (want & TRACER_WANT_ALL)
		return want & TRACER_WANT_DENIED ? "all calls, as they begin and return"
						 : "all calls, as they return";
	return want & TRACER_WANT_HOOKS ? "events, calls of the list by hooks on them"
					: "events, calls of the list as all calls return";
}

int tracing_turn(struct tracing *t, struct err *err)
{
	struct event event = { 0 };
	int r = 1;

	t->log->loss[SOURCE_BPF].mode = mode_of(t->client.want);
	tracer_client_clear_wake(&t->client);
	if (tracer_client_has_escape(&t->client))
		return err_set(err, ESTALE, "a process could not be traced: the sandbox is ended");
	for (int i = 0; r > 0 && i < EVENTS_PER_TURN; i++) {
		r = tracer_client_next(&t->client, &event, err);
		if (r <= 0)
			break;
		r = record(t, &event, err);
		tracer_client_release(&t->client);
		if (r == 0)
			r = 1;
	}
	if (r < 0)
		return r;
	return tell_losses(t, err) < 0 ? -err->code : r;
}

/* Only where every call is looked at are numbers of calls those of all; refused ones of the list
 * are. */
static int add_counts(struct tracing *t, struct err *err)
{
	const struct tracer_stats *stats = t->client.stats;
	bool all = t->client.want & (TRACER_WANT_ALL | TRACER_WANT_DENIED);

	for (int nr = 0; nr < TRACER_CALLS; nr++) {
		struct record counts = { .kind = RECORD_COUNTS,
					 .source = SOURCE_BPF,
					 .has = HAS_CALL | HAS_COUNT,
					 .nr = nr,
					 .call = t->calls.names[nr],
					 .count = stats->counts[nr] };
		int r = all && counts.count > 0 ? event_log_add(t->log, &counts, err) : 0;

		counts.count = stats->denied_counts[nr];
		if (!(t->client.want & TRACER_WANT_DENIED))
			counts.count += t->refused[nr]; /* the kernel's are those that killed */
		counts.layer = "seccomp";
		if (r == 0 && counts.count > 0)
			r = event_log_add(t->log, &counts, err);
		counts.count = all ? stats->ia32_counts[nr] : 0;
		counts.layer = NULL;
		counts.ia32 = true;
		counts.call = NULL;
		if (r == 0 && counts.count > 0)
			r = event_log_add(t->log, &counts, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where the kernel has left out a look at a task's end, it is known a moment after that. */
static void await_last_end(const struct tracing *t)
{
	const struct timespec pause = { .tv_nsec = LAST_END_LOOK_MS * 1000000L };

	for (int ms = 0; ms < LAST_END_MS && tracer_client_alive(&t->client) > 0;
	     ms += LAST_END_LOOK_MS)
		nanosleep(&pause, NULL);
}

int tracing_finish(struct tracing *t, struct err *err)
{
	uint64_t dropped, missing, left_out = 0;
	struct err unknown = { 0 };
	int r;

	await_last_end(t);
	do
		r = tracing_turn(t, err);
	while (r > 0);
	if (r < 0)
		return r;
	/* Each number was taken before its event was written or dropped: nothing else is missing.
	 */
	dropped = tracer_client_dropped(&t->client);
	missing = __atomic_load_n(&t->client.stats->seq, __ATOMIC_ACQUIRE) - t->client.taken -
		  dropped;
	if (tracer_client_missed(&t->client, &left_out, &unknown) < 0) {
		log_warning("%s: nobody can say whether the kernel left out an event", unknown.msg);
		left_out = 1;
	}
	r = event_log_lost(t->log, SOURCE_BPF, missing + left_out, err);
	if (r == 0)
		r = add_counts(t, err);
	if (r == 0 && tracer_client_alive(&t->client) > 0)
		return err_set(err, EPIPE, "tracing was cut off before the sandbox's end");
	return r;
}

void tracing_done(struct tracing *t)
{
	if (t->on)
		tracer_client_close(&t->client);
	decoder_done(&t->decoder);
	strbuf_done(&t->batch);
	t->on = false;
}
