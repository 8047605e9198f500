/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/filter_cost.h"
#include "policies/bpf_eval.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* From one instruction on, with an argument in the accumulator. */
struct rest {
	unsigned least, most;
	bool done, only_allows;
};

struct walk {
	struct filter_code code;
	struct rest *rests; /* by instruction */
};

/* Where a test leads: both ways, for an argument may be anything. */
static struct rest join(struct rest a, struct rest b)
{
	return (struct rest){
		.least = a.least < b.least ? a.least : b.least,
		.most = a.most > b.most ? a.most : b.most,
		.done = true,
		.only_allows = a.only_allows && b.only_allows,
	};
}

/* From the end to the start: jumps go forward, so what follows is known. */
static void fill(struct walk *w)
{
	for (size_t at = w->code.n; at-- > 0;) {
		const struct sock_filter *in = &w->code.code[at];
		struct rest rest = { .done = true };

		switch (BPF_CLASS(in->code)) {
		case BPF_RET:
			rest.only_allows = in->k == SECCOMP_RET_ALLOW;
			break;
		case BPF_JMP:
			rest = BPF_OP(in->code) == BPF_JA
				       ? w->rests[at + 1 + in->k]
				       : join(w->rests[at + 1 + in->jt], w->rests[at + 1 + in->jf]);
			break;
		default:
			rest = w->rests[at + 1];
		}
		rest.least++;
		rest.most++;
		w->rests[at] = rest;
	}
}

int filter_cost_of(struct filter_code code, uint32_t arch, int nr, struct arena *arena,
		   struct filter_cost *ret)
{
	struct walk w = { .code = code };
	unsigned steps = 0;
	uint32_t a = 0;
	size_t at = 0;

	w.rests = arena_array(arena, code.n + 1, sizeof(*w.rests));
	if (!w.rests)
		return -ENOMEM;
	fill(&w);
	/* As long as architecture and number are asked there is one way. */
	for (; at < code.n; at++, steps++) {
		const struct sock_filter *in = &code.code[at];

		if (BPF_CLASS(in->code) == BPF_LD && in->k == offsetof(struct seccomp_data, arch))
			a = arch;
		else if (BPF_CLASS(in->code) == BPF_LD &&
			 in->k == offsetof(struct seccomp_data, nr))
			a = (uint32_t)nr;
		else if (BPF_CLASS(in->code) != BPF_JMP)
			break;
		else if (BPF_OP(in->code) == BPF_JA)
			at += in->k;
		else
			at += bpf_jump_holds(in->code, a, in->k) ? in->jt : in->jf;
	}
	*ret = (struct filter_cost){ .least = steps + w.rests[at].least,
				     .most = steps + w.rests[at].most,
				     .cached = w.rests[at].only_allows };
	return 0;
}
