/* SPDX-License-Identifier: Apache-2.0 */
/* Where files of settings lie, for all that the environment may say. Source: XDG Base Directory */
#include "tests/support/unit.h"

#include <stdlib.h>

#include "runtime/config_paths.h"

static void follows_the_environment(void **state)
{
	static const struct {
		const char *config, *home, *own;
	} rows[] = {
		{ "/c", "/h", "/c/immure/x.yaml" },
		{ NULL, "/h", "/h/.config/immure/x.yaml" },
		{ "", "/h", "/h/.config/immure/x.yaml" },
		{ "relative", "/h", "/h/.config/immure/x.yaml" },
		{ "relative", "relative", NULL },
		{ NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct config_paths paths;

		unsetenv("XDG_CONFIG_HOME");
		unsetenv("HOME");
		if (rows[i].config)
			setenv("XDG_CONFIG_HOME", rows[i].config, 1);
		if (rows[i].home)
			setenv("HOME", rows[i].home, 1);
		paths = config_paths_of("x.yaml", &arena);
		assert_string_equal(paths.system, "/etc/immure/x.yaml");
		if (rows[i].own)
			assert_string_equal(paths.own, rows[i].own);
		else
			assert_null(paths.own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
