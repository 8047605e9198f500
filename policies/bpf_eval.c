/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/bpf_eval.h"

#include <string.h>

#define REFUSED SECCOMP_RET_KILL_PROCESS

struct machine {
	uint32_t a, x;
	uint32_t mem[BPF_MEMWORDS];
};

/* The operand of a jump or an operation: the constant or the index register. */
static uint32_t operand(const struct machine *m, const struct sock_filter *in)
{
	return BPF_SRC(in->code) == BPF_X ? m->x : in->k;
}

static bool compute(struct machine *m, const struct sock_filter *in)
{
	uint32_t v = operand(m, in);

	switch (BPF_OP(in->code)) {
	case BPF_ADD:
		m->a += v;
		return true;
	case BPF_SUB:
		m->a -= v;
		return true;
	case BPF_MUL:
		m->a *= v;
		return true;
	case BPF_DIV:
		if (v == 0)
			return false;
		m->a /= v;
		return true;
	case BPF_OR:
		m->a |= v;
		return true;
	case BPF_AND:
		m->a &= v;
		return true;
	case BPF_XOR:
		m->a ^= v;
		return true;
	case BPF_LSH:
		m->a = v < 32 ? m->a << v : 0;
		return true;
	case BPF_RSH:
		m->a = v < 32 ? m->a >> v : 0;
		return true;
	case BPF_NEG:
		m->a = -m->a;
		return true;
	default:
		return false;
	}
}

static bool load(struct machine *m, const struct sock_filter *in, const struct seccomp_data *data)
{
	uint32_t *to = BPF_CLASS(in->code) == BPF_LD ? &m->a : &m->x;

	switch (BPF_MODE(in->code)) {
	case BPF_ABS:
		if (in->k > sizeof(*data) - 4 || in->k % 4 || BPF_SIZE(in->code) != BPF_W)
			return false;
		memcpy(to, (const char *)data + in->k, 4);
		return true;
	case BPF_IMM:
		*to = in->k;
		return true;
	case BPF_LEN:
		*to = sizeof(*data);
		return true;
	case BPF_MEM:
		if (in->k >= BPF_MEMWORDS)
			return false;
		*to = m->mem[in->k];
		return true;
	default:
		return false;
	}
}

static bool store(struct machine *m, const struct sock_filter *in)
{
	if (in->k >= BPF_MEMWORDS)
		return false;
	m->mem[in->k] = BPF_CLASS(in->code) == BPF_ST ? m->a : m->x;
	return true;
}

bool bpf_jump_holds(uint16_t code, uint32_t a, uint32_t v)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGT:
		return a > v;
	case BPF_JGE:
		return a >= v;
	default: /* BPF_JSET */
		return (a & v) != 0;
	}
}

/* How many instructions a jump skips; SIZE_MAX for an unknown one. */
static size_t jump(const struct machine *m, const struct sock_filter *in)
{
	switch (BPF_OP(in->code)) {
	case BPF_JA:
		return in->k;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return bpf_jump_holds(in->code, m->a, operand(m, in)) ? in->jt : in->jf;
	default:
		return SIZE_MAX;
	}
}

static void transfer(struct machine *m, const struct sock_filter *in)
{
	if (BPF_MISCOP(in->code) == BPF_TAX)
		m->x = m->a;
	else
		m->a = m->x;
}

uint32_t bpf_eval(const struct sock_filter *prog, size_t n, const struct seccomp_data *data)
{
	struct machine m = { 0 };

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *in = &prog[at];
		bool good = true;
		size_t skip;

		switch (BPF_CLASS(in->code)) {
		case BPF_LD:
		case BPF_LDX:
			good = load(&m, in, data);
			break;
		case BPF_ST:
		case BPF_STX:
			good = store(&m, in);
			break;
		case BPF_ALU:
			good = compute(&m, in);
			break;
		case BPF_JMP:
			skip = jump(&m, in);
			if (skip >= n - at)
				return REFUSED;
			at += skip;
			break;
		case BPF_RET:
			return BPF_RVAL(in->code) == BPF_A ? m.a : in->k;
		default: /* BPF_MISC */
			transfer(&m, in);
		}
		if (!good)
			return REFUSED;
	}
	return REFUSED;
}

/* Source: seccomp_check_filter() allows these, bpf_check_classic() the jumps. */
static bool is_known(const struct sock_filter *in)
{
	switch (in->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return in->k % 4 == 0 && in->k <= sizeof(struct seccomp_data) - 4;
	case BPF_LD | BPF_IMM:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return true;
	default:
		return false; /* the kernel knows more; our compiler emits no more */
	}
}

bool bpf_is_loadable(const struct sock_filter *prog, size_t n)
{
	if (n == 0 || n > BPF_MAXINSNS || BPF_CLASS(prog[n - 1].code) != BPF_RET)
		return false;
	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *in = &prog[at];
		size_t room = n - at - 1;

		if (!is_known(in))
			return false;
		if (BPF_CLASS(in->code) != BPF_JMP)
			continue;
		if (BPF_OP(in->code) == BPF_JA ? in->k >= room : in->jt >= room || in->jf >= room)
			return false;
	}
	return true;
}
