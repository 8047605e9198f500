/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: where a rule is added to a policy that reads without fault, one line is new, all others
 * are there byte by byte in their order, and the result has exactly one more rule, or is refused by
 * the reader: it never says less than before.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/policy_insert.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of `text` stands in `longer`, which has at most two lines more, in one place. */
static bool is_kept(struct span text, struct span longer)
{
	size_t head = 0;
	size_t tail = 0;

	while (head < text.n && text.p[head] == longer.p[head])
		head++;
	while (tail < text.n - head && text.p[text.n - 1 - tail] == longer.p[longer.n - 1 - tail])
		tail++;
	return longer.n > text.n && head + tail == text.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { (const char *)data, size };
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct diags diags = { .arena = &arena };
	struct policy before = { 0 };
	struct policy after = { 0 };
	struct err err = { 0 };

	if (policy_read(text, "in", &arena, &before, &diags) < 0 ||
	    policy_insert(text, "syscalls", "allow getpid", "asked for", &out, &err) < 0)
		return 0;
	if (!is_kept(text, (struct span){ out.p, out.len }))
		abort();
	if (policy_read((struct span){ out.p, out.len }, "out", &arena, &after, &diags) == 0 &&
	    (after.n_syscalls != before.n_syscalls + 1 || after.n_files != before.n_files))
		abort();
	return 0;
}
