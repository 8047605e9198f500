/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/cleanup.h"
#include "bpf/preempt.h"

#define DYNAMIC "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
#define VOLUNTARY \
	"# Automatically generated\nCONFIG_PREEMPT_VOLUNTARY=y\n# CONFIG_PREEMPT is not set\n"
#define FULL "# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT=y\n"

static void knows_where_a_task_may_be_switched_away(void **state)
{
	static const struct {
		const char *release, *version, *cmdline, *config;
		bool leaves_out;
	} cases[] = {
		/* clang-format off */
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "quiet\n", VOLUNTARY, false },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "quiet\n", "CONFIG_PREEMPT_NONE=y", false },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "quiet\n", FULL, true },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "quiet\n", "", true },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "preempt=full quiet\n", VOLUNTARY, true },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "a preempt=voluntary\n", FULL, false },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "preempt=none preempt=lazy\n", VOLUNTARY, true },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "preempt=", FULL, true },
		{ "6.1.0-56-cloud-amd64", DYNAMIC, "nopreempt=none", FULL, true },
		{ "6.12.1", "#1 SMP PREEMPT_RT", "preempt=none", VOLUNTARY, true },
		{ "6.12.1", "#1 SMP PREEMPT", "", VOLUNTARY, true },
		{ "5.19.0", "#1 SMP Debian", "", "", false },
		{ "7.3.4+deb13", DYNAMIC, "", FULL, false },
		{ "next", DYNAMIC, "", FULL, true },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (preempt_leaves_out(cases[i].release, cases[i].version,
				       span_of(cases[i].cmdline),
				       span_of(cases[i].config)) != cases[i].leaves_out)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_where_a_task_may_be_switched_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
