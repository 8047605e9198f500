/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/dirs.h"
#include "runtime/run_folder.h"

static char dir[256];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, temp_dir_make());
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void makes_a_private_folder_and_knows_that_it_lives(void **state)
{
	struct run_folder folder = { .runs = -1, .dir = -1 };
	struct err err = { 0 };
	struct stat st = { 0 };
	char id[RUN_ID_LEN];
	int runs;

	(void)state;
	assert_int_equal(run_folder_create(&folder, &err), 0);
	assert_int_equal(fstat(folder.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(run_folder_write(&folder, "plan.json", "{}", 2, &err), 0);
	assert_int_equal(run_folder_write(&folder, "plan.json", "{}", 2, &err), -EEXIST);
	assert_true(run_folder_is_live(folder.runs, folder.id));
	memcpy(id, folder.id, sizeof(id));
	runs = dup(folder.runs);
	run_folder_close(&folder);
	assert_false(run_folder_is_live(runs, id));
	close(runs);
}

/* The smallest time that an id knows of is 1/256 s. */
static void ids_sort_by_time(void **state)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char last[RUN_ID_LEN] = "";

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct run_folder folder = { .runs = -1, .dir = -1 };
		struct err err = { 0 };

		assert_int_equal(run_folder_create(&folder, &err), 0);
		assert_int_equal(strlen(folder.id), RUN_ID_LEN - 1);
		assert_true(strcmp(last, folder.id) < 0);
		memcpy(last, folder.id, sizeof(last));
		run_folder_close(&folder);
		nanosleep(&pause, NULL);
	}
}

/* More than there are random digits for: whoever finds a name taken takes another. */
static void many_at_once_have_names_of_their_own(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++) {
		struct run_folder folder = { .runs = -1, .dir = -1 };
		struct err err = { 0 };

		assert_int_equal(run_folder_create(&folder, &err), 0);
		run_folder_close(&folder);
	}
}

static void leaves_nothing_when_discarded(void **state)
{
	struct run_folder folder = { .runs = -1, .dir = -1 };
	struct err err = { 0 };
	char id[RUN_ID_LEN];
	int runs;

	(void)state;
	assert_int_equal(run_folder_create(&folder, &err), 0);
	memcpy(id, folder.id, sizeof(id));
	runs = dup(folder.runs);
	run_folder_discard(&folder);
	assert_int_equal(faccessat(runs, id, F_OK, 0), -1);
	close(runs);
}

static void refuses_a_folder_that_others_may_write(void **state)
{
	struct err err = { 0 };
	int fd = dirs_open_state("runs", &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0777), 0);
	assert_int_equal(dirs_open_state("runs", &err), -EPERM);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
}

static void needs_a_place_for_records(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	const char *path = NULL;
	struct err err = { 0 };

	(void)state;
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", "/home/x", 1);
	assert_int_equal(dirs_state(&arena, &path, &err), 0);
	assert_string_equal(path, "/home/x/.local/state/immure");
	unsetenv("HOME");
	assert_int_equal(dirs_state(&arena, &path, &err), -EINVAL);
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_int_equal(dirs_state(&arena, &path, &err), -EINVAL);
	setenv("XDG_STATE_HOME", dir, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_private_folder_and_knows_that_it_lives),
		cmocka_unit_test(ids_sort_by_time),
		cmocka_unit_test(many_at_once_have_names_of_their_own),
		cmocka_unit_test(leaves_nothing_when_discarded),
		cmocka_unit_test(refuses_a_folder_that_others_may_write),
		cmocka_unit_test(needs_a_place_for_records),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
