/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_ADDRESS_H
#define IMMURE_BASE_ADDRESS_H

/* Numeric addresses of IPv4 and IPv6, and prefixes of them. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "base/text.h"

struct address {
	bool v6;
	uint8_t bytes[16]; /* in the order of the network; the first 4 for IPv4, the rest zero */
};

/*
 * Read "10.1.2.3" or "2001:db8::1", without brackets and without a zone. IPv4 that is written as
 * IPv6 (::ffff:10.1.2.3) is IPv4, for so it goes over the network.
 *
 * Returns   0, or -EINVAL with *ret untouched.
 */
must_check int address_parse(struct span text, struct address *ret);

/* Canonical (RFC 5952), without brackets. */
void address_print(const struct address *address, struct strbuf *out);

bool address_eq(const struct address *a, const struct address *b);

/* Whether it begins with the first `bits` of the prefix; never if the families differ. */
bool address_is_in(const struct address *address, const struct address *prefix, unsigned bits);

/* Every bit behind the first `bits` to zero. */
void address_mask(struct address *address, unsigned bits);

/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *address);

/* Bits of an address of its family: 32 or 128. */
unsigned address_bits(const struct address *address);

#endif
