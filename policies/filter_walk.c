/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF only jumps forward. So one pass forward finds what the accumulator can hold at each
 * instruction, and one pass backward makes the answer of each such state from later ones.
 */
#include "policies/filter_walk.h"

#include <string.h>

#include "policies/bpf_eval.h"

/* What the accumulator holds: a constant, or a word of the input under a mask. */
struct holds {
	bool constant;
	uint8_t word;
	uint32_t value; /* the constant, or the mask */
};

/* One instruction with one content of the accumulator. */
struct state {
	struct holds a;
	uint32_t at;    /* instruction */
	uint32_t next;  /* state + 1 at the same instruction, 0 at the end of the list */
	uint32_t to[2]; /* state + 1 that follows: if a test fails, if it holds; 0: none */
	diagram answer;
};

#define MAX_STATES 32768U

struct walk {
	const struct sock_filter *code;
	struct diagrams *set;
	struct state *states;
	uint32_t *lists; /* by instruction: first state + 1 */
	uint32_t n;
	size_t cap;
};

static bool same(const struct holds *a, const struct holds *b)
{
	return a->constant == b->constant && a->word == b->word && a->value == b->value;
}

/* The state + 1, made if it is not there; 0 if there are too many. */
static uint32_t reach(struct walk *w, size_t at, struct holds a)
{
	struct state *grown;

	for (uint32_t i = w->lists[at]; i; i = w->states[i - 1].next) {
		if (same(&w->states[i - 1].a, &a))
			return i;
	}
	grown = w->n < MAX_STATES
			? arena_grow(w->set->arena, w->states, &w->cap, w->n + 1, sizeof(*grown))
			: NULL;
	if (!grown)
		return 0;
	w->states = grown;
	grown[w->n] = (struct state){ .a = a, .at = (uint32_t)at, .next = w->lists[at] };
	w->lists[at] = ++w->n;
	return w->n;
}

static bool follow_jump(struct walk *w, uint32_t i, const struct sock_filter *in)
{
	struct state s = w->states[i];
	size_t next = (size_t)s.at + 1;
	bool holds = s.a.constant && BPF_OP(in->code) != BPF_JA &&
		     bpf_jump_holds(in->code, s.a.value, in->k);
	uint32_t no = 0;
	uint32_t yes = 0;

	if (BPF_OP(in->code) == BPF_JA) {
		no = reach(w, next + in->k, s.a);
		w->states[i].to[0] = no;
		return no != 0;
	}
	if (!s.a.constant || !holds) {
		no = reach(w, next + in->jf, s.a);
		if (!no)
			return false;
	}
	if (!s.a.constant || holds) {
		yes = reach(w, next + in->jt, s.a);
		if (!yes)
			return false;
	}
	w->states[i].to[0] = no;
	w->states[i].to[1] = yes;
	return true;
}

static bool follow(struct walk *w, uint32_t i)
{
	const struct sock_filter *in = &w->code[w->states[i].at];
	struct holds a = w->states[i].a;
	uint32_t to;

	switch (BPF_CLASS(in->code)) {
	case BPF_RET:
		return true;
	case BPF_JMP:
		return follow_jump(w, i, in);
	case BPF_LD:
		if (BPF_MODE(in->code) == BPF_IMM)
			a = (struct holds){ .constant = true, .value = in->k };
		else
			a = (struct holds){ .word = (uint8_t)(in->k / 4), .value = UINT32_MAX };
		break;
	default: /* BPF_ALU | BPF_AND | BPF_K, see bpf_is_loadable() */
		a.value &= in->k;
	}
	to = reach(w, (size_t)w->states[i].at + 1, a);
	w->states[i].to[0] = to;
	return to != 0;
}

static diagram test_of(struct walk *w, const struct state *s, const struct sock_filter *in)
{
	static const enum diagram_test tests[] = {
		[BPF_JEQ >> 4] = DIAGRAM_EQ,
		[BPF_JGT >> 4] = DIAGRAM_GT,
		[BPF_JGE >> 4] = DIAGRAM_GE,
		[BPF_JSET >> 4] = DIAGRAM_ANY,
	};
	const struct diagram_word test = { s->a.word, tests[BPF_OP(in->code) >> 4], s->a.value,
					   in->k };

	return diagram_of_test(w->set, &test);
}

/* The answer of a state whose followers have theirs. Returns false if it cannot be told. */
static bool answer(struct walk *w, struct state *s)
{
	const struct sock_filter *in = &w->code[s->at];
	diagram no = s->to[0] ? w->states[s->to[0] - 1].answer : 0;
	diagram yes = s->to[1] ? w->states[s->to[1] - 1].answer : 0;

	if (BPF_CLASS(in->code) == BPF_RET) {
		bool known = BPF_RVAL(in->code) != BPF_A || s->a.constant;

		s->answer = known ? diagram_leaf(w->set,
						 BPF_RVAL(in->code) == BPF_A ? s->a.value : in->k)
				  : 0;
		return known;
	}
	if (s->to[0] && s->to[1])
		s->answer = diagram_if(w->set, test_of(w, s, in), yes, no);
	else
		s->answer = s->to[0] ? no : yes;
	return true;
}

int filter_walk(const struct sock_filter *code, size_t n, struct diagrams *set, diagram *ret,
		struct err *err)
{
	struct walk w = { .code = code, .set = set };

	if (!bpf_is_loadable(code, n))
		return err_set(err, EINVAL, "the kernel would not load the filter");
	w.lists = arena_array(set->arena, n, sizeof(*w.lists));
	w.states = arena_grow(set->arena, NULL, &w.cap, 2 * n, sizeof(*w.states));
	if (!w.lists || !w.states)
		return err_set(err, ENOMEM, "out of memory");
	/* The accumulator starts as 0. */
	if (!reach(&w, 0, (struct holds){ .constant = true }))
		return err_set(err, ENOMEM, "out of memory");
	for (size_t at = 0; at < n; at++) {
		for (uint32_t i = w.lists[at]; i; i = w.states[i - 1].next) {
			if (!follow(&w, i - 1))
				return err_set(err, E2BIG, "the filter has too many paths");
		}
	}
	for (size_t at = n; at-- > 0;) {
		for (uint32_t i = w.lists[at]; i; i = w.states[i - 1].next) {
			if (!answer(&w, &w.states[i - 1]))
				return err_set(err, EOPNOTSUPP,
					       "instruction %zu answers what the caller says", at);
		}
	}
	if (set->failed)
		return err_set(err, E2BIG, "the filter is too complex to be walked");
	*ret = w.states[w.lists[0] - 1].answer;
	return 0;
}
