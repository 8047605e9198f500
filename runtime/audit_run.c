/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"

/* A bundle of another version is no reason not to show the rest. */
static void read_bundle(struct audit_run *run, struct arena *arena)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct err ignored = { 0 };
	void *aligned;

	if (fd_read_file(run->dir, "policy.bundle", BUNDLE_MAX_BYTES, &bytes, &ignored) < 0)
		return;
	aligned = arena_alloc(arena, bytes.len + 1);
	if (!aligned || bytes.len == 0)
		return;
	memcpy(aligned, bytes.p, bytes.len);
	run->has_bundle = bundle_decode(aligned, bytes.len, arena, &run->bundle, &ignored) == 0;
}

int audit_run_open_folder(const char *which, struct arena *arena, const char **ret_id,
			  struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	int dir;
	int r;

	if (runs < 0)
		return runs;
	r = run_find(runs, which, arena, ret_id, err);
	if (r < 0)
		return r;
	dir = openat(runs, *ret_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? err_sys(err, errno, "cannot open run %s", *ret_id) : dir;
}

int audit_run_open(const char *which, struct arena *arena, struct audit_run *ret, struct err *err)
{
	struct audit_run run = { .dir = -1 };
	int r = 0;

	run.dir = audit_run_open_folder(which, arena, &run.id, err);
	if (run.dir < 0)
		return run.dir;
	if (syncfs(run.dir) < 0)
		r = err_sys(err, errno, "cannot sync the record of run %s", run.id);
	else if (run_record_read(run.dir, &run.record, err) < 0)
		r = err_wrap(err, "run %s", run.id);
	if (r < 0) {
		closep(&run.dir);
		return r;
	}
	read_bundle(&run, arena);
	*ret = run;
	return 0;
}

void audit_run_close(struct audit_run *run)
{
	closep(&run->dir);
	run_record_done(&run->record);
}
