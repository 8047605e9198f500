/* SPDX-License-Identifier: Apache-2.0 */
/* immure stats: what detached runs use. From /proc, which everybody may read; a cgroup is not
 * needed. */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "runtime/command.h"
#include "runtime/control_client.h"
#include "runtime/dirs.h"
#include "runtime/proc_sum.h"
#include "runtime/run_io.h"
#include "runtime/run_row.h"
#include "runtime/verb_runs.h"

#define LOOK_MS_DEFAULT 1000

struct stats_options {
	bool no_stream, json;
	const char *interval;
};

#define ROW(field) offsetof(struct stats_options, field)

static const struct opt stats_opts[] = {
	/* clang-format off */
	{ "interval",  'i', OPT_TEXT, ROW(interval),  "TIME", "between two looks (1s)", NULL },
	{ "no-stream", 0,   OPT_FLAG, ROW(no_stream), NULL, "print the first figures, and end", NULL },
	{ "json",      0,   OPT_FLAG, ROW(json),      NULL, "print JSON, one array each time", NULL },
	/* clang-format on */
};

/* One run at two moments. */
struct subject {
	const char *id, *name;
	int dir; /* borrowed from found */
	struct found_run found;
	struct proc_sum before, now;
	struct run_io io;
	bool there; /* it was seen at both */
};

struct subjects {
	size_t n;
	struct subject *items;
};

static void subjects_done(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->n; i++)
		found_run_close(&subjects->items[i].found);
}

static int add(const char *which, const char *name, struct arena *arena, struct subjects *subjects,
	       struct err *err)
{
	struct subject *s = &subjects->items[subjects->n];
	int r;

	*s = (struct subject){ .name = name, .found = { -1, -1, NULL } };
	subjects->n++;
	r = found_run_open(which, arena, &s->found, err);
	if (r < 0)
		return r;
	s->id = s->found.id;
	s->dir = s->found.dir;
	return 0;
}

/* Those that are named, or all that go on. */
static int choose(const struct verb_call *call, struct subjects *ret, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	struct run_row *rows = NULL;
	int n = runs < 0 ? runs : run_rows_read(runs, RUN_ROWS_LIVE, call->arena, &rows, err);
	int r = n;

	if (n < 0)
		return n;
	ret->items = arena_array(call->arena, (size_t)(n + call->argc) + 1, sizeof(*ret->items));
	if (!ret->items)
		return err_set(err, ENOMEM, "out of memory");
	for (int i = 0; r >= 0 && i < call->argc; i++)
		r = add(call->argv[i], call->argv[i], call->arena, ret, err);
	for (int i = 0; r >= 0 && call->argc == 0 && i < n; i++) {
		if (rows[i].detached)
			r = add(rows[i].id, rows[i].name, call->arena, ret, err);
	}
	return r < 0 ? r : 0;
}

static int look(struct subjects *subjects, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct proc_use *all = NULL;
	int n = proc_use_all(&arena, &all, err);

	if (n < 0)
		return n;
	for (size_t i = 0; i < subjects->n; i++) {
		struct subject *s = &subjects->items[i];
		struct control_state state = { 0 };
		struct err gone = { 0 };
		bool was = s->now.processes > 0;

		s->before = s->now;
		s->now = (struct proc_sum){ 0 };
		if (control_ask_state(s->dir, &state, &gone) == 0 && state.first > 0) {
			s->now = proc_sum_below(all, (size_t)n, state.first);
			s->io = run_io_look(s->id, state.first, all, (size_t)n);
		}
		s->there = was && s->now.processes > 0;
	}
	return 0;
}

/* Hundredths of a per cent of one processor. A start in between counts from zero. */
static double percent(const struct subject *s, uint64_t ms)
{
	uint64_t used = s->now.ticks > s->before.ticks ? s->now.ticks - s->before.ticks : 0;

	return ms == 0 ? 0 : (double)used * 1000 / (double)sysconf(_SC_CLK_TCK) * 100 / (double)ms;
}

static json_t *count_or_null(bool known, uint64_t count)
{
	return known ? json_integer((json_int_t)count) : json_null();
}

static void print_json(const struct subjects *subjects, uint64_t ms)
{
	json_t *all = json_array();

	for (size_t i = 0; i < subjects->n; i++) {
		const struct subject *s = &subjects->items[i];
		uint64_t cpu_ms = s->now.ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
		uint64_t rss = s->now.rss_pages * (uint64_t)getpagesize();

		if (!s->there)
			continue;
		json_array_append_new(
			all,
			json_pack("{s:o, s:o, s:f, s:I, s:s, s:o, s:o, s:I, s:I, s:s}",
				  "block_read_bytes", count_or_null(s->io.has_block, s->io.read),
				  "block_written_bytes",
				  count_or_null(s->io.has_block, s->io.written), "cpu_percent",
				  percent(s, ms), "cpu_ms", (json_int_t)cpu_ms, "name", s->name,
				  "net_received_bytes",
				  count_or_null(s->io.has_net, s->io.received), "net_sent_bytes",
				  count_or_null(s->io.has_net, s->io.sent), "processes",
				  (json_int_t)s->now.processes, "rss_bytes", (json_int_t)rss, "run",
				  s->id));
	}
	json_dumpf(all, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

/* "in / out" in MiB, or "-" where nobody counts. */
static void print_pair(bool known, uint64_t in, uint64_t out)
{
	const double mib = 1 << 20;

	if (known)
		printf(" %8.1f /%8.1f", (double)in / mib, (double)out / mib);
	else
		printf(" %18s", "-");
}

static void print_table(const struct subjects *subjects, uint64_t ms, bool again)
{
	if (again && isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	printf("%-13s  %-16s %7s %10s %9s %18s %18s\n", "run", "name", "cpu %", "memory MiB",
	       "processes", "net in/out MiB", "disk in/out MiB");
	for (size_t i = 0; i < subjects->n; i++) {
		const struct subject *s = &subjects->items[i];

		if (!s->there)
			continue;
		printf("%s  %-16s %7.2f %10.1f %9llu", s->id, s->name, percent(s, ms),
		       (double)s->now.rss_pages * getpagesize() / (1 << 20),
		       (unsigned long long)s->now.processes);
		print_pair(s->io.has_net, s->io.received, s->io.sent);
		print_pair(s->io.has_block, s->io.read, s->io.written);
		putchar('\n');
	}
}

static bool is_over(const struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->n; i++) {
		if (subjects->items[i].now.processes > 0)
			return false;
	}
	return true;
}

static int stats(const struct verb_call *call, struct err *err)
{
	const struct stats_options *o = call->options;
	cleanup(subjects_done) struct subjects subjects = { 0 };
	uint64_t interval = LOOK_MS_DEFAULT;
	uint64_t at = command_now();
	bool again = false;
	int r;

	if (o->interval &&
	    (span_millis(span_of(o->interval), 3600000, &interval) < 0 || interval < 10)) {
		err_set(err, EINVAL, "--interval %.30s: expected a time such as 2s, at most 1h",
			o->interval);
		return err_at(err, ERR_USAGE);
	}
	r = choose(call, &subjects, err);
	if (r == 0)
		r = look(&subjects, err);
	do {
		uint64_t before = at;

		if (r < 0)
			return r;
		poll(NULL, 0, (int)interval);
		r = look(&subjects, err);
		at = command_now();
		if (o->json)
			print_json(&subjects, at - before);
		else
			print_table(&subjects, at - before, again);
		again = true;
	} while (r == 0 && !o->no_stream && fflush(stdout) == 0 && !is_over(&subjects));
	return r;
}

const struct verb verb_stats = {
	.name = "stats",
	.args = "[OPTION...] [RUN...]",
	.help = "processor time, memory, processes, network and disk traffic of detached runs",
	.opts = stats_opts,
	.n_opts = ARRAY_LEN(stats_opts),
	.options_size = sizeof(struct stats_options),
	.max_args = -1,
	.run = stats,
};
