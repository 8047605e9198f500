/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/run_name.h"

static const char *dir;

static int setup(void **state)
{
	(void)state;
	dir = temp_dir_make();
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void belongs_to_one_live_run(void **state)
{
	struct run_folder one = { .runs = -1, .dir = -1 };
	struct run_folder two = { .runs = -1, .dir = -1 };
	struct err err = { 0 };
	char id[RUN_ID_LEN];

	(void)state;
	assert_int_equal(run_name_find("web", id), -ENOENT);
	assert_int_equal(run_folder_create(&one, &err), 0);
	assert_int_equal(run_folder_create(&two, &err), 0);
	assert_int_equal(run_name_claim(&one, "web", &err), 0);
	assert_int_equal(run_name_find("web", id), 0);
	assert_string_equal(id, one.id);
	assert_int_equal(run_name_claim(&two, "web", &err), -EEXIST);
	assert_non_null(strstr(err.msg, one.id));
	run_folder_close(&one);
	assert_int_equal(run_name_claim(&two, "web", &err), 0);
	assert_int_equal(run_name_find("web", id), 0);
	assert_string_equal(id, two.id);
	run_name_drop(one.id); /* has none any more */
	assert_int_equal(run_name_find("web", id), 0);
	run_name_drop(two.id);
	assert_int_equal(run_name_find("web", id), -ENOENT);
	run_folder_close(&two);
}

static void a_run_gets_another_name(void **state)
{
	struct run_folder one = { .runs = -1, .dir = -1 };
	struct run_folder two = { .runs = -1, .dir = -1 };
	cleanup_arena struct arena arena = { 0 };
	struct run_names names = { 0 };
	struct err err = { 0 };
	char id[RUN_ID_LEN];

	(void)state;
	assert_int_equal(run_folder_create(&one, &err), 0);
	assert_int_equal(run_folder_create(&two, &err), 0);
	assert_int_equal(run_name_claim(&one, "web", &err), 0);
	assert_int_equal(run_name_change(one.runs, one.id, "site", &err), 0);
	assert_int_equal(run_name_find("web", id), -ENOENT);
	assert_int_equal(run_name_find("site", id), 0);
	assert_string_equal(id, one.id);
	/* The same again; one that had none. */
	assert_int_equal(run_name_change(one.runs, one.id, "site", &err), 0);
	assert_int_equal(run_name_change(one.runs, two.id, "other", &err), 0);
	run_names_read(&arena, &names);
	assert_int_equal(names.n, 2);
	assert_string_equal(run_name_of(&names, one.id), "site");
	assert_string_equal(run_name_of(&names, two.id), "other");
	assert_null(run_name_of(&names, "00000000-0000"));
	/* Of a live run, of one that has ended; no name. */
	assert_int_equal(run_name_change(two.runs, two.id, "site", &err), -EEXIST);
	assert_int_equal(run_name_find("other", id), 0);
	assert_int_equal(run_name_change(two.runs, two.id, "../x", &err), -EINVAL);
	assert_int_equal(err.stage, ERR_USAGE);
	run_folder_close(&one);
	assert_int_equal(run_name_change(two.runs, two.id, "site", &err), 0);
	assert_int_equal(run_name_find("site", id), 0);
	assert_string_equal(id, two.id);
	run_name_drop(two.id);
	assert_int_equal(run_name_find("site", id), -ENOENT);
	run_folder_close(&two);
}

static void is_no_path(void **state)
{
	char id[RUN_ID_LEN];

	(void)state;
	assert_int_equal(run_name_find("../runs", id), -ENOENT);
	assert_int_equal(run_name_find("", id), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(belongs_to_one_live_run),
		cmocka_unit_test(a_run_gets_another_name),
		cmocka_unit_test(is_no_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
