/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tree_copy.h"

static int top = -1;
static const char *top_path;

static int make(const char *name)
{
	int fd;

	assert_int_equal(mkdirat(top, name, 0700), 0);
	fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int set_up(void **state)
{
	(void)state;
	top_path = temp_dir_make();
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(top);
	temp_dir_remove(top_path);
	return 0;
}

static void write_at(int dir, const char *name, const char *text, off_t at)
{
	cleanup_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
}

static void copies_what_there_is(void **state)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1000000000 } };
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	struct stat st = { 0 };
	struct err err = { 0 };
	char text[64] = "";

	(void)state;
	write_at(from, "file", "hello", 0);
	write_at(from, "sparse", "end", 50 << 20);
	assert_int_equal(mkdirat(from, "d", 0711), 0);
	write_at(from, "d/deep", "x", 0);
	assert_int_equal(symlinkat("/etc/passwd", from, "link"), 0);
	assert_int_equal(mkfifoat(from, "pipe", 0600), 0);
	assert_int_equal(fchmodat(from, "file", 06755, 0), 0);
	assert_int_equal(utimensat(from, "file", times, 0), 0);
	assert_int_equal(fchmod(from, 0751), 0);
	assert_int_equal(tree_copy(from, to, &err), 0);
	assert_int_equal(fstatat(to, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755); /* no set-id bits */
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(fstatat(to, "sparse", &st, 0), 0);
	assert_int_equal(st.st_size, (50 << 20) + 3);
	assert_true(st.st_blocks * 512 < 1 << 20); /* its hole is one */
	assert_int_equal(fstatat(to, "d", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(fstatat(to, "d/deep", &st, 0), 0);
	assert_int_equal(readlinkat(to, "link", text, sizeof(text) - 1), 11);
	assert_string_equal(text, "/etc/passwd");
	assert_int_equal(fstatat(to, "pipe", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
}

static void refuses_what_is_too_deep_or_there_already(void **state)
{
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	cleanup_close int other = make("other");
	struct err err = { 0 };
	int at = dup(from);

	(void)state;
	write_at(other, "link", "outside", 0);
	for (int i = 0; i < TREE_COPY_DEPTH; i++) {
		int below;

		assert_int_equal(mkdirat(at, "d", 0700), 0);
		below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = below;
	}
	close(at);
	assert_int_equal(tree_copy(from, to, &err), -ELOOP);
	/* A link that somebody put in the way is not written through. */
	write_at(from, "link", "evil", 0);
	assert_int_equal(fd_remove_tree(from, "d", &err), 0);
	assert_int_equal(fd_remove_tree(to, "d", &err), 0);
	assert_int_equal(symlinkat("../other/link", to, "link"), 0);
	err = (struct err){ 0 };
	assert_int_equal(tree_copy(from, to, &err), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_what_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_is_too_deep_or_there_already, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
