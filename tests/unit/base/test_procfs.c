/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

static void reads_our_own_status(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status st = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(fd_read_file(AT_FDCWD, "/proc/self/status", 1 << 16, &text, &err), 0);
	assert_int_equal(proc_status_parse((struct span){ text.p, text.len }, &st, &err), 0);
	assert_int_equal(st.pid, getpid());
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.uid[1], geteuid());
	assert_int_equal(st.threads, 1);
	assert_in_range(st.seccomp, 0, 2);
}

static void refuses_a_status_that_makes_no_sense(void **state)
{
	struct proc_status st = { .pid = 77 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(proc_status_parse(span_of("Pid:\tx\n"), &st, &err), -EINVAL);
	assert_int_equal(proc_status_parse(span_of("CapEff:\t00000000000000000\n"), &st, &err),
			 -EINVAL);
	assert_int_equal(st.pid, 77);
}

static void reads_mountinfo(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct proc_mount *m = NULL;
	struct err err = { 0 };
	size_t n = 0;

	(void)state;
	assert_int_equal(
		proc_mountinfo_parse(
			span_of("36 35 98:0 /mnt1 /mn\\040t2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
				"1 2 0:4 / /proc ro - proc proc rw\n"),
			&arena, &m, &n, &err),
		0);
	assert_int_equal(n, 2);
	assert_string_equal(m[0].point, "/mn t2");
	assert_string_equal(m[0].optional, "master:1 shared:2");
	assert_string_equal(m[0].fstype, "ext3");
	assert_string_equal(m[1].optional, "");
	assert_string_equal(m[1].super_options, "rw");
	assert_int_equal(proc_mountinfo_parse(span_of("36 x\n"), &arena, &m, &n, &err), -EINVAL);
}

static void reads_id_maps(void **state)
{
	struct proc_idmap maps[2];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(proc_idmap_parse(span_of("         0       1000          1\n"
						  "         1     100000      65536\n"),
					  maps, 2, &err),
			 2);
	assert_int_equal(maps[1].outside, 100000);
	assert_int_equal(proc_idmap_parse(span_of("0 4294967295 2\n"), maps, 2, &err), -ERANGE);
	assert_int_equal(proc_idmap_parse(span_of("0 0 0\n"), maps, 2, &err), -ERANGE);
	assert_int_equal(proc_idmap_parse(span_of("0 0 1\n1 1 1\n2 2 1\n"), maps, 2, &err), -E2BIG);
}

static void finds_the_largest_range_of_a_user(void **state)
{
	struct proc_idmap range = { 0 };

	(void)state;
	assert_int_equal(subid_find(span_of("a:1:2\nbob:100000:10\n1000:200000:65536\nbad\n"),
				    "bob", 1000, &range),
			 1);
	assert_int_equal(range.outside, 200000);
	assert_int_equal(range.count, 65536);
	assert_int_equal(subid_find(span_of("bob:4294967295:10\n"), "bob", 1000, &range), 0);
	assert_int_equal(subid_find(span_of("bob:-1:10\n"), "bob", 1000, &range), 0);
}

static void finds_the_unified_cgroup(void **state)
{
	(void)state;
	assert_true(span_eq(cgroup_v2_path(span_of("5:pids:/a\n0::/user.slice\n")), "/user.slice"));
	assert_int_equal(cgroup_v2_path(span_of("5:pids:/a\n")).n, 0);
}

static void finds_numbers_of_stat(void **state)
{
	/* A name may hold anything, brackets and letters of states too. */
	const struct span text = span_of("7 (a) Z (b) S 1 7 7 0 -1 4194560 9\n");
	uint64_t number = 0;
	char letter = '?';

	(void)state;
	assert_int_equal(proc_stat_field(text, 9, &letter, &number), 0);
	assert_int_equal(letter, 'S');
	assert_int_equal(number, 4194560);
	assert_int_equal(proc_stat_field(text, 10, &letter, &number), 0);
	assert_int_equal(number, 9);
	assert_true(proc_stat_field(text, 8, &letter, &number) < 0); /* -1 */
	assert_true(proc_stat_field(text, 11, &letter, &number) < 0);
	assert_true(proc_stat_field(span_of("7 (a"), 9, &letter, &number) < 0);
	assert_int_equal(number, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_our_own_status),
		cmocka_unit_test(refuses_a_status_that_makes_no_sense),
		cmocka_unit_test(reads_mountinfo),
		cmocka_unit_test(reads_id_maps),
		cmocka_unit_test(finds_the_largest_range_of_a_user),
		cmocka_unit_test(finds_the_unified_cgroup),
		cmocka_unit_test(finds_numbers_of_stat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
