/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_NET_SAMPLE_H
#define IMMURE_POLICIES_NET_SAMPLE_H

/*
 * One destination of each kind that the rules of one or more tables tell apart, so that tables can
 * be compared on all of them, and a sandbox tried out. Pure.
 */

#include "base/arena.h"
#include "policies/net_rule.h"

struct net_samples {
	struct arena *arena; /* borrowed; set by the caller */
	size_t n_prefixes, cap_prefixes;
	struct net_prefix {
		struct address address;
		uint8_t bits;
	} * prefixes; /* each once; the wider first once they are complete */
	size_t n_names, cap_names;
	const char **names;
	size_t n_ports, cap_ports;
	uint32_t *ports; /* the first of each run of ports that no rule tells apart */
};

/* Add what the rules of a table name; -ENOMEM. */
must_check int net_samples_add(struct net_samples *samples, const struct net_table *table);

/* Add what no rule names, and put all in order; once, before the samples are asked for; -ENOMEM. */
must_check int net_samples_end(struct net_samples *samples);

/*
 * Call `each` for every sample: an address or a name with a port, for both verbs and protocols.
 * Names and the resolver are for NET_CONNECT only.
 *
 * Returns   0, or the first value that is not 0.
 */
must_check int net_samples_each(const struct net_samples *samples,
				int (*each)(void *data, enum net_verb verb, unsigned protocol,
					    const struct net_target *one),
				void *data);

#endif
