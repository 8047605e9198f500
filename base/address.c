/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

int address_parse(struct span text, struct address *ret)
{
	struct address address = { 0 };
	char copy[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return -EINVAL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	address.v6 = span_has_byte(text, ':');
	if (inet_pton(address.v6 ? AF_INET6 : AF_INET, copy, address.bytes) != 1)
		return -EINVAL;
	if (address.v6 && memcmp(address.bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(address.bytes, address.bytes + sizeof(mapped), 4);
		memset(address.bytes + 4, 0, sizeof(mapped));
		address.v6 = false;
	}
	*ret = address;
	return 0;
}

void address_print(const struct address *address, struct strbuf *out)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
	strbuf_puts(out, text);
}

bool address_eq(const struct address *a, const struct address *b)
{
	return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

unsigned address_bits(const struct address *address)
{
	return address->v6 ? 128 : 32;
}

void address_mask(struct address *address, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(address->bytes); i++) {
		unsigned left = bits > i * 8 ? bits - i * 8 : 0;

		if (left < 8)
			address->bytes[i] &= (uint8_t)(0xff00U >> left);
	}
}

bool address_is_in(const struct address *address, const struct address *prefix, unsigned bits)
{
	struct address head = *address;

	if (address->v6 != prefix->v6)
		return false;
	address_mask(&head, bits);
	return address_eq(&head, prefix);
}

bool address_is_loopback(const struct address *address)
{
	static const struct address six = { .v6 = true, .bytes = { [15] = 1 } };

	return address->v6 ? address_eq(address, &six) : address->bytes[0] == 127;
}
