// SPDX-License-Identifier: Apache-2.0
/* What the guard is told of the shipped default: open where it is, closed where it matters. */
#include "tests/support/unit.h"

#include <asm/ioctls.h>
#include <linux/prctl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "policies/policy_read.h"
#include "runtime/guard_grants.h"

static void grants_of(const char *name, struct tracer_grants *ret)
{
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	struct err err = { 0 };

	assert_int_equal(policy_resolve(name, builtin_fetch, NULL, &arena, &policy, &diags), 0);
	assert_int_equal(policy_compile(&policy, &arena, &bundle, &diags), 0);
	assert_int_equal(guard_grants_of(&bundle, &arena, ret, &err), 0);
}

static bool has_call(const struct tracer_grants *g, int nr)
{
	return g->calls[nr / 64] >> (nr % 64) & 1;
}

static bool has_request(const struct tracer_grants *g, uint32_t request)
{
	for (uint32_t i = 0; i < g->n_requests; i++) {
		if (g->requests[i] == request)
			return true;
	}
	return g->flags & TRACER_GRANT_REQUESTS;
}

static bool has_option(const struct tracer_grants *g, int option)
{
	return g->options[option / 64] >> (option % 64) & 1;
}

static bool has_socket(const struct tracer_grants *g, int family, int type, int protocol)
{
	return g->types[family] >> type & 1 && g->protocols[protocol / 8] >> (protocol % 8) & 1;
}

static void the_default_is_open_to_ordinary_programs(void **state)
{
	struct tracer_grants g = { 0 };

	(void)state;
	grants_of("builtin/default", &g);
	assert_true(has_call(&g, SYS_read) && has_call(&g, SYS_clone) && has_call(&g, SYS_socket));
	assert_true(has_call(&g, SYS_exit_group) && has_call(&g, SYS_prlimit64));
	assert_true(has_request(&g, TCGETS) && has_request(&g, FIONREAD));
	assert_true(has_option(&g, PR_SET_NAME) && has_option(&g, PR_SET_NO_NEW_PRIVS));
	assert_true(has_socket(&g, AF_INET, SOCK_STREAM, 0));
	assert_true(has_socket(&g, AF_INET6, SOCK_DGRAM, IPPROTO_UDP));
	assert_true(g.types[AF_UNIX] >> SOCK_STREAM & 1);
}

static void and_closed_where_it_matters(void **state)
{
	static const int calls[] = { SYS_bpf,      SYS_add_key,   SYS_keyctl,          SYS_mount,
				     SYS_quotactl, SYS_setns,     SYS_perf_event_open, SYS_ptrace,
				     SYS_syslog,   SYS_kexec_load };
	struct tracer_grants g = { 0 };

	(void)state;
	grants_of("builtin/default", &g);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_false(has_call(&g, calls[i]));
	assert_int_equal(g.flags, 0);
	assert_false(has_request(&g, TIOCSTI) || has_request(&g, TIOCSETD));
	assert_false(has_option(&g, PR_SET_MM));
	assert_false(has_socket(&g, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	assert_false(has_socket(&g, AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
	assert_int_equal(g.types[AF_ALG] | g.types[AF_PACKET] | g.types[AF_VSOCK], 0);
}

static void what_grants_all_is_not_in_the_way(void **state)
{
	struct tracer_grants g = { 0 };

	(void)state;
	grants_of("builtin/learn", &g);
	assert_true(has_request(&g, 0x0badc0de));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_is_open_to_ordinary_programs),
		cmocka_unit_test(and_closed_where_it_matters),
		cmocka_unit_test(what_grants_all_is_not_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
