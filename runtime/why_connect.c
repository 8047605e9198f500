/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/audit_mode.h"
#include "policies/bpf_eval.h"
#include "policies/syscall_sets.h"
#include "runtime/why.h"

struct destination {
	const char *host;
	uint64_t port;
	int domain; /* AF_INET, AF_INET6; 0: a name, which the program looks up itself */
	bool is_loopback;
};

static int parse(const char *text, struct arena *arena, struct destination *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct in6_addr six;
	struct in_addr four;
	char *host;
	size_t n;

	if (!colon || colon == text || span_u64(span_of(colon + 1), 65535, &ret->port) < 0) {
		err_set(err, EINVAL, "--connect %.80s: expected HOST:PORT or [ADDRESS]:PORT", text);
		return err_at(err, ERR_USAGE);
	}
	host = arena_strndup(arena, text, (size_t)(colon - text));
	if (!host)
		return err_set(err, ENOMEM, "out of memory");
	n = strlen(host);
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		host++;
	}
	ret->host = host;
	if (inet_pton(AF_INET, host, &four) == 1) {
		ret->domain = AF_INET;
		ret->is_loopback = ntohl(four.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, host, &six) == 1) {
		ret->domain = AF_INET6;
		ret->is_loopback = memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
	} else {
		ret->is_loopback = strcmp(host, "localhost") == 0;
	}
	return 0;
}

static struct seccomp_data data_of(const struct bundle *bundle, const char *call, uint64_t a0,
				   uint64_t a1)
{
	return (struct seccomp_data){ .nr = syscall_number(call, bundle->audit_arch),
				      .arch = bundle->audit_arch,
				      .args = { a0, a1 } };
}

/* Returns true if the filter refuses it, having said so. */
static bool refused_by_filter(const struct subject *s, int domain, struct arena *arena,
			      struct why_line *ret, struct probe_wish *wish)
{
	const struct {
		const char *call;
		uint64_t a0, a1;
	} calls[] = { { "socket", (uint64_t)domain, SOCK_STREAM | SOCK_CLOEXEC },
		      { "connect", 3, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct seccomp_data data =
			data_of(&s->bundle, calls[i].call, calls[i].a0, calls[i].a1);
		uint32_t leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
		const char *family = domain == AF_INET6 ? "AF_INET6" : "AF_INET";

		if (verdict_goes_on((enum verdict)EXPLAIN_ACTION(leaf)))
			continue;
		*wish = (struct probe_wish){ .wanted = true, .data = data };
		printf("  %-9s seccomp (predicted): %s is refused%s%s\n", "layer", calls[i].call,
		       i == 0 ? " for " : "", i == 0 ? family : "");
		if (EXPLAIN_RULE(leaf) != BUNDLE_NO_RULE) {
			why_print_rule("rule", &s->bundle.rules[EXPLAIN_RULE(leaf)]);
			printf("  %-9s deny wins: take the line away, or narrow it\n", "to allow");
			return true;
		}
		ret->section = "syscalls";
		ret->rule = i == 0 ? arena_printf(arena, "allow socket if domain == %s", family)
				   : "allow connect";
		printf("  %-9s under syscalls:  - %s\n", "to allow", ret->rule);
		return true;
	}
	return false;
}

int why_connect(const struct subject *s, const char *text, struct arena *arena,
		struct why_line *ret, struct probe_wish *wish, struct err *err)
{
	const char *network = record_text(s->record.plan, "network", "none");
	struct destination address = { 0 };
	int r = parse(text, arena, &address, err);

	if (r < 0)
		return r;
	printf("connect ");
	why_print_escaped(address.host);
	printf(" port %llu\n", (unsigned long long)address.port);
	if (address.domain == 0)
		printf("  %-9s the name is looked up by the program itself; taken as IPv4\n",
		       "note");
	if (refused_by_filter(s, address.domain ? address.domain : AF_INET, arena, ret, wish))
		return 0;
	if (strcmp(network, "none") == 0 && address.is_loopback) {
		printf("  %-9s none refuses it: it is the sandbox's own loopback, where only its own programs listen\n",
		       "layer");
	} else if (strcmp(network, "none") == 0) {
		printf("  %-9s netns (predicted): an own network with nothing but its loopback\n",
		       "layer");
		printf("  %-9s --network host, which weakens the sandbox\n", "to allow");
	} else {
		printf("  %-9s none of immure's refuses it (network: %s)\n", "layer", network);
	}
	return 0;
}
