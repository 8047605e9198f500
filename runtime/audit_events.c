/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_events.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "audit/log_follow.h"
#include "audit/record.h"
#include "audit/run_read.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"

#define LOOK_AGAIN_MS 100

static bool passes(const struct event_filter *filter, const json_t *event)
{
	const char *kind = record_text(event, "kind", "");
	bool named = filter->kinds.n == 0;

	for (size_t i = 0; i < filter->kinds.n; i++)
		named |= strcmp(filter->kinds.items[i], kind) == 0;
	return named &&
	       (filter->pid == 0 || record_number(event, "pid", -1) == (int64_t)filter->pid);
}

static int take(void *data, struct span line, uint64_t number, struct err *err)
{
	const struct event_request *request = data;
	json_t *event = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	int r = 0;

	if (!event)
		return err_set(err, EBADMSG, "record %llu is not JSON", (unsigned long long)number);
	if (passes(&request->filter, event))
		r = request->fn(request->data, event, line, err);
	json_decref(event);
	return r;
}

static int no_such_kind(const char *kind, struct err *err)
{
	cleanup_strbuf struct strbuf names = { 0 };

	for (int i = 0; i < RECORD_KIND_COUNT; i++)
		strbuf_addf(&names, " %s", record_kind_name((enum record_kind)i));
	err_set(err, EINVAL, "--kind %.20s: expected one of%s", kind, strbuf_str(&names));
	return err_at(err, ERR_USAGE);
}

int audit_events_find(const struct event_request *request, struct arena *arena,
		      const char **ret_run, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	const char **ids = NULL;
	int n;

	if (runs < 0)
		return runs;
	for (size_t i = 0; i < request->filter.kinds.n; i++) {
		if (record_kind_find(request->filter.kinds.items[i]) >= 0)
			continue;
		return no_such_kind(request->filter.kinds.items[i], err);
	}
	if (request->which)
		return run_find(runs, request->which, arena, ret_run, err);
	n = run_list(runs, arena, &ids, err);
	if (n <= 0)
		return n < 0 ? n : err_set(err, ENOENT, "there is no run yet");
	*ret_run = ids[n - 1];
	return 0;
}

int audit_events(const struct event_request *request, const char *run, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	cleanup_close int dir = -1;
	cleanup_log_follow struct log_follow follow = { .fd = -1 };
	struct event_request copy = *request;
	const struct log_reader reader = { .fn = take, .data = &copy };
	int r;

	if (runs < 0)
		return runs;
	dir = openat(runs, run, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open run %s", run);
	r = log_follow_open(&follow, dir, &reader, err);
	while (r >= 0) {
		/* Asked for first: what comes after the answer is read by the next step. */
		bool lives = request->follow && run_folder_is_live(runs, run);

		r = log_follow_step(&follow, err);
		if (r < 0 || follow.sealed || !lives)
			break;
		if (r == 0 && poll(NULL, 0, LOOK_AGAIN_MS) < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait");
	}
	if (r >= 0 && !follow.sealed && !run_folder_is_live(runs, run)) {
		r = log_follow_step(&follow, err); /* it may have ended just now */
		if (r >= 0 && !follow.sealed)
			r = err_set(err, EBADMSG, "it was cut short, and never sealed");
	}
	return r < 0 ? err_wrap(err, "run %s", run) : 0;
}
