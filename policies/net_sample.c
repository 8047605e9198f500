/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/net_sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_prefix(struct net_samples *s, const struct address *address, uint8_t bits)
{
	struct net_prefix *grown;

	for (size_t i = 0; i < s->n_prefixes; i++) {
		if (s->prefixes[i].bits == bits && address_eq(&s->prefixes[i].address, address))
			return 0;
	}
	grown = arena_grow(s->arena, s->prefixes, &s->cap_prefixes, s->n_prefixes + 1,
			   sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->prefixes = grown;
	grown[s->n_prefixes++] = (struct net_prefix){ *address, bits };
	return 0;
}

static int add_name(struct net_samples *s, const char *name)
{
	const char **grown;

	for (size_t i = 0; i < s->n_names; i++) {
		if (strcmp(s->names[i], name) == 0)
			return 0;
	}
	grown = arena_grow(s->arena, s->names, &s->cap_names, s->n_names + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->names = grown;
	grown[s->n_names++] = name;
	return 0;
}

/* A run of ports begins here. */
static int add_port(struct net_samples *s, uint32_t port)
{
	uint32_t *grown;

	if (port == 0 || port > UINT16_MAX)
		return 0;
	for (size_t i = 0; i < s->n_ports; i++) {
		if (s->ports[i] == port)
			return 0;
	}
	grown = arena_grow(s->arena, s->ports, &s->cap_ports, s->n_ports + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->ports = grown;
	grown[s->n_ports++] = port;
	return 0;
}

int net_samples_add(struct net_samples *samples, const struct net_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct net_target *to = &table->rules[i].to;
		uint16_t low;
		uint16_t high;
		int r;

		net_target_ports(to, &low, &high);
		r = add_port(samples, low);
		if (r == 0)
			r = add_port(samples, high + 1U);
		if (r == 0 && to->host == NET_PREFIX)
			r = add_prefix(samples, &to->prefix, to->bits);
		if (r == 0 && to->host == NET_NAME)
			r = add_name(samples, to->name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int by_width(const void *a, const void *b)
{
	const struct net_prefix *x = a;
	const struct net_prefix *y = b;

	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	if (x->address.v6 != y->address.v6)
		return x->address.v6 ? 1 : -1;
	return memcmp(x->address.bytes, y->address.bytes, sizeof(x->address.bytes));
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

int net_samples_end(struct net_samples *samples)
{
	static const struct address all[] = { { 0 }, { .v6 = true } };
	static const struct address own[] = { { .bytes = { 127 } },
					      { .v6 = true, .bytes = { [15] = 1 } } };
	static const uint8_t own_bits[] = { 8, 128 };
	struct net_target resolver = { .host = NET_RESOLVED, .low = 1 };
	const struct net_query query = net_query_of(NET_CONNECT, NET_TCP, &resolver);
	int r = add_prefix(samples, query.address, 32);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++) {
		r = add_prefix(samples, &all[i], 0);
		if (r == 0)
			r = add_prefix(samples, &own[i], own_bits[i]);
	}
	for (size_t i = 0; r == 0 && i < n_net_floors; i++)
		r = add_prefix(samples, &net_floors[i].prefix, net_floors[i].bits);
	if (r == 0)
		r = add_port(samples, 1);
	if (r < 0)
		return r;
	qsort(samples->prefixes, samples->n_prefixes, sizeof(*samples->prefixes), by_width);
	qsort(samples->ports, samples->n_ports, sizeof(*samples->ports), by_number);
	return 0;
}

/* The address behind the last one of a prefix; false if there is none. */
static bool step_over(struct address *address, unsigned bits)
{
	unsigned at = bits;

	address_mask(address, bits);
	while (at > 0) {
		unsigned byte = (at - 1) / 8;
		uint8_t bit = (uint8_t)(1U << (7 - (at - 1) % 8));

		address->bytes[byte] ^= bit;
		if (address->bytes[byte] & bit)
			return true;
		at--;
	}
	return false;
}

/* An address of the i-th prefix that no narrower one holds; false if they cover it. */
static bool sample_of(const struct net_samples *s, size_t i, struct address *ret)
{
	const struct net_prefix *whole = &s->prefixes[i];
	struct address address = whole->address;

	/* Some other than the first, which is the network's own, where there is one. */
	if (whole->bits + 1U < address_bits(&address))
		address.bytes[address_bits(&address) / 8 - 1] |= 1;
	if (whole->bits == 0)
		address.bytes[0] = address.v6 ? 0x20 : 1;
	for (size_t k = i + 1; k < s->n_prefixes; k++) {
		const struct net_prefix *inner = &s->prefixes[k];

		if (!address_is_in(&address, &inner->address, inner->bits))
			continue;
		if (!step_over(&address, inner->bits) ||
		    !address_is_in(&address, &whole->address, whole->bits))
			return false;
		k = i; /* once more from the start */
	}
	*ret = address;
	return true;
}

struct walk {
	const struct net_samples *samples;
	int (*each)(void *data, enum net_verb verb, unsigned protocol,
		    const struct net_target *one);
	void *data;
};

static int each_port(const struct walk *w, enum net_verb verb, struct net_target *one)
{
	for (unsigned protocol = NET_TCP; protocol <= NET_UDP; protocol <<= 1) {
		for (size_t p = 0; p < w->samples->n_ports; p++) {
			int r;

			one->low = (uint16_t)w->samples->ports[p];
			one->high = one->low;
			r = w->each(w->data, verb, protocol, one);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

int net_samples_each(const struct net_samples *samples,
		     int (*each)(void *data, enum net_verb verb, unsigned protocol,
				 const struct net_target *one),
		     void *data)
{
	const struct walk w = { samples, each, data };
	int r = 0;

	for (size_t i = 0; r == 0 && i < samples->n_names; i++) {
		struct net_target one = { .host = NET_NAME, .name = samples->names[i] };

		r = each_port(&w, NET_CONNECT, &one);
	}
	for (size_t i = 0; r == 0 && i < samples->n_prefixes; i++) {
		struct net_target one = { .host = NET_PREFIX };

		if (!sample_of(samples, i, &one.prefix))
			continue;
		one.bits = (uint8_t)address_bits(&one.prefix);
		r = each_port(&w, NET_CONNECT, &one);
		if (samples->prefixes[i].bits == 0) /* bound to all of them */
			one.prefix = samples->prefixes[i].address;
		if (r == 0)
			r = each_port(&w, NET_LISTEN, &one);
	}
	return r;
}
