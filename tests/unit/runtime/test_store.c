/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store.h"

/* sha256 of "abc", FIPS 180-2 appendix B.1 */
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char dir[256];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, temp_dir_make());
	return setenv("XDG_DATA_HOME", dir, 1);
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

static void keeps_a_blob_by_its_digest(void **state)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf text = { 0 };
	char digest[STORE_DIGEST_LEN] = "";
	struct err err = { 0 };

	(void)state;
	assert_int_equal(store_open(&store, &err), 0);
	assert_false(store_has_blob(&store, ABC));
	assert_int_equal(store_put_blob(&store, "abc", 3, ABC, digest, &err), 0);
	assert_string_equal(digest, ABC);
	assert_int_equal(store_put_blob(&store, "abc", 3, NULL, NULL, &err), 0);
	assert_int_equal(store_read_blob(&store, ABC, 3, &text, &err), 0);
	assert_string_equal(strbuf_str(&text), "abc");
	assert_int_equal(store_read_blob(&store, ABC, 2, &text, &err), -EFBIG);
}

static void refuses_another_digest_and_notices_damage(void **state)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };
	int fd;

	(void)state;
	assert_int_equal(store_open(&store, &err), 0);
	assert_int_equal(store_put_blob(&store, "abd", 3, ABC, NULL, &err), -EBADMSG);
	assert_false(store_has_blob(&store, ABC));
	assert_int_equal(store_put_blob(&store, "abc", 3, ABC, NULL, &err), 0);
	fd = openat(store.blobs, store_digest_hex(ABC), O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(store_read_blob(&store, ABC, 3, &text, &err), -EBADMSG);
}

static void takes_only_sha256_digests(void **state)
{
	(void)state;
	assert_non_null(store_digest_hex(ABC));
	assert_null(store_digest_hex("sha256:../../x"));
	assert_null(store_digest_hex("sha512:00"));
	assert_null(store_digest_hex(ABC "0"));
	assert_null(store_digest_hex(
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
}

static void refuses_a_folder_that_others_may_enter(void **state)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(store_open(&store, &err), 0);
	assert_int_equal(fchmod(store.layers, 0755), 0);
	store_close(&store);
	assert_int_equal(store_open(&store, &err), -EPERM);
}

static void one_collector_and_nobody_else(void **state)
{
	cleanup_store struct store one = STORE_CLOSED;
	cleanup_store struct store two = STORE_CLOSED;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(store_open(&one, &err), 0);
	assert_int_equal(store_open(&two, &err), 0);
	assert_int_equal(store_lock_shared(&one, &err), 0);
	assert_int_equal(store_lock_shared(&two, &err), 0);
	assert_int_equal(store_lock_exclusive(&two, &err), -EBUSY);
	store_close(&one);
	assert_int_equal(store_lock_exclusive(&two, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_a_blob_by_its_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_another_digest_and_notices_damage, setup,
						teardown),
		cmocka_unit_test(takes_only_sha256_digests),
		cmocka_unit_test_setup_teardown(refuses_a_folder_that_others_may_enter, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_collector_and_nobody_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
