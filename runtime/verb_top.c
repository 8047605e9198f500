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
#include "runtime/tracer_client.h"
#include "runtime/verb.h"
#include "runtime/verb_runs.h"

#define MAX_ROWS 128
#define MAX_PROCESSES 2048

struct top_options {
	const char *interval, *count;
};

#define ROW(field) offsetof(struct top_options, field)

static const struct opt top_opts[] = {
	{ "interval", 'i', OPT_TEXT, ROW(interval), "SECONDS", "between two looks (2)", NULL },
	{ "count", 'n', OPT_TEXT, ROW(count), "N",
	  "end after N looks (once, if the output is not a terminal)", NULL },
};

/* One sandbox at one moment. */
struct sample {
	char id[RUN_ID_LEN];
	uint64_t processes, rss_kib;
	bool traced;   /* sent, received and dropped are known */
	bool counted;  /* calls, too: only where every call is looked at */
	bool refusals; /* and denied */
	uint64_t calls, denied, sent, received, dropped;
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

static void look_at_run(int runs, const char *id, struct samples *all)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct sample *s = &all->items[all->n];
	pid_t pid;

	if (dir < 0 || all->n >= MAX_ROWS || !run_folder_is_live(runs, id))
		return;
	pid = found_run_first(dir);
	if (pid <= 0)
		return; /* only just starting */
	*s = (struct sample){ 0 };
	snprintf(s->id, sizeof(s->id), "%s", id);
	look_at_processes(pid, s);
	all->n++;
}

static void take_entry(const struct wire_reply *reply, struct samples *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct sample *s = &all->items[i];

		if (strcmp(s->id, reply->text) != 0)
			continue;
		s->traced = true;
		s->counted = reply->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED);
		s->refusals = reply->want & TRACER_WANT_DENIED;
		s->calls = reply->calls;
		s->denied = reply->denied;
		s->sent = reply->sent;
		s->received = reply->received;
		s->dropped = reply->dropped;
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

static void print_sample(const struct sample *s, const struct sample *before, double seconds)
{
	const uint64_t values[] = {
		before && before->traced && seconds > 0
			? (uint64_t)((double)(s->calls - before->calls) / seconds)
			: 0,
		s->denied,
		s->sent,
		s->received,
		s->dropped,
	};
	const bool known[ARRAY_LEN(values)] = {
		s->counted, s->refusals, s->traced, s->traced, s->traced,
	};
	char text[16];

	put_number(s->rss_kib * 1024, text);
	printf("%-13s  %5llu  %7s", s->id, (unsigned long long)s->processes, text);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		put_number(values[i], text);
		printf("  %8s", known[i] ? text : "-");
	}
	putchar('\n');
}

static void print_all(const struct samples *now, const struct samples *before)
{
	double seconds = (double)(now->at.tv_sec - before->at.tv_sec) +
			 (double)(now->at.tv_nsec - before->at.tv_nsec) / 1e9;

	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	printf("%-13s  %5s  %7s  %8s  %8s  %8s  %8s  %8s\n", "run", "procs", "memory", "calls/s",
	       "denied", "sent", "received", "lost");
	for (size_t i = 0; i < now->n; i++)
		print_sample(&now->items[i], find(before, now->items[i].id), seconds);
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

static int watch(int runs, uint64_t interval, uint64_t count, struct samples looks[2],
		 struct err *err)
{
	int r = look(runs, &looks[0], err);

	for (uint64_t i = 1; r == 0 && (count == 0 || i <= count); i++) {
		sleep((unsigned)interval);
		r = look(runs, &looks[i % 2], err);
		if (r == 0)
			print_all(&looks[i % 2], &looks[(i + 1) % 2]);
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
	return r < 0 ? r : watch(runs, interval, count, looks, err);
}

const struct verb verb_top = {
	.name = "top",
	.args = "[OPTION...]",
	.help = "what the running sandboxes are doing",
	.more = "Processes and memory of each run; and, where immure-tracerd runs, bytes sent and received\n"
		"over connections and events lost; calls a second for runs whose policy records all.\n",
	.opts = top_opts,
	.n_opts = ARRAY_LEN(top_opts),
	.options_size = sizeof(struct top_options),
	.run = top,
};
