/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/why.h"

void subject_done(struct subject *s)
{
	run_record_done(&s->record);
	json_decref(s->refusals);
	strbuf_done(&s->bytes);
}

int subject_open(const char *which, struct arena *arena, struct subject *s, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	cleanup_close int dir = -1;
	struct event_taker taker = { .take = run_record_keep_refusals };
	void *aligned;
	int r;

	if (runs < 0)
		return runs;
	r = run_find(runs, which, arena, &s->id, err);
	if (r < 0)
		return r;
	dir = openat(runs, s->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open run %s", s->id);
	s->refusals = json_array();
	taker.data = s->refusals;
	r = run_record_read(dir, &taker, &s->record, err);
	if (r == 0)
		r = fd_read_file(dir, "policy.bundle", BUNDLE_MAX_BYTES, &s->bytes, err);
	if (r < 0)
		return err_wrap(err, "run %s", s->id);
	aligned = arena_alloc(arena, s->bytes.len + 1);
	if (!aligned)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(aligned, s->bytes.p, s->bytes.len);
	return bundle_decode(aligned, s->bytes.len, arena, &s->bundle, err);
}
