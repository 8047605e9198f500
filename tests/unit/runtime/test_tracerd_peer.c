/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>

#include "runtime/tracerd_peer.h"

static const struct proc_idmap none = { 0 };
static const struct proc_idmap range = { .outside = 100000, .count = 65536 };

/* A task as `immure run` has one when it asks. */
static struct proc_status good(void)
{
	return (struct proc_status){
		.pid = 4711,
		.tgid = 4711,
		.threads = 1,
		.uid = { 1000, 1000, 1000, 1000 },
		.no_new_privs = 1,
	};
}

static int ask(uint32_t uid, const struct proc_idmap *ids, const struct proc_status *task)
{
	struct err err = { 0 };

	return peer_may_trace(uid, ids, task, &err);
}

static void allows_what_is_ones_own(void **state)
{
	struct proc_status task = good();

	(void)state;
	assert_int_equal(ask(1000, &none, &task), 0);
	for (size_t i = 0; i < 4; i++)
		task.uid[i] = 100000 + 65535;
	assert_int_equal(ask(1000, &range, &task), 0);
	assert_int_equal(ask(0, &none, &task), 0);
}

static void refuses_each_single_fault(void **state)
{
	struct proc_status task;

	(void)state;
#define REFUSED(uid, change)                                       \
	do {                                                       \
		task = good();                                     \
		change;                                            \
		assert_int_equal(ask(uid, &range, &task), -EPERM); \
	} while (0)
	REFUSED(1001, (void)0);
	REFUSED(1000, task.no_new_privs = 0);
	REFUSED(1000, task.no_new_privs = -1);
	REFUSED(1000, task.threads = 2);
	REFUSED(1000, task.threads = 0);
	REFUSED(1000, task.pid = task.tgid = 1);
	REFUSED(0, task.pid = task.tgid = 1);
	REFUSED(0, task.no_new_privs = 0);
	REFUSED(1000, task.tgid = 1); /* a thread that leads nothing */
	for (size_t i = 0; i < 4; i++) {
		REFUSED(1000, task.uid[i] = 0);
		REFUSED(1000, task.uid[i] = 100000);
	}
	REFUSED(1000, task.uid[0] = task.uid[1] = task.uid[2] = task.uid[3] = 100000 + 65536);
	REFUSED(1000, task.uid[0] = task.uid[1] = task.uid[2] = task.uid[3] = 99999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows_what_is_ones_own),
		cmocka_unit_test(refuses_each_single_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
