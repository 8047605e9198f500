/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/launcher_call.h"
#include "runtime/prove.h"
#include "runtime/run_find.h"
#include "runtime/tool_path.h"

#define PROBE_INSIDE "/tmp/.immure-probe"
#define MAX_OPTIONS 256
#define MAX_LOOKED_AT 64
#define MAX_OUTPUT ((size_t)1 << 20)

static int write_requests(const struct probes *probes, int fd, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *p = &probes->items[i];

		if (p->kind == PROBE_TOTAL)
			continue;
		strbuf_addf(&text, "%zu %s%d", i, p->in_child ? "c" : "", p->nr);
		for (size_t k = 0; k < 6; k++) {
			if (p->words[k])
				strbuf_addf(&text, " %s", p->words[k]);
			else
				strbuf_addf(&text, " %llu", (unsigned long long)p->args[k]);
		}
		strbuf_putc(&text, '\n');
	}
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(fd, text.p, text.len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? err_sys(err, -r, "cannot write the probes") : 0;
}

/* "ID RESULT" a line; whoever wrote it is not trusted with more than that. */
static int read_results(struct probes *probes, int fd, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct span rest;

	if (lseek(fd, 0, SEEK_SET) < 0 || fd_read_all(fd, MAX_OUTPUT, &text) < 0)
		return err_set(err, EIO, "cannot read what the probes found");
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span id = span_word(&line);
		struct span number = span_trim(line);
		bool negative = number.n > 0 && number.p[0] == '-';
		uint64_t value = 0;
		uint64_t i = 0;

		if (negative) {
			number.p++;
			number.n--;
		}
		if (span_u64(id, probes->n, &i) < 0 || i >= probes->n ||
		    span_u64(number, INT64_MAX, &value) < 0)
			continue;
		probes->items[i].answered = true;
		probes->items[i].result = negative ? -(int64_t)value : (int64_t)value;
	}
	return 0;
}

static bool same_call(const struct probe *p, const json_t *event)
{
	const json_t *args = json_object_get(event, "args");

	if (record_number(event, "nr", -1) != p->nr)
		return false;
	for (size_t i = 0; i < 6; i++) {
		if (!p->words[i] &&
		    (uint64_t)json_integer_value(json_array_get(args, i)) != p->args[i])
			return false;
	}
	return true;
}

static void find_refusals(struct probes *probes, const struct subject *subject)
{
	const json_t *event;
	size_t i;

	json_array_foreach(subject->refusals, i, event)
	{
		if (strcmp(record_text(event, "kind", ""), "denied") != 0)
			continue;
		for (size_t k = 0; k < probes->n; k++) {
			if (same_call(&probes->items[k], event))
				probes->items[k].recorded = true;
		}
	}
}

static int call_run(const char *policy, const char *const *options, const char *const *without,
		    const char *hostname, const int fds[2], struct arena *arena, struct err *err)
{
	const char *argv[MAX_OPTIONS + 16] = { "immure", "run" };
	const char *probe = probe_path(arena);
	size_t n = 2;
	int r;

	if (!probe)
		return err_set(err, ENOMEM, "out of memory");
	for (; *options; options++) {
		if (n == MAX_OPTIONS)
			return err_set(err, E2BIG, "more than %d options", MAX_OPTIONS);
		argv[n++] = *options;
	}
	argv[n++] = "--policy";
	argv[n++] = policy;
	argv[n++] = "--hostname";
	argv[n++] = hostname;
	argv[n++] = "--volume";
	argv[n++] = arena_printf(arena, "%s:%s:ro,exec", probe, PROBE_INSIDE);
	for (size_t i = 0; without && without[i] && i < 3; i++) {
		argv[n++] = "--without";
		argv[n++] = without[i];
	}
	argv[n++] = "--";
	argv[n++] = PROBE_INSIDE;
	r = launcher_call(argv, fds[0], fds[1], arena, err);
	if (r > 0)
		return err_set(err, EIO, "the probes could not be run: immure run ended with %d",
			       r);
	return r;
}

/* "last" is the run that somebody made on purpose, not the one that looked into it. */
static int mark(int runs, const char *id, struct arena *arena, struct err *err)
{
	const char *path = arena_printf(arena, "%s/" RUN_PROBE_MARK, id);
	cleanup_close int fd =
		path ? openat(runs, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			      0600)
		     : -1;

	return fd < 0 ? err_sys(err, errno, "cannot mark the run %s as one of probes", id) : 0;
}

/* Ours is one of the newest; its host name tells it from what others ran meanwhile. */
static int find_run(const char *hostname, struct arena *arena, struct subject *ret, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	const char **ids = NULL;
	int n = runs < 0 ? runs : run_list(runs, arena, &ids, err);

	for (int i = n - 1; ids && i >= 0 && i >= n - MAX_LOOKED_AT; i--) {
		struct err ignored = { 0 };

		if (subject_open(ids[i], arena, ret, &ignored) == 0 &&
		    strcmp(record_text(ret->record.plan, "hostname", ""), hostname) == 0)
			return mark(runs, ids[i], arena, err);
		subject_done(ret);
		*ret = (struct subject){ 0 };
	}
	return n < 0 ? n : err_set(err, ENOENT, "the probes' run has left no record");
}

int probes_run(struct probes *probes, const char *policy, const char *const *options,
	       const char *const *without, struct subject *ret, struct err *err)
{
	static unsigned count;
	const char *hostname = arena_printf(probes->arena, "prove-%d-%u", getpid(), count++);
	cleanup_close int in = memfd_create("probes", MFD_CLOEXEC);
	cleanup_close int out = memfd_create("results", MFD_CLOEXEC);
	int r;

	if (in < 0 || out < 0)
		return err_sys(err, errno, "cannot make a memory file");
	if (!hostname)
		return err_set(err, ENOMEM, "out of memory");
	r = write_requests(probes, in, err);
	if (r == 0)
		r = call_run(policy, options, without, hostname, (const int[]){ in, out },
			     probes->arena, err);
	if (r == 0)
		r = read_results(probes, out, err);
	if (r == 0)
		r = find_run(hostname, probes->arena, ret, err);
	if (r < 0)
		return r;
	find_refusals(probes, ret);
	return 0;
}

/* The file, by an execve(2) that was to go no further. */
static bool was_opened(const struct probe *p)
{
	return p->kind == PROBE_FILE && strcmp(p->op, "exec") == 0 && p->result == -EFAULT;
}

/* The call's own result in words. */
const char *probe_result_text(struct arena *arena, const struct probe *p)
{
	if (p->result >= 0)
		return "it was done";
	if (was_opened(p))
		return "it was opened";
	return arena_printf(arena, "%s",
			    strerrorname_np((int)-p->result) ? strerrorname_np((int)-p->result)
							     : "an unknown error");
}

bool probe_went_through(const struct probe *p)
{
	if (p->kind == PROBE_CALL)
		return !p->recorded && (p->error == 0 || p->result != -p->error);
	return p->result >= 0 || was_opened(p);
}

const char *probes_layer_state(const struct subject *s, const char *layer)
{
	return record_text(record_ledger(s->record.plan, layer), "state", "");
}

static void judge_call(struct probe *p, const struct subject *subject)
{
	bool refused = !probe_went_through(p);

	p->outcome = refused == (p->layer != NULL) ? PROBE_AS_PREDICTED : PROBE_DIFFERENT;
	p->observed = refused ? "refused by seccomp" : "not refused by seccomp";
	/* The filter's answer, and nobody there to give it. */
	if (refused && p->result == -ENOSYS &&
	    strcmp(probes_layer_state(subject, "seccomp"), "lost") == 0) {
		p->outcome = PROBE_UNTESTABLE;
		p->observed = "this kernel does not have it";
	}
}

/* Who refused a path: access(2) does not know Landlock. */
static const char *refuser(const struct probe *p, const struct probe *access)
{
	if (p->result == -EROFS)
		return "mounts";
	if (p->result != -EACCES && p->result != -EPERM)
		return NULL;
	return access->result == 0 ? "landlock" : "mode";
}

static void judge_file(struct probe *p, const struct probe *access, const struct subject *subject)
{
	struct prediction predicted = why_predict_path(subject, p->path, p->op);
	bool opened = probe_went_through(p);
	const char *by = refuser(p, access);

	p->layer = predicted.layer;
	p->outcome = PROBE_UNTESTABLE;
	p->observed = p->untried;
	if (p->untried)
		return;
	if (opened)
		p->outcome = predicted.layer ? PROBE_DIFFERENT : PROBE_AS_PREDICTED;
	else if (by && strcmp(by, "mode") != 0)
		p->outcome = predicted.layer ? PROBE_AS_PREDICTED : PROBE_DIFFERENT;
	else if (predicted.layer && strcmp(predicted.layer, "mounts") == 0)
		p->outcome = PROBE_AS_PREDICTED; /* not there, or behind an unreadable mask */
	if (by && strcmp(by, "mode") != 0)
		p->observed = by;
}

static void judge_limit(struct probe *p, const struct subject *subject)
{
	const json_t *limits = json_object_get(subject->record.plan, "rlimits");
	int64_t value = record_number(limits, p->op, -1);
	uint64_t asked = strtoull(p->words[2] + 1, NULL, 10);

	p->outcome = PROBE_UNTESTABLE;
	if (value < 0 || (uint64_t)value >= asked)
		return;
	p->layer = "rlimits";
	p->outcome = p->result == -EPERM ? PROBE_AS_PREDICTED : PROBE_DIFFERENT;
}

static void judge_net(struct probe *p, const struct subject *subject)
{
	bool apart = strcmp(record_text(subject->record.plan, "network", "none"), "none") == 0;

	p->outcome = PROBE_UNTESTABLE;
	if (!apart)
		return; /* the host's routes are the host's */
	p->layer = "netns";
	p->outcome = p->result == -ENETUNREACH ? PROBE_AS_PREDICTED : PROBE_DIFFERENT;
}

size_t probes_judge(struct probes *probes, const struct subject *subject)
{
	size_t different = 0;

	for (size_t i = 0; i < probes->n; i++) {
		struct probe *p = &probes->items[i];

		if (p->kind == PROBE_TOTAL) {
			judge_total(p, probes, subject);
		} else if (!p->answered) {
			p->outcome = PROBE_DIFFERENT;
			p->observed = "no answer";
		} else if (p->kind == PROBE_CALL) {
			judge_call(p, subject);
		} else if (p->kind == PROBE_FILE) {
			judge_file(p, &probes->items[i - 1], subject);
		} else if (p->kind == PROBE_LIMIT) {
			judge_limit(p, subject);
		} else if (p->kind == PROBE_NET) {
			judge_net(p, subject);
		} else if (p->kind == PROBE_RULE) {
			judge_rule(p, subject);
		}
		if (!p->observed)
			p->observed = probe_result_text(probes->arena, p);
		different += p->outcome == PROBE_DIFFERENT;
	}
	return different;
}
