/* SPDX-License-Identifier: Apache-2.0 */
/* What the running sandboxes are doing: numbers of the kernel's, twice, and what lies between. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/run_read.h"
#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/tally.h"
#include "runtime/tracer_client.h"
#include "runtime/verb.h"
#include "runtime/verb_runs.h"

#define MAX_ROWS 128
#define MAX_PROCESSES 2048

struct top_options {
	const char *interval, *count;
	bool json;
};

#define ROW(field) offsetof(struct top_options, field)

static const struct opt top_opts[] = {
	{ "interval", 'i', OPT_TEXT, ROW(interval), "SECONDS", "between two looks (2)", NULL },
	{ "count", 'n', OPT_TEXT, ROW(count), "N",
	  "end after N looks (once, if the output is not a terminal)", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON, one line for each look", NULL },
};

/* What is counted of a sandbox, from its beginning; the first two are shown by the second. */
enum column {
	COLUMN_CALLS,  /* only where every call is looked at */
	COLUMN_EVENTS, /* calls of the list, programs, connections: what is recorded */
	COLUMN_DENIED,
	COLUMN_SENT,
	COLUMN_RECEIVED,
	COLUMN_LOST,
	COLUMN_COUNT
};

static const struct column_row {
	const char *head, *key;
	int width;
	bool rate;
} columns[COLUMN_COUNT] = {
	[COLUMN_CALLS] = { "calls/s", "calls_per_second", 7, true },
	[COLUMN_EVENTS] = { "events/s", "events_per_second", 8, true },
	[COLUMN_DENIED] = { "denied", "denied", 6, false },
	[COLUMN_SENT] = { "sent", "sent", 5, false },
	[COLUMN_RECEIVED] = { "received", "received", 8, false },
	[COLUMN_LOST] = { "lost", "lost", 5, false },
};

/* One sandbox at one moment. */
struct sample {
	char id[RUN_ID_LEN];
	uint64_t processes, rss_kib;
	uint64_t known; /* 1 << enum column */
	uint64_t values[COLUMN_COUNT];
};

struct samples {
	size_t n;
	struct timespec at;
	struct sample items[MAX_ROWS];
};

static uint64_t rss_of(pid_t pid)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t pages = 0;
	struct span rest;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0)
		return 0;
	rest = (struct span){ strbuf_str(&text), text.len };
	span_word(&rest);
	if (span_u64(span_word(&rest), UINT32_MAX, &pages) < 0)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Children of one thread. Source: proc(5), /proc/PID/task/TID/children. */
static void add_children(pid_t pid, const char *tid, pid_t *list, size_t *n)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct span rest;
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", pid, tid);
	if (fd_read_file(AT_FDCWD, path, (size_t)1 << 20, &text, &ignored) < 0)
		return;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (*n < MAX_PROCESSES) {
		struct span word = span_word(&rest);
		uint64_t child = 0;

		if (word.n == 0)
			return;
		if (span_u64(word, INT32_MAX, &child) == 0)
			list[(*n)++] = (pid_t)child;
	}
}

/* All processes below the first one: breadth first, as far as they are now. */
static void look_at_processes(pid_t first, struct sample *s)
{
	pid_t list[MAX_PROCESSES] = { first };
	size_t n = 1;

	for (size_t i = 0; i < n; i++) {
		cleanup_closedir DIR *tasks = NULL;
		const struct dirent *entry;
		char path[40];

		s->rss_kib += rss_of(list[i]);
		snprintf(path, sizeof(path), "/proc/%d/task", list[i]);
		tasks = opendir(path);
		while (tasks && (entry = readdir(tasks)) != NULL) {
			if (entry->d_name[0] != '.')
				add_children(list[i], entry->d_name, list, &n);
		}
	}
	s->processes = n;
}

static void set(struct sample *s, enum column column, uint64_t value)
{
	s->values[column] = value;
	s->known |= UINT64_C(1) << column;
}

static void look_at_run(int runs, const char *id, struct samples *all)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct sample *s = &all->items[all->n];
	uint64_t denied = 0;
	pid_t pid;

	if (dir < 0 || all->n >= MAX_ROWS || !run_folder_is_live(runs, id))
		return;
	pid = found_run_first(dir);
	if (pid <= 0)
		return; /* only just starting */
	*s = (struct sample){ 0 };
	snprintf(s->id, sizeof(s->id), "%s", id);
	look_at_processes(pid, s);
	if (tally_read(dir, &denied))
		set(s, COLUMN_DENIED, denied);
	all->n++;
}

static void take_entry(const struct wire_reply *reply, struct samples *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct sample *s = &all->items[i];

		if (strcmp(s->id, reply->text) != 0)
			continue;
		if (reply->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED))
			set(s, COLUMN_CALLS, reply->calls);
		set(s, COLUMN_EVENTS, reply->events);
		set(s, COLUMN_SENT, reply->sent);
		set(s, COLUMN_RECEIVED, reply->received);
		set(s, COLUMN_LOST, reply->dropped);
	}
}

/* What immure-tracerd counts of ours; without it these columns stay empty. */
static void ask_tracer(struct samples *all)
{
	struct err ignored = { 0 };
	cleanup_close int connection = tracer_client_connect(tracer_client_socket(), &ignored);
	struct wire_request request;

	if (connection < 0)
		return;
	wire_request_init(WIRE_LIST, 0, "", &request);
	if (wire_send(connection, &request, sizeof(request), -1, -1) < 0)
		return;
	for (size_t i = 0; i <= TRACER_SLOTS; i++) {
		char bytes[sizeof(struct wire_reply) + 1];
		struct wire_reply reply = { 0 };
		int fds[2];
		ssize_t n = wire_receive(connection, bytes, sizeof(bytes), fds);

		closep(&fds[0]);
		closep(&fds[1]);
		if (n <= 0 || wire_reply_decode(bytes, (size_t)n, &reply, &ignored) < 0 ||
		    reply.status != WIRE_ENTRY)
			return;
		take_entry(&reply, all);
	}
}

static int look(int runs, struct samples *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char **ids = NULL;
	int n = run_list(runs, &arena, &ids, err);

	if (n < 0)
		return n;
	ret->n = 0;
	for (int i = n; i-- > 0;)
		look_at_run(runs, ids[i], ret);
	ask_tracer(ret);
	clock_gettime(CLOCK_MONOTONIC, &ret->at);
	return 0;
}

static const struct sample *find(const struct samples *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->items[i].id, id) == 0)
			return &all->items[i];
	}
	return NULL;
}

/* "1234", "12.3k", "4.5M": at most six characters. */
static void put_number(uint64_t n, char ret[16])
{
	static const char units[] = "kMGTPE";
	double value = (double)n;
	size_t i = 0;

	if (n < 10000) {
		snprintf(ret, 16, "%u", (unsigned)n);
		return;
	}
	for (value /= 1000; value >= 1000 && i < sizeof(units) - 2; i++)
		value /= 1000;
	snprintf(ret, 16, "%.*f%c", value < 100 ? 1 : 0, value, units[i]);
}

/*
 * What a column shows. A rate is of what came since the look before, and a program that was started
 * again is counted anew.
 *
 * Returns   false if nobody knows.
 */
static bool value_of(const struct sample *s, const struct sample *before, enum column column,
		     double seconds, uint64_t *ret)
{
	uint64_t bit = UINT64_C(1) << column;
	uint64_t value = s->values[column];

	if (!(s->known & bit))
		return false;
	if (columns[column].rate) {
		if (!before || !(before->known & bit) || seconds <= 0)
			return false;
		if (value >= before->values[column])
			value -= before->values[column];
		value = (uint64_t)((double)value / seconds);
	}
	*ret = value;
	return true;
}

static void print_sample(const struct sample *s, const struct sample *before, double seconds)
{
	char text[16];

	put_number(s->rss_kib * 1024, text);
	printf("%-13s  %5llu  %6s", s->id, (unsigned long long)s->processes, text);
	for (int i = 0; i < COLUMN_COUNT; i++) {
		uint64_t value = 0;
		bool known = value_of(s, before, (enum column)i, seconds, &value);

		put_number(value, text);
		printf("  %*s", columns[i].width, known ? text : "-");
	}
	putchar('\n');
}

static double seconds_between(const struct samples *before, const struct samples *now)
{
	return (double)(now->at.tv_sec - before->at.tv_sec) +
	       (double)(now->at.tv_nsec - before->at.tv_nsec) / 1e9;
}

static void print_all(const struct samples *now, const struct samples *before)
{
	double seconds = seconds_between(before, now);

	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	printf("%-13s  %5s  %6s", "run", "procs", "memory");
	for (int i = 0; i < COLUMN_COUNT; i++)
		printf("  %*s", columns[i].width, columns[i].head);
	putchar('\n');
	for (size_t i = 0; i < now->n; i++)
		print_sample(&now->items[i], find(before, now->items[i].id), seconds);
	fflush(stdout);
}

/* What nobody knows is null. */
static json_t *json_of(const struct sample *s, const struct sample *before, double seconds)
{
	json_t *o = json_pack("{s:s, s:I, s:I}", "run", s->id, "processes",
			      (json_int_t)s->processes, "memory", (json_int_t)s->rss_kib * 1024);

	for (int i = 0; i < COLUMN_COUNT; i++) {
		uint64_t value = 0;
		bool known = value_of(s, before, (enum column)i, seconds, &value);

		json_object_set_new(o, columns[i].key,
				    known ? json_integer((json_int_t)value) : json_null());
	}
	return o;
}

static void print_json(const struct samples *now, const struct samples *before)
{
	double seconds = seconds_between(before, now);
	json_t *list = json_array();

	for (size_t i = 0; i < now->n; i++)
		json_array_append_new(
			list, json_of(&now->items[i], find(before, now->items[i].id), seconds));
	json_dumpf(list, stdout, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(list);
	putchar('\n');
	fflush(stdout);
}

static int read_number(const char *text, uint64_t max, const char *option, uint64_t *ret,
		       struct err *err)
{
	if (text && (span_u64(span_of(text), max, ret) < 0 || *ret == 0)) {
		err_set(err, EINVAL, "--%s %.40s: expected a number from 1 to %llu", option, text,
			(unsigned long long)max);
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

static int watch(int runs, uint64_t interval, uint64_t count, bool json, struct samples looks[2],
		 struct err *err)
{
	int r = look(runs, &looks[0], err);

	for (uint64_t i = 1; r == 0 && (count == 0 || i <= count); i++) {
		sleep((unsigned)interval);
		r = look(runs, &looks[i % 2], err);
		if (r == 0)
			(json ? print_json : print_all)(&looks[i % 2], &looks[(i + 1) % 2]);
	}
	return r;
}

static int top(const struct verb_call *call, struct err *err)
{
	const struct top_options *options = call->options;
	struct samples *looks = arena_array(call->arena, 2, sizeof(*looks));
	cleanup_close int runs = dirs_open_state("runs", err);
	uint64_t interval = 2;
	uint64_t count = isatty(STDOUT_FILENO) ? 0 : 1;
	int r;

	if (!looks)
		return err_set(err, ENOMEM, "out of memory");
	if (runs < 0)
		return runs;
	r = read_number(options->interval, 3600, "interval", &interval, err);
	if (r == 0)
		r = read_number(options->count, UINT32_MAX, "count", &count, err);
	return r < 0 ? r : watch(runs, interval, count, options->json, looks, err);
}

const struct verb verb_top = {
	.name = "top",
	.args = "[OPTION...]",
	.help = "what the running sandboxes are doing",
	.more = "Processes, memory and refusals of each run; and, where immure-tracerd runs, events a second,\n"
		"bytes sent and received over connections and events lost; calls a second where the policy\n"
		"has all recorded.\n",
	.opts = top_opts,
	.n_opts = ARRAY_LEN(top_opts),
	.options_size = sizeof(struct top_options),
	.run = top,
};
