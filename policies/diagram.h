/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_DIAGRAM_H
#define IMMURE_POLICIES_DIAGRAM_H

/*
 * Decision diagrams over the bits of struct seccomp_data: what a filter answers, for every input at
 * once. Diagrams of one set are reduced and shared, so that two of them answer alike on all 2^512
 * inputs exactly if they are the same number. Pure.
 *
 * Bits are asked in this order: architecture, number, instruction pointer, arguments; within a word
 * the highest bit first.
 */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A diagram of a set. Valid as long as the set. */
typedef uint32_t diagram;

/* A 32-bit word of struct seccomp_data by its offset there divided by 4. */
#define DIAGRAM_WORDS 16
#define DIAGRAM_NR 0
#define DIAGRAM_ARCH 1
#define DIAGRAM_ARG_LOW(i) (4 + 2 * (i) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
#define DIAGRAM_ARG_HIGH(i) (4 + 2 * (i) + (__BYTE_ORDER__ != __ORDER_BIG_ENDIAN__))

#define DIAGRAM_MAX_NODES ((size_t)1 << 19)

struct diagram_node;
struct diagram_memo;

struct diagrams {
	struct arena *arena; /* borrowed */
	struct diagram_node *nodes;
	size_t n, cap;
	uint32_t *table; /* open addressing: index into nodes + 1 */
	size_t table_size;
	struct diagram_memo *memo;
	bool failed; /* too many nodes or out of memory: results mean nothing. Check once. */
};

must_check int diagrams_init(struct diagrams *set, struct arena *arena);

/* The same answer whatever the input. */
diagram diagram_leaf(struct diagrams *set, uint32_t value);

enum diagram_test {
	DIAGRAM_EQ,  /* (word & mask) == value */
	DIAGRAM_GE,  /* (word & mask) >= value, unsigned */
	DIAGRAM_GT,  /* (word & mask) > value, unsigned */
	DIAGRAM_ANY, /* (word & mask & value) != 0 */
};

/* A test of one word. */
struct diagram_word {
	unsigned word;
	enum diagram_test test;
	uint32_t mask, value;
};

/* 1 where the test holds, 0 elsewhere. */
diagram diagram_of_test(struct diagrams *set, const struct diagram_word *test);

/* `yes` where `condition` answers something else than 0, `no` elsewhere. */
diagram diagram_if(struct diagrams *set, diagram condition, diagram yes, diagram no);

/* 1 where `f` answers `value`, 0 elsewhere. */
diagram diagram_equals(struct diagrams *set, diagram f, uint32_t value);

/* What is left of `f` when a word has this value. */
diagram diagram_fix(struct diagrams *set, diagram f, unsigned word, uint32_t value);

/*
 * One diagram for each interval of the values of a word.
 *
 *   starts  ascending, starts[0] == 0; answers[i] holds from starts[i] to before starts[i + 1]
 */
diagram diagram_of_intervals(struct diagrams *set, unsigned word, const uint32_t *starts,
			     const diagram *answers, size_t n);

/* What `f` answers to one input. */
uint32_t diagram_value(const struct diagrams *set, diagram f, const struct seccomp_data *data);

/*
 * An input to which the two diagrams answer differently; words that do not matter are left as they
 * are in *ret. Returns false if there is none: they are the same.
 */
bool diagram_difference(const struct diagrams *set, diagram f, diagram g, struct seccomp_data *ret);

/* True for a diagram that asks nothing; *ret is its answer. */
bool diagram_is_leaf(const struct diagrams *set, diagram f, uint32_t *ret);

/* Nodes of the set: what the comparison cost. */
size_t diagrams_size(const struct diagrams *set);

#endif
