/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules to probe. Where a rule refuses, the real thing is tried: a datagram without bytes,
 * a connection. Where one grants, only the sandbox's own loopback is: nobody else is called upon.
 * The table of a private network refuses TCP as a closed port would, so its own count of packets is
 * compared with what was tried.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/bpf_eval.h"
#include "policies/net_sample.h"
#include "policies/syscall_sets.h"
#include "runtime/prove.h"

#define MAX_SAMPLES 600

struct making {
	struct probes *probes;
	const struct bundle *bundle;
	struct err *err;
	size_t n;
};

static bool filter_allows(const struct bundle *bundle, const struct probe *p)
{
	struct seccomp_data data = { .nr = p->nr, .arch = bundle->audit_arch };
	uint32_t action;

	for (int i = 0; i < 6; i++)
		data.args[i] = p->args[i];
	action = EXPLAIN_ACTION(bpf_eval(bundle->explain, bundle->n_explain, &data));
	return action == VERDICT_ALLOW;
}

/* A socket's address as the words of a probe. */
static const char *words_of(struct arena *arena, const struct net_query *query, uint64_t *ret_len)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(query->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(query->port) };
	uint64_t words[4] = { 0 };

	memcpy(&four.sin_addr, query->address->bytes, 4);
	memcpy(&six.sin6_addr, query->address->bytes, 16);
	*ret_len = query->address->v6 ? sizeof(six) : sizeof(four);
	memcpy(words, query->address->v6 ? (const void *)&six : (const void *)&four, *ret_len);
	return arena_printf(arena, "w%llu,%llu,%llu,%llu", (unsigned long long)words[0],
			    (unsigned long long)words[1], (unsigned long long)words[2],
			    (unsigned long long)words[3]);
}

/* bind(2), connect(2), or sendto(2) of nothing. */
static void set_call(struct probe *p, const struct net_query *query, const char *words,
		     uint64_t length, uint32_t arch)
{
	bool sends = query->verb == NET_CONNECT && query->protocol == NET_UDP;

	p->nr = syscall_number(query->verb == NET_LISTEN ? "bind"
			       : sends                   ? "sendto"
							 : "connect",
			       arch);
	p->words[0] = "r";
	if (!sends) {
		p->words[1] = words;
		p->args[2] = length;
		return;
	}
	p->words[1] = "b";
	p->args[3] = MSG_NOSIGNAL | MSG_DONTWAIT;
	p->words[4] = words;
	p->args[5] = length;
}

static int no_room(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory, or too many probes");
}

static int add_sample(void *data, enum net_verb verb, unsigned protocol,
		      const struct net_target *one)
{
	struct making *m = data;
	struct arena *arena = m->probes->arena;
	struct address *address = arena_alloc(arena, sizeof(*address));
	struct net_query *query = arena_alloc(arena, sizeof(*query));
	const struct net_rule as_rule = { .verb = verb,
					  .protocols = (uint8_t)protocol,
					  .to = *one };
	cleanup_strbuf struct strbuf text = { 0 };
	struct probe open = { .kind = PROBE_HELPER, .what = "socket" };
	struct probe probe = { .kind = PROBE_RULE, .query = query };
	uint64_t length = 0;
	const char *words;

	if (!address || !query)
		return no_room(m->err);
	if (one->host != NET_PREFIX || m->n >= MAX_SAMPLES)
		return 0;
	*address = one->prefix;
	*query = net_query_of(verb, protocol, one);
	query->address = address;
	/* Where it is granted nobody but ourselves is called upon. */
	if (verb == NET_CONNECT && !address_is_loopback(address) &&
	    net_decide(&m->bundle->net, query).allowed)
		return 0;
	words = words_of(arena, query, &length);
	open.nr = syscall_number("socket", m->bundle->audit_arch);
	open.args[0] = address->v6 ? AF_INET6 : AF_INET;
	open.args[1] = (protocol == NET_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
	set_call(&probe, query, words, length, m->bundle->audit_arch);
	if (!filter_allows(m->bundle, &open) || !filter_allows(m->bundle, &probe))
		return 0;
	net_rule_print(&as_rule, &text);
	probe.what = arena_strdup(arena, strbuf_str(&text));
	m->n++;
	if (!words || !probe.what || probes_add(m->probes, &open) < 0 ||
	    probes_add(m->probes, &probe) < 0)
		return no_room(m->err);
	return 0;
}

int probes_add_net(struct probes *probes, const struct bundle *bundle, struct err *err)
{
	struct making m = { .probes = probes, .bundle = bundle, .err = err };
	struct net_samples samples = { .arena = probes->arena };
	struct probe total = {
		.kind = PROBE_TOTAL,
		.what = "packets refused on their way out",
	};
	int r;

	if (!bundle->net.stated)
		return 0;
	r = net_samples_add(&samples, &bundle->net);
	if (r == 0)
		r = net_samples_end(&samples);
	if (r < 0)
		return no_room(err);
	r = net_samples_each(&samples, add_sample, &m);
	if (r == 0 && m.n > 0 && probes_add(probes, &total) < 0)
		return no_room(err);
	return r;
}

/* Landlock knows ports alone: a rule for any address grants it. */
static bool port_is_granted(const struct net_table *net, const struct net_query *query)
{
	for (size_t i = 0; i < net->n; i++) {
		const struct net_rule *rule = &net->rules[i];
		bool opens = rule->verb == query->verb ||
			     (query->verb == NET_CONNECT && rule->verb == NET_LISTEN);
		uint16_t low;
		uint16_t high;

		net_target_ports(&rule->to, &low, &high);
		if (opens && rule->protocols & query->protocol && query->port >= low &&
		    query->port <= high)
			return true;
	}
	return false;
}

static bool has_right(const struct subject *s, const char *right)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "landlock_net"), i, item)
	{
		if (json_string_value(item) && strcmp(json_string_value(item), right) == 0)
			return true;
	}
	return false;
}

static bool is_held_by_landlock(const struct subject *s, const struct net_query *query)
{
	static const char *const rights[2][2] = { { "connect_tcp", "bind_tcp" },
						  { "connect_send_udp", "bind_udp" } };

	return has_right(s, rights[query->protocol == NET_UDP][query->verb == NET_LISTEN]);
}

/* Nothing was sent: no route, or an address that needs an interface. */
static bool has_no_way(int64_t result)
{
	return result == -ENETUNREACH || result == -EHOSTUNREACH || result == -EINVAL ||
	       result == -EADDRNOTAVAIL;
}

void judge_rule(struct probe *p, const struct subject *s)
{
	const struct net_query *query = p->query;
	bool private = strcmp(record_text(s->record.plan, "network", ""), "private") == 0;
	bool by_port = is_held_by_landlock(s, query);
	bool by_table =
		private && query->verb == NET_CONNECT && !net_decide(&s->bundle.net, query).allowed;
	int refusal = by_table && query->protocol == NET_TCP ? ECONNREFUSED : EPERM;

	p->outcome = PROBE_UNTESTABLE;
	if (by_port && !port_is_granted(&s->bundle.net, query)) {
		p->layer = "landlock";
		p->outcome = p->result == -EACCES ? PROBE_AS_PREDICTED : PROBE_DIFFERENT;
	} else if (by_table) {
		p->layer = has_no_way(p->result) ? NULL : "netns";
		p->outcome = has_no_way(p->result)   ? PROBE_UNTESTABLE
			     : p->result == -refusal ? PROBE_AS_PREDICTED
						     : PROBE_DIFFERENT;
	} else if (by_port || (private && query->verb == NET_CONNECT)) {
		/* Low ports are the kernel's to refuse, and an address may not be there. */
		p->outcome = p->result == -EACCES && query->verb == NET_LISTEN ? PROBE_UNTESTABLE
			     : p->result == -EACCES || p->result == -EPERM     ? PROBE_DIFFERENT
									       : PROBE_AS_PREDICTED;
	}
}

/* One packet for each probe that the table refuses: no more went out, and no fewer were stopped. */
void judge_total(struct probe *p, const struct probes *probes, const struct subject *s)
{
	const json_t *net = json_object_get(s->record.evidence, "network");
	int64_t refused = record_number(json_object_get(net, "refused_out"), "packets", -1);
	int64_t expected = 0;

	p->outcome = PROBE_UNTESTABLE;
	if (!json_is_true(json_object_get(net, "stated")))
		return;
	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *one = &probes->items[i];

		expected +=
			one->kind == PROBE_RULE && one->layer && strcmp(one->layer, "netns") == 0;
	}
	p->layer = "netns";
	p->outcome = json_is_true(json_object_get(net, "complete")) && refused == expected
			     ? PROBE_AS_PREDICTED
			     : PROBE_DIFFERENT;
	p->observed = arena_printf(probes->arena, "%lld counted, %lld tried", (long long)refused,
				   (long long)expected);
}
