/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/tar_tree.h"
#include "runtime/tar_write.h"

#define BLOCK 512

static void a_header_is_one_block_with_its_sum(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	const struct tar_entry entry = { .path = "d/f",
					 .mode = S_IFREG | 0644,
					 .uid = 1000,
					 .gid = 7,
					 .size = 5,
					 .mtime = 1000000000 };
	unsigned sum = 8 * ' ';

	(void)state;
	assert_int_equal(tar_header(&entry, &out), 0);
	assert_int_equal(out.len, BLOCK);
	assert_string_equal(out.p, "d/f");
	assert_string_equal(out.p + 100, "0000644");
	assert_string_equal(out.p + 108, "0001750");
	assert_string_equal(out.p + 124, "00000000005");
	assert_string_equal(out.p + 136, "07346545000");
	assert_int_equal(out.p[156], '0');
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : (unsigned char)out.p[i];
	assert_int_equal(strtoul(out.p + 148, NULL, 8), sum);
}

static void what_does_not_fit_goes_into_records(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	char path[200];
	const struct tar_entry entry = {
		.path = path, .mode = S_IFREG, .uid = 1 << 30, .size = 1ULL << 40, .mtime = -1
	};

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(tar_header(&entry, &out), 0);
	assert_int_equal(out.len % BLOCK, 0);
	assert_int_equal(out.p[156], 'x');
	assert_non_null(memmem(out.p, out.len, "209 path=aaa", 12)); /* 3 + 1 + 5 + 199 + 1 */
	assert_non_null(memmem(out.p, out.len, " uid=1073741824\n", 16));
	assert_non_null(memmem(out.p, out.len, " size=1099511627776\n", 20));
	assert_non_null(memmem(out.p, out.len, " mtime=-1\n", 10));
}

static void a_device_is_no_entry(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	const struct tar_entry entry = { .path = "null", .mode = S_IFCHR | 0666 };

	(void)state;
	assert_int_equal(tar_header(&entry, &out), -EINVAL);
	assert_int_equal(out.len, 0);
}

static void writes_names_in_order_and_follows_no_link(void **state)
{
	const char *dir = temp_dir_make();
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(top, "b", 0700), 0);
	assert_int_equal(symlinkat("/etc", top, "c"), 0);
	assert_int_equal(fd_replace_file(top, "a", "text", 4, false, &err), 0);
	assert_int_equal(tar_write_tree(top, out, NULL, &err), 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(out, 1 << 20, &text), 0);
	assert_int_equal(text.len, 6 * BLOCK); /* a, its bytes, b, c, two of the end */
	assert_string_equal(text.p, "a");
	assert_memory_equal(text.p + BLOCK, "text\0\0", 6);
	assert_string_equal(text.p + 2 * BLOCK, "b/");
	assert_string_equal(text.p + 3 * BLOCK, "c");
	assert_string_equal(text.p + 3 * BLOCK + 157, "/etc");
	close(top);
	close(out);
	temp_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_one_block_with_its_sum),
		cmocka_unit_test(what_does_not_fit_goes_into_records),
		cmocka_unit_test(a_device_is_no_entry),
		cmocka_unit_test(writes_names_in_order_and_follows_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
