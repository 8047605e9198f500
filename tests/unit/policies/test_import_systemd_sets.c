/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "base/text.h"
#include "policies/import_systemd_sets.h"
#include "policies/syscall_sets.h"

static bool is_set(struct span name)
{
	struct span rest = span_of(import_systemd_sets);

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span first = span_word(&line);

		if (first.n == name.n && memcmp(first.p, name.p, name.n) == 0)
			return true;
	}
	return false;
}

/* A newer systemd may name a call that this libseccomp does not know: the import says so. */
static void names_calls_and_sets_that_there_are(void **state)
{
	struct span rest = span_of(import_systemd_sets);
	size_t unknown = 0;
	size_t n = 0;

	(void)state;
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		for (struct span w = span_word(&line); w.n > 0; w = span_word(&line), n++) {
			char name[64] = "";

			assert_in_range(w.n, 1, sizeof(name) - 1);
			memcpy(name, w.p, w.n);
			if (name[0] == '@' && !is_set(w))
				fail_msg("%s", name);
			unknown += name[0] != '@' && !syscall_is_known(name);
		}
	}
	assert_in_range(n, 400, 2000);
	assert_in_range(unknown, 0, 3);
}

static void begins_each_line_with_another_set(void **state)
{
	struct span rest = span_of(import_systemd_sets);

	(void)state;
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_word(&line);
		struct span later = rest;

		assert_int_equal(name.p[0], '@');
		while (later.n > 0) {
			struct span other = span_cut(&later, '\n');
			struct span second = span_word(&other);

			if (second.n == name.n && memcmp(second.p, name.p, name.n) == 0)
				fail_msg("%.*s twice", (int)name.n, name.p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_calls_and_sets_that_there_are),
		cmocka_unit_test(begins_each_line_with_another_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
