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

static void put(int at, const char *name, const char *text, mode_t mode)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void must_hold(int at, const char *name, const char *text, mode_t mode)
{
	cleanup_strbuf struct strbuf got = { 0 };
	struct err err = { 0 };
	struct stat st = { 0 };

	assert_int_equal(fd_read_file(at, name, 4096, &got, &err), 0);
	assert_string_equal(strbuf_str(&got), text);
	assert_int_equal(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static int copy(int from, const char *name, int to, const char *as)
{
	struct copy_rules rules = { .replace = true };
	struct err err = { 0 };

	return tree_copy_entry(from, name, to, as, &rules, &err);
}

static void a_file_comes_with_mode_and_time_and_no_set_id(void **state)
{
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	const struct timespec times[2] = { { .tv_sec = 5 },
					   { .tv_sec = 1000000000, .tv_nsec = 7 } };
	struct stat st = { 0 };

	(void)state;
	put(from, "f", "hello", 06751);
	assert_int_equal(utimensat(from, "f", times, 0), 0);
	assert_int_equal(copy(from, "f", to, "g"), 0);
	must_hold(to, "g", "hello", 0751);
	assert_int_equal(fstatat(to, "g", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

static void links_are_replaced_never_followed(void **state)
{
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	(void)state;
	put(from, "f", "new", 0644);
	put(from, "victim", "old", 0644);
	assert_int_equal(symlinkat("../from/victim", to, "f"), 0);
	assert_int_equal(copy(from, "f", to, "f"), 0);
	must_hold(to, "f", "new", 0644);
	must_hold(from, "victim", "old", 0644);
	/* A link on the way is an error, and nothing is made behind it. */
	assert_int_equal(mkdirat(from, "d", 0755), 0);
	put(from, "d/x", "x", 0644);
	assert_int_equal(symlinkat("../from", to, "d"), 0);
	assert_int_equal(copy(from, "d", to, "d"), -ENOTDIR);
	assert_int_equal(faccessat(from, "x", F_OK, 0), -1);
	/* A link itself is copied as it is. */
	assert_int_equal(symlinkat("/etc/shadow", from, "l"), 0);
	assert_int_equal(copy(from, "l", to, "l"), 0);
	assert_int_equal(faccessat(to, "l", F_OK, AT_SYMLINK_NOFOLLOW), 0);
}

static void folders_are_filled_and_not_exchanged(void **state)
{
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	struct copy_rules rules = { .replace = true };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(from, "d", 0755), 0);
	assert_int_equal(mkdirat(from, "d/e", 0755), 0);
	assert_int_equal(fchmodat(from, "d/e", 0500, 0), 0);
	put(from, "f", "x", 0600);
	assert_int_equal(mkdirat(to, "d", 0711), 0);
	put(to, "d/there", "y", 0600);
	assert_int_equal(tree_copy_contents(from, to, &rules, &err), 0);
	must_hold(to, "d/there", "y", 0600);
	must_hold(to, "f", "x", 0600);
	assert_int_equal(copy(from, "d", to, "f"), -ENOTDIR);
	assert_int_equal(copy(from, "f", to, "d"), -EISDIR);
	assert_int_equal(copy(from, "nothing", to, "x"), -ENOENT);
}

static void a_failure_leaves_no_half_of_a_file(void **state)
{
	cleanup_close int from = make("from");
	cleanup_close int to = make("to");
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	put(from, "f", "x", 0644);
	assert_int_equal(copy(from, "f", to, name), -ENAMETOOLONG);
	assert_int_equal(unlinkat(top, "to", AT_REMOVEDIR), 0); /* it is empty */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_what_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_is_too_deep_or_there_already, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_comes_with_mode_and_time_and_no_set_id,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(links_are_replaced_never_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(folders_are_filled_and_not_exchanged, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_failure_leaves_no_half_of_a_file, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
