/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "audit/strace_read.h"

static bool has(const struct recorder *r, const char *item)
{
	for (size_t at = 0; at < r->items.len; at += strlen(r->items.p + at) + 1) {
		if (strcmp(r->items.p + at, item) == 0)
			return true;
	}
	return false;
}

/* Each line alone, and the item that it must give; NULL: none at all. */
static void reads_each_kind_of_line(void **state)
{
	static const struct {
		const char *line, *item;
	} rows[] = {
		{ "getpid()                = 7", "allow getpid" },
		{ "[pid 12] 10:00:01.25 getpid() = 7", "allow getpid" },
		{ "4711 1700000000.125 getpid() = 7", "allow getpid" },
		{ "4711 getpid( <unfinished ...>", "allow getpid" },
		{ "ioctl(1</dev/pts/0>, TCGETS, 0x7ff) = -1 ENOTTY (No)",
		  "allow ioctl cmd=0x5401" },
		{ "ioctl(3, 0x5413, {}) = 0", "allow ioctl cmd=0x5413" },
		{ "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3",
		  "allow socket domain=0x2,type=0x1,protocol=0x6" },
		{ "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, -1, 0) = 0x7f",
		  "allow mmap prot=0x3" },
		{ "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7) = 9",
		  "allow clone flags=0x0" },
		{ "arch_prctl(0x3001 /* ARCH_??? */, 0x7ff) = -1 EINVAL (x)",
		  "allow arch_prctl code=0x3001" },
		{ "openat(AT_FDCWD, \"/etc/x\", O_RDONLY|O_CLOEXEC) = 3", "file read /etc/x" },
		{ "openat(AT_FDCWD</srv>, \"a/../b\", O_WRONLY|O_CREAT, 0666) = 3</srv/b>", NULL },
		{ "openat(AT_FDCWD</srv>, \"b\", O_WRONLY|O_CREAT, 0666) = 3</srv/b>",
		  "file write /srv/b" },
		{ "openat(AT_FDCWD, \"/etc/x,y)\", O_RDWR) = 3", "file write /etc/x,y)" },
		{ "open(\"/a\\tb\", O_RDONLY) = 3", NULL },
		{ "creat(\"/x\", 0666) = 3", "file write /x" },
		{ "execve(\"/usr/bin/ls\", [\"ls\", \"/\"], 0x7 /* 3 vars */) = 0",
		  "file exec /usr/bin/ls" },
		{ "rename(\"/a\", \"/b\") = 0", "file write /b" },
		{ "openat(AT_FDCWD, \"/none\", O_RDONLY) = -1 ENOENT (No such file)", NULL },
		{ "ioctl(3, _IOC(_IOC_READ, 0x1, 0x2, 0x3), 0x7) = 0", NULL },
		{ "--- SIGCHLD {si_signo=SIGCHLD} ---", NULL },
		{ "+++ exited with 0 +++", NULL },
		{ "no_such_call(1) = 0", NULL },
		{ "", NULL },
		{ "open(", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_recorder struct recorder r = { 0 };

		strace_read(span_of(rows[i].line), &r);
		if (rows[i].item && !has(&r, rows[i].item))
			fail_msg("%s gives no %s but %s", rows[i].line, rows[i].item,
				 strbuf_str(&r.items));
		for (size_t at = 0; !rows[i].item && at < r.items.len;
		     at += strlen(r.items.p + at) + 1)
			assert_null(strstr(r.items.p + at, "file "));
	}
}

static void joins_what_others_cut_in_two(void **state)
{
	static const char log[] =
		"7 execve(\"/bin/a\", [\"a\"], 0x7 <unfinished ...>\n"
		"8 openat(AT_FDCWD, \"/etc/no\", O_RDONLY <unfinished ...>\n"
		"7 <... execve resumed>)            = 0\n"
		"8 <... openat resumed>)            = -1 ENOENT (No such file or directory)\n";
	cleanup_recorder struct recorder r = { 0 };

	(void)state;
	assert_int_equal(strace_read(span_of(log), &r), 2);
	assert_true(has(&r, "file exec /bin/a"));
	assert_false(has(&r, "file read /etc/no"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind_of_line),
		cmocka_unit_test(joins_what_others_cut_in_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
