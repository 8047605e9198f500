/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/tar_tree.h"

static int set_up(void **state)
{
	*state = (void *)(uintptr_t)temp_dir_make();
	return 0;
}

static int tear_down(void **state)
{
	temp_dir_remove(*state);
	return 0;
}

static void put_file(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static int write_tree(const char *dir, const struct tar_rules *rules, struct strbuf *ret)
{
	cleanup_close int top = open(dir, O_RDONLY | O_DIRECTORY);
	cleanup_close int out = memfd_create("out", 0);
	struct err err = { 0 };
	int r = tar_write_tree(top, out, rules, &err);

	if (r == 0 && lseek(out, 0, SEEK_SET) == 0)
		r = fd_read_all(out, 1 << 20, ret);
	return r;
}

/* The block of an entry: its header, or NULL. */
static const char *entry(const struct strbuf *archive, const char *name)
{
	for (size_t at = 0; at + 512 <= archive->len; at += 512) {
		if (strcmp(archive->p + at, name) == 0 &&
		    memcmp(archive->p + at + 257, "ustar", 5) == 0)
			return archive->p + at;
	}
	return NULL;
}

static void a_layer_has_marks_links_and_attributes(void **state)
{
	const struct tar_rules rules = {
		.layer = true, .one_owner = true, .has_newest = true, .newest = 8
	};
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY);
	cleanup_strbuf struct strbuf archive = { 0 };
	bool has_xattrs = fsetxattr(dir, "user.probe", "", 0, 0) == 0;
	char path[4096];

	put_file(dir, "first", "hello");
	assert_int_equal(linkat(dir, "first", dir, "second", 0), 0);
	assert_int_equal(mkdirat(dir, "folder", 0751), 0);
	snprintf(path, sizeof(path), "%s/folder", (const char *)*state);
	if (has_xattrs) {
		assert_int_equal(setxattr(path, "user.overlay.opaque", "y", 1, 0), 0);
		assert_int_equal(setxattr(path, "user.mine", "a\0b", 3, 0), 0);
		put_file(dir, "gone-too", "");
		snprintf(path, sizeof(path), "%s/gone-too", (const char *)*state);
		assert_int_equal(setxattr(path, "user.overlay.whiteout", "", 0, 0), 0);
	}
	if (mknodat(dir, "gone", S_IFCHR, makedev(0, 0)) < 0)
		assert_int_equal(errno, EPERM);
	assert_int_equal(write_tree(*state, &rules, &archive), 0);

	assert_int_equal(entry(&archive, "first")[156], '0');
	assert_string_equal(entry(&archive, "first") + 108, "0000000");
	assert_string_equal(entry(&archive, "first") + 136, "00000000010"); /* the newest */
	assert_int_equal(entry(&archive, "second")[156], '1');
	assert_string_equal(entry(&archive, "second") + 157, "first");
	assert_string_equal(entry(&archive, "second") + 124, "00000000000");
	assert_string_equal(entry(&archive, "folder/") + 100, "0000751");
	if (faccessat(dir, "gone", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		assert_null(entry(&archive, "gone"));
		assert_int_equal(entry(&archive, ".wh.gone")[156], '0');
	}
	if (has_xattrs) {
		assert_non_null(entry(&archive, "folder/.wh..wh..opq"));
		assert_non_null(entry(&archive, ".wh.gone-too"));
		assert_non_null(
			memmem(archive.p, archive.len, "SCHILY.xattr.user.mine=a\0b\n", 27));
		assert_null(memmem(archive.p, archive.len, "user.overlay", 12));
	}
}

static void a_name_of_a_whiteout_is_no_file(void **state)
{
	const struct tar_rules rules = { .layer = true };
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY);
	cleanup_strbuf struct strbuf archive = { 0 };

	put_file(dir, ".wh.passwd", "x");
	assert_int_equal(write_tree(*state, &rules, &archive), -EINVAL);
	assert_int_equal(write_tree(*state, NULL, &archive), 0);
	assert_non_null(entry(&archive, ".wh.passwd"));
}

static void owners_are_those_inside(void **state)
{
	const struct proc_idmap map = { .inside = 5, .outside = getuid(), .count = 1 };
	const struct proc_idmap none = { .inside = 5, .outside = getgid() + 1, .count = 1 };
	const struct tar_rules rules = { .n_uid = 1, .uids = &map, .n_gid = 1, .gids = &none };
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY);
	cleanup_strbuf struct strbuf archive = { 0 };
	char gid[16];

	put_file(dir, "f", "");
	snprintf(gid, sizeof(gid), "%07o", getgid());
	assert_int_equal(write_tree(*state, &rules, &archive), 0);
	assert_string_equal(entry(&archive, "f") + 108, "0000005");
	assert_string_equal(entry(&archive, "f") + 116, gid);
}

static void one_entry_under_another_name(void **state)
{
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY);
	cleanup_close int out = memfd_create("out", 0);
	cleanup_strbuf struct strbuf archive = { 0 };
	struct err err = { 0 };

	assert_int_equal(mkdirat(dir, "a", 0755), 0);
	put_file(dir, "a/b", "x");
	put_file(dir, "c", "x");
	assert_int_equal(symlinkat("/etc", dir, "link"), 0);
	assert_int_equal(tar_write_one(dir, "a", "new", out, NULL, &err), 0);
	lseek(out, 0, SEEK_SET);
	assert_int_equal(fd_read_all(out, 1 << 20, &archive), 0);
	assert_non_null(entry(&archive, "new/"));
	assert_non_null(entry(&archive, "new/b"));
	assert_null(entry(&archive, "c"));
	assert_int_equal(tar_write_one(dir, "link", "link", out, NULL, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_layer_has_marks_links_and_attributes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_name_of_a_whiteout_is_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners_are_those_inside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_entry_under_another_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
