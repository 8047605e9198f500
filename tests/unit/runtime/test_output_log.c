/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "runtime/output_log.h"

static const char *dir;
static int dir_fd = -1;

static int setup(void **state)
{
	(void)state;
	dir = temp_dir_make();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(dir_fd);
	temp_dir_remove(dir);
	return 0;
}

/* The texts of the lines that stand in a file, without their times: "stdout F one|". */
static void check_log(const char *name, const char *expected)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf seen = { 0 };
	struct err err = { 0 };
	struct span rest;

	assert_int_equal(fd_read_file(dir_fd, name, 1 << 20, &text, &err), 0);
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span when = span_cut(&line, ' ');

		assert_int_equal(when.n, strlen("2026-11-25T10:00:00.000000000Z"));
		strbuf_span(&seen, line);
		strbuf_putc(&seen, '|');
	}
	assert_string_equal(strbuf_str(&seen), expected);
}

static void keeps_lines_whole_and_streams_apart(void **state)
{
	struct output_log log;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(output_log_open(&log, dir_fd, &err), 0);
	output_log_add(&log, 0, "on", 2);
	output_log_add(&log, 1, "error\nmo", 8);
	output_log_add(&log, 0, "e\n\ntwo\n", 7);
	output_log_close(&log);
	check_log("output.log", "stderr F error|stdout F one|stdout F |stdout F two|stderr P mo|");
	assert_int_equal(unlinkat(dir_fd, "output.log", 0), 0);
}

static void cuts_a_long_line_into_parts(void **state)
{
	struct output_log log;
	struct err err = { 0 };
	char bytes[OUTPUT_LINE_MAX + 2];
	char expected[OUTPUT_LINE_MAX + 64];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	bytes[sizeof(bytes) - 1] = '\n';
	assert_int_equal(output_log_open(&log, dir_fd, &err), 0);
	output_log_add(&log, 0, bytes, sizeof(bytes));
	output_log_close(&log);
	snprintf(expected, sizeof(expected), "stdout P %.*s|stdout F x|", OUTPUT_LINE_MAX, bytes);
	check_log("output.log", expected);
	assert_int_equal(unlinkat(dir_fd, "output.log", 0), 0);
}

static void never_holds_more_than_two_files(void **state)
{
	struct output_log log;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(output_log_open(&log, dir_fd, &err), 0);
	log.max = 100; /* two lines of these */
	for (int i = 0; i < 7; i++) {
		char line[8];

		snprintf(line, sizeof(line), "line%d\n", i);
		output_log_add(&log, 0, line, strlen(line));
	}
	output_log_close(&log);
	assert_int_equal(log.lost, 0);
	check_log("output.log.1", "stdout F line4|stdout F line5|");
	check_log("output.log", "stdout F line6|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_lines_whole_and_streams_apart),
		cmocka_unit_test(cuts_a_long_line_into_parts),
		cmocka_unit_test(never_holds_more_than_two_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
