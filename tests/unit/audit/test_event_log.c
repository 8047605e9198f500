/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "audit/event_log.h"
#include "audit/log_read.h"
#include "base/fd.h"

struct fixture {
	char path[64];
	int dir;
	struct event_log log;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = { 0 };

	strcpy(f->path, "/tmp/immure-test-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(event_log_open(&f->log, f->dir, &err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	event_log_close(&f->log);
	close(f->dir);
	assert_int_equal(fd_remove_tree(AT_FDCWD, f->path, &err), 0);
	free(f);
	return 0;
}

static int add(struct fixture *f, enum record_kind kind)
{
	struct record record = { .kind = kind, .source = SOURCE_BPF };
	struct err err = { 0 };

	return event_log_add(&f->log, &record, &err);
}

static int count_kind(void *data, struct span line, uint64_t number, struct err *err)
{
	uint64_t *counts = data;

	(void)number;
	(void)err;
	for (int i = 0; i < RECORD_KIND_COUNT; i++) {
		cleanup_strbuf struct strbuf start = { 0 };

		strbuf_addf(&start, "{\"kind\":\"%s\"", record_kind_name((enum record_kind)i));
		counts[i] += span_starts(line, strbuf_str(&start));
	}
	return 0;
}

static uint64_t read_back(struct fixture *f, uint64_t counts[RECORD_KIND_COUNT])
{
	struct log_reader reader = { .fn = count_kind, .data = counts };
	struct err err = { 0 };

	memset(counts, 0, RECORD_KIND_COUNT * sizeof(*counts));
	assert_int_equal(log_read(&reader, f->dir, &err), 0);
	assert_memory_equal(&reader.head, &f->log.chain.head, sizeof(reader.head));
	return reader.n;
}

static void goes_on_in_a_new_segment(void **state)
{
	uint64_t counts[RECORD_KIND_COUNT];
	struct fixture *f = *state;

	f->log.segment_max = 1000;
	for (int i = 0; i < 50; i++)
		assert_int_equal(add(f, RECORD_OPEN), 0);
	assert_true(f->log.segment > 5);
	assert_int_equal(read_back(f, counts), 50 + f->log.segment);
	assert_int_equal(counts[RECORD_OPEN], 50);
	assert_int_equal(counts[RECORD_ROTATED], f->log.segment);
}

static void misses_a_segment_that_is_gone(void **state)
{
	struct fixture *f = *state;
	struct log_reader reader = { 0 };
	struct err err = { 0 };

	f->log.segment_max = 1000;
	for (int i = 0; i < 50; i++)
		assert_int_equal(add(f, RECORD_OPEN), 0);
	assert_int_equal(unlinkat(f->dir, "events.2.jsonl", 0), 0);
	assert_int_equal(log_read(&reader, f->dir, &err), -ENOENT);
	reader = (struct log_reader){ 0 };
	assert_int_equal(renameat(f->dir, "events.3.jsonl", f->dir, "events.2.jsonl"), 0);
	assert_int_equal(log_read(&reader, f->dir, &err), -EBADMSG);
}

static void counts_what_does_not_fit(void **state)
{
	uint64_t counts[RECORD_KIND_COUNT];
	struct fixture *f = *state;

	f->log.budget = 4000;
	f->log.reserve = 2000;
	for (int i = 0; i < 100; i++)
		assert_int_equal(add(f, RECORD_OPEN), 0);
	read_back(f, counts);
	assert_true(counts[RECORD_OPEN] > 0 && counts[RECORD_OPEN] < 20);
	assert_int_equal(f->log.loss[SOURCE_BPF].recorded, counts[RECORD_OPEN]);
	assert_int_equal(f->log.loss[SOURCE_BPF].dropped, 100 - counts[RECORD_OPEN]);
	/* Told at 1, 2, 4, ... and not once for each. */
	assert_in_range(counts[RECORD_LOST], 6, 8);
	/* A refused call still finds room. */
	assert_int_equal(add(f, RECORD_DENIED), 0);
	read_back(f, counts);
	assert_int_equal(counts[RECORD_DENIED], 1);
}

static void sums_the_losses(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_int_equal(add(f, RECORD_EXEC), 0);
	assert_int_equal(event_log_lost(&f->log, SOURCE_BPF, 0, &err), 0);
	assert_int_equal(event_log_lost(&f->log, SOURCE_BPF, 41, &err), 0);
	assert_int_equal(event_log_lost(&f->log, SOURCE_BPF, 1, &err), 0);
	event_log_losses(&f->log, &j);
	assert_string_equal(text.p,
			    "\"losses\":[{\"dropped\":42,\"recorded\":1,\"source\":\"bpf\"}]");
	/* Absent at all starts: then it is no source of this record, and lost nothing. */
	strbuf_reset(&text);
	j.comma = false;
	f->log.loss[SOURCE_BPF].absent = 2;
	event_log_losses(&f->log, &j);
	assert_null(strstr(text.p, "absent"));
	strbuf_reset(&text);
	j.comma = false;
	f->log.loss[SOURCE_BPF].mode = "all calls";
	event_log_losses(&f->log, &j);
	assert_non_null(strstr(text.p, "{\"absent\":2,\"dropped\":42,\"mode\":\"all calls\","));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on_in_a_new_segment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(misses_a_segment_that_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_what_does_not_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sums_the_losses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
