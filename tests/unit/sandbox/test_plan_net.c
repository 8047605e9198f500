/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger says of network rules, and the ports that Landlock is given. */
#include "tests/support/unit.h"

#include <string.h>

#include "base/address.h"
#include "sandbox/plan.h"

static const char *const environment[] = { "PATH=/usr/bin", NULL };
static char *const command[] = { (char *)(uintptr_t) "true", NULL };

/* A filter that lets every call through, of which there is one here: number 0 is socket(2). */
static const struct sock_filter all[] = {
	{ BPF_RET | BPF_K, 0, 0, EXPLAIN_LEAF(BUNDLE_NO_RULE, VERDICT_ALLOW, 0) },
};
static const char calls[] = "socket";

struct scene {
	struct arena arena;
	struct host host;
	struct rule rules[1];
	struct net_rule net[2];
	struct bundle bundle;
	struct plan_request request;
	struct plan plan;
	struct err err;
};

static void scene_init(struct scene *s, enum network_kind network)
{
	*s = (struct scene){ 0 };
	s->host = (struct host){ .uid = 1000,
				 .gid = 1000,
				 .user = "bob",
				 .landlock_abi = 10,
				 .seccomp_filter = true,
				 .seccomp_notify = true,
				 .max_user_namespaces = 100,
				 .userns_clone = true,
				 .release = "6.12.0",
				 .lsm = "" };
	s->rules[0] = (struct rule){ .text = "connect tcp *:443", .where = { "t", 4, 5 } };
	s->net[0] = (struct net_rule){ .rule = s->rules,
				       .verb = NET_CONNECT,
				       .protocols = NET_TCP,
				       .to = { .host = NET_ANY, .low = 443, .high = 443 } };
	s->bundle = (struct bundle){ .name = "t",
				     .n_rules = 1,
				     .rules = s->rules,
				     .explain = all,
				     .n_explain = ARRAY_LEN(all),
				     .n_calls = 1,
				     .calls = { calls, sizeof(calls) },
				     .net = { .stated = true, .n = 1, .rules = s->net } };
	s->request = (struct plan_request){ .root_kind = ROOT_HOST,
					    .name = "box",
					    .env = environment,
					    .argv = command,
					    .network = network };
}

static const struct ledger_entry *decide(struct scene *s)
{
	assert_int_equal(plan_make(&s->bundle, &s->host, &s->request, &s->arena, &s->plan, &s->err),
			 0);
	for (size_t i = 0; i < s->plan.n_ledger; i++) {
		if (s->plan.ledger[i].layer == LAYER_NETNS)
			return &s->plan.ledger[i];
	}
	fail_msg("the ledger says nothing of the network");
	return NULL;
}

static bool has_port(const struct scene *s, uint32_t port)
{
	for (size_t i = 0; i < s->plan.n_port_rules; i++) {
		if (s->plan.port_rules[i].low <= port && port <= s->plan.port_rules[i].high)
			return true;
	}
	return false;
}

static void a_private_network_holds_rules(void **state)
{
	struct scene s;
	const struct ledger_entry *entry;

	(void)state;
	scene_init(&s, NETWORK_PRIVATE);
	entry = decide(&s);
	assert_int_equal(entry->state, LEDGER_ENFORCED);
	assert_true(entry->required);
	arena_done(&s.arena);
}

/* Nothing here knows which program of a sandbox asks: it is said, and the run is refused. */
static void a_program_is_told_apart_by_nobody(void **state)
{
	static const enum network_kind networks[] = { NETWORK_PRIVATE, NETWORK_NONE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		struct scene s;
		const struct ledger_entry *entry;

		scene_init(&s, networks[i]);
		s.net[0].program = "/usr/bin/curl";
		entry = decide(&s);
		assert_int_equal(entry->state, LEDGER_WEAKENED);
		assert_true(entry->required);
		assert_non_null(strstr(entry->text, "t:4: no layer tells programs apart"));
		assert_non_null(plan_refusal(&s.plan));
		arena_done(&s.arena);
	}
}

/* On the host's network only Landlock holds them, by port: an address is none of its business. */
static void the_hosts_network_is_held_by_ports_alone(void **state)
{
	struct scene s;
	const struct ledger_entry *entry;

	(void)state;
	scene_init(&s, NETWORK_HOST);
	s.net[0].to =
		(struct net_target){ .host = NET_PREFIX, .bits = 32, .low = 443, .high = 443 };
	entry = decide(&s);
	assert_int_not_equal(entry->state, LEDGER_ENFORCED);
	assert_true(entry->required);
	assert_non_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
}

/* On the host's network by Landlock; on one of its own by the table, which tells what it refused.
 */
static void landlock_is_given_the_ports_that_nobody_else_holds(void **state)
{
	static const struct {
		enum network_kind network;
		bool given;
	} rows[] = { { NETWORK_HOST, true }, { NETWORK_PRIVATE, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;

		scene_init(&s, rows[i].network);
		decide(&s);
		assert_int_equal(has_port(&s, 443), rows[i].given);
		assert_false(has_port(&s, 444));
		arena_done(&s.arena);
	}
}

/* What may not be listened on is refused by Landlock on every network. */
static void ports_to_listen_on_are_always_landlocks(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, NETWORK_PRIVATE);
	s.net[0].verb = NET_LISTEN;
	decide(&s);
	assert_true(has_port(&s, 443));
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_private_network_holds_rules),
		cmocka_unit_test(a_program_is_told_apart_by_nobody),
		cmocka_unit_test(the_hosts_network_is_held_by_ports_alone),
		cmocka_unit_test(landlock_is_given_the_ports_that_nobody_else_holds),
		cmocka_unit_test(ports_to_listen_on_are_always_landlocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
