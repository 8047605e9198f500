/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/to_oci.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "base/jsonw.h"
#include "policies/cubes.h"
#include "policies/filter_emit.h"
#include "policies/syscall_args.h"

/* What becomes of a call. */
enum fate {
	FATE_ALLOW, /* whatever its arguments */
	FATE_SOME,  /* with some arguments */
	FATE_REFUSE,
};

struct call {
	const char *name;
	enum fate fate;
	int error;
	struct cubes cubes;
};

static bool is_always(const char *name)
{
	for (size_t i = 0; filter_always[i]; i++) {
		if (strcmp(filter_always[i], name) == 0)
			return true;
	}
	return false;
}

static int error_of(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (!rule->allow && !rule->cond && rule->error && syscall_rule_names(rule, name))
			return rule->error;
	}
	return policy->otherwise_error ? policy->otherwise_error : EPERM;
}

static bool is_anything(const struct cubes *cubes)
{
	static const struct cube anything;

	for (size_t i = 0; i < cubes->n; i++) {
		if (memcmp(&cubes->items[i], &anything, sizeof(anything)) == 0)
			return true;
	}
	return false;
}

static int find_fate(const struct policy *policy, const char *name, struct arena *arena,
		     struct call *ret)
{
	int r = 0;

	*ret = (struct call){ .name = name, .fate = FATE_ALLOW };
	if (is_always(name))
		return 0;
	r = cubes_of_call(policy, name, arena, &ret->cubes);
	if (r < 0)
		return r;
	ret->fate = ret->cubes.n == 0          ? FATE_REFUSE
		    : is_anything(&ret->cubes) ? FATE_ALLOW
					       : FATE_SOME;
	ret->error = error_of(policy, name);
	return 0;
}

static void put_action(struct jsonw *j, int error)
{
	jsonw_kstr(j, "action", error ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW");
}

static void put_cube(struct jsonw *j, const char *name, const struct cube *cube)
{
	jsonw_object(j);
	put_action(j, 0);
	jsonw_key(j, "args");
	jsonw_array(j);
	for (unsigned i = 0; i < 6; i++) {
		if (!cube->mask[i])
			continue;
		jsonw_object(j);
		jsonw_ku64(j, "index", i);
		jsonw_kstr(j, "op", "SCMP_CMP_MASKED_EQ");
		jsonw_ku64(j, "value", cube->mask[i]);
		jsonw_ku64(j, "valueTwo", cube->value[i]);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_key(j, "names");
	jsonw_array(j);
	jsonw_str(j, name);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

/* All calls with one fate in one entry. */
static void put_plain(struct jsonw *j, const struct call *calls, size_t n, int error)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any = any || (calls[i].fate == (error ? FATE_REFUSE : FATE_ALLOW) &&
			      (!error || calls[i].error == error));
	if (!any)
		return;
	jsonw_object(j);
	put_action(j, error);
	if (error)
		jsonw_ki64(j, "errnoRet", error);
	jsonw_key(j, "names");
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		if (calls[i].fate == (error ? FATE_REFUSE : FATE_ALLOW) &&
		    (!error || calls[i].error == error))
			jsonw_str(j, calls[i].name);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_calls(struct jsonw *j, const struct call *calls, size_t n, int unknown)
{
	jsonw_key(j, "syscalls");
	jsonw_array(j);
	put_plain(j, calls, n, 0);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; calls[i].fate == FATE_SOME && k < calls[i].cubes.n; k++)
			put_cube(j, calls[i].name, &calls[i].cubes.items[k]);
	}
	for (int error = 1; error < 134; error++) {
		if (error != unknown)
			put_plain(j, calls, n, error);
	}
	jsonw_array_end(j);
}

int to_oci(const struct policy *policy, const struct bundle *bundle, struct arena *arena,
	   struct strbuf *out, struct err *err)
{
	struct jsonw j = { .out = out };
	int unknown = policy->unknown_error ? policy->unknown_error : ENOSYS;
	struct call *calls = arena_array(arena, bundle->n_calls + 1, sizeof(*calls));
	const char *name = bundle->calls.p;
	size_t n = 0;

	if (!calls)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t nr = 0; nr < bundle->n_calls; nr++, name += strlen(name) + 1) {
		int r = *name ? find_fate(policy, name, arena, &calls[n]) : 0;

		if (r < 0)
			return err_set(err, -r, "%s: its conditions are too many for this target",
				       name);
		n += *name ? 1 : 0;
	}
	jsonw_object(&j);
	jsonw_key(&j, "architectures");
	jsonw_array(&j);
	jsonw_str(&j, bundle->audit_arch == AUDIT_ARCH_X86_64 ? "SCMP_ARCH_X86_64"
							      : "SCMP_ARCH_AARCH64");
	jsonw_array_end(&j);
	jsonw_kstr(&j, "defaultAction", "SCMP_ACT_ERRNO");
	jsonw_ki64(&j, "defaultErrnoRet", unknown);
	put_calls(&j, calls, n, unknown);
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

void to_capabilities(struct strbuf *out)
{
	static const char *const sets[] = { "ambient", "bounding", "effective", "inheritable",
					    "permitted" };
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		jsonw_key(&j, sets[i]);
		jsonw_array(&j);
		jsonw_array_end(&j);
	}
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
}
