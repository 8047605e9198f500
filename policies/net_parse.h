/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_NET_PARSE_H
#define IMMURE_POLICIES_NET_PARSE_H

#include "policies/policy.h"
#include "policies/rule_line.h"
#include "policies/yaml_tree.h"

/*
 * Read one line under `network:` and add its rules, one for each target, to the policy. Faults go
 * to diags; only -ENOMEM is returned.
 */
must_check int net_rule_parse(const struct yaml_node *line, struct policy *policy,
			      struct arena *arena, struct diags *diags);

/* What a target must be. */
enum net_target_use {
	NET_TO_CONNECT, /* an address, a name or "*", with ports */
	NET_TO_LISTEN,  /* an address or "*", with ports */
	NET_TO_DENY,    /* an address; ports may be left out */
};

/*
 * Read one target, which is a word of the line.
 *
 *   ret  filled only on success
 *
 * Returns   true, or false with a fault in the line's diags or `out_of_memory` set there.
 */
bool net_target_parse(struct rule_line *line, struct span word, enum net_target_use use,
		      struct net_target *ret);

/* "tcp", "udp" or both with a comma: bits of enum net_protocol; 0 if it is neither. */
unsigned net_protocols_parse(struct span word);

#endif
