/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/kept_list.h"

#define MANIFEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct host user = { .uid = 1 };
static const char *words[] = { "sh", "-c", "a b\nc", NULL };

static int set_up(void **state)
{
	const char *dir = temp_dir_make();
	static struct store store;
	struct err err = { 0 };

	assert_int_equal(setenv("XDG_DATA_HOME", dir, 1), 0);
	assert_int_equal(store_open(&store, &err), 0);
	*state = &store;
	return 0;
}

static int tear_down(void **state)
{
	store_close(*state);
	temp_dir_remove(getenv("XDG_DATA_HOME"));
	return 0;
}

static struct kept make(const char *id, const char *name)
{
	const struct kept_info info = { .image = "a:1",
					.manifest = MANIFEST,
					.name = name,
					.argv = { .n = 3, .items = words } };
	struct kept kept = KEPT_NONE;
	struct err err = { 0 };

	assert_int_equal(kept_make(id, &info, &user, &kept, &err), 0);
	return kept;
}

static void is_locked_until_it_is_closed(void **state)
{
	cleanup_kept struct kept other = KEPT_NONE;
	struct kept kept = make("00000001-0001", NULL);
	struct err err = { 0 };

	assert_int_equal(kept_open(*state, kept.id, KEPT_READ, &other, &err), -EBUSY);
	assert_int_equal(kept_remove(*state, kept.id, &err), -EBUSY);
	kept_close(&kept);
	assert_int_equal(kept_open(*state, kept.id, KEPT_READ, &other, &err), 0);
	assert_int_equal(kept_remove(*state, other.id, &err), -EBUSY);
	kept_close(&other);
	assert_int_equal(kept_remove(*state, other.id, &err), 0);
	assert_int_equal(kept_open(*state, other.id, KEPT_READ, &kept, &err), -ENOENT);
}

static void record_says_what_was_run(void **state)
{
	cleanup_kept struct kept kept = make("00000001-0001", "web");
	cleanup_arena struct arena arena = { 0 };
	struct kept_info info = { 0 };
	char id[RUN_ID_LEN];
	struct err err = { 0 };

	assert_int_equal(kept_read(kept.dir, &arena, &info, &err), 0);
	assert_string_equal(info.image, "a:1");
	assert_string_equal(info.name, "web");
	assert_false(info.range);
	assert_int_equal(info.argv.n, 3);
	assert_string_equal(info.argv.items[2], "a b\nc");
	assert_int_equal(kept_on_image(*state, MANIFEST, id, &err), 1);
	assert_string_equal(id, "00000001-0001");
	assert_int_equal(kept_on_image(*state, OTHER, id, &err), 0);
}

static void only_what_was_not_used_is_discarded(void **state)
{
	struct kept kept = make("00000001-0001", NULL);

	kept.used = true;
	kept_discard(&kept);
	assert_true(kept_is_there("00000001-0001"));
	kept = make("00000002-0001", NULL);
	kept_discard(&kept);
	assert_false(kept_is_there("00000002-0001"));
	assert_int_equal(kept.dir, -1);
	(void)state;
}

static void is_found_by_name_and_id(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	/* By time, not by id: the last two began in one second. */
	const char *const ids[] = { "00000001-000a", "00000002-000d", "00000002-000c" };
	const struct {
		const char *which, *id;
	} rows[] = { { "last", ids[2] },
		     { "web", ids[1] },
		     { "00000001", ids[0] },
		     { "000c", ids[2] },
		     { ids[0], ids[0] } };
	const char *found = NULL;
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct kept kept = make(ids[i], i < 2 ? "web" : NULL);

		kept_close(&kept);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(kept_find(*state, rows[i].which, &arena, &found, &err), 0);
		assert_string_equal(found, rows[i].id);
	}
	assert_int_equal(kept_find(*state, "nothing", &arena, &found, &err), -ENOENT);
	assert_int_equal(kept_find(*state, "0000", &arena, &found, &err), -EINVAL);
	assert_int_equal(kept_remove_all(*state, &err), 3);
	assert_int_equal(kept_find(*state, "last", &arena, &found, &err), -ENOENT);
}

static void names_that_lead_elsewhere_are_none(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../images", "a/b", "/etc" };
	struct kept kept = KEPT_NONE;
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(kept_open(*state, bad[i], KEPT_READ, &kept, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_locked_until_it_is_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(record_says_what_was_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_what_was_not_used_is_discarded, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(is_found_by_name_and_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_lead_elsewhere_are_none, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
