/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PINS_H
#define IMMURE_RUNTIME_PINS_H

#include "base/arena.h"
#include "policies/to_nft.h"

/* Between launcher and immure-resolve: what one name has, one record for each address. */
enum pin_kind {
	PIN_ADDRESS,
	PIN_FAILED, /* err says why; the last record */
	PIN_END,    /* the last record */
};

struct pin_record {
	uint32_t kind; /* enum pin_kind */
	uint32_t name; /* number of the argument, from 0 */
	struct address address;
	struct err err;
};

#define PIN_OUT 1              /* descriptor that records are written to */
#define PIN_POLICY 3           /* descriptor of the compiled builtin/registry */
#define PIN_MAX_ADDRESSES 256U /* of all names together */

/*
 * Look up every name of the rules, once, in a process of its own (immure-resolve), which is
 * confined before it hears an answer.
 *
 *   net    NET_NAME targets of it are looked up; without any nothing is done
 *   ret    in arena; filled only on success
 *
 * Returns   0, -EHOSTUNREACH (a name has no address, or nobody answers), -errno.
 */
must_check int pins_find(const struct net_table *net, struct arena *arena, size_t *ret_n,
			 const struct net_pin **ret, struct err *err);

#endif
