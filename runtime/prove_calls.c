/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to probe, derived from the policy: for each a witness of every different answer. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "policies/audit_mode.h"
#include "policies/bpf_eval.h"
#include "policies/filter_model.h"
#include "policies/syscall_args.h"
#include "runtime/prove.h"

#define MAX_VALUES 80
#define MAX_WITNESSES 4
#define NOWHERE 0xffffffffU /* as a descriptor, a process, a size: none is valid */
#define BAD_ADDRESS 1

/* These would end, stop or delay the probe, or tell nothing. */
static const char *const not_tried[] = { "exit",  "exit_group", "rt_sigreturn", "restart_syscall",
					 "pause", "sync",       "vhangup" };

int probes_add(struct probes *probes, const struct probe *probe)
{
	struct probe *grown = arena_grow(probes->arena, probes->items, &probes->cap, probes->n + 1,
					 sizeof(*grown));

	if (!grown || probes->n >= PROBE_MAX)
		return -ENOMEM;
	probes->items = grown;
	grown[probes->n++] = *probe;
	return 0;
}

int probes_add_call(struct probes *probes, const struct bundle *bundle,
		    const struct seccomp_data *data, struct err *err)
{
	uint32_t leaf = bpf_eval(bundle->explain, bundle->n_explain, data);
	cleanup_strbuf struct strbuf what = { 0 };
	struct probe probe = { .kind = PROBE_CALL, .nr = data->nr };

	filter_call_print(data, FILTER_ALL_ARGS, &what);
	for (int i = 0; i < 6; i++)
		probe.args[i] = data->args[i];
	probe.what = arena_strdup(probes->arena, strbuf_str(&what));
	probe.layer = verdict_goes_on((enum verdict)EXPLAIN_ACTION(leaf)) ? NULL : "seccomp";
	probe.error = EXPLAIN_ACTION(leaf) == VERDICT_ERRNO ? EXPLAIN_ERRNO(leaf) : 0;
	return probe.what && probes_add(probes, &probe) == 0
		       ? 0
		       : err_set(err, ENOMEM, "out of memory, or too many probes");
}

static uint64_t harmless(enum arg_kind kind)
{
	switch (kind) {
	case ARG_PATH:
	case ARG_SOCKADDR:
	case ARG_POINTER:
		return BAD_ADDRESS;
	case ARG_FLAGS:
	case ARG_MODE:
		return 0;
	case ARG_INT:
	case ARG_HEX:
	case ARG_FD:
	case ARG_ENUM:
		break;
	}
	return NOWHERE;
}

/* Values of each argument that a condition could tell apart. */
struct choices {
	size_t n[6];
	uint32_t values[6][MAX_VALUES];
};

static void choose(struct choices *c, unsigned arg, uint32_t value)
{
	for (size_t i = 0; i < c->n[arg]; i++) {
		if (c->values[arg][i] == value)
			return;
	}
	if (c->n[arg] < MAX_VALUES)
		c->values[arg][c->n[arg]++] = value;
}

static void collect(struct choices *c, const struct cond *cond)
{
	if (!cond)
		return;
	for (uint32_t i = 0; i < cond->n_values; i++) {
		uint32_t v = cond->values[i];

		choose(c, cond->arg, v);
		if (cond->kind == COND_ONLY && ~v != 0)
			choose(c, cond->arg, v | (~v & (v + 1))); /* and the lowest bit beyond */
		if (cond->kind == COND_LT && v > 0)
			choose(c, cond->arg, v - 1);
	}
	collect(c, cond->left);
	collect(c, cond->right);
}

static bool names(const struct syscall_rule *rule, const char *call)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		if (strcmp(rule->names[i], call) == 0)
			return true;
	}
	return false;
}

static void choices_of(const struct policy *policy, const char *call, struct choices *c)
{
	struct arg_info info[6];
	int n = syscall_args_find(call, info);

	for (int i = 0; i < 6; i++)
		choose(c, (unsigned)i, i < n ? (uint32_t)harmless(info[i].kind) : 0);
	if (strcmp(call, "clone") == 0) {
		/* A child that shares our memory could not end by itself. */
		c->n[0] = 0;
		choose(c, 0, SIGCHLD);
		choose(c, 0, CLONE_THREAD); /* alone it makes no sense to the kernel */
		choose(c, 0, CLONE_NEWUSER | SIGCHLD);
		return;
	}
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		if (names(&policy->syscalls[i], call))
			collect(c, policy->syscalls[i].cond);
	}
}

/* Go through the combinations, and keep one for each answer that was not seen yet. */
static int add_witnesses(struct probes *probes, const struct bundle *bundle, int nr,
			 const struct choices *c, struct err *err)
{
	uint32_t seen[MAX_WITNESSES];
	size_t n_seen = 0;
	size_t at[6] = { 0 };
	size_t i = 0;

	for (int tries = 0; tries < 4096 && n_seen < MAX_WITNESSES && i < 6; tries++) {
		struct seccomp_data data = { .nr = nr, .arch = bundle->audit_arch };
		bool known = false;
		uint32_t leaf;

		for (i = 0; i < 6; i++)
			data.args[i] = c->values[i][at[i]];
		leaf = bpf_eval(bundle->explain, bundle->n_explain, &data);
		for (i = 0; i < n_seen; i++)
			known = known || seen[i] == leaf;
		if (!known) {
			seen[n_seen++] = leaf;
			if (probes_add_call(probes, bundle, &data, err) < 0)
				return -ENOMEM;
		}
		for (i = 0; i < 6 && ++at[i] == c->n[i]; i++)
			at[i] = 0;
	}
	return 0;
}

int probes_add_calls(struct probes *probes, const struct policy *policy,
		     const struct bundle *bundle, struct err *err)
{
	const char *name = bundle->calls.p;

	for (int nr = 0; nr < (int)bundle->n_calls; nr++, name += strlen(name) + 1) {
		struct choices *choices;
		bool skip = *name == '\0';

		for (size_t i = 0; i < ARRAY_LEN(not_tried); i++)
			skip = skip || strcmp(name, not_tried[i]) == 0;
		if (skip)
			continue;
		choices = arena_alloc(probes->arena, sizeof(*choices));
		if (!choices)
			return err_set(err, ENOMEM, "out of memory");
		choices_of(policy, name, choices);
		if (add_witnesses(probes, bundle, nr, choices, err) < 0)
			return -ENOMEM;
	}
	return 0;
}
