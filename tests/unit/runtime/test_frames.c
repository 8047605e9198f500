/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "runtime/frames.h"

#define MAX ((size_t)1 << 20)

static void gives_back_what_it_got_in_order(void **state)
{
	cleanup_frames struct frames frames = { 0 };
	unsigned in = 0;
	unsigned out = 0;

	(void)state;
	/* Three in, two out: it grows, and moves what waits. */
	while (out < 60000) {
		const struct control_output head = { .stream = CONTROL_STDERR };
		char text[32];
		size_t n = 0;
		const char *first;

		for (int i = 0; i < 3 && in < 60000; i++) {
			int len = snprintf(text, sizeof(text), "%u", in++);

			assert_true(frames_add(&frames, 16 * MAX, &head, text, (size_t)len));
		}
		for (int i = 0; i < 2; i++) {
			first = frames_first(&frames, &n);
			assert_non_null(first);
			assert_memory_equal(first, &head, sizeof(head));
			snprintf(text, sizeof(text), "%u", out++);
			assert_int_equal(n, sizeof(head) + strlen(text));
			assert_memory_equal(first + sizeof(head), text, strlen(text));
			frames_pop(&frames);
		}
	}
	assert_null(frames.p); /* nothing waits, nothing is held */
}

static void takes_no_more_than_it_may(void **state)
{
	cleanup_frames struct frames frames = { 0 };
	const struct control_output head = { .stream = CONTROL_ENDED, .status = 3 };
	char bytes[CONTROL_OUTPUT_MAX] = { 0 };
	size_t n = 0;

	(void)state;
	while (frames_add(&frames, MAX, &head, bytes, sizeof(bytes)))
		n++;
	assert_true(n == MAX / (sizeof(bytes) + sizeof(head) + sizeof(size_t)));
	assert_true(frames.cap <= 4 * MAX);
	frames_pop(&frames);
	assert_true(frames_add(&frames, MAX, &head, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_it_got_in_order),
		cmocka_unit_test(takes_no_more_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
