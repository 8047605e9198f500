// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "policies/policy_read.h"
#include "policies/to_selinux.h"

static void compile(const char *text, struct arena *arena, struct bundle *ret)
{
	struct policy_source source = { .name = "t" };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	assert_int_equal(policy_read(span_of(text), "t", arena, &policy, &diags), 0);
	policy.sources = &source;
	policy.n_sources = 1;
	assert_int_equal(policy_compile(&policy, arena, ret, &diags), 0);
}

static void write_module(const char *text, char name[SELINUX_NAME_MAX], struct strbuf *out)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle bundle = { 0 };
	struct err err = { 0 };

	compile(text, &arena, &bundle);
	assert_int_equal(to_selinux(&bundle, out, name, &err), 0);
}

static void says(const char *text, const char *what)
{
	cleanup_strbuf struct strbuf out = { 0 };
	char name[SELINUX_NAME_MAX];

	write_module(text, name, &out);
	if (!strstr(strbuf_str(&out), what))
		fail_msg("no \"%s\" in:\n%s", what, strbuf_str(&out));
}

static void says_not(const char *text, const char *what)
{
	cleanup_strbuf struct strbuf out = { 0 };
	char name[SELINUX_NAME_MAX];

	write_module(text, name, &out);
	if (strstr(strbuf_str(&out), what))
		fail_msg("\"%s\" in:\n%s", what, strbuf_str(&out));
}

#define HEAD "policy: 1\nname: team/web-1\n"
#define CALLS "syscalls:\n  - allow execve\n"

static void writes_what_the_policy_says(void **state)
{
	static const char text[] =
		HEAD "files:\n  - read,exec /usr/**\n  - read /etc/hosts\n" CALLS
		     "  - allow socket if domain == AF_INET and type == SOCK_STREAM\n"
		     "  - allow connect getsockopt\n";
	static const char expected[] =
		"; Policy team/web-1. Needs the module immure.\n"
		"(type NAME_t)\n"
		"(typeattributeset immure_domain (NAME_t))\n"
		"(call immure_host_read (NAME_t immure_host_programs))\n"
		"(call immure_host_execute (NAME_t immure_host_programs))\n"
		"(call immure_host_read (NAME_t immure_host_libraries))\n"
		"(call immure_host_execute (NAME_t immure_host_libraries))\n"
		"(call immure_host_read (NAME_t immure_host_locale))\n"
		"(call immure_host_execute (NAME_t immure_host_locale))\n"
		"(call immure_host_read (NAME_t immure_host_certificates))\n"
		"(call immure_host_execute (NAME_t immure_host_certificates))\n"
		"(call immure_host_read (NAME_t immure_host_names))\n"
		"(call immure_host_read (NAME_t immure_host_data))\n"
		"(call immure_host_execute (NAME_t immure_host_data))\n"
		"(typeattributeset immure_no_unix (NAME_t))\n"
		"(allow NAME_t self (tcp_socket (create ioctl read write getattr setattr append "
		"connect getopt)))\n"
		"(allow NAME_t port_type (tcp_socket (name_connect)))\n"
		"(allow NAME_t self (unix_stream_socket (connectto)))\n"
		"(allow NAME_t self (unix_dgram_socket (sendto)))\n";
	cleanup_strbuf struct strbuf out = { 0 };
	cleanup_strbuf struct strbuf plain = { 0 };
	char name[SELINUX_NAME_MAX];
	const char *p;

	(void)state;
	write_module(text, name, &out);
	assert_memory_equal(name, "immure_web_1_", strlen("immure_web_1_"));
	assert_int_equal(strlen(name), strlen("immure_web_1_") + 8);
	for (p = strbuf_str(&out); *p; p++) {
		if (strncmp(p, name, strlen(name)) == 0) {
			strbuf_puts(&plain, "NAME");
			p += strlen(name) - 1;
		} else {
			strbuf_putc(&plain, *p);
		}
	}
	assert_string_equal(strbuf_str(&plain), expected);
}

static void holds_sockets_call_by_call(void **state)
{
	(void)state;
	says(HEAD CALLS "  - allow socket bind listen accept4\n", "append bind listen accept)))");
	says_not(HEAD CALLS "  - allow socket connect\n", "immure_socket_names");
	says_not(HEAD CALLS "  - allow socket bind\n", "name_connect");
	says_not(HEAD CALLS "  - allow socket if domain == AF_UNIX\n", "tcp_socket");
	says_not(HEAD CALLS "  - allow socket if domain == AF_UNIX\n", "immure_no_unix");
	says(HEAD CALLS "  - allow socket if domain == AF_NETLINK\n", "netlink_route_socket");
}

static void knows_what_is_neither_file_nor_socket(void **state)
{
	(void)state;
	says(HEAD CALLS "  - allow ptrace\n", "self (process (ptrace))");
	says_not(HEAD CALLS, "ptrace");
	says(HEAD CALLS "  - allow mmap\n", "execmem");
	says_not(HEAD CALLS "  - allow mmap if not (prot has PROT_WRITE|PROT_EXEC)\n", "execmem");
	says(HEAD CALLS "  - allow shmget\n", "(shm (create");
}

static void turns_paths_into_parts_of_the_tree(void **state)
{
	(void)state;
	says_not(HEAD "files:\n  - read /usr/share/doc\n" CALLS, "immure_host_settings");
	says(HEAD "files:\n  - read /usr/share/doc\n" CALLS, "immure_host_data");
	says(HEAD "files:\n  - read /**\n" CALLS, "immure_host_proc");
	says_not(HEAD "files:\n  - read /**\n" CALLS, "immure_host_execute");
	says_not(HEAD "files:\n  - read /**\n  - deny /etc/**\n" CALLS, "immure_host_settings");
	says(HEAD "files:\n  - read /**\n  - deny /etc/shadow\n" CALLS, "immure_host_settings");
	says_not(HEAD "files:\n  - read /etcetera/**\n" CALLS, "immure_host_settings");
	says_not(HEAD "files:\n  - read /etc/ld.so.cache\n" CALLS, "immure_host_settings");
	says(HEAD "files:\n  - read /etc/ld.so.cache\n" CALLS, "immure_host_linker");
	says(HEAD "files:\n  - read /etc/**\n" CALLS, "immure_host_names");
}

/* What `policy prove` expects: the same as what is written. */
static void knows_what_the_module_refuses(void **state)
{
	static const struct {
		const char *path;
		unsigned access;
		bool refused;
	} rows[] = {
		{ "/usr/bin/id", FILE_READ, false },  { "/usr/bin/id", FILE_EXEC, false },
		{ "/usr/lib/x/y", FILE_READ, false }, { "/usr/lib/x/y", FILE_EXEC, true },
		{ "/etc/passwd", FILE_READ, true },   { "/etc/ld.so.cache", FILE_READ, false },
		{ "/etc/hosts", FILE_READ, true },    { "/usr/share/doc", FILE_READ, false },
		{ "/opt/tool", FILE_READ, false }, /* of one type with /usr/share */
		{ "/home/x", FILE_READ, false },   /* nothing is known of it */
		{ "/etcetera", FILE_READ, false },
	};
	cleanup_arena struct arena arena = { 0 };
	struct bundle bundle = { 0 };

	(void)state;
	compile(HEAD "files:\n  - read,exec /usr/bin/**\n  - read /usr/lib/** /usr/share/** "
		     "/etc/ld.so.cache\n" CALLS "  - allow socket if domain == AF_UNIX\n",
		&arena, &bundle);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (to_selinux_refuses_path(&bundle, rows[i].path, rows[i].access) !=
		    rows[i].refused)
			fail_msg("row %zu: %s", i, rows[i].path);
	}
	assert_true(to_selinux_opens_socket(&bundle, AF_UNIX, SOCK_STREAM));
	assert_false(to_selinux_opens_socket(&bundle, AF_INET, SOCK_STREAM));
	assert_false(to_selinux_opens_socket(&bundle, AF_PACKET, SOCK_DGRAM));
	assert_false(to_selinux_opens_socket(&bundle, AF_BLUETOOTH, SOCK_RAW));
}

static void mode_audit_refuses_nothing(void **state)
{
	(void)state;
	says("policy: 1\nname: t\nmode: audit\n" CALLS, "(typepermissive immure_t_");
	says_not(HEAD CALLS, "typepermissive");
}

/* What the launcher looks for is what was installed, or nothing. */
static void another_policy_has_another_name(void **state)
{
	static const char *const texts[] = {
		HEAD CALLS,
		HEAD CALLS "  - allow ptrace\n",
		HEAD "files:\n  - read /etc/**\n" CALLS,
		HEAD "limits:\n  pids: 7\n" CALLS,
	};
	char names[ARRAY_LEN(texts)][SELINUX_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_strbuf struct strbuf out = { 0 };

		write_module(texts[i], names[i], &out);
	}
	assert_string_not_equal(names[0], names[1]);
	assert_string_not_equal(names[0], names[2]);
	assert_string_equal(names[0], names[3]); /* SELinux knows no limits */
}

static void any_name_makes_an_identifier(void **state)
{
	static const char text[] =
		"policy: 1\nname: "
		"a.very-long_name-0123456789-0123456789-0123456789-0123456789\n" CALLS;
	cleanup_strbuf struct strbuf out = { 0 };
	char name[SELINUX_NAME_MAX];

	(void)state;
	write_module(text, name, &out);
	assert_true(strlen(name) < SELINUX_NAME_MAX - 2);
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_the_policy_says),
		cmocka_unit_test(holds_sockets_call_by_call),
		cmocka_unit_test(knows_what_is_neither_file_nor_socket),
		cmocka_unit_test(turns_paths_into_parts_of_the_tree),
		cmocka_unit_test(knows_what_the_module_refuses),
		cmocka_unit_test(mode_audit_refuses_nothing),
		cmocka_unit_test(another_policy_has_another_name),
		cmocka_unit_test(any_name_makes_an_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
