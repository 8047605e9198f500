/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <linux/landlock.h>
#include <string.h>

#include "policies/landlock_rights.h"
#include "policies/policy.h"
#include "policies/to_oci.h"

/* Where the build's own header has a number, the table has the same. */
static void has_the_numbers_of_the_header(void **state)
{
	(void)state;
	assert_int_equal(landlock_bit(LANDLOCK_FS, "execute"), LANDLOCK_ACCESS_FS_EXECUTE);
	assert_int_equal(landlock_bit(LANDLOCK_FS, "read_dir"), LANDLOCK_ACCESS_FS_READ_DIR);
	assert_int_equal(landlock_bit(LANDLOCK_FS, "make_char"), LANDLOCK_ACCESS_FS_MAKE_CHAR);
	assert_int_equal(landlock_bit(LANDLOCK_FS, "make_sym"), LANDLOCK_ACCESS_FS_MAKE_SYM);
	assert_int_equal(landlock_bit(LANDLOCK_FS, "refer"), LANDLOCK_ACCESS_FS_REFER);
	assert_int_equal(landlock_bit(LANDLOCK_FS, "no-such"), 0);
	assert_int_equal(landlock_bit(LANDLOCK_NET, "execute"), 0);
}

static void grows_with_the_abi(void **state)
{
	/* clang-format off */
	static const struct {
		int abi;
		uint64_t fs, net, scope, log;
	} rows[] = {
		{ 0,        0,  0, 0, 0 },
		{ 1,   0x1fff,  0, 0, 0 },
		{ 2,   0x3fff,  0, 0, 0 },
		{ 3,   0x7fff,  0, 0, 0 },
		{ 4,   0x7fff,  3, 0, 0 },
		{ 5,   0xffff,  3, 0, 0 },
		{ 6,   0xffff,  3, 3, 0 },
		{ 7,   0xffff,  3, 3, 7 },
		{ 8,   0xffff,  3, 3, 7 },
		{ 9,  0x1ffff,  3, 3, 7 },
		{ 10, 0x1ffff, 15, 3, 7 },
		{ 99, 0x1ffff, 15, 3, 7 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(landlock_known(LANDLOCK_FS, rows[i].abi), rows[i].fs);
		assert_int_equal(landlock_known(LANDLOCK_NET, rows[i].abi), rows[i].net);
		assert_int_equal(landlock_known(LANDLOCK_SCOPE, rows[i].abi), rows[i].scope);
		assert_int_equal(landlock_known(LANDLOCK_LOG, rows[i].abi), rows[i].log);
	}
}

static void knows_a_right_from_its_abi_on(void **state)
{
	(void)state;
	assert_false(landlock_knows(LANDLOCK_FS, "truncate", 2));
	assert_true(landlock_knows(LANDLOCK_FS, "truncate", 3));
	assert_false(landlock_knows(LANDLOCK_SCOPE, "abstract_unix_socket", 5));
	assert_true(landlock_knows(LANDLOCK_SCOPE, "abstract_unix_socket", 6));
	assert_false(landlock_knows(LANDLOCK_SCOPE, "truncate", 99));
	assert_false(landlock_knows(LANDLOCK_FS, "no-such", 99));
}

static void grants_no_device_nodes_and_keeps_kinds_apart(void **state)
{
	uint64_t all = landlock_granted(FILE_READ | FILE_WRITE | FILE_EXEC, true);

	(void)state;
	assert_int_equal(all & (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK), 0);
	assert_int_equal(landlock_granted(FILE_READ, false), LANDLOCK_ACCESS_FS_READ_FILE);
	assert_int_equal(landlock_granted(FILE_EXEC, true), LANDLOCK_ACCESS_FS_EXECUTE);
	assert_int_equal(landlock_granted(FILE_READ, true),
			 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	assert_int_equal(landlock_granted(FILE_LIST, true), LANDLOCK_ACCESS_FS_READ_DIR);
	assert_int_equal(landlock_granted(FILE_WRITE, true) & landlock_granted(FILE_READ, true), 0);
	assert_int_equal(landlock_granted(0, true), 0);
}

static void prints_what_is_applied(void **state)
{
	struct bundle_file files[] = {
		{ .access = FILE_READ, .path = "/etc", .tree = true },
		{ .access = FILE_WRITE, .path = "/dev/null" },
		{ .access = FILE_DENY, .path = "/etc/shadow" },
	};
	struct bundle bundle = { .name = "p", .n_files = ARRAY_LEN(files), .files = files };
	cleanup_strbuf struct strbuf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(to_landlock(&bundle, &out, &err), 0);
	assert_non_null(strstr(strbuf_str(&out), "abi 10 handles execute"));
	assert_null(strstr(strbuf_str(&out), "abi 11"));
	assert_non_null(strstr(strbuf_str(&out), "/etc  read_file read_dir\n"));
	assert_non_null(strstr(strbuf_str(&out), "/dev/null  write_file  from abi 3: truncate"));
	assert_non_null(strstr(strbuf_str(&out), "(nothing if it is a folder)\n"));
	assert_non_null(strstr(strbuf_str(&out), "/etc/shadow  cannot be taken away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_numbers_of_the_header),
		cmocka_unit_test(grows_with_the_abi),
		cmocka_unit_test(knows_a_right_from_its_abi_on),
		cmocka_unit_test(grants_no_device_nodes_and_keeps_kinds_apart),
		cmocka_unit_test(prints_what_is_applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
