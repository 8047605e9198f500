// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "policies/call_reach.h"
#include "policies/policy_read.h"

static const char policy_text[] =
	"policy: 1\nname: t\n"
	"syscalls:\n"
	"  - allow execve read prctl\n"
	"  - allow ioctl if cmd in {TCGETS, TIOCGWINSZ}\n"
	"  - allow socket if domain == AF_INET and type == SOCK_STREAM and protocol < 7\n"
	"  - allow fcntl if cmd < 5\n"
	"  - allow personality if persona only {0x8}\n"
	"  - allow fchmod\n"
	"  - deny fchmod if mode has S_ISUID\n";

struct fixture {
	struct arena arena;
	struct bundle bundle;
	struct call_reach reach;
};

static struct fixture f;

static int compile(void **state)
{
	static struct policy_source source = { .name = "t" };
	struct diags diags = { .arena = &f.arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(policy_read(span_of(policy_text), "t", &f.arena, &policy, &diags), 0);
	policy.sources = &source;
	policy.n_sources = 1;
	assert_int_equal(policy_compile(&policy, &f.arena, &f.bundle, &diags), 0);
	assert_int_equal(call_reach_init(&f.reach, &f.bundle, &f.arena, &err), 0);
	return 0;
}

static int release(void **state)
{
	(void)state;
	arena_done(&f.arena);
	return 0;
}

static bool may(int nr, uint32_t known, uint32_t first, uint32_t second, uint32_t third)
{
	return call_reach_may(
		&f.reach,
		&(struct call_known){ .nr = nr, .known = known, .low = { first, second, third } });
}

static void takes_what_is_not_known_as_met(void **state)
{
	(void)state;
	assert_true(may(SYS_read, 0, 0, 0, 0));
	assert_true(may(SYS_ioctl, 0, 0, 0, 0));
	assert_true(may(SYS_socket, 0, 0, 0, 0));
	assert_true(may(SYS_socket, 1, AF_INET, 0, 0));
	assert_true(may(SYS_socket, 3, AF_INET, SOCK_STREAM, 0));
}

static void refuses_what_nothing_grants(void **state)
{
	(void)state;
	assert_false(may(SYS_write, 0, 0, 0, 0));
	assert_false(may(SYS_mount, 0, 0, 0, 0));
	assert_false(may(SYS_bpf, 0, 0, 0, 0));
	assert_false(may(SYS_socket, 1, AF_ALG, 0, 0));
	assert_false(may(SYS_socket, 3, AF_INET, SOCK_RAW, 0));
	assert_false(may(SYS_socket, 4, 0, 0, 262));
	assert_false(may(SYS_ioctl, 2, 0, 0x5412, 0));
	assert_false(may(510, 0, 0, 0, 0));
}

static void knows_masked_arguments(void **state)
{
	(void)state;
	assert_true(may(SYS_fchmod, 2, 0, 0644, 0));
	assert_false(may(SYS_fchmod, 2, 0, S_ISUID | 0755, 0));
	assert_true(may(SYS_personality, 1, 8, 0, 0));
	assert_false(may(SYS_personality, 1, 0x40000, 0, 0));
}

static void lists_the_values_of_an_argument(void **state)
{
	uint32_t values[8] = { 0 };

	(void)state;
	assert_int_equal(call_reach_values(&f.reach, SYS_ioctl, 1, values, 8), 2);
	assert_int_equal(values[0], 0x5401);
	assert_int_equal(values[1], 0x5413);
	assert_int_equal(call_reach_values(&f.reach, SYS_ioctl, 1, values, 1), -E2BIG);
	assert_int_equal(call_reach_values(&f.reach, SYS_socket, 0, values, 8), 1);
	assert_int_equal(values[0], AF_INET);
	assert_int_equal(call_reach_values(&f.reach, SYS_write, 0, values, 8), 0);
	/* Without a condition, below a bound, or by bits: not a list. */
	assert_int_equal(call_reach_values(&f.reach, SYS_prctl, 0, values, 8), -E2BIG);
	assert_int_equal(call_reach_values(&f.reach, SYS_fcntl, 1, values, 8), -E2BIG);
	assert_int_equal(call_reach_values(&f.reach, SYS_personality, 0, values, 8), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_not_known_as_met),
		cmocka_unit_test(refuses_what_nothing_grants),
		cmocka_unit_test(knows_masked_arguments),
		cmocka_unit_test(lists_the_values_of_an_argument),
	};

	return cmocka_run_group_tests(tests, compile, release);
}
