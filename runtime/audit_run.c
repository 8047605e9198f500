/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"

/* A bundle of another version is no reason not to show the rest. */
bool audit_run_bundle(int dir, struct arena *arena, struct bundle *ret)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct err ignored = { 0 };
	void *aligned;

	if (fd_read_file(dir, "policy.bundle", BUNDLE_MAX_BYTES, &bytes, &ignored) < 0)
		return false;
	aligned = arena_alloc(arena, bytes.len + 1);
	if (!aligned || bytes.len == 0)
		return false;
	memcpy(aligned, bytes.p, bytes.len);
	return bundle_decode(aligned, bytes.len, arena, ret, &ignored) == 0;
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

static void take(void *data, const struct run_record *record, json_t *event)
{
	struct audit_run *run = data;

	activity_take(&run->activity, event);
	sightings_take(&run->seen, record, event);
	if (run->has_grants)
		grants_take(&run->grants, record, event);
}

/* The chain vouches for the plan, and the plan for the policy. */
static bool is_policy_of_plan(const struct audit_run *run)
{
	char hex[DIGEST_HEX_LEN];

	digest_hex(&run->bundle.digest, hex);
	return strcmp(record_text(run->record.plan, "policy_digest", ""), hex) == 0;
}

static bool is_live(const char *id)
{
	struct err ignored = { 0 };
	cleanup_close int runs = dirs_open_state("runs", &ignored);

	return runs >= 0 && run_folder_is_live(runs, id);
}

static int open_run(const char *which, bool looks, struct arena *arena, struct audit_run *run,
		    struct err *err)
{
	const struct event_taker taker = { .take = take, .data = run };
	bool lives;

	run->dir = audit_run_open_folder(which, arena, &run->id, err);
	if (run->dir < 0)
		return run->dir;
	if (syncfs(run->dir) < 0)
		return err_sys(err, errno, "cannot sync the record of run %s", run->id);
	run->has_bundle = audit_run_bundle(run->dir, arena, &run->bundle);
	if (looks && run->has_bundle) {
		int r = grants_init(&run->bundle, arena, &run->grants, err);

		if (r < 0)
			return r;
		run->has_grants = true;
	}
	lives = is_live(run->id); /* asked first: what ends now is sealed when it is read */
	if (run_record_read(run->dir, looks ? &taker : NULL, &run->record, err) < 0)
		return err_wrap(err, "run %s", run->id);
	run->record.lives = lives;
	run->has_grants = run->has_grants && is_policy_of_plan(run);
	if (run->has_grants)
		grants_judge(&run->grants, &run->record, arena);
	return 0;
}

static int open_or_close(const char *which, bool looks, struct arena *arena, struct audit_run *ret,
			 struct err *err)
{
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	int r;

	activity_init(&run.activity);
	r = open_run(which, looks, arena, &run, err);
	if (r < 0)
		return r;
	*ret = run;
	ret->grants.bundle = &ret->bundle;
	run = (struct audit_run){ .dir = -1 };
	return 0;
}

int audit_run_open(const char *which, struct arena *arena, struct audit_run *ret, struct err *err)
{
	return open_or_close(which, true, arena, ret, err);
}

int audit_run_open_sealed(const char *which, struct arena *arena, struct audit_run *ret,
			  struct err *err)
{
	return open_or_close(which, false, arena, ret, err);
}

void audit_run_close(struct audit_run *run)
{
	closep(&run->dir);
	run_record_done(&run->record);
	activity_done(&run->activity);
	sightings_done(&run->seen);
	grants_done(&run->grants);
}
