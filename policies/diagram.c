/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reduced ordered decision diagrams with 32-bit answers at the leaves. A node is kept once (unique
 * table), and none asks what does not matter, so equal functions are equal numbers.
 */
#include "policies/diagram.h"

#include <errno.h>
#include <string.h>

#define LEAF UINT32_MAX
#define MEMO_SIZE ((size_t)1 << 14)
#define FIRST_TABLE ((size_t)1 << 12)

struct diagram_node {
	uint32_t bit;    /* position in the order, or LEAF */
	diagram no, yes; /* a leaf keeps its answer in `no` */
};

struct diagram_memo {
	diagram condition, yes, no, result;
};

/* Architecture before number: everything else hangs below both. */
static uint32_t bit_of(unsigned word, unsigned bit)
{
	unsigned rank = word == DIAGRAM_NR ? 1 : word == DIAGRAM_ARCH ? 0 : word;

	return rank * 32 + (31 - bit);
}

static unsigned word_of(uint32_t bit)
{
	unsigned rank = bit / 32;

	return rank == 0 ? DIAGRAM_ARCH : rank == 1 ? DIAGRAM_NR : rank;
}

static size_t hash(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ULL;

	h = (h ^ b) * 0xbf58476d1ce4e5b9ULL;
	h = (h ^ (h >> 29) ^ c) * 0x94d049bb133111ebULL;
	return (size_t)(h ^ (h >> 32));
}

int diagrams_init(struct diagrams *set, struct arena *arena)
{
	*set = (struct diagrams){ .arena = arena, .table_size = FIRST_TABLE };
	set->table = arena_array(arena, set->table_size, sizeof(*set->table));
	set->memo = arena_array(arena, MEMO_SIZE, sizeof(*set->memo));
	set->nodes = arena_grow(arena, NULL, &set->cap, FIRST_TABLE / 2, sizeof(*set->nodes));
	if (!set->table || !set->memo || !set->nodes)
		return -ENOMEM;
	diagram_leaf(set, 0); /* number 0: what a failed operation gives */
	return 0;
}

/* Twice as many places; every node finds its new one. */
static bool grow_table(struct diagrams *set)
{
	size_t size = set->table_size * 2;
	uint32_t *table = arena_array(set->arena, size, sizeof(*table));

	if (!table)
		return false;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct diagram_node *node = &set->nodes[i];
		size_t at = hash(node->bit, node->no, node->yes) & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = i + 1;
	}
	set->table = table;
	set->table_size = size;
	return true;
}

static diagram intern(struct diagrams *set, struct diagram_node node)
{
	size_t at = hash(node.bit, node.no, node.yes) & (set->table_size - 1);
	struct diagram_node *grown;

	for (; set->table[at]; at = (at + 1) & (set->table_size - 1)) {
		if (memcmp(&set->nodes[set->table[at] - 1], &node, sizeof(node)) == 0)
			return set->table[at] - 1;
	}
	grown = set->n < DIAGRAM_MAX_NODES
			? arena_grow(set->arena, set->nodes, &set->cap, set->n + 1, sizeof(*grown))
			: NULL;
	if (!grown) {
		set->failed = true;
		return 0;
	}
	set->nodes = grown;
	grown[set->n] = node;
	set->table[at] = (uint32_t)++set->n;
	if (set->n * 2 > set->table_size && !grow_table(set))
		set->failed = true;
	return (diagram)(set->n - 1);
}

diagram diagram_leaf(struct diagrams *set, uint32_t value)
{
	return intern(set, (struct diagram_node){ .bit = LEAF, .no = value });
}

static diagram ask(struct diagrams *set, uint32_t bit, diagram no, diagram yes)
{
	if (no == yes)
		return no;
	return intern(set, (struct diagram_node){ .bit = bit, .no = no, .yes = yes });
}

diagram diagram_of_test(struct diagrams *set, const struct diagram_word *test)
{
	diagram no = diagram_leaf(set, 0);
	diagram yes = diagram_leaf(set, 1);
	diagram f = test->test == DIAGRAM_EQ || test->test == DIAGRAM_GE ? yes : no;

	/* From the lowest bit up: f is what the bits below say when those above are equal. */
	for (unsigned bit = 0; bit < 32; bit++) {
		bool matters = test->mask >> bit & 1;
		bool one = test->value >> bit & 1;
		uint32_t at = bit_of(test->word, bit);

		switch (test->test) {
		case DIAGRAM_EQ:
			if (matters)
				f = one ? ask(set, at, no, f) : ask(set, at, f, no);
			else if (one)
				f = no;
			break;
		case DIAGRAM_GE:
		case DIAGRAM_GT:
			if (matters)
				f = one ? ask(set, at, no, f) : ask(set, at, f, yes);
			else if (one)
				f = no;
			break;
		case DIAGRAM_ANY:
			if (matters && one)
				f = ask(set, at, f, yes);
			break;
		}
	}
	return f;
}

static const struct diagram_node *node_of(const struct diagrams *set, diagram f)
{
	return &set->nodes[f];
}

static diagram half(const struct diagrams *set, diagram f, uint32_t bit, bool yes)
{
	const struct diagram_node *node = node_of(set, f);

	if (node->bit != bit)
		return f;
	return yes ? node->yes : node->no;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

diagram diagram_if(struct diagrams *set, diagram condition, diagram yes, diagram no)
{
	const struct diagram_node *node = node_of(set, condition);
	struct diagram_memo *memo;
	diagram if_no;
	diagram if_yes;
	uint32_t bit;

	if (set->failed)
		return 0;
	if (node->bit == LEAF)
		return node->no ? yes : no;
	if (yes == no)
		return yes;
	memo = &set->memo[hash(condition, yes, no) & (MEMO_SIZE - 1)];
	if (memo->condition == condition && memo->yes == yes && memo->no == no)
		return memo->result; /* a free place has condition 0, which is a leaf */
	bit = lower(node->bit, lower(node_of(set, yes)->bit, node_of(set, no)->bit));
	if_no = diagram_if(set, half(set, condition, bit, false), half(set, yes, bit, false),
			   half(set, no, bit, false));
	if_yes = diagram_if(set, half(set, condition, bit, true), half(set, yes, bit, true),
			    half(set, no, bit, true));
	if (set->failed)
		return 0;
	*memo = (struct diagram_memo){ condition, yes, no, ask(set, bit, if_no, if_yes) };
	return memo->result;
}

/* A walk that maps every node once. */
struct map {
	struct diagrams *set;
	uint32_t value; /* what diagram_equals() looks for */
	diagram *done;  /* result + 1 by node, 0 while there is none */
};

static diagram map_equals(struct map *m, diagram f)
{
	struct diagram_node node = *node_of(m->set, f);
	diagram result;

	if (m->set->failed)
		return 0;
	if (m->done[f])
		return m->done[f] - 1;
	if (node.bit == LEAF) {
		result = diagram_leaf(m->set, node.no == m->value);
	} else {
		diagram no = map_equals(m, node.no);
		diagram yes = map_equals(m, node.yes);

		result = ask(m->set, node.bit, no, yes);
	}
	m->done[f] = result + 1;
	return result;
}

diagram diagram_equals(struct diagrams *set, diagram f, uint32_t value)
{
	struct map m = { .set = set, .value = value };

	m.done = arena_array(set->arena, (size_t)f + 1, sizeof(*m.done));
	if (!m.done) {
		set->failed = true;
		return 0;
	}
	return map_equals(&m, f); /* a node's halves were made before it: all are below f */
}

/* Words before the fixed one are kept, so that only what is below its bits is taken away. */
diagram diagram_fix(struct diagrams *set, diagram f, unsigned word, uint32_t value)
{
	uint32_t first = bit_of(word, 31);
	struct diagram_node node = *node_of(set, f);

	while (node.bit >= first && node.bit < first + 32) {
		f = value >> (31 - (node.bit - first)) & 1 ? node.yes : node.no;
		node = *node_of(set, f);
	}
	if (node.bit > first || set->failed)
		return f;
	return ask(set, node.bit, diagram_fix(set, node.no, word, value),
		   diagram_fix(set, node.yes, word, value));
}

struct intervals {
	struct diagrams *set;
	unsigned word;
	const uint32_t *starts;
	const diagram *answers;
	size_t n;
};

/* The answer for all values that begin with the bits of `from` above `bits`. */
static diagram split(const struct intervals *i, uint32_t from, unsigned bits)
{
	uint32_t last = bits == 32 ? UINT32_MAX : from + ((1U << bits) - 1);
	size_t at = 0;
	diagram no;
	diagram yes;

	while (at + 1 < i->n && i->starts[at + 1] <= from)
		at++;
	if (at + 1 == i->n || i->starts[at + 1] > last)
		return i->answers[at];
	no = split(i, from, bits - 1);
	yes = split(i, from | 1U << (bits - 1), bits - 1);
	return ask(i->set, bit_of(i->word, bits - 1), no, yes);
}

diagram diagram_of_intervals(struct diagrams *set, unsigned word, const uint32_t *starts,
			     const diagram *answers, size_t n)
{
	const struct intervals i = { set, word, starts, answers, n };

	return split(&i, 0, 32);
}

static bool bit_is_set(const struct seccomp_data *data, uint32_t bit)
{
	uint32_t word = 0;

	memcpy(&word, (const char *)data + (size_t)word_of(bit) * sizeof(word), sizeof(word));
	return word >> (31 - bit % 32) & 1;
}

uint32_t diagram_value(const struct diagrams *set, diagram f, const struct seccomp_data *data)
{
	const struct diagram_node *node = node_of(set, f);

	while (node->bit != LEAF)
		node = node_of(set, bit_is_set(data, node->bit) ? node->yes : node->no);
	return node->no;
}

static void set_bit(struct seccomp_data *data, uint32_t bit, bool one)
{
	char *at = (char *)data + (size_t)word_of(bit) * sizeof(uint32_t);
	uint32_t mask = 1U << (31 - bit % 32);
	uint32_t word = 0;

	memcpy(&word, at, sizeof(word));
	word = one ? word | mask : word & ~mask;
	memcpy(at, &word, sizeof(word));
}

bool diagram_difference(const struct diagrams *set, diagram f, diagram g, struct seccomp_data *ret)
{
	if (f == g)
		return false;
	for (;;) {
		uint32_t bit = lower(node_of(set, f)->bit, node_of(set, g)->bit);
		bool yes;

		if (bit == LEAF)
			return true;
		/* Two that differ have halves that differ; a bit that does not matter stays. */
		yes = bit_is_set(ret, bit);
		if (half(set, f, bit, yes) == half(set, g, bit, yes))
			yes = !yes;
		f = half(set, f, bit, yes);
		g = half(set, g, bit, yes);
		set_bit(ret, bit, yes);
	}
}

bool diagram_is_leaf(const struct diagrams *set, diagram f, uint32_t *ret)
{
	if (node_of(set, f)->bit != LEAF)
		return false;
	*ret = node_of(set, f)->no;
	return true;
}

size_t diagrams_size(const struct diagrams *set)
{
	return set->n;
}
