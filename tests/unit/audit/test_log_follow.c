/* SPDX-License-Identifier: Apache-2.0 */
/* A log that grows while it is read, byte by byte and from segment to segment. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "audit/event_log.h"
#include "audit/log_follow.h"
#include "base/fd.h"

struct fixture {
	char path[64];
	int dir;
	uint64_t seen;
	struct log_follow follow;
};

static int count(void *data, struct span line, uint64_t number, struct err *err)
{
	uint64_t *seen = data;

	(void)line;
	(void)err;
	assert_int_equal(number, *seen);
	(*seen)++;
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/immure-test-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->follow.fd = -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	log_follow_close(&f->follow);
	close(f->dir);
	assert_int_equal(fd_remove_tree(AT_FDCWD, f->path, &err), 0);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	const struct log_reader reader = { .fn = count, .data = &f->seen };
	struct err err = { 0 };

	assert_int_equal(log_follow_open(&f->follow, f->dir, &reader, &err), 0);
}

static void add(struct event_log *log)
{
	const struct record record = { .kind = RECORD_OPEN, .source = SOURCE_BPF };
	struct err err = { 0 };

	assert_int_equal(event_log_add(log, &record, &err), 0);
}

static void sees_records_as_they_come(void **state)
{
	const struct strbuf none = { 0 };
	struct fixture *f = *state;
	struct event_log log;
	struct err err = { 0 };

	assert_int_equal(event_log_open(&log, f->dir, &err), 0);
	log.segment_max = 700;
	begin(f);
	assert_int_equal(log_follow_step(&f->follow, &err), 0);
	for (int i = 0; i < 30; i++) {
		add(&log);
		assert_true(log_follow_step(&f->follow, &err) > 0);
		assert_int_equal(f->seen, log.chain.seq);
	}
	assert_true(f->follow.segment > 3);
	assert_false(f->follow.sealed);
	assert_int_equal(event_log_note(&log, RECORD_SEALED, &none, &err), 0);
	assert_int_equal(log_follow_step(&f->follow, &err), 1);
	assert_true(f->follow.sealed);
	event_log_close(&log);
}

/* Half a record is not one yet. */
static void waits_for_the_end_of_a_line(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct fixture *f = *state;
	struct event_log log;
	struct err err = { 0 };
	int fd;

	assert_int_equal(event_log_open(&log, f->dir, &err), 0);
	add(&log);
	add(&log);
	event_log_close(&log);
	assert_int_equal(fd_read_file(f->dir, "events.jsonl", 1 << 20, &text, &err), 0);
	fd = openat(f->dir, "events.jsonl", O_WRONLY | O_TRUNC | O_APPEND | O_CLOEXEC);
	begin(f);
	for (size_t i = 0; i < text.len; i++) {
		assert_int_equal(write(fd, text.p + i, 1), 1);
		assert_int_equal(log_follow_step(&f->follow, &err), text.p[i] == '\n');
	}
	assert_int_equal(f->seen, 2);
	assert_int_equal(write(fd, "x\n", 2), 2);
	assert_int_equal(log_follow_step(&f->follow, &err), -EBADMSG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sees_records_as_they_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waits_for_the_end_of_a_line, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
