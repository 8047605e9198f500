/* SPDX-License-Identifier: Apache-2.0 */
/* A grant is used by what was seen, unused only where everything would have been seen. */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit/grants.h"
#include "tests/support/policy_text.h"

#define HEAD "policy: 1\nextends: [builtin/glibc]\n"
#define RECORD(what) "audit:\n  record: [" what "]\n"
#define ALL "\"mode\":\"all calls, as they return\","
#define LISTS "\"mode\":\"events, calls of the list by hooks on them\","
#define OPEN(call, path, flags)                                               \
	"{\"kind\":\"open\",\"call\":\"" call "\",\"ret\":3,\"path\":\"" path \
	"\",\"path_from\":\"kernel\",\"flags\":" flags "}"
#define COUNT(call, n) "{\"kind\":\"counts\",\"call\":\"" call "\",\"count\":" n "}"
#define REFUSED(call, n) \
	"{\"kind\":\"counts\",\"layer\":\"seccomp\",\"call\":\"" call "\",\"count\":" n "}"
#define EXEC(path, name, argv) \
	"{\"kind\":\"exec\",\"path\":\"" path "\",\"name\":\"" name "\",\"argv\":[" argv "]}"
#define CHANGE(call, more) "{\"kind\":\"syscall\",\"call\":\"" call "\",\"ret\":0," more "}"

static json_t *load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	if (!json)
		fail_msg("no JSON: %s", text);
	return json;
}

/* The plan grants what the policy does, and a volume. */
static json_t *plan_of(const struct bundle *bundle)
{
	json_t *files = load("[{\"path\":\"/vol\",\"tree\":true,\"read\":true,\"list\":true,"
			     "\"write\":true,\"exec\":false}]");

	for (size_t i = 0; i < bundle->n_files; i++) {
		unsigned access = bundle->files[i].access;

		if (access & FILE_DENY)
			continue;
		json_array_append_new(files, json_pack("{s:b, s:b, s:s, s:b, s:b, s:b}", "exec",
						       (access & FILE_EXEC) != 0, "list",
						       (access & (FILE_READ | FILE_LIST)) != 0,
						       "path", bundle->files[i].path, "read",
						       (access & FILE_READ) != 0, "tree",
						       bundle->files[i].tree, "write",
						       (access & FILE_WRITE) != 0));
	}
	return json_pack("{s:o, s:o}", "files", files, "names",
			 load("[{\"name\":\"api.example.com\",\"addresses\":[\"192.0.2.7\"]}]"));
}

struct run {
	const char *mode;     /* of the kernel's collector; NULL: it was not there */
	const char *events;   /* or NULL */
	const char *evidence; /* or NULL */
	bool lost, broken, unsealed;
	bool bare; /* the plan has no rules for files: there is no Landlock */
};

static void judge(struct grants *grants, const struct run *run, struct arena *arena)
{
	cleanup_strbuf struct strbuf sealed = { 0 };
	cleanup_strbuf struct strbuf events = { 0 };
	struct run_record record = { .plan = plan_of(grants->bundle),
				     .evidence = load(run->evidence ? run->evidence : "{}"),
				     .complete = !run->unsealed };
	json_t *list;
	json_t *event;
	size_t i;

	if (run->bare)
		json_array_clear(json_object_get(record.plan, "files"));
	strbuf_addf(&sealed, "{\"kind\":\"sealed\",\"lost\":false,\"losses\":[");
	if (run->mode)
		strbuf_addf(&sealed, "{\"dropped\":%d,%s\"source\":\"bpf\"}", run->lost, run->mode);
	strbuf_puts(&sealed, "]}");
	strbuf_addf(&events, "[%s]", run->events ? run->events : "");
	list = load(strbuf_str(&events));
	record.last = load(strbuf_str(&sealed));
	if (run->broken)
		record.chain = (struct err){ .code = EBADMSG, .msg = "record 2 was changed" };
	json_array_foreach(list, i, event) grants_take(grants, &record, event);
	grants_judge(grants, &record, arena);
	json_decref(list);
	run_record_done(&record);
}

/* "?": unknown, "-": unused, or how often it was used; text of the grant before it. */
static void expect(const char *policy, const struct run *run, const char *grant, const char *use)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_grants struct grants grants = { 0 };
	struct bundle bundle = { 0 };
	struct err err = { 0 };
	char found[24] = "no such grant";
	const char *why = NULL;

	bundle_of_text(policy, &arena, &bundle);
	assert_int_equal(grants_init(&bundle, &arena, &grants, &err), 0);
	judge(&grants, run, &arena);
	for (size_t i = 0; i < grants.n; i++) {
		const struct grant *g = &grants.items[i];

		assert_int_equal(g->use == GRANT_UNKNOWN, g->unknown != NULL);
		if (strcmp(g->text, grant) != 0 || !grant_is_own(&grants, g))
			continue;
		why = g->unknown;
		if (g->use == GRANT_USED)
			snprintf(found, sizeof(found), "%llu", (unsigned long long)g->n);
		else
			snprintf(found, sizeof(found), "%s", why ? "?" : "-");
	}
	if (strcmp(found, use) != 0)
		fail_msg("%s%s: %s, expected %s: %s (%s)", policy, run->events ? run->events : "",
			 grant, use, found, why ? why : "");
}

struct row {
	const char *lines, *mode, *events, *grant, *use;
};

static void expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(rows[i].lines,
		       &(struct run){ .mode = rows[i].mode, .events = rows[i].events },
		       rows[i].grant, rows[i].use);
}

/* clang-format off */
static void calls_are_told_by_counts_arguments_and_lists(void **state)
{
#define CALLS(line) HEAD "syscalls:\n  - " line "\n"
	static const struct row rows[] = {
		{ CALLS("allow vmsplice"), ALL, NULL, "vmsplice", "-" },
		{ CALLS("allow vmsplice"), ALL, COUNT("vmsplice", "7"), "vmsplice", "7" },
		/* What the filter refused is no use. */
		{ CALLS("allow vmsplice"), ALL, COUNT("vmsplice", "7") "," REFUSED("vmsplice", "7"), "vmsplice", "-" },
		{ CALLS("allow vmsplice"), ALL, COUNT("vmsplice", "9") "," REFUSED("vmsplice", "7"), "vmsplice", "2" },
		/* Two words of a line are two grants. */
		{ CALLS("allow vmsplice, ptrace"), ALL, COUNT("vmsplice", "7"), "ptrace", "-" },
		{ CALLS("allow vmsplice, ptrace"), ALL, COUNT("vmsplice", "7"), "vmsplice", "7" },
		{ CALLS("allow @debug"), ALL, COUNT("ptrace", "2"), "@debug", "2" },
		/* Without counts only calls on lists are told: @debug is, vmsplice is not. */
		{ CALLS("allow vmsplice"), LISTS, NULL, "vmsplice", "?" },
		{ CALLS("allow ptrace"), LISTS, NULL, "ptrace", "-" },
		{ CALLS("allow ptrace"), LISTS, "{\"kind\":\"ptrace\",\"call\":\"ptrace\"}", "ptrace", "1" },
		{ CALLS("allow openat"), LISTS, NULL, "openat", "?" },
		{ CALLS("allow openat"), LISTS, OPEN("openat", "/vol/a", "1"), "openat", "1" },
		{ CALLS("allow openat") RECORD("read"), LISTS, NULL, "openat", "-" },
		{ CALLS("allow execve"), LISTS, EXEC("/a", "/a", ""), "execve", "1" },
		/* The program's own start is not counted. */
		{ CALLS("allow execve"), ALL, EXEC("/a", "/a", ""), "execve", "1" },
		{ CALLS("allow execve"), ALL, EXEC("/a", "/a", "") "," COUNT("execve", "3"), "execve", "3" },
		{ CALLS("allow execveat"), ALL, EXEC("/a", "/a", "") "," COUNT("execve", "3"), "execveat", "-" },
		/* A condition is held against each call. */
		{ CALLS("allow socket if domain == AF_UNIX"), ALL, "{\"kind\":\"calls\",\"calls\":[[\"socket\",0,3,2,1,0]]}," COUNT("socket", "1"), "socket", "-" },
		{ CALLS("allow socket if domain == AF_UNIX"), ALL, "{\"kind\":\"calls\",\"calls\":[[\"socket\",0,3,2,1,0],[\"socket\",0,3,1,1,0]]}", "socket", "1" },
		{ CALLS("allow socket if domain == AF_UNIX"), LISTS, NULL, "socket", "?" },
		{ CALLS("allow kill if sig in {9, 15}"), LISTS, "{\"kind\":\"signal\",\"call\":\"kill\",\"args\":[5,10,0,0,0,0]}", "kill", "-" },
		{ CALLS("allow kill if sig in {9, 15}"), LISTS, "{\"kind\":\"signal\",\"call\":\"kill\",\"args\":[5,9,0,0,0,0]}", "kill", "1" },
		/* Another ABI's call of that name is no use, nor is a refusal. */
		{ CALLS("allow ptrace"), LISTS, "{\"kind\":\"syscall\",\"abi\":\"ia32\",\"call\":\"ptrace\"}", "ptrace", "-" },
		{ CALLS("allow ptrace"), LISTS, "{\"kind\":\"denied\",\"call\":\"ptrace\"}", "ptrace", "-" },
		/* Without the kernel's collector nothing is told. */
		{ CALLS("allow ptrace"), NULL, NULL, "ptrace", "?" },
	};

	(void)state;
	expect_rows(rows, ARRAY_LEN(rows));
}

static void files_are_told_by_what_was_opened(void **state)
{
#define FILES(line) HEAD "files:\n  - " line "\n" RECORD("read, write")
	static const struct row rows[] = {
		{ FILES("read /a/**"), LISTS, NULL, "read /a/**", "-" },
		{ FILES("read /a/**"), LISTS, OPEN("openat", "/a/b", "0"), "read /a/**", "1" },
		{ FILES("read /a/**"), LISTS, OPEN("openat", "/a", "65536"), "read /a/**", "1" },
		{ FILES("read /a/**"), LISTS, OPEN("openat", "/vol/b", "0"), "read /a/**", "-" },
		{ FILES("read /a"), LISTS, OPEN("openat", "/a", "0"), "read /a", "1" },
		{ FILES("read /**"), LISTS, OPEN("openat", "/a", "0"), "read /**", "1" },
		/* It was reached, and no rule names it: one of them must lead there. */
		{ FILES("read /a/**"), LISTS, OPEN("openat", "/aa", "0"), "read /a/**", "?" },
		{ FILES("read /a/**"), LISTS, "{\"kind\":\"open\",\"call\":\"openat\",\"ret\":3,\"path\":\"/a/b\",\"path_from\":\"user\",\"flags\":0}", "read /a/**", "?" },
		/* Neither a failed open nor one that opens nothing. */
		{ FILES("read /a/**"), LISTS, "{\"kind\":\"open\",\"call\":\"openat\",\"ret\":-2,\"path\":\"/a/b\",\"path_from\":\"user\",\"flags\":0}", "read /a/**", "-" },
		{ FILES("read /a/**"), LISTS, OPEN("openat", "/a/b", "2097152"), "read /a/**", "-" },
		{ FILES("list /a/**"), LISTS, OPEN("openat", "/a/b", "65536"), "list /a/**", "1" },
		{ FILES("list /a/**"), LISTS, OPEN("openat", "/a/b", "0"), "list /a/**", "1" },
		/* Writing is one grant, and reading goes with it. */
		{ FILES("write /a/**"), LISTS, OPEN("openat", "/a/b", "0"), "write /a/**", "-" },
		{ FILES("write /a/**"), LISTS, OPEN("openat", "/a/b", "1"), "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, OPEN("openat", "/a/b", "577"), "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, OPEN("creat", "/a/b", "65"), "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, "{\"kind\":\"open\",\"call\":\"openat2\",\"ret\":3,\"path\":\"/a/b\",\"path_from\":\"kernel\"}", "write /a/**", "?" },
		{ FILES("write /a/**"), LISTS, CHANGE("unlink", "\"path\":\"/a/b\""), "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, CHANGE("unlink", "\"path\":\"/vol/b\""), "write /a/**", "-" },
		{ FILES("write /a/**"), LISTS, CHANGE("rename", "\"path\":\"/vol/b\",\"name\":\"/a/b\""), "write /a/**", "1" },
		/* A name that only the program knows the place of. */
		{ FILES("write /a/**"), LISTS, CHANGE("unlinkat", "\"path\":\"b\""), "write /a/**", "?" },
		{ FILES("write /a/**"), LISTS, CHANGE("unlink", "\"path\":\"/vol/../a/b\""), "write /a/**", "?" },
		{ FILES("write /a/**"), LISTS, "{\"kind\":\"bind\",\"call\":\"bind\",\"local\":\"unix:/a/s\"}", "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, "{\"kind\":\"connect\",\"call\":\"connect\",\"remote\":\"unix:s\"}", "write /a/**", "?" },
		/* Executing: by its path, or by the name that leads there. */
		{ FILES("exec /a/**"), LISTS, EXEC("/a/b", "/a/b", "\"b\""), "exec /a/**", "1" },
		{ FILES("exec /a"), LISTS, EXEC("/b", "/a", "\"a\""), "exec /a", "1" },
		{ FILES("exec /a/** /b/**"), LISTS, EXEC("/b/b", "/b/b", "\"b\""), "exec /a/**", "-" },
		{ FILES("exec /a/** /b/**"), LISTS, EXEC("/b/sh", "./x", "\"/b/sh\",\"./x\""), "exec /a/**", "?" },
		{ FILES("exec /a/** /b/**"), LISTS, EXEC("/c/c", "/c/c", "\"c\""), "exec /a/**", "?" },
		/* A library is mapped, and a loader opened by the kernel. */
		{ FILES("exec /a/** /b/**"), LISTS, EXEC("/b/b", "/b/b", "\"b\"") "," OPEN("openat", "/a/x.so", "0"), "exec /a/**", "?" },
		{ FILES("exec /lib/** /b/**"), LISTS, EXEC("/b/b", "/b/b", "\"b\""), "exec /lib/**", "?" },
		{ FILES("exec /x/ld-musl.so /b/**"), LISTS, EXEC("/b/b", "/b/b", "\"b\""), "exec /x/ld-musl.so", "?" },
		/* What is not recorded is not known. */
		{ HEAD "files:\n  - read /a/**\n" RECORD("write"), LISTS, NULL, "read /a/**", "?" },
		{ HEAD "files:\n  - write /a/**\n" RECORD("read"), LISTS, NULL, "write /a/**", "?" },
		/* A file can be made by an open that only reads. */
		{ HEAD "files:\n  - write /a/**\n" RECORD("write"), LISTS, NULL, "write /a/**", "?" },
		{ HEAD "files:\n  - write /a/**\n" RECORD("write"), LISTS, OPEN("openat", "/a/b", "1"), "write /a/**", "1" },
		{ FILES("write /a/**"), LISTS, OPEN("openat", "/a/b", "64"), "write /a/**", "1" },
		{ HEAD "files:\n  - exec /a/**\n" RECORD("write"), LISTS, NULL, "exec /a/**", "?" },
		{ HEAD "files:\n  - write /a/**\n", ALL, NULL, "write /a/**", "-" },
		{ FILES("read /a/**"), NULL, NULL, "read /a/**", "?" },
	};

	(void)state;
	expect_rows(rows, ARRAY_LEN(rows));
}

static void destinations_are_told_by_events(void **state)
{
#define NET(line) HEAD "network:\n  - " line "\n"
#define CONNECT(remote, more) "{\"kind\":\"connect\",\"call\":\"connect\",\"protocol\":\"tcp\",\"remote\":\"" remote "\"" more "}"
#define LISTEN(local) "{\"kind\":\"listen\",\"call\":\"listen\",\"protocol\":\"tcp\",\"local\":\"" local "\"}"
	static const struct row rows[] = {
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, NULL, "connect tcp 10.0.0.0/8:443", "-" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("10.1.2.3:443", ""), "connect tcp 10.0.0.0/8:443", "1" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("10.1.2.3:443", ",\"errno\":111"), "connect tcp 10.0.0.0/8:443", "1" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("10.1.2.3:443", ",\"errno\":13"), "connect tcp 10.0.0.0/8:443", "-" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("10.1.2.3:80", ",\"errno\":111"), "connect tcp 10.0.0.0/8:443", "-" },
		/* It was let through, and by which rule nobody knows. */
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("192.0.2.7:443", ""), "connect tcp 10.0.0.0/8:443", "?" },
		/* A name is what it led to at the start. */
		{ NET("connect tcp api.example.com:443"), LISTS, CONNECT("192.0.2.7:443", ""), "connect tcp api.example.com:443", "1" },
		{ NET("connect tcp api.example.com:443"), LISTS, CONNECT("192.0.2.8:443", ",\"errno\":111"), "connect tcp api.example.com:443", "-" },
		{ NET("connect tcp [2001:db8::]/32:*"), LISTS, CONNECT("[2001:db8::5]:80", ""), "connect tcp [2001:db8::]/32:*", "1" },
		{ NET("listen tcp 127.0.0.1:8080"), LISTS, LISTEN("127.0.0.1:8080"), "listen tcp 127.0.0.1:8080", "1" },
		{ NET("listen tcp 127.0.0.1:8080"), LISTS, CONNECT("127.0.0.1:8080", ""), "listen tcp 127.0.0.1:8080", "1" },
		/* A stream's end tells of both its sides; what is only bound to send is no listener. */
#define FLOW(protocol, local, remote) "{\"kind\":\"flow\",\"protocol\":\"" protocol "\",\"local\":\"" local "\",\"remote\":\"" remote "\"}"
		{ NET("listen tcp 127.0.0.1:8080"), LISTS, FLOW("tcp", "127.0.0.1:8080", "127.0.0.1:50000"), "listen tcp 127.0.0.1:8080", "1" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, CONNECT("10.1.2.3:443", "") "," FLOW("tcp", "127.0.0.1:50000", "10.1.2.3:443"), "connect tcp 10.0.0.0/8:443", "1" },
		{ NET("connect tcp 10.0.0.0/8:443"), LISTS, FLOW("tcp", "127.0.0.1:50000", "10.1.2.3:443"), "connect tcp 10.0.0.0/8:443", "1" },
		{ NET("connect udp 10.0.0.0/8:53"), LISTS, FLOW("udp", "127.0.0.1:50000", "192.0.2.9:53"), "connect udp 10.0.0.0/8:53", "?" },
		{ NET("connect udp 10.0.0.0/8:53"), LISTS, "{\"kind\":\"connect\",\"protocol\":\"udp\",\"remote\":\"192.0.2.9:53\"}", "connect udp 10.0.0.0/8:53", "-" },
		{ NET("listen udp 127.0.0.1:53"), LISTS, "{\"kind\":\"bind\",\"protocol\":\"udp\",\"local\":\"0.0.0.0:50000\"}", "listen udp 127.0.0.1:53", "-" },
		{ NET("listen tcp 127.0.0.1:8080"), LISTS, LISTEN("0.0.0.0:8081"), "listen tcp 127.0.0.1:8080", "?" },
		{ NET("listen tcp 127.0.0.1:8080"), LISTS, NULL, "listen tcp 127.0.0.1:8080", "-" },
		{ NET("listen tcp 127.0.0.1:8080"), NULL, NULL, "listen tcp 127.0.0.1:8080", "?" },
	};

	(void)state;
	expect_rows(rows, ARRAY_LEN(rows));
}
/* clang-format on */

/* The kernel's counters of a private network need no collector. */
static void counters_tell_of_connections(void **state)
{
#define TABLE(more, packets)                                                                   \
	"{\"network\":{\"stated\":true,\"complete\":" more ",\"rules\":[{\"packets\":" packets \
	"},{\"packets\":0}]}}"
	static const char policy[] =
		NET("connect tcp 10.0.0.0/8:443") "  - listen tcp 127.0.0.1:8080\n";
	static const char *const connect = "connect tcp 10.0.0.0/8:443";
	struct run run = { .evidence = TABLE("true", "3") };

	(void)state;
	expect(policy, &run, connect, "3");
	expect(policy, &run, "listen tcp 127.0.0.1:8080", "?");
	run.evidence = TABLE("true", "0");
	expect(policy, &run, connect, "-");
	run.events = "{\"kind\":\"life\",\"what\":\"restarted\"}";
	expect(policy, &run, connect, "?");
	run.events = NULL;
	run.evidence = TABLE("false", "0");
	expect(policy, &run, connect, "?");
}

/* What was seen counts; what was not may be among what was lost. */
static void losses_leave_the_rest_unknown(void **state)
{
	static const char policy[] = CALLS("allow ptrace, vmsplice");
	struct run run = { .mode = ALL, .events = COUNT("ptrace", "1"), .lost = true };

	(void)state;
	expect(policy, &run, "ptrace", "1");
	expect(policy, &run, "vmsplice", "?");
	run.lost = false;
	expect(policy, &run, "vmsplice", "-");
	run.unsealed = true;
	expect(policy, &run, "vmsplice", "?");
	run.unsealed = false;
	/* Of several starts not each may have been recorded. */
	run.events = "{\"kind\":\"life\",\"what\":\"restarted\"}," COUNT("ptrace", "1");
	expect(policy, &run, "vmsplice", "?");
	expect(policy, &run, "ptrace", "1");
	run.broken = true;
	expect(policy, &run, "vmsplice", "?");
	expect(policy, &run, "ptrace", "?");
}

static void without_landlock_the_policy_explains_what_was_opened(void **state)
{
	static const char policy[] = FILES("read /a/** /b/**");
	struct run run = { .mode = LISTS, .events = OPEN("openat", "/a/x", "0"), .bare = true };

	(void)state;
	expect(policy, &run, "read /a/**", "1");
	expect(policy, &run, "read /b/**", "-");
	run.events = OPEN("openat", "/c", "0");
	expect(policy, &run, "read /b/**", "?");
}

static void a_run_leaves_nothing_for_the_next(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_grants struct grants grants = { 0 };
	const struct run first = {
		.mode = ALL, .events = COUNT("ptrace", "1") "," CHANGE("unlink", "\"path\":\"b\"")
	};
	const struct run second = { .mode = ALL };
	struct bundle bundle = { 0 };
	struct err err = { 0 };
	size_t own = 0;

	(void)state;
	bundle_of_text(FILES("write /a/**") "syscalls:\n  - allow ptrace\n", &arena, &bundle);
	assert_int_equal(grants_init(&bundle, &arena, &grants, &err), 0);
	judge(&grants, &first, &arena);
	grants_reset(&grants);
	judge(&grants, &second, &arena);
	for (size_t i = 0; i < grants.n; i++) {
		if (!grant_is_own(&grants, &grants.items[i]))
			continue;
		own++;
		assert_int_equal(grants.items[i].use, GRANT_UNUSED);
	}
	assert_int_equal(own, 2);
}

/* Records are foreign: whatever stands where something else should is no use. */
static void nonsense_is_survived(void **state)
{
	static const char *const events[] = {
		"{}",
		"{\"kind\":7}",
		"{\"kind\":\"counts\",\"call\":[],\"count\":\"x\"}",
		"{\"kind\":\"calls\",\"calls\":[7,[],[7],[\"kill\"],[\"kill\",0,0,\"a\",[]]]}",
		"{\"kind\":\"open\",\"ret\":3}",
		"{\"kind\":\"open\",\"call\":\"openat\",\"ret\":3,\"path\":7,\"path_from\":\"kernel\"}",
		"{\"kind\":\"exec\",\"argv\":7}",
		"{\"kind\":\"connect\",\"remote\":\"[:]:99999\"}",
		"{\"kind\":\"bind\",\"local\":\"unix:\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		expect(CALLS("allow kill if sig == 9"),
		       &(struct run){ .mode = ALL, .events = events[i] }, "kill", "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_told_by_counts_arguments_and_lists),
		cmocka_unit_test(files_are_told_by_what_was_opened),
		cmocka_unit_test(destinations_are_told_by_events),
		cmocka_unit_test(counters_tell_of_connections),
		cmocka_unit_test(losses_leave_the_rest_unknown),
		cmocka_unit_test(without_landlock_the_policy_explains_what_was_opened),
		cmocka_unit_test(a_run_leaves_nothing_for_the_next),
		cmocka_unit_test(nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
