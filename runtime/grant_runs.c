/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/grant_runs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/event_log.h"
#include "runtime/audit_run.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"

/* Runs of one policy link to one file in the cache: it is decoded once. */
struct known_bundle {
	dev_t dev;
	ino_t ino;
	bool same;
	char digest[DIGEST_HEX_LEN];
};

struct reading {
	const struct grant_runs_limits *limits;
	struct arena *arena;
	struct grant_runs *runs;
	size_t n_known, cap_known;
	struct known_bundle *known;
	uint64_t bytes;
};

static int leave_out(struct reading *r, const char *run, const char *why)
{
	struct grant_runs *runs = r->runs;

	runs->left_out = arena_grow(r->arena, runs->left_out, &runs->cap_left_out,
				    runs->n_left_out + 1, sizeof(*runs->left_out));
	if (!runs->left_out)
		return -ENOMEM;
	runs->left_out[runs->n_left_out] =
		(struct grant_left_out){ arena_strdup(r->arena, run), arena_strdup(r->arena, why) };
	runs->n_left_out++;
	return runs->left_out[runs->n_left_out - 1].why ? 0 : -ENOMEM;
}

/* Of the same sources, and compiled to the same lines. */
static bool is_same(const struct bundle *a, const struct bundle *b)
{
	if (a->n_sources != b->n_sources || a->n_rules != b->n_rules || a->n_files != b->n_files ||
	    a->net.n != b->net.n)
		return false;
	for (size_t i = 0; i < a->n_sources; i++) {
		if (memcmp(&a->sources[i].digest, &b->sources[i].digest, sizeof(struct digest)) !=
		    0)
			return false;
	}
	return true;
}

static const struct known_bundle *find_known(const struct reading *r, const struct stat *st)
{
	for (size_t i = 0; i < r->n_known; i++) {
		if (r->known[i].dev == st->st_dev && r->known[i].ino == st->st_ino)
			return &r->known[i];
	}
	return NULL;
}

/* -EBADMSG: it cannot be read, or is of another version. */
static int decode(const struct reading *r, int dir, struct known_bundle *ret)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle bundle = { 0 };

	if (!audit_run_bundle(dir, &arena, &bundle))
		return -EBADMSG;
	ret->same = is_same(&bundle, r->runs->grants.bundle);
	digest_hex(&bundle.digest, ret->digest);
	return 0;
}

static int look_at_bundle(struct reading *r, int dir, const struct known_bundle **ret)
{
	struct known_bundle known = { 0 };
	struct stat st = { 0 };
	int e;

	if (fstatat(dir, "policy.bundle", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -EBADMSG;
	*ret = find_known(r, &st);
	if (*ret)
		return 0;
	e = decode(r, dir, &known);
	if (e < 0)
		return e;
	known.dev = st.st_dev;
	known.ino = st.st_ino;
	r->known = arena_grow(r->arena, r->known, &r->cap_known, r->n_known + 1, sizeof(known));
	if (!r->known)
		return -ENOMEM;
	r->known[r->n_known] = known;
	*ret = &r->known[r->n_known++];
	return 0;
}

/* A run whose policy cannot be read is named if it may be one of this policy. */
static int without_bundle(struct reading *r, int dir, const char *run)
{
	json_t *plan = record_file(dir, "plan.json");
	const char *name = record_text(plan, "policy", NULL);
	int e = 0;

	if (!name || strcmp(name, r->runs->grants.bundle->name) == 0)
		e = leave_out(r, run,
			      name ? "its policy.bundle cannot be read by this version"
				   : "its record has no readable plan.json");
	json_decref(plan);
	return e;
}

static uint64_t bytes_of_events(int dir)
{
	uint64_t bytes = 0;
	struct stat st = { 0 };
	char name[32];

	for (uint32_t segment = 0;; segment++) {
		event_log_name(segment, name);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return bytes;
		bytes += (uint64_t)st.st_size;
	}
}

static void take(void *data, const struct run_record *record, json_t *event)
{
	grants_take(data, record, event);
}

/* What the run just read says, into the sums. */
static int add_up(struct reading *r)
{
	struct grant_runs *runs = r->runs;
	bool told = false;

	for (size_t i = 0; i < runs->grants.n; i++) {
		const struct grant *grant = &runs->grants.items[i];
		struct grant_tally *tally = &runs->tallies[i];

		if (grant->use != GRANT_UNKNOWN)
			tally->told++;
		else if (!tally->unknown)
			tally->unknown = arena_strdup(r->arena, grant->unknown);
		if (grant->use == GRANT_UNKNOWN && !tally->unknown)
			return -ENOMEM;
		tally->used += grant->use == GRANT_USED;
		tally->n += grant->use == GRANT_USED ? grant->n : 0;
		tally->reads += grant->reads;
		told |= grant->use != GRANT_UNKNOWN && grant_is_own(&runs->grants, grant);
	}
	runs->n_told += told;
	return 0;
}

static int read_record(struct reading *r, int dir, const char *run, const char *digest)
{
	const struct event_taker taker = { .take = take, .data = &r->runs->grants };
	cleanup_run_record struct run_record record = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct err why = { 0 };

	grants_reset(&r->runs->grants);
	if (run_record_read(dir, &taker, &record, &why) < 0)
		return leave_out(r, run, why.msg);
	if (strcmp(record_text(record.plan, "policy_digest", ""), digest) != 0)
		return leave_out(r, run,
				 "its policy.bundle is another than its plan was made from");
	if (record.chain.code)
		return leave_out(r, run, record.chain.msg);
	if (!record.complete)
		return leave_out(r, run, "it was cut short: its record was never sealed");
	grants_judge(&r->runs->grants, &record, &arena);
	if (!r->runs->newest)
		r->runs->newest = run;
	r->runs->n_read++;
	return add_up(r);
}

/* Returns 0, or -ENOMEM. */
static int read_run(struct reading *r, int runs, const char *run)
{
	cleanup_close int dir = -1;
	const struct known_bundle *known = NULL;
	int e;

	if (run_is_probe(runs, run) || run_folder_is_live(runs, run))
		return 0;
	dir = openat(runs, run, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return 0; /* it has just been removed */
	e = look_at_bundle(r, dir, &known);
	if (e == -EBADMSG)
		return without_bundle(r, dir, run);
	if (e < 0 || !known->same)
		return e;
	r->bytes += bytes_of_events(dir);
	if (r->runs->n_read >= r->limits->runs ||
	    (r->limits->bytes > 0 && r->bytes > r->limits->bytes)) {
		r->runs->older = true;
		return 0;
	}
	return read_record(r, dir, run, known->digest);
}

static int read_all(struct reading *r, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	const char **ids = NULL;
	int n = runs < 0 ? runs : run_list(runs, r->arena, &ids, err);

	if (n < 0)
		return n;
	for (int i = n; i-- > 0 && !r->runs->older;) {
		if (read_run(r, runs, ids[i]) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

int grant_runs_read(const struct bundle *bundle, const struct grant_runs_limits *limits,
		    struct arena *arena, struct grant_runs *ret, struct err *err)
{
	cleanup_grant_runs struct grant_runs runs = { 0 };
	struct reading reading = { .limits = limits, .arena = arena, .runs = &runs };
	int r = grants_init(bundle, arena, &runs.grants, err);

	if (r < 0)
		return r;
	runs.tallies = arena_array(arena, runs.grants.n + 1, sizeof(*runs.tallies));
	if (!runs.tallies)
		return err_set(err, ENOMEM, "out of memory");
	r = read_all(&reading, err);
	if (r < 0)
		return r;
	*ret = runs;
	runs = (struct grant_runs){ 0 };
	return 0;
}

enum grant_use grant_tally_use(const struct grant_tally *tally)
{
	return tally->used > 0 ? GRANT_USED : tally->told > 0 ? GRANT_UNUSED : GRANT_UNKNOWN;
}

static bool is_own(const struct grant_runs *runs, size_t i, enum grant_use use)
{
	return grant_is_own(&runs->grants, &runs->grants.items[i]) &&
	       grant_tally_use(&runs->tallies[i]) == use;
}

size_t grant_runs_count(const struct grant_runs *runs, enum grant_use use)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->grants.n; i++)
		n += is_own(runs, i, use);
	return n;
}

bool grant_runs_is_unused(const struct grant_runs *runs, size_t i)
{
	return is_own(runs, i, GRANT_UNUSED);
}

void grant_runs_done(struct grant_runs *runs)
{
	grants_done(&runs->grants);
}
