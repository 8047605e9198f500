/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

static int root = -1;
static const char *dir;

static int setup(void **state)
{
	(void)state;
	dir = temp_dir_make();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 || mkdirat(root, "real", 0755) < 0 || symlinkat("/etc", root, "out") < 0 ||
	       symlinkat("real", root, "in") < 0;
}

static int teardown(void **state)
{
	(void)state;
	closep(&root);
	temp_dir_remove(dir);
	return 0;
}

static void links_do_not_lead_out(void **state)
{
	struct err err = { 0 };
	int fd;

	(void)state;
	assert_int_equal(path_open_in(root, "/out/passwd", O_RDONLY, 0, &err), -ENOENT);
	assert_int_equal(path_open_in(root, "/../../etc/passwd", O_RDONLY, 0, &err), -ENOENT);
	assert_int_equal(path_open_in(root, "/in", O_PATH, RESOLVE_NO_SYMLINKS, &err), -ELOOP);
	fd = path_open_in(root, "/in", O_PATH | O_DIRECTORY, 0, &err);
	assert_true(fd >= 0);
	close(fd);
}

static void makes_folders_but_through_no_link(void **state)
{
	struct err err = { 0 };
	int fd = path_make_dir_in(root, "/a/b/c", &err);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(path_make_dir_in(root, "/out/x", &err), -ENOTDIR);
	assert_int_equal(path_make_dir_in(root, "/in/x", &err), -ENOTDIR);
	fd = path_make_file_in(root, "/a/f", &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(path_make_file_in(root, "/out", &err), -ELOOP);
	assert_int_equal(access("/etc/x", F_OK), -1);
}

static void cleans_paths(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct err err = { 0 };
	const char *clean = NULL;

	(void)state;
	assert_int_equal(path_clean(&arena, "//a/./b//c/", &clean, &err), 0);
	assert_string_equal(clean, "/a/b/c");
	assert_int_equal(path_clean(&arena, "/", &clean, &err), 0);
	assert_string_equal(clean, "/");
	assert_int_equal(path_clean(&arena, "/a/../b", &clean, &err), -EINVAL);
	assert_int_equal(path_clean(&arena, "a", &clean, &err), -EINVAL);
	assert_true(path_is_below("/usr/bin", "/usr"));
	assert_true(path_is_below("/usr", "/usr"));
	assert_false(path_is_below("/usrx", "/usr"));
	assert_true(path_is_below("/x", "/"));
}

static void replaces_files_and_removes_trees(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(fd_replace_file(root, "f", "one", 3, true, &err), 0);
	assert_int_equal(fd_replace_file(root, "f", "two", 3, false, &err), 0);
	assert_int_equal(fd_read_file(root, "f", 100, &text, &err), 0);
	assert_string_equal(strbuf_str(&text), "two");
	assert_int_equal(fd_read_file(root, "f", 2, &text, &err), -EFBIG);
	assert_int_equal(fd_read_file(root, "in", 100, &text, &err), -ELOOP);
	assert_int_equal(fd_remove_tree(root, "out", &err), 0);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	assert_int_equal(fd_remove_tree(root, "absent", &err), 0);
}

static void tells_the_machine_from_its_processes(void **state)
{
	static const struct {
		const char *path;
		bool of_machine;
	} rows[] = {
		{ "/proc/meminfo", true },    { "/proc/sys/vm/swappiness", true },
		{ "/proc/netx", true },       { "/proc", false },
		{ "/proc/1/maps", false },    { "/proc/self", false },
		{ "/proc/self/maps", false }, { "/proc/thread-self/comm", false },
		{ "/proc/net/dev", false },   { "/proc/mounts", false },
		{ "/procfs", false },         { "/etc/meminfo", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (path_is_of_machine(rows[i].path) != rows[i].of_machine)
			fail_msg("%s", rows[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_machine_from_its_processes),
		cmocka_unit_test(links_do_not_lead_out),
		cmocka_unit_test(makes_folders_but_through_no_link),
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(replaces_files_and_removes_trees),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
