/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/volume.h"
#include "runtime/volume_list.h"
#include "runtime/volume_use.h"

/* What a run would have; what its volumes are filled with is counted. */
struct scene {
	const char *top;
	struct arena arena;
	struct plan_mount mounts[2];
	struct plan_request request;
	struct volume_how how;
	struct volume_use use;
	struct err err;
	int calls, result;
	bool no_target;
};

static int fill(void *of_scene, const char *target, int to, struct err *err)
{
	struct scene *s = of_scene;

	s->calls++;
	s->no_target = !target;
	if (s->result > 0 && mkdirat(to, "filled", 0700) < 0)
		return err_sys(err, errno, "mkdirat");
	return s->result < 0 ? err_set(err, -s->result, "as the test wants it") : s->result;
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->top = temp_dir_make();
	assert_int_equal(setenv("XDG_DATA_HOME", s->top, 1), 0);
	s->how = (struct volume_how){ .make = true, .run_id = "r1", .copy = fill, .arg = s };
	s->mounts[0] = (struct plan_mount){
		.kind = MOUNT_BIND, .flags = MOUNT_FLAG_NAMED, .source = "v", .target = "/v"
	};
	s->mounts[1] = (struct plan_mount){ .kind = MOUNT_BIND,
					    .flags = MOUNT_FLAG_ANONYMOUS,
					    .target = "/a" };
	s->request = (struct plan_request){ .n_mounts = 1, .mounts = s->mounts };
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	volumes_drop(&s->use);
	temp_dir_remove(s->top);
	arena_done(&s->arena);
	free(s);
	return 0;
}

static int use(struct scene *s)
{
	s->request.mounts = s->mounts;
	return volumes_use(&s->request, &s->how, &s->arena, &s->use, &s->err);
}

static bool has(const struct scene *s, const char *name)
{
	struct stat st = { 0 };
	char path[200];

	snprintf(path, sizeof(path), "%s/immure/volumes/v/%s", s->top, name);
	return stat(path, &st) == 0;
}

static void fills_a_volume_once(void **state)
{
	struct scene *s = *state;

	s->result = 1;
	assert_int_equal(use(s), 0);
	assert_true(has(s, "data/filled"));
	assert_false(has(s, VOLUME_STAGING));
	volumes_release(&s->use);
	assert_int_equal(use(s), 0);
	assert_int_equal(s->calls, 1);
	assert_false(s->no_target);
}

static void leaves_it_empty_when_filling_fails(void **state)
{
	struct scene *s = *state;

	s->result = -ENOSPC;
	assert_int_equal(use(s), -ENOSPC);
	assert_true(has(s, "data"));
	assert_false(has(s, VOLUME_STAGING));
	volumes_release(&s->use);
	s->result = 1;
	s->err = (struct err){ 0 };
	assert_int_equal(use(s), 0);
	assert_true(has(s, "data/filled"));
}

static void does_not_fill_what_another_run_uses(void **state)
{
	struct scene *s = *state;
	struct volume_use other = { 0 };

	assert_int_equal(use(s), 0);
	other = s->use;
	s->use = (struct volume_use){ 0 };
	s->result = 1;
	assert_int_equal(use(s), 0);
	assert_false(has(s, "data/filled"));
	assert_int_equal(s->calls, 1);
	volumes_release(&other);
	volumes_release(&s->use);
	assert_int_equal(use(s), 0);
	assert_true(has(s, "data/filled"));
}

static void copies_nothing_where_that_was_asked_for(void **state)
{
	struct scene *s = *state;

	s->mounts[0].flags |= MOUNT_FLAG_NOCOPY;
	assert_int_equal(use(s), 0);
	assert_int_equal(s->calls, 1);
	assert_true(s->no_target);
}

static void makes_volumes_for_a_run_and_drops_them(void **state)
{
	struct scene *s = *state;
	struct volume_info info = { 0 };
	cleanup_close int volumes = -1;
	const char **names = NULL;

	s->request.n_mounts = 2;
	assert_int_equal(use(s), 0);
	assert_int_equal(s->use.n_anonymous, 1);
	assert_true(s->request.mounts[1].flags & MOUNT_FLAG_NAMED);
	assert_non_null(strstr(s->request.mounts[1].source, s->use.anonymous[0]));
	volumes = volumes_open(&s->err);
	assert_int_equal(volume_info(volumes, s->use.anonymous[0], &s->arena, &info, &s->err), 0);
	assert_string_equal(info.run, "r1");
	volumes_drop(&s->use);
	assert_int_equal(volumes_names(volumes, &s->arena, &names, &s->err), 1);
	assert_string_equal(names[0], "v");
}

static void makes_nothing_for_a_dry_run(void **state)
{
	struct scene *s = *state;

	s->how.make = false;
	assert_int_equal(use(s), -ENOENT);
	s->mounts[0] = s->mounts[1];
	s->err = (struct err){ 0 };
	assert_int_equal(use(s), 0);
	assert_true(s->request.mounts[0].flags & MOUNT_FLAG_ANONYMOUS);
	assert_int_equal(s->calls, 0);
}

static void collects_what_was_half_filled(void **state)
{
	struct scene *s = *state;
	cleanup_close int volumes = -1;

	assert_int_equal(use(s), 0);
	volumes = volumes_open(&s->err);
	assert_int_equal(mkdirat(volumes, "v/" VOLUME_STAGING, 0700), 0);
	assert_int_equal(volumes_collect(volumes, &s->err), 0); /* in use: somebody fills it */
	volumes_release(&s->use);
	assert_int_equal(volumes_collect(volumes, &s->err), 1);
	assert_false(has(s, VOLUME_STAGING));
	assert_true(has(s, "data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fills_a_volume_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_it_empty_when_filling_fails, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(does_not_fill_what_another_run_uses, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(copies_nothing_where_that_was_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(makes_volumes_for_a_run_and_drops_them, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(makes_nothing_for_a_dry_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(collects_what_was_half_filled, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
