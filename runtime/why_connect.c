/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "policies/bpf_eval.h"
#include "policies/syscall_sets.h"
#include "runtime/why.h"

struct destination {
	const char *host; /* without brackets */
	const char *text; /* as a rule writes it: "[::1]:80" */
	unsigned protocol;
	uint16_t port;
	bool is_name; /* else address */
	struct address address;
};

static int no_destination(const char *text, struct err *err)
{
	err_set(err, EINVAL,
		"--connect %.80s: expected HOST:PORT or [ADDRESS]:PORT, /udp behind it for UDP",
		text);
	return err_at(err, ERR_USAGE);
}

static int parse(const char *text, struct arena *arena, struct destination *ret, struct err *err)
{
	struct span rest = span_of(text);
	struct span target = span_cut(&rest, '/');
	const char *colon = NULL;
	uint64_t port = 0;
	char *host;
	size_t n;

	if (target.n < strlen(text) && !span_eq(rest, "udp") && !span_eq(rest, "tcp"))
		return no_destination(text, err);
	ret->protocol = span_eq(rest, "udp") ? NET_UDP : NET_TCP;
	ret->text = arena_strndup(arena, target.p, target.n);
	colon = ret->text ? strrchr(ret->text, ':') : NULL;
	if (!colon || colon == ret->text || span_u64(span_of(colon + 1), UINT16_MAX, &port) < 0)
		return ret->text ? no_destination(text, err)
				 : err_set(err, ENOMEM, "out of memory");
	host = arena_strndup(arena, ret->text, (size_t)(colon - ret->text));
	if (!host)
		return err_set(err, ENOMEM, "out of memory");
	n = strlen(host);
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		host++;
	}
	for (char *c = host; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	ret->host = host;
	ret->port = (uint16_t)port;
	ret->is_name = address_parse(span_of(host), &ret->address) < 0;
	return 0;
}

static struct seccomp_data data_of(const struct bundle *bundle, const char *call, uint64_t a0,
				   uint64_t a1)
{
	return (struct seccomp_data){ .nr = syscall_number(call, bundle->audit_arch),
				      .arch = bundle->audit_arch,
				      .args = { a0, a1 } };
}

#define DENY_WINS "deny wins: take the line away, or narrow it"

static void refuse(struct why_answer *ret, const char *layer, const char *reason)
{
	ret->layer = layer;
	ret->reason = reason;
	ret->predicted = true;
}

/* Returns true if the filter refuses it, having said so. */
static bool refused_by_filter(const struct subject *s, const struct destination *to,
			      struct arena *arena, struct why_answer *ret, struct probe_wish *wish)
{
	bool six = !to->is_name && to->address.v6;
	uint64_t type = to->protocol == NET_UDP ? SOCK_DGRAM : SOCK_STREAM;
	const char *family = six ? "AF_INET6" : "AF_INET";
	const struct {
		const char *call;
		uint64_t a0, a1;
	} calls[] = { { "socket", six ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC },
		      { "connect", 3, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct seccomp_data data =
			data_of(&s->bundle, calls[i].call, calls[i].a0, calls[i].a1);
		uint32_t leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);

		if (EXPLAIN_ACTION(leaf) == VERDICT_ALLOW || EXPLAIN_ACTION(leaf) == VERDICT_LOOK)
			continue;
		*wish = (struct probe_wish){ .wanted = true, .data = data };
		refuse(ret, "seccomp",
		       arena_printf(arena, "%s is refused%s%s", calls[i].call,
				    i == 0 ? " for " : "", i == 0 ? family : ""));
		if (EXPLAIN_RULE(leaf) != BUNDLE_NO_RULE) {
			ret->rule = &s->bundle.rules[EXPLAIN_RULE(leaf)];
			ret->remedy = DENY_WINS;
			return true;
		}
		ret->section = "syscalls";
		ret->line = i == 0 ? arena_printf(arena, "allow socket if domain == %s", family)
				   : "allow connect";
		return true;
	}
	return false;
}

/* Was the address found for this name before the start? */
static bool is_pinned(const json_t *pin, const struct destination *to)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(pin, "addresses"), i, item)
	{
		struct address address = { 0 };

		if (json_string_value(item) &&
		    address_parse(span_of(json_string_value(item)), &address) == 0 &&
		    address_eq(&address, &to->address))
			return true;
	}
	return false;
}

/* What the rules say; a name that had this address is as good as the address. */
static struct net_answer ask(const struct subject *s, const struct destination *to)
{
	struct net_query query = { .verb = NET_CONNECT,
				   .protocol = to->protocol,
				   .address = to->is_name ? NULL : &to->address,
				   .name = to->is_name ? to->host : NULL,
				   .port = to->port };
	struct net_answer answer = net_decide(&s->bundle.net, &query);
	const json_t *pin;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "names"), i, pin)
	{
		if (answer.allowed || (answer.rule && answer.rule->verb == NET_DENY))
			break;
		if (to->is_name || !is_pinned(pin, to))
			continue;
		query.name = record_text(pin, "name", "");
		answer = net_decide(&s->bundle.net, &query);
	}
	return answer;
}

static void explain_rules(const struct destination *to, const struct net_answer *answer,
			  const char *layer, struct arena *arena, struct why_answer *ret)
{
	if (answer->rule) {
		refuse(ret, layer, "denied by a rule of the network");
		ret->rule = answer->rule->rule;
		ret->remedy = DENY_WINS;
		return;
	}
	refuse(ret, layer,
	       answer->floor ? "link-local and metadata addresses are for rules that name them"
			     : "no rule of the network grants it");
	ret->section = "network";
	ret->line =
		arena_printf(arena, "connect %s %s", net_protocols_name(to->protocol), to->text);
}

/* Nothing of ours stands in between. */
static void leave_open(struct why_answer *ret, const char *reason)
{
	ret->is_open = true;
	ret->reason = reason;
}

static void explain_none(const struct subject *s, const struct destination *to,
			 const struct net_answer *answer, struct arena *arena,
			 struct why_answer *ret)
{
	bool loopback = to->is_name ? strcmp(to->host, "localhost") == 0
				    : address_is_loopback(&to->address);
	bool by_port = s->bundle.net.stated && to->protocol == NET_TCP &&
		       record_number(s->record.plan, "landlock_abi", 0) >= 4;

	if (loopback && by_port && !answer->allowed)
		explain_rules(to, answer, "landlock", arena, ret);
	else if (loopback)
		leave_open(ret,
			   "it is the sandbox's own loopback, where only its own programs listen");
	else {
		refuse(ret, "netns", "an own network with nothing but its loopback");
		ret->remedy = arena_printf(
			arena, "--network private, and a rule under network: connect %s %s",
			net_protocols_name(to->protocol), to->text);
	}
}

int why_connect(const struct subject *s, const char *text, struct arena *arena,
		struct why_answer *ret, struct probe_wish *wish, struct err *err)
{
	const char *network = record_text(s->record.plan, "network", "none");
	struct destination to = { 0 };
	struct net_answer answer;
	int r = parse(text, arena, &to, err);

	if (r < 0)
		return r;
	strbuf_addf(&ret->asked, "connect %s port %u%s", to.host, to.port,
		    to.protocol == NET_UDP ? ", UDP" : "");
	if (to.is_name)
		ret->note = "the name is looked up by the program itself; taken as IPv4";
	if (refused_by_filter(s, &to, arena, ret, wish))
		return 0;
	answer = ask(s, &to);
	if (strcmp(network, "none") == 0)
		explain_none(s, &to, &answer, arena, ret);
	else if (!answer.allowed && strcmp(network, "private") == 0)
		explain_rules(&to, &answer, "netns", arena, ret);
	else if (!answer.allowed && s->bundle.net.stated)
		explain_rules(&to, &answer, "landlock, by its port alone", arena, ret);
	else
		leave_open(ret, arena_printf(arena, "network: %s", network));
	if (answer.allowed && answer.rule)
		ret->rule = answer.rule->rule;
	return 0;
}

int why_packet(const struct subject *s, const json_t *event, struct arena *arena,
	       struct why_answer *ret, struct err *err)
{
	bool in = strncmp(record_text(event, "text", ""), "listen", 6) == 0;
	const char *target = record_text(event, in ? "local" : "remote", "?");
	const char *protocol = record_text(event, "protocol", "tcp");
	struct probe_wish none = { 0 };
	char *text = arena_printf(arena, "%s/%s", target, protocol);

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	if (!in)
		return why_connect(s, text, arena, ret, &none, err);
	strbuf_addf(&ret->asked, "listen on %s, %s, from %s", target, protocol,
		    record_text(event, "remote", "?"));
	ret->layer = "netns";
	ret->reason = "no rule of the network lets somebody in";
	ret->section = "network";
	ret->line = arena_printf(arena, "listen %s *%s", protocol,
				 strrchr(target, ':') ? strrchr(target, ':') : ":?");
	return 0;
}
