/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "audit/decode.h"

static struct decoder decoder;

static int done(void **state)
{
	(void)state;
	decoder_done(&decoder);
	return 0;
}

/* The record of an event as JSON members. */
static const char *json_of(const struct event *event)
{
	static struct strbuf out;
	struct record record;

	strbuf_reset(&out);
	if (!decode_event(event, &decoder, &record))
		return NULL;
	strbuf_puts(&out, record_kind_name(record.kind));
	strbuf_putc(&out, ' ');
	record_members(&record, &out);
	return strbuf_str(&out);
}

static void assert_has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("no %s in %s", part, text ? text : "nothing");
}

static void a_path_of_an_opened_file_is_the_kernels(void **state)
{
	struct event e = { .head = { .type = TRACER_SYSCALL,
				     .flags = TRACER_PATH | TRACER_FILE,
				     .nr = SYS_openat,
				     .ret = 3,
				     .args = { 0, 0, 0x241 },
				     .dev = 8U << 20 | 1,
				     .ino = 42 },
			   .first = { "passwd\0etc", 11 } };
	const char *json = json_of(&e);

	(void)state;
	assert_has(json, "open ");
	assert_has(json, "\"path\":\"/etc/passwd\",\"path_from\":\"kernel\"");
	assert_has(json, "\"flags\":577");
	assert_has(json, "\"ino\":42");
	assert_true(strstr(json, "user_memory") == NULL);
}

/* openat2(2) has its flags behind a pointer: the kernel knows those of the file. */
static void flags_of_an_open_without_any_are_those_of_its_file(void **state)
{
	struct event e = { .head = { .type = TRACER_SYSCALL,
				     .flags = TRACER_PATH | TRACER_FILE,
				     .nr = SYS_openat2,
				     .ret = 3,
				     .args = { 1, 2, 3, 24, 0, O_RDWR | O_CREAT } },
			   .first = { "file\0tmp", 9 } };

	(void)state;
	assert_has(json_of(&e), "\"args\":[1,2,3,24,0,0]");
	assert_has(json_of(&e), "\"flags\":66");
	e.head.nr = SYS_creat;
	e.head.args[5] = O_WRONLY;
	assert_has(json_of(&e), "\"flags\":1");
	e.head.nr = SYS_openat;
	assert_has(json_of(&e), "\"flags\":3");
	e.head.nr = SYS_openat2;
	e.head.flags = TRACER_USER;
	assert_true(strstr(json_of(&e), "\"flags\"") == NULL);
}

static void a_path_of_a_failed_call_is_the_users(void **state)
{
	struct event e = { .head = { .type = TRACER_SYSCALL,
				     .flags = TRACER_USER,
				     .nr = SYS_unlinkat,
				     .ret = -13 },
			   .first = { "/etc/shadow", 11 } };
	const char *json = json_of(&e);

	(void)state;
	assert_has(json, "syscall ");
	assert_has(json, "\"errno\":13");
	assert_has(json, "\"path_from\":\"user\"");
	assert_has(json, "\"user_memory\":true");
}

static void an_unreadable_path_is_never_an_empty_one(void **state)
{
	struct event e = { .head = { .type = TRACER_DENIED,
				     .flags = TRACER_USER | TRACER_UNREADABLE,
				     .nr = SYS_mkdir,
				     .ret = -1 } };
	const char *json = json_of(&e);

	(void)state;
	assert_has(json, "denied ");
	assert_has(json, "\"path\":null,\"path_from\":\"unreadable\"");
}

static void a_program_has_its_file_its_name_and_its_arguments(void **state)
{
	struct event e = { .head = { .type = TRACER_EXEC, .flags = TRACER_PATH, .nr = -1 },
			   .first = { "dash\0bin\0usr", 13 },
			   .second = { "/bin/sh\0sh\0-c\0\0", 15 } };
	const char *json = json_of(&e);

	(void)state;
	assert_has(json, "exec \"argv\":[\"sh\",\"-c\",\"\"],\"argv_from\":\"kernel\"");
	assert_has(json, "\"name\":\"/bin/sh\",\"name_from\":\"kernel\"");
	assert_has(json, "\"path\":\"/usr/bin/dash\",\"path_from\":\"kernel\"");
}

static void only_the_end_of_a_connection_is_a_flow(void **state)
{
	struct event e = { .head = { .type = TRACER_TCP, .nr = -1, .args = { 2, 1 } },
			   .has_tuple = true,
			   .tuple = { .family = AF_INET,
				      .protocol = 6,
				      .local_port = 4000,
				      .remote_port = 80,
				      .local = { 10, 0, 0, 1 },
				      .remote = { 10, 0, 0, 2 } } };

	(void)state;
	assert_null(json_of(&e));
	e.head.args[1] = 7;
	e.head.args[2] = 100;
	e.head.args[3] = 200;
	assert_has(json_of(&e), "\"bytes_in\":200,\"bytes_out\":100");
	assert_has(json_of(&e), "\"local\":\"10.0.0.1:4000\"");
	assert_has(json_of(&e), "\"protocol\":\"tcp\",\"remote\":\"10.0.0.2:80\"");
	e.tuple.remote_port = 0;
	assert_null(json_of(&e));
}

static void names_the_socket_of_a_file(void **state)
{
	struct event e = { .head = { .type = TRACER_SYSCALL,
				     .nr = SYS_connect,
				     .flags = TRACER_TUPLE | TRACER_USER },
			   .second = { "\1\0/run/x\0junk", 13 },
			   .has_tuple = true,
			   .tuple = { .family = AF_UNIX } };

	(void)state;
	assert_has(json_of(&e), "connect ");
	assert_has(json_of(&e), "\"remote\":\"unix:/run/x\"");
	e.second = (struct span){ "\1\0\0name", 7 };
	assert_has(json_of(&e), "\"remote\":\"unix:@name\"");
	e.second = (struct span){ "\1\0", 2 };
	assert_true(strstr(json_of(&e), "remote") == NULL);
}

/* The kernel has put the socket back by then. */
static void names_what_was_asked_for_in_vain(void **state)
{
	static const char v4[] = "\2\0\0\11\12\0\0\1\0\0\0\0\0\0\0";
	static const char v6[] = "\12\0\0\11\0\0\0\0\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
	struct event e = { .head = { .type = TRACER_SYSCALL,
				     .nr = SYS_connect,
				     .ret = -ECONNREFUSED,
				     .flags = TRACER_TUPLE | TRACER_USER },
			   .second = { v4, 16 },
			   .has_tuple = true,
			   .tuple = { .family = AF_INET,
				      .protocol = 6,
				      .remote = { 127, 0, 0, 1 },
				      .local = { 127, 0, 0, 2 },
				      .local_port = 7 } };

	(void)state;
	assert_has(json_of(&e), "\"remote\":\"10.0.0.1:9\"");
	e.head.nr = SYS_bind;
	assert_has(json_of(&e), "\"local\":\"10.0.0.1:9\"");
	e.second = (struct span){ v6, 24 };
	assert_has(json_of(&e), "\"local\":\"[fe80::1]:9\"");
	e.second.n = 23;
	assert_has(json_of(&e), "\"local\":\"127.0.0.2:7\"");
	e.second = (struct span){ v4, 16 };
	e.head.ret = 0;
	assert_has(json_of(&e), "\"local\":\"127.0.0.2:7\"");
	e.head.nr = SYS_connect;
	e.head.ret = -EINPROGRESS;
	assert_has(json_of(&e), "\"remote\":\"127.0.0.1:0\"");
}

static void keeps_the_tables_of_32_bit_calls_apart(void **state)
{
	struct event e = {
		.head = { .type = TRACER_SYSCALL, .nr = SYS_ptrace, .flags = TRACER_IA32 }
	};

	(void)state;
	assert_has(json_of(&e), "syscall \"abi\":\"ia32\"");
	e.head.flags = 0;
	assert_has(json_of(&e), "ptrace ");
}

static void leaves_out_what_is_told_elsewhere(void **state)
{
	struct event exec = { .head = { .type = TRACER_SYSCALL, .nr = SYS_execve } };
	struct event thread = { .head = { .type = TRACER_EXIT, .nr = -1 } };

	(void)state;
	assert_null(json_of(&exec));
	exec.head.ret = -2;
	assert_has(json_of(&exec), "syscall ");
	assert_null(json_of(&thread));
	thread.head.flags = TRACER_LEADER;
	assert_has(json_of(&thread), "exit ");
}

static void what_the_guard_refuses_is_the_kernels_own(void **state)
{
	struct event e = { .head = { .type = TRACER_GUARDED,
				     .nr = -1,
				     .args = { TRACER_GUARD_OPEN, TRACER_WRITE } },
			   .first = { "/etc/shadow", 11 } };
	const char *json = json_of(&e);

	(void)state;
	assert_has(json, "denied ");
	assert_has(json, "\"layer\":\"bpf\"");
	assert_has(json, "\"path\":\"/etc/shadow\",\"path_from\":\"kernel\"");
	e = (struct event){
		.head = { .type = TRACER_GUARDED, .nr = -1, .args = { TRACER_GUARD_SIGNAL, 77, 9 } }
	};
	json = json_of(&e);
	assert_has(json, "\"call\":\"kill\"");
	assert_has(json, "\"flags\":9");
	assert_has(json, "\"target\":77");
	e.head.args[0] = TRACER_GUARD_CALL;
	e.head.args[2] = 0x5412;
	json = json_of(&e);
	assert_has(json, "\"layer\":\"bpf\"");
	assert_has(json, "\"flags\":21522");
	e.head.args[0] = TRACER_GUARD_CAPABILITY;
	e.head.args[2] = 21;
	json = json_of(&e);
	assert_has(json, "\"call\":\"capable\"");
	assert_has(json, "\"flags\":21");
	e.head.args[0] = 99;
	assert_null(json_of(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_guard_refuses_is_the_kernels_own),
		cmocka_unit_test(a_path_of_an_opened_file_is_the_kernels),
		cmocka_unit_test(flags_of_an_open_without_any_are_those_of_its_file),
		cmocka_unit_test(a_path_of_a_failed_call_is_the_users),
		cmocka_unit_test(an_unreadable_path_is_never_an_empty_one),
		cmocka_unit_test(a_program_has_its_file_its_name_and_its_arguments),
		cmocka_unit_test(only_the_end_of_a_connection_is_a_flow),
		cmocka_unit_test(names_the_socket_of_a_file),
		cmocka_unit_test(names_what_was_asked_for_in_vain),
		cmocka_unit_test(keeps_the_tables_of_32_bit_calls_apart),
		cmocka_unit_test(leaves_out_what_is_told_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
