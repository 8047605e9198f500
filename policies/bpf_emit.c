/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/bpf_emit.h"

#include <errno.h>
#include <linux/seccomp.h>

#define REACH 250 /* below 255, so that two trampolines never push a target out */

int bpf_emit_init(struct bpf_emitter *e, struct arena *arena)
{
	*e = (struct bpf_emitter){ .code = arena_array(arena, BPF_EMIT_MAX, sizeof(*e->code)) };
	return e->code ? 0 : -ENOMEM;
}

bool bpf_emit_is_near(const struct bpf_emitter *e, size_t address)
{
	return e->n + 1 - address <= REACH;
}

size_t bpf_emit(struct bpf_emitter *e, uint16_t code, uint32_t k, size_t if_true, size_t if_false)
{
	size_t at = e->n + 1;

	if (e->n == BPF_EMIT_MAX) {
		e->full = true;
		return at;
	}
	e->code[e->n++] = (struct sock_filter){
		.code = code,
		.jt = (uint8_t)(if_true ? at - if_true - 1 : 0),
		.jf = (uint8_t)(if_false ? at - if_false - 1 : 0),
		.k = k,
	};
	return at;
}

/* An address near enough to jump to that leads to target. */
static size_t near(struct bpf_emitter *e, size_t target)
{
	if (bpf_emit_is_near(e, target))
		return target;
	return bpf_emit(e, BPF_JMP | BPF_JA, (uint32_t)(e->n + 1 - target - 1), 0, 0);
}

size_t bpf_emit_branch(struct bpf_emitter *e, uint16_t op, uint32_t k, size_t if_true,
		       size_t if_false)
{
	if_true = near(e, if_true);
	if_false = near(e, if_false);
	return bpf_emit(e, BPF_JMP | BPF_K | op, k, if_true, if_false);
}

size_t bpf_emit_ret(struct bpf_emitter *e, uint32_t value)
{
	for (size_t i = 0; i < e->n_leaves; i++) {
		if (e->leaves[i].value != value)
			continue;
		if (!bpf_emit_is_near(e, e->leaves[i].address))
			e->leaves[i].address = bpf_emit(e, BPF_RET | BPF_K, value, 0, 0);
		return e->leaves[i].address;
	}
	if (e->n_leaves == ARRAY_LEN(e->leaves))
		return bpf_emit(e, BPF_RET | BPF_K, value, 0, 0);
	e->leaves[e->n_leaves].value = value;
	e->leaves[e->n_leaves].address = bpf_emit(e, BPF_RET | BPF_K, value, 0, 0);
	return e->leaves[e->n_leaves++].address;
}

size_t bpf_emit_load(struct bpf_emitter *e, size_t offset)
{
	return bpf_emit(e, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

size_t bpf_emit_load_arg(struct bpf_emitter *e, unsigned arg, bool high)
{
	bool second = high != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	return bpf_emit_load(e, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * arg +
					(second ? 4 : 0));
}

const struct sock_filter *bpf_emit_done(const struct bpf_emitter *e, struct arena *arena)
{
	struct sock_filter *code = arena_array(arena, e->n + 1, sizeof(*code));

	for (size_t i = 0; code && i < e->n; i++)
		code[i] = e->code[e->n - 1 - i];
	return code;
}
