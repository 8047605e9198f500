/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <signal.h>
#include <string.h>

#include "runtime/control.h"

static void takes_what_is_well_formed_and_nothing_else(void **state)
{
	static const struct {
		struct control_request request;
		size_t n;
		bool good;
	} cases[] = {
		/* clang-format off */
		{ { CONTROL_VERSION, CONTROL_SIGNAL, SIGTERM, 0 }, 16, true },
		{ { CONTROL_VERSION, CONTROL_WAIT, 0, 0 },         16, true },
		{ { CONTROL_VERSION, CONTROL_SIGNAL, 0, 0 },       16, false },
		{ { CONTROL_VERSION, CONTROL_SIGNAL, NSIG, 0 },    16, false },
		{ { CONTROL_VERSION, CONTROL_SIGNAL, -1U, 0 },     16, false },
		{ { CONTROL_VERSION, CONTROL_WAIT, 1, 0 },         16, false },
		{ { CONTROL_VERSION, CONTROL_ENTER, 0, 0 },        16, true },
		{ { CONTROL_VERSION, CONTROL_ENTER, 1, 0 },        16, false },
		{ { CONTROL_VERSION, CONTROL_STOP, 0, 0 },         16, false },
		{ { CONTROL_VERSION, CONTROL_STOP, SIGKILL, 0 },   16, true },
		{ { CONTROL_VERSION, CONTROL_RESTART, SIGTERM, 0 }, 16, true },
		{ { CONTROL_VERSION, CONTROL_STATE, 0, 0 },        16, true },
		{ { CONTROL_VERSION, CONTROL_STATE, 1, 0 },        16, false },
		{ { CONTROL_VERSION, CONTROL_ATTACH, 0, 0 },       16, true },
		{ { CONTROL_VERSION, CONTROL_ATTACH, 1, 0 },       16, false },
		{ { CONTROL_VERSION, CONTROL_RESIZE, 0x180050, 0 }, 16, true },
		{ { CONTROL_VERSION, CONTROL_RESIZE, 0x180000, 0 }, 16, false },
		{ { CONTROL_VERSION, CONTROL_RESIZE, 0x50, 0 },    16, false },
		{ { CONTROL_VERSION, CONTROL_OP_COUNT, 0, 0 },     16, false },
		{ { CONTROL_VERSION + 1, CONTROL_WAIT, 0, 0 },     16, false },
		{ { CONTROL_VERSION, CONTROL_WAIT, 0, 1 },         16, false },
		{ { CONTROL_VERSION, CONTROL_WAIT, 0, 0 },         15, false },
		{ { CONTROL_VERSION, CONTROL_WAIT, 0, 0 },          0, false },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct control_request got = { .argument = 77 };

		assert_int_equal(control_request_decode(&cases[i].request, cases[i].n, &got),
				 cases[i].good);
		assert_int_equal(got.argument, cases[i].good ? cases[i].request.argument : 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_well_formed_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
