/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/steps.h"

static char dir[256];
static int root, to;

static int setup(void **state)
{
	int at;

	(void)state;
	strcpy(dir, temp_dir_make());
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0 || mkdirat(at, "root", 0755) < 0 || mkdirat(at, "to", 0700) < 0)
		return -1;
	root = openat(at, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(at, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(at);
	if (root < 0 || to < 0 || mkdirat(root, "data", 0750) < 0 ||
	    mkdirat(root, "data/sub", 0711) < 0 || symlinkat("data", root, "link") < 0 ||
	    symlinkat("/etc/passwd", root, "data/passwd") < 0)
		return -1;
	close(openat(root, "data/sub/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
	close(openat(root, "plain", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root);
	close(to);
	temp_dir_remove(dir);
	return 0;
}

static mode_t mode_of(const char *name)
{
	struct stat st = { 0 };

	return fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode : 0;
}

/* Copy what the root has at a path; *ret_copied says whether there was anything. */
static int copy(int from_root, const char *from, bool *ret_copied, struct err *err)
{
	const struct plan_copy wanted = { .from = from, .to = to };
	const struct plan plan = { .copy = &wanted, .ids = { .how = IDMAP_SELF } };
	struct confine_page page = { 0 };
	struct confine c = { .plan = &plan, .page = &page, .root = from_root };
	mode_t mask = umask(0);
	int r = copy_up_apply(&c, err);

	umask(mask);
	*ret_copied = page.copied != 0;
	return r;
}

static void what_the_image_has_is_copied(void **state)
{
	struct err err = { 0 };
	bool copied = false;

	(void)state;
	assert_int_equal(copy(root, "/data", &copied, &err), 0);
	assert_true(copied);
	assert_int_equal(mode_of("."), S_IFDIR | 0750);
	assert_int_equal(mode_of("sub"), S_IFDIR | 0711);
	assert_int_equal(mode_of("sub/file"), S_IFREG | 0640);
	assert_int_equal(mode_of("passwd"), S_IFLNK | 0777);
}

static void where_it_has_no_folder_nothing_is(void **state)
{
	static const char *const paths[] = { "/none", "/none/below", "/plain", "/plain/x", NULL };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		bool copied = true;

		assert_int_equal(copy(root, paths[i], &copied, &err), 0);
		assert_false(copied);
	}
	assert_int_equal(mode_of("."), S_IFDIR | 0700);
	assert_int_equal(err.code, 0);
}

static void a_run_without_an_image_copies_nothing(void **state)
{
	struct err err = { 0 };
	bool copied = true;

	(void)state;
	assert_int_equal(copy(-1, "/data", &copied, &err), 0);
	assert_false(copied);
}

static void a_link_on_the_way_is_refused(void **state)
{
	struct err err = { 0 };
	bool copied = true;

	(void)state;
	assert_int_equal(copy(root, "/link/sub", &copied, &err), -ELOOP);
	assert_false(copied);
	assert_int_equal(mode_of("file"), 0);
}

static void a_volume_that_is_not_empty_stays(void **state)
{
	struct err err = { 0 };
	bool copied = true;

	(void)state;
	assert_int_equal(mkdirat(to, "sub", 0700), 0);
	assert_int_equal(copy(root, "/data", &copied, &err), -EEXIST);
	assert_false(copied);
	assert_non_null(strstr(err.msg, "the image's /data"));
	assert_int_equal(mode_of("sub"), S_IFDIR | 0700);
	assert_int_equal(mode_of("sub/file"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_image_has_is_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(where_it_has_no_folder_nothing_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_without_an_image_copies_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_link_on_the_way_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_volume_that_is_not_empty_stays, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
