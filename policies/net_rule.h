/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_NET_RULE_H
#define IMMURE_POLICIES_NET_RULE_H

/*
 * Rules on the network, and what they say of one connection or listener. What no rule names is
 * refused, a deny wins, and order never matters. A policy without `network:` says nothing: there
 * the command line alone decides.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct rule;

/* Where a private network looks up names: the address that the way out answers for. */
#define NET_RESOLVER "169.254.1.53"

enum net_verb {
	NET_CONNECT,
	NET_LISTEN,
	NET_DENY, /* connections */
};

enum net_protocol { /* bits */
	NET_TCP = 1 << 0,
	NET_UDP = 1 << 1,
	NET_BOTH = NET_TCP | NET_UDP,
};

enum net_host {
	NET_ANY,      /* "*": every address but those of the floor */
	NET_PREFIX,   /* an address, or all that begin with the same bits */
	NET_NAME,     /* looked up once, before the start */
	NET_RESOLVED, /* "resolver": the sandbox's own */
	NET_HOST_COUNT
};

struct net_target {
	enum net_host host;
	const char *name;      /* NET_NAME: small letters */
	struct address prefix; /* NET_PREFIX: zero behind its bits */
	uint8_t bits;
	uint16_t low,
		high; /* ports, both included; 0 and 0 where one listens: the kernel's choice */
};

/* What the kernel chooses from when a program binds port 0: ip_local_port_range, as it is made. */
#define NET_CHOSEN_LOW 32768
#define NET_CHOSEN_HIGH 60999

struct net_rule {
	const struct rule *rule; /* where it was written; several targets share one */
	enum net_verb verb;
	uint8_t protocols;   /* enum net_protocol bits */
	const char *program; /* "from PATH", which no layer holds: the ledger says so; or NULL */
	struct net_target to;
};

struct net_table {
	bool stated; /* there is a `network:`, even an empty one */
	size_t n, cap;
	struct net_rule *rules;
};

/* What is asked of the table: who is at the other end, or on which address it listens. */
struct net_query {
	enum net_verb verb;            /* NET_CONNECT or NET_LISTEN */
	unsigned protocol;             /* one bit */
	const struct address *address; /* NULL: a name that nobody has looked up */
	const char *name;              /* that led to the address, small letters; or NULL */
	uint16_t port;
};

struct net_answer {
	bool allowed;
	bool floor;                  /* refused for its address, which a rule has to name */
	const struct net_rule *rule; /* that decided, or NULL */
};

/* What a target that is one address, "*" or a name, with one port, asks. Borrows from it. */
struct net_query net_query_of(enum net_verb verb, unsigned protocol, const struct net_target *one);

struct net_answer net_decide(const struct net_table *table, const struct net_query *query);

/*
 * What a sandbox has no business with although it may go everywhere: link-local addresses, and the
 * metadata services of clouds. Only a rule that names an address or a prefix inside grants them.
 */
struct net_floor {
	const char *text; /* "169.254.0.0/16" */
	struct address prefix;
	uint8_t bits;
};
extern const struct net_floor net_floors[];
extern const size_t n_net_floors;

/* The ports of a target, with the kernel's choice as what it may be. */
void net_target_ports(const struct net_target *target, uint16_t *ret_low, uint16_t *ret_high);

/* Whether a target lies inside one of the floors as a whole. */
bool net_target_in_floor(const struct net_target *target);

/*
 * A host name as a rule may have it: labels of small letters, digits, '-' and '_', a letter in the
 * last one, for nobody can tell 10.1 from an address with a slip.
 */
bool net_name_is_valid(const char *name);

/* "connect", "listen", "deny". */
const char *net_verb_name(enum net_verb verb);

/* "tcp", "udp" or "tcp,udp". */
const char *net_protocols_name(unsigned protocols);

/* "*:443", "10.0.0.0/8:*", "[2001:db8::]/32:80-90", "api.example.com:443", "resolver:53". */
void net_target_print(const struct net_target *target, struct strbuf *out);

/* The target of one rule with verb and protocol: "connect tcp *:443". */
void net_rule_print(const struct net_rule *rule, struct strbuf *out);

#endif
