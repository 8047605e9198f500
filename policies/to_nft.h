/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_TO_NFT_H
#define IMMURE_POLICIES_TO_NFT_H

/*
 * The table of a private network as nftables reads it. One text is what `policy export network`
 * prints and what immure-uplink loads into the sandbox's own network namespace.
 */

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/net_rule.h"

/* The addresses that a name had when it was looked up, before the start. */
struct net_pin {
	const char *name;
	size_t n;
	const struct address *addresses;
};

/* The group to which refused packets are announced (nfnetlink_log). */
#define NFT_LOG_GROUP 1

/*
 * Counters: "rN" of the N-th rule, packets of a connection's beginning; "refused_out", all that
 * was refused on its way out, and "refused_in".
 */
#define NFT_REFUSED_OUT "refused_out"
#define NFT_REFUSED_IN "refused_in"

enum nft_flag {
	NFT_LOG = 1 << 0,   /* announce what is refused, at most 100 packets a second */
	NFT_AUDIT = 1 << 1, /* mode audit: what the rules refuse goes on, the floor stays */
};

/*
 * Append the table.
 *
 *   net   without rules of its own (`stated` false) only the floor is refused
 *   pins  of the names that rules name; a name without one gets an empty set
 *   flags  enum nft_flag
 *
 * Returns   0, -ENOMEM.
 * Source    nft(8)
 */
must_check int to_nft(const struct net_table *net, const struct net_pin *pins, size_t n_pins,
		      unsigned flags, struct strbuf *out, struct err *err);

#endif
