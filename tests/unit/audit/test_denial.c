/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "audit/denial.h"

/* Memory of a made-up process: one readable page at 0x1000. */
static char page[4096];

static ssize_t read_page(void *data, pid_t pid, uint64_t address, void *bytes, size_t n)
{
	(void)data;
	(void)pid;
	if (address < 0x1000 || address >= 0x2000)
		return -EFAULT;
	if (n > 0x2000 - address)
		n = 0x2000 - (size_t)address;
	memcpy(bytes, page + (address - 0x1000), n);
	return (ssize_t)n;
}

static const char *text_of(const char *call, uint64_t a0, uint64_t a1, uint64_t a2)
{
	static struct strbuf out;
	const struct denial denial = { .call = call };
	const struct seccomp_data data = { .args = { a0, a1, a2 } };

	strbuf_reset(&out);
	denial_text(&denial, &data, 1, read_page, NULL, &out);
	return strbuf_str(&out);
}

static void tells_what_was_asked_for(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(80),
				  .sin_addr.s_addr = htonl(0xa9fea9fe) };

	(void)state;
	strcpy(page, "/etc/sha\x1b[0mdow");
	assert_string_equal(
		text_of("openat", (uint64_t)AT_FDCWD, 0x1000, O_WRONLY | O_CREAT),
		"openat(dirfd=AT_FDCWD, pathname=\"/etc/sha\\x1b[0mdow\", flags=O_WRONLY|O_CREAT, mode=00)");
	assert_string_equal(text_of("unlink", 0x9000, 0, 0), "unlink(pathname=unreadable)");
	assert_string_equal(text_of("unlink", 0, 0, 0), "unlink(pathname=NULL)");
	memcpy(page, &in, sizeof(in));
	assert_string_equal(text_of("connect", 3, 0x1000, sizeof(in)),
			    "connect(sockfd=3, addr=169.254.169.254:80, addrlen=16)");
	assert_string_equal(text_of("connect", 3, 0x1000, 1),
			    "connect(sockfd=3, addr=unreadable, addrlen=1)");
	assert_string_equal(text_of("kill", 1, 9, 0), "kill(pid=1, sig=SIGKILL)");
	assert_non_null(strstr(text_of("no_such_call", 1, 2, 3), "no_such_call(0x1, 0x2, 0x3"));
}

static void reads_up_to_an_unreadable_page(void **state)
{
	(void)state;
	memset(page, 'x', sizeof(page));
	assert_string_equal(text_of("rmdir", 0x1ffd, 0, 0), "rmdir(pathname=\"xxx\")");
}

static void counts_exactly_and_records_few(void **state)
{
	static struct denial_table table;
	uint64_t lines = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		lines += denial_count(&table, 7, 56, BUNDLE_NO_RULE) > 0;
	assert_int_equal(table.total, 100000);
	assert_int_equal(table.recorded, lines);
	assert_int_equal(lines, DENIAL_FIRST + 5); /* 10, 100, 1000, 10000, 100000 */
	for (pid_t pid = 1; pid < 2000; pid++)
		denial_count(&table, pid, 1, 0);
	assert_int_equal(table.total, 100000 + 1999);
	assert_int_equal(table.overflow, 1999 - (DENIAL_SLOTS - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_was_asked_for),
		cmocka_unit_test(reads_up_to_an_unreadable_page),
		cmocka_unit_test(counts_exactly_and_records_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
