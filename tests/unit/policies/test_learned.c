/* SPDX-License-Identifier: Apache-2.0 */
/* Records of learning runs: a set of sets, whatever the order and however often; and what they
 * become. */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/learned_policy.h"
#include "policies/policy_read.h"

static struct learned read_ok(const char *text, struct arena *arena)
{
	struct diags diags = { .arena = arena };
	struct learned l = { 0 };
	int r = learned_read(span_of(text), "t", arena, &l, &diags);

	for (size_t i = 0; i < diags.n; i++)
		print_message("%u: %s\n", diags.items[i].where.line, diags.items[i].text);
	assert_int_equal(r, 0);
	return l;
}

static const char *print(const struct learned *l, struct arena *arena)
{
	cleanup_strbuf struct strbuf out = { 0 };

	learned_print(l, &out);
	return arena_strdup(arena, strbuf_str(&out));
}

static struct learned merge(const struct learned *a, const struct learned *b, struct arena *arena)
{
	struct learned all = { 0 };
	struct err err = { 0 };

	assert_int_equal(learned_merge(a, b, arena, &all, &err), 0);
	return all;
}

static void reads_what_it_prints(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	static const char text[] =
		"immure learned 1\n"
		"run 65a1b2c3-0f3e\n"
		"run 65a1b2c4-0001\n"
		"0,1 allow getdents64\n"
		"1 allow ioctl cmd=0x5413\n"
		"0 file read /etc/a b\n"
		"0 net connect 127.0.0.1:80\n"
		"1 refuse bpf\n"
		"0 volume /work\n"
		"peak memory 5120\npeak files 64\npeak processes 1\npeak tasks 3\n"
		"lost 7\n";
	struct learned l = read_ok(text, &arena);

	(void)state;
	assert_string_equal(print(&l, &arena), text);
}

static void refuses_what_is_no_record(void **state)
{
	static const char *const texts[] = {
		"",
		"immure learned 1\n",
		"immure learned 2\nrun a\n",
		"immure learned 1\nrun a",
		"immure learned 1\nrun b\nrun a\n",
		"immure learned 1\nrun a\nrun a\n",
		"immure learned 1\nrun ../a\n",
		"immure learned 1\nrun a\n1 allow getpid\n",
		"immure learned 1\nrun a\n0,1 allow getpid\n",
		"immure learned 1\nrun a\n-1 allow getpid\n",
		"immure learned 1\nrun a\n0 allow getpidd\n",
		"immure learned 1\nrun a\n0 allow getpid x\n",
		"immure learned 1\nrun a\n0 allow ioctl cmd=21523\n",
		"immure learned 1\nrun a\n0 allow ioctl cmd=0x123456789\n",
		"immure learned 1\nrun a\n0 allow ioctl option=0x1\n",
		"immure learned 1\nrun a\n0 file own /x\n",
		"immure learned 1\nrun a\n0 file read x\n",
		"immure learned 1\nrun a\n0 file read /x\x1b[0m\n",
		"immure learned 1\nrun a\n0 file read /\xff\n",
		"immure learned 1\nrun a\n0 file read /\xe2\x80\xa8x\n",
		"immure learned 1\nrun a\n0 file read /a/../b\n",
		"immure learned 1\nrun a\n0 file read //a\n",
		"immure learned 1\nrun a\n0 sing\n",
		"immure learned 1\nrun a\n0 allow getpid\nrun b\n",
		"immure learned 1\nrun a\npeak memory -1\n",
		"immure learned 1\nrun a\npeak height 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { .arena = &arena };
		struct learned l = { 0 };
		int r = learned_read(span_of(texts[i]), "t", &arena, &l, &diags);

		if (r >= 0 || diags.n == 0)
			print_message("accepted: %s\n", texts[i]);
		assert_true(r == -EINVAL || r == -E2BIG);
		assert_int_equal(diags.n, 1);
		assert_int_equal(l.n_runs, 0);
	}
}

/* A small generator of its own, so that a failure can be repeated. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 16;
}

static struct learned any(uint32_t *seed, struct arena *arena)
{
	static const char *const items[] = {
		"allow getpid",         "allow ioctl cmd=0x5413", "allow ioctl cmd=0x541b",
		"file read /etc/hosts", "file write /tmp/x",      "file make /work/",
		"refuse bpf",           "net connect 10.0.0.1:80"
	};
	cleanup_strbuf struct strbuf text = { 0 };
	uint32_t runs[8];
	size_t n = 0;

	strbuf_puts(&text, "immure learned 1\n");
	for (uint32_t run = 0; run < 70; run++) {
		if (next(seed) % 12 == 0 && n < ARRAY_LEN(runs))
			runs[n++] = run;
	}
	if (n == 0)
		runs[n++] = next(seed) % 70;
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "run r%02u\n", runs[i]);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (next(seed) % 2)
			strbuf_addf(&text, "%u %s\n", next(seed) % (uint32_t)n, items[i]);
	}
	strbuf_addf(&text, "peak memory %u\n", next(seed) % 100);
	return read_ok(strbuf_str(&text), arena);
}

static void merging_knows_no_order_and_no_number_of_times(void **state)
{
	uint32_t seed = 4;

	(void)state;
	for (int round = 0; round < 300; round++) {
		cleanup_arena struct arena arena = { 0 };
		struct learned a = any(&seed, &arena);
		struct learned b = any(&seed, &arena);
		struct learned c = any(&seed, &arena);
		struct learned ab = merge(&a, &b, &arena);
		struct learned ba = merge(&b, &a, &arena);
		struct learned bc = merge(&b, &c, &arena);
		struct learned left = merge(&ab, &c, &arena);
		struct learned right = merge(&a, &bc, &arena);
		struct learned twice = merge(&a, &a, &arena);
		struct learned again = merge(&ab, &a, &arena);

		assert_string_equal(print(&ab, &arena), print(&ba, &arena));
		assert_string_equal(print(&left, &arena), print(&right, &arena));
		assert_string_equal(print(&twice, &arena), print(&a, &arena));
		assert_string_equal(print(&again, &arena), print(&ab, &arena));
	}
}

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	if (strcmp(name, "draft") != 0)
		return builtin_fetch(NULL, name, from, arena, ret, ret_path, err);
	*ret = span_of(data);
	*ret_path = NULL;
	return 0;
}

static void compile(const char *name, const char *text, struct arena *arena, struct bundle *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	char *copy = text ? arena_strdup(arena, text) : NULL;
	int r = policy_resolve(name, fetch, copy, arena, &policy, &diags);

	if (r == 0)
		r = policy_compile(&policy, arena, ret, &diags);
	for (size_t i = 0; i < diags.n; i++)
		print_message("%u:%u: %s\n", diags.items[i].where.line, diags.items[i].where.col,
			      diags.items[i].text);
	assert_int_equal(r, 0);
}

/* The policy made from items of one run. */
static const char *policy_of(const char *items, struct arena *arena)
{
	cleanup_strbuf struct strbuf out = { 0 };
	const char *text = arena_printf(arena, "immure learned 1\nrun a\n%s", items);
	struct learned l = read_ok(text, arena);
	struct bundle base = { 0 };
	struct bundle made = { 0 };
	struct grants grants = { 0 };
	struct estimate estimate;
	struct err err = { 0 };

	compile("builtin/start", NULL, arena, &base);
	assert_int_equal(grants_make(&l, &base, arena, &grants, &err), 0);
	estimate = estimate_make(&grants);
	learned_policy_print(&grants, &estimate, "learned/t", &out);
	compile("draft", strbuf_str(&out), arena, &made);
	return arena_strdup(arena, strbuf_str(&out));
}

static void items_become_the_lines_they_should(void **state)
{
	static const struct {
		const char *items, *line;
	} cases[] = {
		/* clang-format off */
		{ "0 allow getdents64\n", "- allow getdents " },
		{ "0 allow ioctl cmd=0x541b\n0 allow ioctl cmd=0x5421\n", "- allow ioctl if cmd in {FIONBIO, FIONREAD} " },
		{ "0 allow ioctl cmd=0xdead\n", "- allow ioctl if cmd in {0xdead} " },
		{ "0 allow clone flags=0x10000\n", "- allow clone if flags has CLONE_THREAD and " },
		{ "0 allow clone flags=0x0\n", "- allow fork " },
		{ "0 allow vfork\n", "- allow clone if flags only {" },
		{ "0 allow tgkill\n", "- allow tgkill tkill " },
		{ "0 allow tkill\n", "- allow getpid gettid tgkill tkill " },
		{ "0 allow chmod\n", "- allow chmod, fchmodat if mode only {S_IFMT, 01777} " },
		{ "0 allow socket domain=0x2,type=0x1,protocol=0x6\n",
		  "- allow socket if domain == AF_INET and type only {SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK} and protocol == 6 " },
		{ "0 allow mprotect prot=0x5\n", "- allow mprotect if prot only {PROT_READ, PROT_EXEC} " },
		{ "0 file exec /usr/bin/sort\n", "- exec /usr/bin/sort " },
		{ "0 file read /etc/passwd\n", "- read /etc/passwd " },
		{ "0 file read /etc/nginx/\n", "- list /etc/nginx/** " },
		{ "0 file make /var/lib/x/\n", "- write /var/lib/x/** " },
		{ "0 file read /proc/\n", "- read /proc/** " },
		{ "0 file write /tmp/sortAbCd\n", "- write /tmp/** " },
		{ "0 file read /usr/share/perl/5.36/strict.pm\n", "- read /usr/share/perl/** " },
		{ "0 file read /srv/app/a b\n", "- read /srv/app/** " },
		{ "0 file read /srv/app/log.20261125\n", "- read /srv/app/** " },
		{ "0 file read /srv/app/x:\n", "- read /srv/app/** " },
		{ "0 file read /srv/app/x\\xe2y\n", "- read /srv/app/** " },
		{ "0 file read /srv/app/1\n0 file read /srv/app/2\n0 file read /srv/app/3\n0 file read /srv/app/4\n",
		  "- read /srv/app/** " },
		{ "0 refuse bpf\n", "#   bpf " },
		{ "0 volume /work\n", "#   /work " },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		const char *text = policy_of(cases[i].items, &arena);

		if (!strstr(text, cases[i].line))
			print_message("no \"%s\" in:\n%s\n", cases[i].line, text);
		assert_non_null(strstr(text, cases[i].line));
	}
}

static void some_things_are_never_granted_by_a_guess(void **state)
{
	static const struct {
		const char *items, *absent;
	} cases[] = {
		{ "0 file read /etc/a\n0 file read /etc/b\n0 file read /etc/c\n0 file read /etc/d\n",
		  "/etc/**" },
		{ "0 file exec /srv/a\n0 file exec /srv/b\n0 file exec /srv/c\n0 file exec /srv/d\n",
		  "/srv/**" },
		{ "0 allow clone flags=0x10000000\n", "clone" },
		{ "0 refuse bpf\n", "allow bpf" },
		{ "0 volume /work\n", "read /work" },
		{ "0 allow openat\n", "syscalls:" }, /* the base has it */
		{ "0 file read /usr/lib/x86_64-linux-gnu/libc.so.6\n", "files:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		const char *text = policy_of(cases[i].items, &arena);

		if (strstr(text, cases[i].absent))
			print_message("\"%s\" in:\n%s\n", cases[i].absent, text);
		assert_null(strstr(text, cases[i].absent));
	}
}

static void the_estimate_falls_as_runs_agree(void **state)
{
	static const struct {
		const char *text;
		uint32_t unseen;
	} cases[] = {
		{ "run a\n0 allow getpid\n", 1000000 },
		{ "run a\nrun b\n0,1 allow getpid\n0,1 allow getdents64\n", 0 },
		{ "run a\nrun b\n0,1 allow getpid\n0 allow getdents64\n1 allow umask\n", 500000 },
		{ "run a\nrun b\nrun c\n0,1,2 allow getpid\n1 allow umask\n", 250000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct learned l = read_ok(
			arena_printf(&arena, "immure learned 1\n%s", cases[i].text), &arena);
		struct bundle base = { 0 };
		struct grants grants = { 0 };
		struct estimate e;
		struct err err = { 0 };

		compile("builtin/start", NULL, &arena, &base);
		assert_int_equal(grants_make(&l, &base, &arena, &grants, &err), 0);
		e = estimate_make(&grants);
		assert_int_equal(e.unseen, cases[i].unseen);
		assert_true(e.low <= e.unseen && e.unseen <= e.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_prints),
		cmocka_unit_test(refuses_what_is_no_record),
		cmocka_unit_test(merging_knows_no_order_and_no_number_of_times),
		cmocka_unit_test(items_become_the_lines_they_should),
		cmocka_unit_test(some_things_are_never_granted_by_a_guess),
		cmocka_unit_test(the_estimate_falls_as_runs_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
