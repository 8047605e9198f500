/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property, for the texts of a bundle folder: a manifest that is accepted names policy.json and no
 * file outside, and prints as a manifest that reads the same; places change nothing of a policy but
 * where its rules were written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/bundle_manifest.h"
#include "policies/policy_json.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void manifest(struct span text, struct arena *arena)
{
	cleanup_strbuf struct strbuf first = { 0 };
	cleanup_strbuf struct strbuf second = { 0 };
	struct diags diags = { .arena = arena };
	struct bundle_manifest a = { 0 };
	struct bundle_manifest b = { 0 };
	int r = bundle_manifest_read(text, "fuzz", arena, &a, &diags);

	if (r == -EINVAL && diags.n == 0)
		abort();
	if (r < 0)
		return;
	for (size_t i = 0; i < a.n; i++) {
		if (strchr(a.entries[i].file, '/') || a.entries[i].file[0] == '.')
			abort();
	}
	if (!bundle_manifest_find(&a, BUNDLE_POLICY))
		abort();
	bundle_manifest_print(&a, &first);
	r = bundle_manifest_read((struct span){ strbuf_str(&first), first.len }, "again", arena, &b,
				 &diags);
	if (r == -ENOMEM)
		return;
	bundle_manifest_print(&b, &second);
	if (r < 0 || first.len != second.len || memcmp(first.p, second.p, first.len) != 0)
		abort();
}

static void places(struct span text, struct arena *arena)
{
	static const char policy_text[] =
		"policy: 1\nfiles:\n  - read /usr/**\nsyscalls:\n  - allow execve\n";
	cleanup_strbuf struct strbuf before = { 0 };
	cleanup_strbuf struct strbuf after = { 0 };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	struct err err = { 0 };

	if (policy_read(span_of(policy_text), "p", arena, &policy, &diags) < 0 ||
	    policy_json(&policy, arena, &before, &err) < 0)
		return;
	if (policy_places_apply(text, "fuzz", arena, &policy, &diags) < 0)
		return;
	if (policy_json(&policy, arena, &after, &err) < 0)
		return;
	if (before.len != after.len || memcmp(before.p, after.p, before.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	const struct span text = { (const char *)data, size };

	manifest(text, &arena);
	places(text, &arena);
	return 0;
}
