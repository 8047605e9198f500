/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_BPF_EMIT_H
#define IMMURE_POLICIES_BPF_EMIT_H

/*
 * Writes a classic BPF program from its end to its start: a target always exists before the jump to
 * it, and an address is the distance from the end. Leaves are shared while they are within reach of
 * a jump (255), and written again where they are not. Pure.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define BPF_EMIT_MAX 4096

struct bpf_emitter {
	struct sock_filter *code; /* code[0] is the last instruction; BPF_EMIT_MAX of them */
	size_t n;
	bool full; /* an instruction was left out: the program is worthless */
	size_t n_leaves;
	struct {
		uint32_t value;
		size_t address;
	} leaves[256];
};

/* Zeroes *e and takes memory of the arena. Returns 0 or -ENOMEM. */
must_check int bpf_emit_init(struct bpf_emitter *e, struct arena *arena);

/* Put one instruction in front; a target of 0 is the next one. Returns its address, from 1. */
size_t bpf_emit(struct bpf_emitter *e, uint16_t code, uint32_t k, size_t if_true, size_t if_false);

/* Jump by comparing the accumulator (BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET), however far. */
size_t bpf_emit_branch(struct bpf_emitter *e, uint16_t op, uint32_t k, size_t if_true,
		       size_t if_false);

/* Return value; the same leaf is used again where it is near. */
size_t bpf_emit_ret(struct bpf_emitter *e, uint32_t value);

/* Load 32 bits of struct seccomp_data. */
size_t bpf_emit_load(struct bpf_emitter *e, size_t offset);

/* Load the low or the high half of an argument. */
size_t bpf_emit_load_arg(struct bpf_emitter *e, unsigned arg, bool high);

/* True if code at this address can be jumped to from here. */
bool bpf_emit_is_near(const struct bpf_emitter *e, size_t address);

/* The program in its order, in the arena, or NULL. */
const struct sock_filter *bpf_emit_done(const struct bpf_emitter *e, struct arena *arena);

#endif
