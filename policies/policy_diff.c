/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_diff.h"

#include <errno.h>

#include "policies/policy_diff_parts.h"

const char *diff_class_name(enum diff_class class)
{
	static const char *const names[] = { "wider", "narrower", "other" };

	return names[class];
}

int diff_add(struct policy_diff *ret, const struct policy_difference *one, struct err *err)
{
	struct policy_difference *grown =
		arena_grow(ret->arena, ret->items, &ret->cap, ret->n + 1, sizeof(*grown));

	if (!grown || !one->witness || !one->before || !one->after)
		return err_set(err, ENOMEM, "out of memory");
	ret->items = grown;
	grown[ret->n++] = *one;
	return 0;
}

static const char *limit_text(struct arena *arena, bool set, uint64_t value)
{
	return set ? arena_printf(arena, "%llu", (unsigned long long)value) : "unlimited";
}

static int diff_limits(const struct policy *a, const struct policy *b, struct policy_diff *ret,
		       struct err *err)
{
	for (int bit = 0; bit < LIMIT_COUNT; bit++) {
		bool has_a = a->limits.set >> bit & 1;
		bool has_b = b->limits.set >> bit & 1;
		uint64_t va = has_a ? limit_value(&a->limits, bit) : UINT64_MAX;
		uint64_t vb = has_b ? limit_value(&b->limits, bit) : UINT64_MAX;
		struct policy_difference one = {
			.class = vb > va ? DIFF_WIDER : DIFF_NARROWER,
			.area = "limit",
			.witness = limit_name(bit),
			.before = limit_text(ret->arena, has_a, va),
			.after = limit_text(ret->arena, has_b, vb),
		};
		int r = va == vb ? 0 : diff_add(ret, &one, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int diff_require(const struct policy *a, const struct policy *b, struct policy_diff *ret,
			struct err *err)
{
	for (int i = 0; i < LAYER_COUNT; i++) {
		bool in_a = a->require >> i & 1;
		bool in_b = b->require >> i & 1;
		struct policy_difference one = {
			.class = in_a ? DIFF_WIDER : DIFF_NARROWER,
			.area = "require",
			.witness = layer_name((enum layer)i),
			.before = in_a ? "a launch without it is refused" : "may be missing",
			.after = in_b ? "a launch without it is refused" : "may be missing",
		};
		int r = in_a == in_b ? 0 : diff_add(ret, &one, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static const char *user_text(struct arena *arena, const struct identity *id)
{
	return id->has_user ? arena_printf(arena, "%u:%u", id->uid, id->gid) : "as run says";
}

static int diff_identity(const struct policy *a, const struct policy *b, struct policy_diff *ret,
			 struct err *err)
{
	const struct identity *x = &a->identity;
	const struct identity *y = &b->identity;
	struct policy_difference one = { .class = DIFF_OTHER,
					 .area = "identity",
					 .witness = "user",
					 .before = user_text(ret->arena, x),
					 .after = user_text(ret->arena, y) };

	if (x->has_user == y->has_user && (!x->has_user || (x->uid == y->uid && x->gid == y->gid)))
		return 0;
	/* Root inside may do more than anybody else there. */
	if (y->has_user && y->uid == 0)
		one.class = DIFF_WIDER;
	else if (x->has_user && x->uid == 0)
		one.class = DIFF_NARROWER;
	return diff_add(ret, &one, err);
}

static int diff_mode(const struct policy *a, const struct policy *b, struct policy_diff *ret,
		     struct err *err)
{
	static const char *const says[] = { "what the rules refuse is refused",
					    "what the rules refuse is recorded and goes on" };
	const struct policy_difference one = {
		.class = b->audit_only ? DIFF_WIDER : DIFF_NARROWER,
		.area = "mode",
		.witness = b->audit_only ? "audit" : "enforce",
		.before = says[a->audit_only],
		.after = says[b->audit_only],
	};

	return a->audit_only == b->audit_only ? 0 : diff_add(ret, &one, err);
}

int policy_diff(const struct policy *a, const struct policy *b, uint32_t arch,
		struct policy_diff *ret, struct err *err)
{
	int r = diff_calls(a, b, arch, ret, err);

	if (r == 0)
		r = diff_files(a, b, ret, err);
	if (r == 0)
		r = diff_net(a, b, ret, err);
	if (r == 0)
		r = diff_limits(a, b, ret, err);
	if (r == 0)
		r = diff_require(a, b, ret, err);
	if (r == 0)
		r = diff_identity(a, b, ret, err);
	if (r == 0)
		r = diff_mode(a, b, ret, err);
	return r;
}
