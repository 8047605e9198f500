/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "audit/batch.h"

static void writes_what_a_call_has(void **state)
{
	static const char names[] = "read\0write\0\0getppid";
	static struct call_table table;
	const struct tracer_return calls[] = {
		{ .nr = 0, .ret = 512, .args = { 3, 4096, 512, 1, 2, 3 } },
		{ .nr = 3, .after = 9000, .ret = 77, .args = { 1, 2, 3 } },
		{ .nr = 2, .ret = -38, .args = { (uint64_t)-100 } },
		{ .nr = 65535, .ret = -1 },
	};
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	call_table_fill(&table, (struct span){ names, sizeof(names) });
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		batch_add(&table, &calls[i], &out);
	assert_string_equal(strbuf_str(&out), "[\"read\",0,512,3,4096,512],[\"getppid\",9000,77],"
					      "[2,0,-38,-100,0,0,0,0,0],[65535,0,-1,0,0,0,0,0,0]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_a_call_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
