/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/unpack_tree.h"

struct fixture {
	char path[256];
	int dir;
	struct strbuf report;
	struct tree tree;
};

static struct fixture f;

static int setup(void **state)
{
	const struct tree_limits limits = { .entries = 20, .bytes = 100, .strange = 2 };

	(void)state;
	f = (struct fixture){ .dir = -1 };
	strcpy(f.path, temp_dir_make());
	f.dir = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_init(&f.tree, f.dir, &limits, &f.report);
	return f.dir < 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&f.tree);
	strbuf_done(&f.report);
	close(f.dir);
	temp_dir_remove(f.path);
	return 0;
}

static int add(enum entry_type type, const char *name, const char *link, uint32_t mode)
{
	const struct entry entry = { .type = type,
				     .name = span_of(name),
				     .link = span_of(link),
				     .mode = mode,
				     .mtime = 1000 };
	struct err err = { 0 };
	int r = tree_add(&f.tree, &entry, &err);

	if (r == 0)
		r = tree_close_entry(&f.tree, &err);
	return r;
}

static mode_t mode_of(const char *name)
{
	struct stat st = { 0 };

	return fstatat(f.dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_mode;
}

static void makes_files_folders_and_links(void **state)
{
	struct err err = { 0 };
	struct stat st = { 0 };

	(void)state;
	umask(0);
	assert_int_equal(add(ENTRY_DIR, "./", "", 0755), 0);
	assert_int_equal(add(ENTRY_DIR, "a", "", 0555), 0);
	assert_int_equal(add(ENTRY_FILE, "a/f", "", 0640), 0);
	assert_int_equal(add(ENTRY_SYMLINK, "a/s", "/etc/passwd", 0777), 0);
	assert_int_equal(add(ENTRY_HARDLINK, "h", "a/f", 0640), 0);
	assert_int_equal(add(ENTRY_FILE, "no/parents/named", "", 0644), 0);
	assert_int_equal(tree_finish(&f.tree, &err), 0);
	assert_int_equal(mode_of("a"), S_IFDIR | 0555);
	assert_int_equal(mode_of("a/f"), S_IFREG | 0640);
	assert_int_equal(fstatat(f.dir, "h", &st, 0), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mtime, 1000);
	assert_int_equal(fstatat(f.dir, "a", &st, 0), 0);
	assert_int_equal(st.st_mtime, 1000);
}

static void goes_through_no_link(void **state)
{
	(void)state;
	assert_int_equal(add(ENTRY_SYMLINK, "out", "/tmp", 0777), 0);
	assert_int_equal(add(ENTRY_FILE, "out/x", "", 0644), -ELOOP);
	assert_int_equal(add(ENTRY_DIR, "out/x", "", 0755), -ELOOP);
	assert_int_equal(add(ENTRY_FILE, "out/.wh.x", "", 0), -ELOOP);
	assert_int_equal(add(ENTRY_HARDLINK, "h", "out/x", 0), -ELOOP);
	assert_int_equal(add(ENTRY_HARDLINK, "h", "out", 0), -EMLINK);
	assert_int_equal(add(ENTRY_HARDLINK, "h", "../x", 0), -EINVAL);
	assert_int_equal(add(ENTRY_HARDLINK, "h", "absent", 0), -ENOENT);
	/* A later entry replaces the link itself, never what it points to. */
	assert_int_equal(add(ENTRY_FILE, "out", "", 0644), 0);
	assert_true(S_ISREG(mode_of("out")));
}

static void strips_what_gives_rights(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(add(ENTRY_FILE, "su", "", 04755), 0);
	assert_int_equal(add(ENTRY_DIR, "sg", "", 02775), 0);
	assert_int_equal(add(ENTRY_DEVICE, "null", "", 0666), 0);
	assert_int_equal(tree_finish(&f.tree, &err), 0);
	assert_int_equal(mode_of("su") & 07000, 0);
	assert_int_equal(mode_of("sg") & 07000, 0);
	assert_int_equal(mode_of("null"), 0);
	assert_int_equal(f.tree.count.set_ids, 2);
	assert_string_equal(strbuf_str(&f.report), "set-id su\nset-id sg\ndevice null\n");
}

static void marks_what_is_hidden_as_overlay_does(void **state)
{
	struct stat st = { 0 };
	char value[4] = "";

	(void)state;
	assert_int_equal(add(ENTRY_FILE, "d/.wh.gone", "", 0), 0);
	assert_int_equal(fstatat(f.dir, "d/gone", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, 0);
	assert_int_equal(add(ENTRY_FILE, "d/gone", "", 0644), 0);
	assert_true(S_ISREG(mode_of("d/gone")));
	/* A whiteout is for the layers below. */
	assert_int_equal(add(ENTRY_FILE, "d/.wh.gone", "", 0), 0);
	assert_true(S_ISREG(mode_of("d/gone")));
	if (add(ENTRY_FILE, "o/.wh..wh..opq", "", 0) == -ENOTSUP)
		skip_because("the folder for temporary files takes no extended attributes");
	assert_int_equal(fgetxattr(openat(f.dir, "o", O_RDONLY | O_CLOEXEC), "user.overlay.opaque",
				   value, sizeof(value)),
			 1);
}

static void holds_to_its_limits(void **state)
{
	const struct entry big = { .type = ENTRY_FILE, .name = span_of("big"), .size = 101 };
	struct err err = { 0 };
	int r = 0;

	(void)state;
	assert_int_equal(tree_add(&f.tree, &big, &err), -EFBIG);
	for (int i = 0; i < 25 && r == 0; i++)
		r = add(ENTRY_FILE, "x", "", 0644);
	assert_int_equal(r, -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_files_folders_and_links, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_through_no_link, setup, teardown),
		cmocka_unit_test_setup_teardown(strips_what_gives_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(marks_what_is_hidden_as_overlay_does, setup,
						teardown),
		cmocka_unit_test_setup_teardown(holds_to_its_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
