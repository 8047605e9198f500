/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace [-g GROUPS] [-q] [-s MS] [-n] CMD...: run a command traced by immure-tracerd and print each
 * event as a line, then the totals. The smallest client there can be: for tests and measurements.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/tracer_client.h"

#define POLL_MS 20

struct settings {
	uint32_t groups;
	bool quiet, untraced;
	long stall_ms;
};

/* Events by number of the call: what was read, beside what the kernel counted. */
static uint64_t seen[TRACER_CALLS];

static const char *const types[TRACER_TYPE_END] = {
	"?",   "SYSCALL",  "DENIED", "KILLED", "EXEC",    "FORK",  "EXIT",
	"TCP", "DATAGRAM", "DNS",    "RING",   "GUARDED", "BATCH",
};

static void print_strings(const char *label, struct span rest)
{
	if (rest.n > 0)
		printf(" %s=", label);
	for (const char *comma = ""; rest.n > 0; comma = ",") {
		cleanup_strbuf struct strbuf text = { 0 };
		struct span s = event_cut_string(&rest);

		strbuf_escaped(&text, s.p, s.n);
		printf("%s\"%s\"", comma, strbuf_str(&text));
	}
}

static void print_tuple(const struct tracer_socket *t)
{
	char local[64] = "?", remote[64] = "?";

	inet_ntop(t->family, t->local, local, sizeof(local));
	inet_ntop(t->family, t->remote, remote, sizeof(remote));
	printf(" family=%u proto=%u %s:%u->%s:%u", t->family, t->protocol, local, t->local_port,
	       remote, t->remote_port);
}

static void print_batch(const struct event *e)
{
	for (size_t i = 0; i < event_calls(e); i++) {
		struct tracer_return call;

		event_call(e, i, &call);
		printf("CALL     seq=%" PRIu64 " tid=%u nr=%u ret=%" PRId64 " after=%u a=%" PRIx64
		       ",%" PRIx64 "\n",
		       (uint64_t)e->head.seq + i, e->head.tid, call.nr, (int64_t)call.ret,
		       call.after, (uint64_t)call.args[0], (uint64_t)call.args[1]);
	}
}

static void count_batch(const struct event *e)
{
	for (size_t i = 0; i < event_calls(e); i++) {
		struct tracer_return call;

		event_call(e, i, &call);
		seen[call.nr % TRACER_CALLS]++;
	}
}

static void print_event(const struct event *e)
{
	cleanup_strbuf struct strbuf path = { 0 };

	printf("%-8s seq=%" PRIu64 " pid=%u tid=%u nr=%d ret=%" PRId64 " flags=%x a=%" PRIx64
	       ",%" PRIx64 ",%" PRIx64 ",%" PRIx64,
	       types[e->head.type], (uint64_t)e->head.seq, e->head.pid, e->head.tid, e->head.nr,
	       (int64_t)e->head.ret, e->head.flags, (uint64_t)e->head.args[0],
	       (uint64_t)e->head.args[1], (uint64_t)e->head.args[2], (uint64_t)e->head.args[3]);
	if (e->has_tuple)
		print_tuple(&e->tuple);
	if (e->head.flags & TRACER_PATH) {
		event_path(e, &path);
		printf(" path=%s dev=%x ino=%" PRIu64, strbuf_str(&path), e->head.dev,
		       (uint64_t)e->head.ino);
	} else {
		print_strings("text", e->first);
	}
	if (e->head.type == TRACER_DNS) {
		strbuf_reset(&path);
		if (event_dns_name(e->second, &path) >= 0)
			printf(" name=%s", strbuf_str(&path));
	} else {
		print_strings("more", e->second);
	}
	putchar('\n');
}

static int drain(struct tracer_client *client, const struct settings *settings, struct err *err)
{
	struct event event = { 0 };
	int r;

	for (;;) {
		r = tracer_client_next(client, &event, err);
		if (r <= 0)
			break;
		if (event.head.type == TRACER_SYSCALL && event.head.nr >= 0 &&
		    event.head.nr < TRACER_CALLS)
			seen[event.head.nr]++;
		count_batch(&event);
		if (!settings->quiet && event_calls(&event) > 0)
			print_batch(&event);
		else if (!settings->quiet)
			print_event(&event);
		tracer_client_release(client);
	}
	return r;
}

static pid_t start(char *argv[], int gate[2])
{
	char go;
	pid_t pid;

	/* Ours as well: we may ask for the child before it has run at all. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(gate[1]);
	if (read(gate[0], &go, 1) != 1)
		_exit(125);
	execvp(argv[0], argv);
	_exit(127);
}

static int watch(struct tracer_client *client, pid_t pid, const struct settings *settings,
		 int *ret_status, struct err *err)
{
	struct pollfd ready = { .fd = client->wake_fd, .events = POLLIN };
	int r = 0;

	if (settings->stall_ms > 0)
		usleep((unsigned)settings->stall_ms * 1000);
	while (r == 0 && waitpid(pid, ret_status, WNOHANG) != pid) {
		poll(&ready, 1, POLL_MS);
		tracer_client_clear_wake(client);
		r = drain(client, settings, err);
	}
	/* What others of the tree still do belongs to the record as well. */
	for (int i = 0; r == 0 && i < 500 && tracer_client_alive(client) > 0; i++) {
		usleep(10000);
		r = drain(client, settings, err);
	}
	return r < 0 ? r : drain(client, settings, err);
}

static void print_totals(const struct tracer_client *client)
{
	const struct tracer_stats *s = client->stats;
	struct err err = { 0 };
	uint64_t left_out = 0;

	printf("TOTAL taken=%" PRIu64 " dropped=%" PRIu64 " seq=%" PRIu64 " calls=%" PRIu64
	       " denied=%" PRIu64 " tasks=%" PRIu64 " alive=%" PRIu64 " lost=%" PRIu64
	       " rings=%" PRIu64 " sent=%" PRIu64 " received=%" PRIu64 "\n",
	       client->taken, (uint64_t)s->dropped, (uint64_t)s->seq, (uint64_t)s->calls,
	       (uint64_t)s->denied, (uint64_t)s->tasks, (uint64_t)s->alive, (uint64_t)s->lost,
	       (uint64_t)s->rings, (uint64_t)s->sent, (uint64_t)s->received);
	if (tracer_client_missed(client, &left_out, &err) == 0)
		printf("LEFT out=%" PRIu64 "\n", left_out);
	for (int nr = 0; nr < TRACER_CALLS; nr++) {
		if (s->counts[nr] + s->denied_counts[nr] + s->ia32_counts[nr] > 0)
			printf("COUNT %d made=%" PRIu64 " denied=%" PRIu64 " ia32=%" PRIu64
			       " seen=%" PRIu64 "\n",
			       nr, (uint64_t)s->counts[nr], (uint64_t)s->denied_counts[nr],
			       (uint64_t)s->ia32_counts[nr], seen[nr]);
	}
}

static int run(char *argv[], const struct settings *settings, struct err *err)
{
	struct tracer_client client = { .connection = -1, .ring_fd = -1, .wake_fd = -1 };
	struct timespec before, after;
	int gate[2], status = 0;
	cleanup_close int pidfd = -1;
	pid_t pid;
	int r = 0;

	if (pipe(gate) < 0)
		return err_sys(err, errno, "pipe");
	pid = start(argv, gate);
	pidfd = pidfd_open(pid, 0);
	usleep(20000); /* it sets no_new_privs meanwhile */
	if (!settings->untraced)
		r = tracer_client_start(pidfd, settings->groups, "trace", &client, err);
	if (r < 0)
		return r;
	clock_gettime(CLOCK_MONOTONIC, &before);
	if (write(gate[1], "x", 1) != 1)
		return err_sys(err, errno, "write");
	if (settings->untraced)
		waitpid(pid, &status, 0);
	else
		r = watch(&client, pid, settings, &status, err);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("WALL %.6f\n", (double)(after.tv_sec - before.tv_sec) +
				      (double)(after.tv_nsec - before.tv_nsec) / 1e9);
	if (!settings->untraced)
		print_totals(&client);
	tracer_client_close(&client);
	return r < 0 ? r : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char *argv[])
{
	struct settings settings = { .groups = TRACER_GROUPS &
					       ~(TRACER_GUARDS | TRACER_GROUP_NATIVE) };
	struct err err = { 0 };
	int option;
	int r;

	while ((option = getopt(argc, argv, "+g:qs:n")) != -1) {
		if (option == 'g')
			settings.groups = (uint32_t)strtoul(optarg, NULL, 0);
		else if (option == 's')
			settings.stall_ms = strtol(optarg, NULL, 10);
		else if (option == 'q')
			settings.quiet = true;
		else if (option == 'n')
			settings.untraced = true;
		else
			return 2;
	}
	if (optind >= argc)
		return 2;
	r = run(argv + optind, &settings, &err);
	if (r < 0)
		fprintf(stderr, "trace: %s\n", err.msg);
	return r < 0 ? 125 : r;
}
