// SPDX-License-Identifier: Apache-2.0
#include "policies/call_reach.h"

#include <stdlib.h>
#include <string.h>

#include "policies/bpf_eval.h"

#define WORDS (sizeof(struct seccomp_data) / 4)
#define WORD_NR 0
#define WORD_ARCH 1
#define WORD_UNKNOWN WORDS
#define BREAKS_MAX 288

/* What is in the accumulator: a word of the call, and the bits of it that are left. */
struct accumulator {
	size_t word;
	uint32_t mask;
};

static bool is_known(const struct call_reach *reach, const struct call_known *call, size_t word,
		     uint32_t *ret)
{
	size_t arg = (word - offsetof(struct seccomp_data, args) / 4) / 2;

	if (word == WORD_NR || word == WORD_ARCH) {
		*ret = word == WORD_NR ? (uint32_t)call->nr : reach->bundle->audit_arch;
		return true;
	}
	if (word < offsetof(struct seccomp_data, args) / 4 || word >= WORDS || word % 2 == 1 ||
	    !(call->known >> arg & 1))
		return false;
	*ret = call->low[arg];
	return true;
}

static bool allows(uint32_t leaf)
{
	return EXPLAIN_ACTION(leaf) == VERDICT_ALLOW || EXPLAIN_ACTION(leaf) == VERDICT_LOOK;
}

/*
 * Go all ways from this instruction that were not gone before with that word in the accumulator.
 * Returns whether one of them allows the call. Ends: jumps lead forward only.
 */
static bool walk(const struct call_reach *reach, const struct call_known *call, size_t at,
		 struct accumulator a)
{
	const struct bundle *bundle = reach->bundle;
	bool allowed = false;
	uint32_t value = 0;

	for (; at < bundle->n_explain; at++) {
		const struct sock_filter *in = &bundle->explain[at];

		if (reach->seen[at] >> a.word & 1)
			return allowed;
		reach->seen[at] |= 1U << a.word;
		switch (BPF_CLASS(in->code)) {
		case BPF_LD:
			a.word = BPF_MODE(in->code) == BPF_ABS && in->k / 4 < WORDS ? in->k / 4
										    : WORD_UNKNOWN;
			a.mask = UINT32_MAX;
			break;
		case BPF_RET:
			return allowed || BPF_RVAL(in->code) == BPF_A || allows(in->k);
		case BPF_JMP:
			if (BPF_OP(in->code) == BPF_JA) {
				at += in->k;
			} else if (is_known(reach, call, a.word, &value)) {
				at += bpf_jump_holds(in->code, value & a.mask, in->k) ? in->jt
										      : in->jf;
			} else {
				allowed |= walk(reach, call, at + 1 + in->jt, a);
				at += in->jf;
			}
			break;
		default: /* The compiler only masks, and loads before it tests. */
			if (in->code == (BPF_ALU | BPF_AND | BPF_K))
				a.mask &= in->k;
			else
				a.word = WORD_UNKNOWN;
		}
	}
	return allowed;
}

int call_reach_init(struct call_reach *reach, const struct bundle *bundle, struct arena *arena,
		    struct err *err)
{
	*reach = (struct call_reach){ bundle,
				      arena_array(arena, bundle->n_explain, sizeof(uint32_t)) };
	return reach->seen ? 0 : err_set(err, ENOMEM, "out of memory");
}

bool call_reach_may(const struct call_reach *reach, const struct call_known *call)
{
	memset(reach->seen, 0, reach->bundle->n_explain * sizeof(*reach->seen));
	return walk(reach, call, 0, (struct accumulator){ WORD_UNKNOWN, UINT32_MAX });
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Where the answer may change: around each constant that a way of this call compares with. */
static int find_breaks(const struct call_reach *reach, unsigned arg, uint32_t *ret)
{
	const struct bundle *bundle = reach->bundle;
	size_t word = offsetof(struct seccomp_data, args) / 4 + 2 * (size_t)arg;
	size_t n = 0;

	for (size_t at = 0; at < bundle->n_explain; at++) {
		const struct sock_filter *in = &bundle->explain[at];

		if (!(reach->seen[at] >> word & 1) || BPF_CLASS(in->code) == BPF_LD ||
		    BPF_CLASS(in->code) == BPF_RET || in->code == (BPF_JMP | BPF_JA))
			continue;
		/* Bits that are masked or tested make no few intervals. */
		if (BPF_CLASS(in->code) != BPF_JMP || BPF_OP(in->code) == BPF_JSET ||
		    n + 3 > BREAKS_MAX)
			return -E2BIG;
		ret[n++] = in->k - 1;
		ret[n++] = in->k;
		ret[n++] = in->k + 1;
	}
	qsort(ret, n, sizeof(*ret), compare);
	return (int)n;
}

int call_reach_values(const struct call_reach *reach, int nr, unsigned arg, uint32_t *ret,
		      size_t room)
{
	struct call_known call = { .nr = nr };
	uint32_t breaks[BREAKS_MAX];
	size_t n_found = 0;
	int n;

	/* For the marks that it leaves on all ways of the call. */
	(void)call_reach_may(reach, &call);
	n = find_breaks(reach, arg, breaks);
	if (n < 0)
		return n;
	call.known = 1U << arg;
	if ((n == 0 || breaks[0] > 0) && call_reach_may(reach, &call))
		return -E2BIG;
	for (int i = 0; i < n; i++) {
		bool is_last = i + 1 == n;

		if (!is_last && breaks[i] == breaks[i + 1])
			continue;
		call.low[arg] = breaks[i];
		if (call_reach_may(reach, &call)) {
			if (n_found == room)
				return -E2BIG;
			ret[n_found++] = breaks[i];
		}
		if (!is_last && breaks[i] + 1 == breaks[i + 1])
			continue;
		/* Whatever lies between two breaks has one answer. */
		call.low[arg] = breaks[i] + 1;
		if (breaks[i] != UINT32_MAX && call_reach_may(reach, &call))
			return -E2BIG;
	}
	return (int)n_found;
}
