/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <unistd.h>

#include "runtime/run_io.h"

#define TITLES                                                                                     \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
	"drop fifo colls carrier compressed\n"

static void interfaces_but_the_loopback_are_added_up(void **state)
{
	struct run_io io = { 0 };

	(void)state;
	assert_int_equal(
		run_io_net_parse(span_of(TITLES
					 "    lo: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0\n"
					 "  eth0: 5 1 0 0 0 0 0 0 70 1 0 0 0 0 0 0\n"
					 "longname12345:600 1 0 0 0 0 0 0 8000 1 0 0 0 0 0 0\n"),
				 &io),
		0);
	assert_true(io.has_net && !io.has_block);
	assert_int_equal(io.received, 605);
	assert_int_equal(io.sent, 8070);
	assert_int_equal(run_io_net_parse(span_of(TITLES), &io), 0);
	assert_int_equal(io.received, 0);
}

static void disks_are_added_up(void **state)
{
	struct run_io io = { 0 };

	(void)state;
	assert_int_equal(
		run_io_stat_parse(
			span_of("8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 "
				"dios=0\n"
				"8:0 rbytes=100 wbytes=4 rios=1 wios=1 dbytes=50331648 dios=3021\n"
				"254:0\n"),
			&io),
		0);
	assert_true(io.has_block && !io.has_net);
	assert_int_equal(io.read, 1459300);
	assert_int_equal(io.written, 314773508);
	assert_int_equal(run_io_stat_parse(span_of(""), &io), 0);
	assert_int_equal(io.read + io.written, 0);
}

static void processes_are_added_up(void **state)
{
	static const char text[] =
		"rchar: 4292\nwchar: 7\nsyscr: 13\nsyscw: 0\nread_bytes: 4096\nwrite_bytes: 8192\n"
		"cancelled_write_bytes: 100\n";
	struct run_io io = { 0 };

	(void)state;
	assert_int_equal(run_io_process_add(span_of(text), &io), 0);
	assert_int_equal(run_io_process_add(span_of(text), &io), 0);
	assert_int_equal(io.read, 8192);
	assert_int_equal(io.written, 16384);
}

static void what_makes_no_sense_changes_nothing(void **state)
{
	struct run_io io = { .received = 1, .read = 2 };

	(void)state;
	assert_int_equal(run_io_net_parse(span_of(TITLES "eth0: 5 1 0\n"), &io), -EINVAL);
	assert_int_equal(run_io_net_parse(span_of(TITLES "eth0: x 1 0 0 0 0 0 0 1\n"), &io),
			 -EINVAL);
	assert_int_equal(run_io_stat_parse(span_of("8:0 rbytes=-1\n"), &io), -EINVAL);
	assert_int_equal(run_io_process_add(span_of("read_bytes: x\n"), &io), -EINVAL);
	assert_true(io.received == 1 && io.read == 2 && !io.has_net && !io.has_block);
}

static void our_own_network_is_not_a_sandbox_s(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct proc_use *all = NULL;
	struct err err = { 0 };
	int n = proc_use_all(&arena, &all, &err);
	struct run_io io;

	(void)state;
	assert_true(n > 0);
	io = run_io_look("00000000-0000", getpid(), all, (size_t)n);
	assert_false(io.has_net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_but_the_loopback_are_added_up),
		cmocka_unit_test(disks_are_added_up),
		cmocka_unit_test(processes_are_added_up),
		cmocka_unit_test(what_makes_no_sense_changes_nothing),
		cmocka_unit_test(our_own_network_is_not_a_sandbox_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
