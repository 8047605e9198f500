/* SPDX-License-Identifier: Apache-2.0 */
/* What was told last is read; nothing told is nothing there; what is no number is not believed. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/tally.h"

struct scene {
	char folder[32];
	struct tally tally;
};

static int set_up(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));

	memcpy(s->folder, "/tmp/test-tally-XXXXXX", 23);
	assert_non_null(mkdtemp(s->folder));
	s->tally = (struct tally){ .dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				   .fd = -1 };
	assert_true(s->tally.dir >= 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	tally_done(&s->tally);
	unlinkat(s->tally.dir, TALLY_FILE, 0);
	close(s->tally.dir);
	assert_int_equal(rmdir(s->folder), 0);
	test_free(s);
	return 0;
}

static uint64_t read_back(const struct scene *s)
{
	uint64_t n = 77;

	assert_true(tally_read(s->tally.dir, &n));
	return n;
}

static void reads_what_was_told_last(void **state)
{
	static const uint64_t numbers[] = { 1, 9, 10, 10, 99, 1000000, UINT64_MAX };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		tally_tell(&s->tally, numbers[i]);
		assert_int_equal(read_back(s), numbers[i]);
	}
}

static void makes_no_file_for_nothing(void **state)
{
	struct scene *s = *state;

	tally_tell(&s->tally, 0);
	assert_int_equal(faccessat(s->tally.dir, TALLY_FILE, F_OK, 0), -1);
	assert_int_equal(read_back(s), 0);
}

static void leaves_no_file(void **state)
{
	struct scene *s = *state;

	tally_tell(&s->tally, 5);
	tally_done(&s->tally);
	assert_int_equal(faccessat(s->tally.dir, TALLY_FILE, F_OK, 0), -1);
	assert_int_equal(s->tally.fd, -1);
}

static void believes_no_other_file(void **state)
{
	static const char *const texts[] = { "", "x", "-1", "1 ", "18446744073709551616" };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = { 0 };
		uint64_t n = 77;

		assert_int_equal(fd_replace_file(s->tally.dir, TALLY_FILE, texts[i],
						 strlen(texts[i]), false, &err),
				 0);
		assert_false(tally_read(s->tally.dir, &n));
		assert_int_equal(n, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_what_was_told_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_no_file_for_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(believes_no_other_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
