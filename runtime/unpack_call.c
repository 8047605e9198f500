/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/unpack_call.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/policy_cache.h"
#include "runtime/tool_path.h"
#include "runtime/unpack.h"
#include "sandbox/plan.h"

#define POLICY "builtin/unpack"
#define REPORT_MAX ((size_t)16 << 20)
#define MAX_ARGS 24

struct command {
	struct arena *arena;
	char *argv[MAX_ARGS];
	size_t n;
	bool failed;
};

static void add_text(struct command *c, const char *option, const char *value)
{
	char *arg = arena_printf(c->arena, "--%s=%s", option, value);

	if (!arg || c->n + 1 >= MAX_ARGS)
		c->failed = true;
	else
		c->argv[c->n++] = arg;
}

static void add_number(struct command *c, const char *option, uint64_t value)
{
	char *text = arena_printf(c->arena, "%llu", (unsigned long long)value);

	if (text)
		add_text(c, option, text);
	else
		c->failed = true;
}

static int make_command(const struct unpack_call *call, uint64_t ids, struct command *c,
			struct err *err)
{
	c->argv[c->n++] = arena_strdup(c->arena, "immure-unpack");
	c->argv[c->n++] = arena_strdup(c->arena, call->task);
	if (call->compression)
		add_text(c, "compression", call->compression);
	if (call->keep)
		add_text(c, "keep", call->keep);
	if (call->kind)
		add_text(c, "kind", call->kind);
	if (call->signature)
		add_text(c, "signature", call->signature);
	add_number(c, "in-max", call->in_max);
	add_number(c, "out-max", call->out_max);
	add_number(c, "entries", call->entries);
	add_number(c, "progress", call->progress);
	add_number(c, "ids", ids);
	if (c->failed || !c->argv[0] || !c->argv[1])
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

/* How many ids there are from 0 on, or 0 when all files belong to one. */
static uint64_t count_ids(const struct plan_ids *ids)
{
	uint64_t count = 0;

	if (ids->how == IDMAP_SELF)
		return 0;
	for (size_t i = 0; i < ids->n_uid; i++)
		count += ids->uids[i].count;
	return count;
}

int unpack_own(int folder, bool range, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct host host = { 0 };
	struct plan_ids ids = { 0 };
	int r;

	if (geteuid() != 0)
		return 0;
	r = host_read(&arena, &host, err);
	if (r == 0)
		r = plan_ids_files(&host, range, &ids, err);
	if (r == 0 && fchown(folder, ids.uids[0].outside, ids.gids[0].outside) < 0)
		r = err_sys(err, errno, "cannot give a folder to the ids of the image");
	return r;
}

static int start(const struct unpack_call *call, int report, struct unpack_job *job,
		 struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct command command = { .arena = &arena };
	struct host host = { 0 };
	struct plan_ids ids = { 0 };
	cleanup_close int none = open("/dev/null", O_RDWR | O_CLOEXEC);
	cleanup_close int policy = -1;
	struct worker_request request = { .argv = command.argv, .ids = &ids };
	int r;

	if (none < 0)
		return err_sys(err, errno, "cannot open /dev/null");
	request.program = helper_path(&arena, "immure-unpack");
	if (!request.program)
		return err_set(err, ENOMEM, "out of memory");
	r = host_read(&arena, &host, err);
	if (r == 0)
		r = plan_ids_files(&host, call->range, &ids, err);
	if (r == 0)
		r = make_command(call, count_ids(&ids), &command, err);
	if (r < 0)
		return r;
	policy = policy_open_compiled(POLICY, err);
	if (policy < 0)
		return policy;
	request.fds[request.n_fds++] = call->input >= 0 ? call->input : none;
	request.fds[request.n_fds++] = report;
	request.fds[request.n_fds++] = STDERR_FILENO;
	request.fds[request.n_fds++] = policy;
	request.fds[request.n_fds++] = call->dir >= 0 ? call->dir : none;
	request.fds[request.n_fds++] = call->blob >= 0 ? call->blob : none;
	return worker_start(&request, &job->worker, err);
}

int unpack_start(const struct unpack_call *call, struct unpack_job *ret, struct err *err)
{
	cleanup_close int writer = -1;
	int ends[2];

	*ret = (struct unpack_job)UNPACK_JOB_NONE;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	ret->report = ends[0];
	writer = ends[1];
	if (fcntl(ret->report, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, errno, "cannot set up a pipe");
	return start(call, writer, ret, err);
}

void unpack_done(struct unpack_job *job)
{
	worker_done(&job->worker);
	closep(&job->report);
	strbuf_done(&job->text);
}

/* Lines "at BYTES" say how far it is; only whole ones count. */
static void look_for_progress(struct unpack_job *job)
{
	const char *text = strbuf_str(&job->text);

	for (;;) {
		const char *line = text + job->seen;
		const char *end = memchr(line, '\n', job->text.len - job->seen);
		struct span s;

		if (!end)
			return;
		s = (struct span){ line, (size_t)(end - line) };
		if (span_eq(span_cut(&s, ' '), "at") && span_u64(s, UINT64_MAX, &job->at) < 0)
			job->at = 0;
		job->seen = (size_t)(end - text) + 1;
	}
}

int unpack_advance(struct unpack_job *job, struct err *err)
{
	char buffer[4096];

	while (!job->ended) {
		ssize_t n = read(job->report, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return err_sys(err, errno, "cannot read a report");
		if (n == 0)
			job->ended = true;
		if (job->text.len + (size_t)n > REPORT_MAX)
			return err_set(err, EFBIG, "a report is too long");
		strbuf_add(&job->text, buffer, (size_t)n);
		look_for_progress(job);
	}
	return 0;
}

/* The last lines: ok, or what went wrong. */
static int read_verdict(const struct unpack_job *job, int status, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct span rest = { strbuf_str(&job->text), job->text.len };
	struct flat_pair pair = { 0 };
	uint64_t code = 0;
	int r;

	while ((r = flat_next(&rest, &arena, &pair, err)) > 0) {
		if (span_eq(pair.key, "ok") && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 0;
		if (span_eq(pair.key, "error.code") && flat_u64(&pair, &code, err) < 0)
			return -err->code;
		if (span_eq(pair.key, "error.text") && code > 0 && code < 4096)
			return err_set(err, (int)code, "%s", pair.value);
	}
	if (WIFSIGNALED(status))
		return err_set(err, EPROTO, "immure-unpack was ended by signal %d",
			       WTERMSIG(status));
	return r < 0 ? r : err_set(err, EPROTO, "immure-unpack ended without a word");
}

int unpack_wait(struct unpack_job *job, struct err *err)
{
	struct pollfd p = { .fd = job->report, .events = POLLIN };
	int status = 0;
	int r = 0;

	while (r == 0 && !job->ended) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for a report");
		r = unpack_advance(job, err);
	}
	if (r == 0)
		r = worker_wait(&job->worker, &status, err);
	return r < 0 ? r : read_verdict(job, status, err);
}
