/* SPDX-License-Identifier: Apache-2.0 */
/* From items to grants (learned_calls.c, learned_files.c) to the text of a policy. */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "policies/learned_policy.h"
#include "policies/policy_read.h"

struct scene {
	struct arena arena;
	struct bundle base;
	struct learned learned;
	struct grants grants;
};

static void learn(struct scene *s, const char *items)
{
	struct diags diags = { .arena = &s->arena };
	struct policy policy = { 0 };
	struct err err = { 0 };
	char *text = arena_printf(&s->arena, "immure learned 1\nrun a\nrun b\n%s", items);

	assert_int_equal(
		policy_resolve("builtin/start", builtin_fetch, NULL, &s->arena, &policy, &diags),
		0);
	assert_int_equal(policy_compile(&policy, &s->arena, &s->base, &diags), 0);
	if (learned_read(span_of(text), "t", &s->arena, &s->learned, &diags) < 0)
		fail_msg("%s: %s", items, diags.items[0].text);
	assert_int_equal(grants_make(&s->learned, &s->base, &s->arena, &s->grants, &err), 0);
}

static const struct grant *find(const struct scene *s, enum grant_kind kind, const char *subject,
				const char *object)
{
	for (size_t i = 0; i < s->grants.n; i++) {
		const struct grant *g = &s->grants.items[i];

		if (g->kind == kind && strcmp(g->subject, subject) == 0 &&
		    strcmp(g->object, object) == 0)
			return g;
	}
	return NULL;
}

/* clang-format off */
static const struct {
	const char *items;
	enum grant_kind kind;
	const char *subject, *object;
} rows[] = {
	/* Calls: by family, and what another libc does instead. */
	{ "0 allow getpid\n",                GRANT_CALL,  "getpid", "" },
	{ "0 allow tgkill\n",                GRANT_CALL,  "tkill", "" },
	{ "0 allow chmod\n",                 GRANT_CALL,  "chmod", "mode only {S_IFMT, 01777}" },
	{ "0 allow chmod\n",                 GRANT_CALL,  "fchmodat", "mode only {S_IFMT, 01777}" },
	{ "0 allow ioctl cmd=0x541b\n",      GRANT_VALUE, "ioctl if cmd", "FIONREAD" },
	{ "0 allow ioctl cmd=0x12345678\n",  GRANT_VALUE, "ioctl if cmd", "0x12345678" },
	{ "0 allow mmap prot=0x7\n",         GRANT_CALL,  "mmap", "prot only {PROT_READ, PROT_WRITE, PROT_EXEC}" },
	{ "0 allow pipe2\n",                 GRANT_CALL,  "poll", "" }, /* a full pipe is luck */
	{ "0 allow pipe2\n",                 GRANT_CALL,  "tgkill", "" }, /* so is a closed one */
	{ "0 allow vfork\n",                 GRANT_CALL,  "fork", "" },
	/* Files: by place, by number, by siblings. */
	{ "0 file read /etc/hosts\n",        GRANT_FILE,  "read", "/etc/hosts" },
	{ "0 file read /etc/\n",             GRANT_FILE,  "list", "/etc/**" }, /* names, no contents */
	{ "0 file read /\n",                 GRANT_FILE,  "list", "/**" },
	{ "0 file make /work/\n",            GRANT_FILE,  "write", "/work/**" },
	{ "0 file read /proc/123/stat\n",    GRANT_FILE,  "read", "/proc/**" },
	{ "0 file read /proc/\n",            GRANT_FILE,  "read", "/proc/**" },
	{ "0 file write /proc/\n",           GRANT_FILE,  "read", "/proc/**" }, /* never to be written */
	{ "0 file write /proc/sys/vm/x\n",   GRANT_FILE,  "read", "/proc/sys/vm/x" },
	{ "0 file read /proc/self/maps\n",   GRANT_FILE,  "read", "/proc/**" },
	{ "0 file read /proc/meminfo\n",     GRANT_FILE,  "read", "/proc/meminfo" },
	{ "0 file read /proc/sys/vm/overcommit_memory\n", GRANT_FILE, "read", "/proc/sys/vm/overcommit_memory" },
	{ "0 file write /tmp/x1\n",          GRANT_FILE,  "write", "/tmp/**" },
	{ "0 file read /usr/share/perl/5/a\n", GRANT_FILE, "read", "/usr/share/perl/**" },
	{ "0 file read /srv/log2026\n",      GRANT_FILE,  "read", "/srv/log2026" }, /* /srv is shared */
	{ "0 file read /srv/a/log2026\n",    GRANT_FILE,  "read", "/srv/a/**" },
	{ "0 file read /srv/a/1\n0 file read /srv/a/2\n0 file read /srv/a/3\n0 file read /srv/a/4\n", GRANT_FILE, "read", "/srv/a/**" },
	{ "0 file exec /usr/bin/sort\n",     GRANT_FILE,  "exec", "/usr/bin/sort" },
	{ "0 file read /srv/d/a\\x22b\n",    GRANT_FILE,  "read", "/srv/d/**" },
};
/* clang-format on */

static void grants_what_was_seen_and_its_kin(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s = { 0 };

		learn(&s, rows[i].items);
		if (!find(&s, rows[i].kind, rows[i].subject, rows[i].object)) {
			for (size_t k = 0; k < s.grants.n; k++)
				print_message("%s %s\n", s.grants.items[k].subject,
					      s.grants.items[k].object);
			fail_msg("%s: no %s %s", rows[i].items, rows[i].subject, rows[i].object);
		}
		arena_done(&s.arena);
	}
}

static void grants_nothing_for_these(void **state)
{
	static const char *const items[] = {
		"0 allow read\n",              /* the base has it */
		"0 allow ioctl cmd=0x5401\n",  /* TCGETS too */
		"0 file read /usr/lib/x.so\n", /* and the libraries */
		"0 file read /usr/lib/x/\n",   /* with their names */
		"0 refuse bpf\n",              /* refused: a comment */
		"0 net connect 10.0.0.1:80\n", /* the command line's */
		"0 volume /work\n",
		"0 allow clone flags=0x10000000\n", /* namespaces are nobody's to learn */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct scene s = { 0 };

		learn(&s, items[i]);
		if (s.grants.n != 0)
			fail_msg("%s: %s %s", items[i], s.grants.items[0].subject,
				 s.grants.items[0].object);
		arena_done(&s.arena);
	}
}

/* A tree that covers a path has its support; the path has no line. */
static void joins_what_a_tree_covers(void **state)
{
	struct scene s = { 0 };
	const struct grant *tree;

	(void)state;
	learn(&s, "0 file make /work/\n1 file write /work/a\n");
	tree = find(&s, GRANT_FILE, "write", "/work/**");
	assert_non_null(tree);
	assert_null(find(&s, GRANT_FILE, "write", "/work/a"));
	assert_int_equal(run_set_count(&s.learned, tree->runs), 2);
	arena_done(&s.arena);
}

static void estimates_what_the_next_run_may_need(void **state)
{
	struct scene s = { 0 };
	struct estimate e;

	(void)state;
	learn(&s, "0,1 allow getpid\n0,1 allow getppid\n1 allow uname\n");
	e = estimate_make(&s.grants);
	assert_int_equal(e.once, 1);
	assert_int_equal(e.unseen, 1000000 / 5); /* one of five sightings was the only one */
	assert_true(e.low <= e.unseen && e.unseen <= e.high);
	arena_done(&s.arena);
	s = (struct scene){ 0 };
	learn(&s, "0,1 allow getpid\n");
	e = estimate_make(&s.grants);
	assert_int_equal(e.unseen, 0);
	assert_true(e.high > 0); /* two runs prove little */
	arena_done(&s.arena);
}

static void prints_a_policy_that_reads_again(void **state)
{
	struct scene s = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf again = { 0 };
	struct diags diags = { 0 };
	struct policy policy = { 0 };
	struct estimate e;

	(void)state;
	learn(&s,
	      "0,1 allow getpid\n1 allow ioctl cmd=0x541b\n0 file read /etc/hosts\n"
	      "0 refuse bpf\n1 net connect tcp 10.0.0.1:80\npeak memory 5120\npeak processes 2\n"
	      "peak tasks 3\n");
	diags.arena = &s.arena;
	e = estimate_make(&s.grants);
	learned_policy_print(&s.grants, &e, "learned/x", &text);
	learned_policy_print(&s.grants, &e, "learned/x", &again);
	assert_string_equal(strbuf_str(&text), strbuf_str(&again));
	if (policy_read(span_of(strbuf_str(&text)), "x", &s.arena, &policy, &diags) < 0)
		fail_msg("%s", diags.items[0].text);
	assert_string_equal(policy.extends[0], "builtin/start");
	assert_int_equal(policy.n_files, 1);
	assert_int_equal(policy.n_syscalls, 2);
	assert_string_equal(policy.syscalls[0].rule.why, "2 of 2 runs");
	assert_int_equal(policy.limits.pids, 14);
	assert_non_null(strstr(strbuf_str(&text), "#   bpf   (1 of 2 runs)"));
	assert_non_null(
		strstr(strbuf_str(&text), "  - connect tcp 10.0.0.1:80   # why: 1 of 2 runs"));
	arena_done(&s.arena);
}

/* What would open more than a harmless call of that name has no usual condition. */
static void usual_conditions_allow_the_call_and_no_more(void **state)
{
	static const struct {
		const char *call;
		uint32_t args[6];
		const char *begins; /* or NULL */
	} calls[] = {
		{ "chmod", { 0, 0755 }, "mode only" },
		{ "chmod", { 0, 04755 }, NULL },
		{ "fchmodat", { 0, 04755, 01777 }, "mode only" },
		{ "fchmodat", { 0, 0, 02755 }, NULL },
		{ "mknod", { 0, S_IFIFO | 0600 }, "mode only" },
		{ "mknod", { 0, S_IFCHR | 0600 }, NULL },
		{ "mknodat", { 0, 0, S_IFREG | 0600 }, "mode only" },
		{ "mknodat", { 0, 0, S_IFBLK | 0600 }, NULL },
		{ "seccomp", { 1, 0 }, "not (flags" },
		{ "seccomp", { 1, SECCOMP_FILTER_FLAG_NEW_LISTENER }, NULL },
		{ "clone", { SIGCHLD }, "flags only" },
		{ "clone", { CLONE_VM | CLONE_VFORK | SIGCHLD }, "flags only" },
		{ "clone", { CLONE_VM | CLONE_SIGHAND | CLONE_THREAD }, "flags has CLONE_THREAD" },
		{ "clone", { CLONE_THREAD | CLONE_VFORK }, NULL },
		{ "clone", { CLONE_NEWUSER | SIGCHLD }, NULL },
		{ "read", { 0 }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const char *cond = usual_condition_of(calls[i].call, calls[i].args);

		if (!cond != !calls[i].begins ||
		    (cond && strncmp(cond, calls[i].begins, strlen(calls[i].begins)) != 0))
			fail_msg("row %zu: %s: %s", i, calls[i].call, cond ? cond : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grants_what_was_seen_and_its_kin),
		cmocka_unit_test(grants_nothing_for_these),
		cmocka_unit_test(joins_what_a_tree_covers),
		cmocka_unit_test(estimates_what_the_next_run_may_need),
		cmocka_unit_test(prints_a_policy_that_reads_again),
		cmocka_unit_test(usual_conditions_allow_the_call_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
