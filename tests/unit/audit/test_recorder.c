/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

#include "audit/recorder.h"

static void keeps_each_item_once(void **state)
{
	cleanup_recorder struct recorder r = { 0 };
	char item[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(item, sizeof(item), "file read /%d", i);
			assert_int_equal(recorder_add(&r, item), round == 0);
		}
	}
	assert_int_equal(r.n, 5000);
	assert_int_equal(r.lost, 0);
}

static void counts_what_has_no_room(void **state)
{
	cleanup_recorder struct recorder r = { 0 };
	char item[32];

	(void)state;
	for (unsigned i = 0; i < RECORDER_MAX_ITEMS + 3; i++) {
		snprintf(item, sizeof(item), "file read /%u", i);
		recorder_add(&r, item);
	}
	assert_int_equal(r.n, RECORDER_MAX_ITEMS);
	assert_int_equal(r.lost, 3);
}

static void tells_arguments_apart_where_a_policy_can(void **state)
{
	static const struct {
		const char *call;
		uint64_t args[3];
		bool allowed;
		const char *item;
	} cases[] = {
		/* clang-format off */
		{ "getpid",   { 1, 2, 3 }, true, "allow getpid" },
		{ "bpf",      { 1, 2, 3 }, false, "refuse bpf" },
		{ "ioctl",    { 3, 0xffffffff00005413, 9 }, true, "allow ioctl cmd=0x5413" },
		{ "socket",   { 1, 02000001, 0 }, true, "allow socket domain=0x1,type=0x1,protocol=0x0" },
		{ "clone",    { 0x3d0f00, 0, 0 }, true, "allow clone flags=0x10000" },
		{ "clone",    { 0x1200011, 0, 0 }, true, "allow clone flags=0x0" },
		{ "clone",    { CLONE_NEWUSER | 17, 0, 0 }, false, "refuse clone flags=0x10000000" },
		{ "mprotect", { 0x1000, 4096, 5 }, true, "allow mprotect prot=0x5" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct seccomp_data data = { 0 };

		for (size_t k = 0; k < 3; k++)
			data.args[k] = cases[i].args[k];
		recorder_call_item(cases[i].call, &data, cases[i].allowed, &out);
		assert_string_equal(strbuf_str(&out), cases[i].item);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_each_item_once),
		cmocka_unit_test(counts_what_has_no_room),
		cmocka_unit_test(tells_arguments_apart_where_a_policy_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
