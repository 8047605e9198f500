/* SPDX-License-Identifier: Apache-2.0 */
/* Records of runs, written here as a supervisor writes them, and what they come to together. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/event_log.h"
#include "base/fd.h"
#include "runtime/grant_runs.h"
#include "tests/support/policy_text.h"

#define HEAD "policy: 1\nname: t\nextends: [builtin/glibc]\naudit:\n  record: [all]\nsyscalls:\n"
#define POLICY HEAD "  - allow ptrace vmsplice\n"
#define OTHER HEAD "  - allow ptrace kill\n"

struct fixture {
	char dir[256];
	struct arena arena;
	struct bundle bundle, other;
	int runs;
};

static const struct bundle *encode(const char *text, struct arena *arena, struct bundle *ret,
				   struct strbuf *bytes)
{
	struct bundle compiled = { 0 };
	struct err err = { 0 };
	void *aligned;

	bundle_of_text(text, arena, &compiled);
	assert_int_equal(bundle_encode(&compiled, bytes, &err), 0);
	aligned = arena_alloc(arena, bytes->len);
	assert_non_null(aligned);
	memcpy(aligned, bytes->p, bytes->len);
	assert_int_equal(bundle_decode(aligned, bytes->len, arena, ret, &err), 0);
	return ret;
}

static int set_up(void **state)
{
	static struct fixture f;
	char runs[300];

	f = (struct fixture){ .runs = -1 };
	snprintf(f.dir, sizeof(f.dir), "%s", temp_dir_make());
	snprintf(runs, sizeof(runs), "%s/immure", f.dir);
	assert_int_equal(mkdir(runs, 0700), 0);
	snprintf(runs, sizeof(runs), "%s/immure/runs", f.dir);
	assert_int_equal(mkdir(runs, 0700), 0);
	f.runs = open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f.runs >= 0);
	*state = &f;
	return setenv("XDG_STATE_HOME", f.dir, 1);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->runs);
	arena_done(&f->arena);
	temp_dir_remove(f->dir);
	return 0;
}

static struct digest put(int dir, const char *name, const char *bytes, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, n), 0);
	close(fd);
	return digest_of(bytes, n);
}

struct run {
	const char *id, *used; /* a call that it made; NULL: none */
	bool unsealed, untraced;
};

static void note(struct event_log *log, enum record_kind kind, struct jsonw *j)
{
	struct err err = { 0 };

	assert_int_equal(event_log_note(log, kind, j->out, &err), 0);
	strbuf_reset(j->out);
	j->comma = false;
}

static void seal(int dir, struct event_log *log, const char *id, const struct digest *evidence)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };
	char hex[DIGEST_HEX_LEN];

	digest_hex(evidence, hex);
	jsonw_ku64(&j, "denied", 0);
	jsonw_kstr(&j, "evidence_sha256", hex);
	jsonw_ki64(&j, "exit", 0);
	jsonw_kbool(&j, "lost", false);
	event_log_losses(log, &j);
	note(log, RECORD_SEALED, &j);
	digest_hex(&log->chain.head, hex);
	strbuf_addf(&text,
		    "{\"denied\":0,\"exit\":0,\"head\":\"%s\",\"records\":%llu,\"run\":\"%s\"}",
		    hex, (unsigned long long)log->chain.seq, id);
	put(dir, "status.json", text.p, text.len);
}

static void write_run(const struct fixture *f, const struct bundle *bundle,
		      const struct strbuf *bytes, const struct run *run)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };
	struct event_log log = { 0 };
	struct err err = { 0 };
	char hex[DIGEST_HEX_LEN];
	struct digest plan, evidence;
	int dir;

	assert_int_equal(mkdirat(f->runs, run->id, 0700), 0);
	dir = openat(f->runs, run->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(dir, "policy.bundle", bytes->p, bytes->len);
	digest_hex(&bundle->digest, hex);
	strbuf_addf(&text, "{\"policy\":\"t\",\"policy_digest\":\"%s\"}", hex);
	plan = put(dir, "plan.json", text.p, text.len);
	evidence = put(dir, "evidence.json", "{}", 2);
	strbuf_reset(&text);
	assert_int_equal(event_log_open(&log, dir, &err), 0);
	digest_hex(&plan, hex);
	jsonw_kstr(&j, "plan_sha256", hex);
	jsonw_kstr(&j, "run", run->id);
	note(&log, RECORD_START, &j);
	log.loss[SOURCE_BPF].mode = run->untraced ? NULL : "all calls, as they return";
	if (run->used) {
		const struct record counts = { .kind = RECORD_COUNTS,
					       .source = SOURCE_BPF,
					       .has = HAS_CALL | HAS_COUNT,
					       .call = run->used,
					       .count = 5 };

		assert_int_equal(event_log_add(&log, &counts, &err), 0);
	}
	if (!run->unsealed)
		seal(dir, &log, run->id, &evidence);
	event_log_close(&log);
	close(dir);
}

static const struct grant_tally *tally_of(const struct grant_runs *runs, const char *text)
{
	for (size_t i = 0; i < runs->grants.n; i++) {
		if (strcmp(runs->grants.items[i].text, text) == 0 &&
		    grant_is_own(&runs->grants, &runs->grants.items[i]))
			return &runs->tallies[i];
	}
	fail_msg("no grant %s", text);
	return NULL;
}

static void runs_of_the_policy_are_added_up(void **state)
{
	static const struct run of_it[] = { { "00000001-0001", "ptrace", false, false },
					    { "00000002-0002", NULL, false, false },
					    { "00000003-0003", NULL, false, true },
					    { "00000004-0004", "vmsplice", true, false } };
	static const struct run of_another = { "00000005-0005", "vmsplice", false, false };
	const struct grant_runs_limits limits = { .runs = 100 };
	cleanup_strbuf struct strbuf bytes = { 0 };
	cleanup_strbuf struct strbuf others = { 0 };
	cleanup_grant_runs struct grant_runs runs = { 0 };
	struct fixture *f = *state;
	struct err err = { 0 };

	encode(POLICY, &f->arena, &f->bundle, &bytes);
	encode(OTHER, &f->arena, &f->other, &others);
	for (size_t i = 0; i < ARRAY_LEN(of_it); i++)
		write_run(f, &f->bundle, &bytes, &of_it[i]);
	write_run(f, &f->other, &others, &of_another);
	assert_int_equal(grant_runs_read(&f->bundle, &limits, &f->arena, &runs, &err), 0);
	assert_int_equal(runs.n_read, 3);
	assert_int_equal(runs.n_told, 2);
	assert_string_equal(runs.newest, "00000003-0003");
	assert_false(runs.older);
	assert_int_equal(tally_of(&runs, "ptrace")->told, 2);
	assert_int_equal(tally_of(&runs, "ptrace")->used, 1);
	assert_int_equal(tally_of(&runs, "ptrace")->n, 5);
	assert_int_equal(grant_tally_use(tally_of(&runs, "ptrace")), GRANT_USED);
	assert_int_equal(grant_tally_use(tally_of(&runs, "vmsplice")), GRANT_UNUSED);
	assert_non_null(strstr(tally_of(&runs, "ptrace")->unknown, "no immure-tracerd"));
	assert_int_equal(grant_runs_count(&runs, GRANT_UNUSED), 1);
	/* The one that was cut short is named; that of another policy is not. */
	assert_int_equal(runs.n_left_out, 1);
	assert_string_equal(runs.left_out[0].run, "00000004-0004");
	assert_non_null(strstr(runs.left_out[0].why, "cut short"));
}

static void damaged_ones_are_named_and_limits_end_it(void **state)
{
	static const struct run good[] = { { "00000001-0001", NULL, false, false },
					   { "00000002-0002", NULL, false, false },
					   { "00000003-0003", NULL, false, false } };
	const struct grant_runs_limits one = { .runs = 1 };
	const struct grant_runs_limits few = { .runs = 100, .bytes = 1 };
	cleanup_strbuf struct strbuf bytes = { 0 };
	cleanup_grant_runs struct grant_runs first = { 0 };
	cleanup_grant_runs struct grant_runs second = { 0 };
	struct fixture *f = *state;
	struct err err = { 0 };

	encode(POLICY, &f->arena, &f->bundle, &bytes);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		write_run(f, &f->bundle, &bytes, &good[i]);
	assert_int_equal(unlinkat(f->runs, "00000003-0003/evidence.json", 0), 0);
	assert_int_equal(grant_runs_read(&f->bundle, &one, &f->arena, &first, &err), 0);
	assert_int_equal(first.n_read, 1);
	assert_true(first.older);
	assert_string_equal(first.newest, "00000002-0002");
	assert_int_equal(first.n_left_out, 1);
	assert_string_equal(first.left_out[0].run, "00000003-0003");
	assert_int_equal(grant_runs_read(&f->bundle, &few, &f->arena, &second, &err), 0);
	assert_int_equal(second.n_read, 0);
	assert_true(second.older);
	assert_int_equal(grant_runs_count(&second, GRANT_UNUSED), 0);
	assert_int_equal(grant_runs_count(&second, GRANT_UNKNOWN), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_of_the_policy_are_added_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_ones_are_named_and_limits_end_it, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
