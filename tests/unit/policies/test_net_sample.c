/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/net_sample.h"
#include "policies/policy_read.h"

static const char text[] = "policy: 1\nnetwork:\n"
			   "  - connect tcp 10.0.0.0/8:80-90 a.example:443\n"
			   "  - deny to 10.1.0.0/16\n"
			   "  - listen tcp 127.0.0.1:8080\n";

static void sample(struct arena *arena, struct net_samples *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	*ret = (struct net_samples){ .arena = arena };
	assert_int_equal(policy_read(span_of(text), "t", arena, &policy, &diags), 0);
	assert_int_equal(net_samples_add(ret, &policy.net), 0);
	/* What is known already is not added again. */
	assert_int_equal(net_samples_add(ret, &policy.net), 0);
	assert_int_equal(net_samples_end(ret), 0);
}

struct count {
	unsigned seen, names, of_deny, of_allow, past_ports, listens_to_names;
};

static int look(void *data, enum net_verb verb, unsigned protocol, const struct net_target *one)
{
	struct count *c = data;
	const uint8_t *b = one->prefix.bytes;

	assert_true(protocol == NET_TCP || protocol == NET_UDP);
	assert_int_equal(one->low, one->high);
	c->seen++;
	c->names += one->host == NET_NAME && strcmp(one->name, "a.example") == 0;
	c->listens_to_names += one->host == NET_NAME && verb == NET_LISTEN;
	if (one->host == NET_PREFIX && b[0] == 10) {
		c->of_deny += b[1] == 1;
		c->of_allow += b[1] != 1;
		c->past_ports += one->low == 91;
	}
	return 0;
}

/* One for each kind: inside the narrower prefix, inside the wider one beside it, past the ports. */
static void has_one_of_each_kind(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct net_samples samples;
	struct count count = { 0 };

	(void)state;
	sample(&arena, &samples);
	assert_int_equal(samples.n_names, 1);
	assert_int_equal(net_samples_each(&samples, look, &count), 0);
	assert_true(count.seen > 20);
	assert_true(count.names > 0);
	assert_true(count.of_deny > 0);
	assert_true(count.of_allow > 0);
	assert_true(count.past_ports > 0);
	assert_int_equal(count.listens_to_names, 0);
}

static int stop_at_third(void *data, enum net_verb verb, unsigned protocol,
			 const struct net_target *one)
{
	int *n = data;

	(void)verb;
	(void)protocol;
	(void)one;
	return ++*n == 3 ? -ECANCELED : 0;
}

static void ends_with_the_first_that_wants_it(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct net_samples samples;
	int n = 0;

	(void)state;
	sample(&arena, &samples);
	assert_int_equal(net_samples_each(&samples, stop_at_third, &n), -ECANCELED);
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_one_of_each_kind),
		cmocka_unit_test(ends_with_the_first_that_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
