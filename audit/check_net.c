/* SPDX-License-Identifier: Apache-2.0 */
/* The network: whose it is, what listens in it, and what is reached through it. */
#include <string.h>

#include "audit/check_parts.h"

#define NET_SOURCE "/proc/PID/ns/net, /proc/PID/net/dev"

bool is_network_alone(const struct judge *judge)
{
	const json_t *net = json_object_get(judge->namespaces, "net");
	const char *interfaces = evidence_text(judge, "interfaces");

	/* Interfaces may have been read before the way out was there: the plan has to say so, too.
	 */
	return json_is_true(json_object_get(net, "own")) && interfaces &&
	       strcmp(interfaces, "lo\n") == 0 &&
	       strcmp(record_text(judge->plan, "network", ""), "none") == 0;
}

static const char *network_name(const struct judge *j)
{
	const char *network = record_text(j->plan, "network", "?");

	return strcmp(network, "host") == 0 ? "the host's network: --network host"
					    : arena_printf(j->arena, "network %s", network);
}

/* Nothing comes in or goes out where there is only a loopback. */
static bool judged_alone(struct judge *j, struct finding *ret, const char *expected)
{
	if (!is_network_alone(j))
		return false;
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS(expected, "its own network, which has a loopback and nothing else",
		     NET_SOURCE));
	return true;
}

/* Ports that an engine publishes are in no table of ours. */
static bool judged_engine(struct judge *j, struct finding *ret, const char *expected)
{
	if (strcmp(record_text(j->plan, "network", ""), "engine") != 0)
		return false;
	judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
	       TEXTS(expected, "the engine publishes ports, out of our sight", "plan"));
	return true;
}

static const char *publish_option(const struct judge *j, const json_t *port)
{
	const char *outside = record_published(port, j->arena);

	return outside ? arena_printf(j->arena, "--publish %s:%lld", outside,
				      (long long)record_number(port, "inside", 0))
		       : NULL;
}

/* Published ports: [{"address":"127.0.0.1","inside":80,"outside":8080,...},...] of the plan. */
static void each_port(struct judge *j, struct finding *ret, const char *expected,
		      bool (*is_right)(const json_t *port))
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(j->plan, "ports"), i, port)
	{
		if (is_right(port))
			continue;
		judged(j, ret, FINDING_FAIL, LEVEL_INSTALLED,
		       TEXTS(expected,
			     arena_printf(j->arena, "%s:%lld", record_text(port, "address", "*"),
					  (long long)record_number(port, "outside", 0)),
			     "table of published ports"));
		ret->given = publish_option(j, port);
		j->out_of_memory |= !ret->given;
		return;
	}
	judged(j, ret, FINDING_PASS, LEVEL_INSTALLED,
	       TEXTS(expected,
		     arena_printf(j->arena, "%zu published",
				  json_array_size(json_object_get(j->plan, "ports"))),
		     "table of published ports"));
}

static bool is_high(const json_t *port)
{
	return record_number(port, "outside", 0) >= 1024;
}

static bool is_bound(const json_t *port)
{
	const char *address = record_text(port, "address", "");

	return *address && strcmp(address, "0.0.0.0") != 0 && strcmp(address, "::") != 0;
}

static bool is_host_network(const struct judge *j)
{
	return strcmp(record_text(j->plan, "network", ""), "host") == 0;
}

void check_low_ports(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "none below 1024";

	(void)control;
	if (judged_alone(j, ret, expected) || judged_engine(j, ret, expected))
		return;
	if (!is_host_network(j))
		each_port(j, ret, expected, is_high);
	else
		/* Its capabilities are those of a user namespace that does not own this network. */
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS(expected, network_name(j), "plan"));
}

void check_bound_ports(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "each is bound to one address";

	(void)control;
	if (judged_alone(j, ret, expected) || judged_engine(j, ret, expected))
		return;
	if (!is_host_network(j))
		each_port(j, ret, expected, is_bound);
	else
		judged(j, ret, FINDING_FAIL, LEVEL_INSTALLED,
		       TEXTS(expected,
			     arena_printf(j->arena, "%s, where it may listen on every address",
					  network_name(j)),
			     "plan"));
}

/* Not proven: this collector does not see what would have to be seen. */
static bool judged_blind(struct judge *j, struct finding *ret, bool sees, const char *expected,
			 const char *what)
{
	if (sees)
		return false;
	judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
	       TEXTS(expected,
		     arena_printf(j->arena, "%s; %s are not recorded", network_name(j), what),
		     "events"));
	return true;
}

/* The table of a private network that holds the policy's rules, all counters there; or NULL. */
static const json_t *rules_table(const struct judge *j)
{
	const json_t *net = json_object_get(j->evidence, "network");

	return json_is_true(json_object_get(net, "stated")) &&
			       json_is_true(json_object_get(net, "complete"))
		       ? net
		       : NULL;
}

static long long refused_packets(const json_t *net, const char *way)
{
	return (long long)record_number(json_object_get(net, way), "packets", 0);
}

/* The kernel's own table says what may go out or come in. */
static bool judged_by_table(struct judge *j, struct finding *ret, const char *expected,
			    const char *way)
{
	const json_t *net = rules_table(j);

	if (!net)
		return false;
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS(expected,
		     arena_printf(j->arena,
				  "%zu rules of the policy, all else refused: %lld packets",
				  json_array_size(json_object_get(net, "rules")),
				  refused_packets(net, way)),
		     "counters of nftables in the sandbox's network namespace"));
	return true;
}

void check_open_ports(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "only what was asked for";
	const json_t *event = seen(j, SIGHT_LISTEN_UNASKED)->first;

	(void)control;
	if (judged_alone(j, ret, expected) ||
	    (!j->sees_all && judged_by_table(j, ret, expected, "refused_in")) ||
	    judged_blind(j, ret, j->sees_all, expected, "listeners"))
		return;
	if (event)
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected,
				       arena_printf(j->arena, "%s by pid %lld",
						    record_text(event, "local", "?"),
						    (long long)record_number(event, "pid", 0)),
				       "listen events"));
	else
		judged_by_events(j, ret, FINDING_PASS,
				 TEXTS(expected, "no other listener", "listen events"));
}

void check_no_sshd(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "no sshd was started, nothing listens on port 22";
	const json_t *start = seen(j, SIGHT_EXEC_SSHD)->first;
	const json_t *listener = seen(j, SIGHT_LISTEN_SSH)->first;

	(void)control;
	if (start || listener) {
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected,
				       start ? record_text(start, "path", "?")
					     : record_text(listener, "local", "?"),
				       start ? "exec events" : "listen events"));
		return;
	}
	if (judged_alone(j, ret, expected) ||
	    judged_blind(j, ret, j->sees_all, expected, "starts of programs"))
		return;
	judged_by_events(j, ret, FINDING_PASS, TEXTS(expected, "none", "exec and listen events"));
}

void check_egress(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "no network that was not asked for";

	(void)control;
	if (judged_alone(j, ret, expected) || judged_by_table(j, ret, expected, "refused_out"))
		return;
	if (is_host_network(j))
		judged(j, ret, FINDING_FAIL, LEVEL_INSTALLED,
		       TEXTS(expected, network_name(j), "plan"));
	else
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
		       TEXTS(expected,
			     arena_printf(j->arena, "%s, which no rule of the policy narrows",
					  network_name(j)),
			     NET_SOURCE));
}

void check_flows(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "each connection is on record";

	(void)control;
	if (judged_alone(j, ret, expected) ||
	    judged_blind(j, ret, j->sees_all, expected, "connections"))
		return;
	judged_by_events(j, ret, FINDING_PASS,
			 TEXTS(expected,
			       arena_printf(j->arena, "%llu connections",
					    (unsigned long long)seen(j, SIGHT_CONNECT)->n),
			       "connect events"));
}

void check_anomaly_destination(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char expected[] = "no refused connection";
	const json_t *event = seen(j, SIGHT_CONNECT_DENIED)->first;

	(void)control;
	if (event) {
		judged_by_events(j, ret, FINDING_FAIL,
				 TEXTS(expected, record_text(event, "text", "?"), "denied events"));
		return;
	}
	if (judged_alone(j, ret, expected))
		return;
	if (rules_table(j) && refused_packets(rules_table(j), "refused_out") == 0 &&
	    judged_by_table(j, ret, expected, "refused_out"))
		return;
	if (judged_blind(j, ret, j->sees_all, expected, "connections"))
		return;
	judged_by_events(j, ret, FINDING_PASS, TEXTS(expected, "none", "connect events"));
}
