/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/volume_list.h"

static const struct volume_new no_labels = { .record = { "", 0 } };

static int set_up(void **state)
{
	const char *dir = temp_dir_make();
	struct err err = { 0 };
	static int volumes;

	assert_int_equal(setenv("XDG_DATA_HOME", dir, 1), 0);
	volumes = volumes_open(&err);
	assert_true(volumes >= 0);
	*state = &volumes;
	return 0;
}

static int tear_down(void **state)
{
	close(*(int *)*state);
	temp_dir_remove(getenv("XDG_DATA_HOME"));
	return 0;
}

static void makes_it_once_and_private(void **state)
{
	int volumes = *(int *)*state;
	struct err err = { 0 };
	struct stat st = { 0 };

	assert_int_equal(volume_make(volumes, "v", &no_labels, &err), 0);
	assert_int_equal(volume_make(volumes, "v", &no_labels, &err), -EEXIST);
	assert_int_equal(fstatat(volumes, "v/data", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(volumes_collect(volumes, &err), 0); /* the second one left nothing */
}

static void locks_keep_it(void **state)
{
	int volumes = *(int *)*state;
	struct err err = { 0 };
	int first, second;

	assert_int_equal(volume_open(volumes, "v", VOLUME_SHARED, &err), -ENOENT);
	assert_int_equal(volume_make(volumes, "v", &no_labels, &err), 0);
	first = volume_open(volumes, "v", VOLUME_SHARED, &err);
	second = volume_open(volumes, "v", VOLUME_SHARED, &err);
	assert_true(first >= 0 && second >= 0);
	close(first);
	assert_int_equal(volume_remove(volumes, "v", &err), -EBUSY);
	close(second);
	assert_int_equal(volume_remove(volumes, "v", &err), 0);
	assert_int_equal(volume_open(volumes, "v", VOLUME_EXCLUSIVE, &err), -ENOENT);
}

static void keeps_labels(void **state)
{
	int volumes = *(int *)*state;
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf record = { 0 };
	struct volume_new labelled = { 0 };
	struct volume_info info = { 0 };
	struct err err = { 0 };

	assert_int_equal(volume_label(&record, "a.b/c=x=y\nz", &err), 0);
	assert_int_equal(volume_label(&record, "=x", &err), -EINVAL);
	assert_int_equal(volume_label(&record, "a b=x", &err), -EINVAL);
	assert_int_equal(err.stage, ERR_USAGE);
	labelled.record = (struct span){ record.p, record.len };
	assert_int_equal(volume_make(volumes, "v", &labelled, &err), 0);
	assert_int_equal(volume_info(volumes, "v", &arena, &info, &err), 0);
	assert_int_equal(info.n_labels, 1);
	assert_string_equal(info.labels[0], "a.b/c=x=y\nz");
	assert_true(info.created > 0 && !info.in_use);
}

static void a_link_is_no_volume(void **state)
{
	int volumes = *(int *)*state;
	struct err err = { 0 };

	assert_int_equal(symlinkat("/etc", volumes, "v"), 0);
	assert_true(volume_open(volumes, "v", VOLUME_SHARED, &err) < 0);
	assert_int_equal(volume_open(volumes, "../v", VOLUME_SHARED, &err), -EINVAL);
	assert_int_equal(volume_make(volumes, "v", &no_labels, &err), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_it_once_and_private, set_up, tear_down),
		cmocka_unit_test_setup_teardown(locks_keep_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_labels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_is_no_volume, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
