/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/filter_model.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "policies/audit_mode.h"
#include "policies/bundle.h"
#include "policies/filter_walk.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define X32_BIT 0x40000000U
#define MAX_INTERVALS 1024

struct model {
	const struct policy *policy;
	enum filter_kind kind;
	struct diagrams *set;
};

static diagram says(const struct model *m, enum verdict verdict, int error, uint16_t rule)
{
	static const uint32_t actions[] = {
		[VERDICT_ALLOW] = SECCOMP_RET_ALLOW,      [VERDICT_NOTIFY] = SECCOMP_RET_USER_NOTIF,
		[VERDICT_ERRNO] = SECCOMP_RET_ERRNO,      [VERDICT_KILL] = SECCOMP_RET_KILL_PROCESS,
		[VERDICT_AUDIT] = SECCOMP_RET_USER_NOTIF, [VERDICT_LOOK] = SECCOMP_RET_USER_NOTIF,
	};
	uint32_t answer = actions[verdict];

	if (m->kind == FILTER_VERDICT)
		rule = BUNDLE_NO_RULE;
	if (m->kind != FILTER_KERNEL)
		answer = EXPLAIN_LEAF(rule, verdict, error);
	else if (verdict == VERDICT_ERRNO)
		answer |= (uint32_t)error;
	return diagram_leaf(m->set, answer);
}

static diagram test(struct diagrams *set, const struct cond *c, enum diagram_test kind,
		    uint32_t mask, uint32_t value)
{
	const struct diagram_word word = { DIAGRAM_ARG_LOW((unsigned)c->arg), kind, mask, value };

	return diagram_of_test(set, &word);
}

diagram filter_model_condition(const struct cond *c, struct diagrams *set)
{
	uint32_t value = c->n_values > 0 ? c->values[0] : 0;
	diagram yes = diagram_leaf(set, 1);
	diagram no = diagram_leaf(set, 0);
	diagram f = no;

	switch (c->kind) {
	case COND_EQ:
		return test(set, c, DIAGRAM_EQ, UINT32_MAX, value);
	case COND_LT:
		return diagram_if(set, test(set, c, DIAGRAM_GE, UINT32_MAX, value), no, yes);
	case COND_IN:
		for (uint32_t i = 0; i < c->n_values; i++)
			f = diagram_if(set, test(set, c, DIAGRAM_EQ, UINT32_MAX, c->values[i]), yes,
				       f);
		return f;
	case COND_HAS:
		return test(set, c, DIAGRAM_EQ, value, value);
	case COND_ONLY:
		return test(set, c, DIAGRAM_EQ, ~value, 0);
	case COND_AND:
		return diagram_if(set, filter_model_condition(c->left, set),
				  filter_model_condition(c->right, set), no);
	case COND_OR:
		return diagram_if(set, filter_model_condition(c->left, set), yes,
				  filter_model_condition(c->right, set));
	case COND_NOT:
		return diagram_if(set, filter_model_condition(c->left, set), no, yes);
	}
	return no;
}

/* What a policy means is the same in every mode; what is done with it is not. */
static bool is_by_mode(const struct model *m)
{
	return m->kind == FILTER_KERNEL || m->kind == FILTER_EXPLAIN;
}

/* In mode audit a refusal is one only where the floor keeps it. */
static diagram refusal(const struct model *m, const char *call, enum verdict verdict, int error,
		       uint16_t rule)
{
	const struct audit_floor *floor = is_by_mode(m) ? audit_floor_of(m->policy, call) : NULL;
	diagram stays = says(m, verdict, error, rule);
	diagram goes;

	if (!floor || floor->whole)
		return stays;
	goes = says(m, VERDICT_AUDIT, error, rule);
	if (!floor->unless)
		return goes;
	return diagram_if(m->set, filter_model_condition(floor->unless, m->set), goes, stays);
}

static diagram answer_of_rule(const struct model *m, const char *call, size_t i)
{
	const struct syscall_rule *rule = &m->policy->syscalls[i];
	int otherwise = m->policy->otherwise_error ? m->policy->otherwise_error : EPERM;
	int error = rule->error ? rule->error : otherwise;

	if (rule->allow)
		return says(m,
			    is_by_mode(m) && audit_looks_at(m->policy, call) ? VERDICT_LOOK
									     : VERDICT_ALLOW,
			    0, (uint16_t)i);
	return refusal(m, call, rule->quiet ? VERDICT_ERRNO : VERDICT_NOTIFY, error, (uint16_t)i);
}

/*
 * The rules of one kind over `below`. Of several that hold, one without a condition is named, or
 * else the first: for a refusal the first decides which error is answered.
 */
static diagram over(const struct model *m, const char *call, bool allow, diagram below)
{
	const struct policy *policy = m->policy;
	diagram f = below;

	for (size_t i = policy->n_syscalls; i-- > 0;) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (rule->allow == allow && rule->cond && syscall_rule_names(rule, call))
			f = diagram_if(m->set, filter_model_condition(rule->cond, m->set),
				       answer_of_rule(m, call, i), f);
	}
	for (size_t i = policy->n_syscalls; i-- > 0;) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (rule->allow == allow && !rule->cond && syscall_rule_names(rule, call))
			f = answer_of_rule(m, call, i);
	}
	return f;
}

static diagram answer_of_call(const struct model *m, const char *call)
{
	int otherwise = m->policy->otherwise_error ? m->policy->otherwise_error : EPERM;
	diagram f = refusal(m, call, VERDICT_NOTIFY, otherwise, BUNDLE_NO_RULE);

	for (size_t i = 0; filter_always[i]; i++) {
		if (strcmp(call, filter_always[i]) == 0)
			return says(m, VERDICT_ALLOW, 0, BUNDLE_NO_RULE);
	}
	f = over(m, call, true, f);
	return over(m, call, false, f);
}

int filter_model(const struct policy *policy, uint32_t arch, enum filter_kind kind,
		 struct diagrams *set, diagram *ret, struct err *err)
{
	const struct model m = { policy, kind, set };
	const struct diagram_word this_arch = { DIAGRAM_ARCH, DIAGRAM_EQ, UINT32_MAX, arch };
	int unknown_error = policy->unknown_error ? policy->unknown_error : ENOSYS;
	diagram unknown = says(&m, VERDICT_ERRNO, unknown_error, BUNDLE_NO_RULE);
	diagram kill = says(&m, VERDICT_KILL, 0, BUNDLE_NO_RULE);
	uint32_t starts[MAX_INTERVALS];
	diagram answers[MAX_INTERVALS];
	int count = syscall_count(arch);
	size_t n = 0;
	diagram f;

	if (count + 2 > MAX_INTERVALS)
		return err_set(err, E2BIG, "more system calls than this version knows of");
	for (; n < (size_t)count; n++) {
		const char *call = syscall_name((int)n, arch);

		starts[n] = (uint32_t)n;
		answers[n] = call ? answer_of_call(&m, call) : unknown;
	}
	starts[n] = (uint32_t)n;
	answers[n++] = unknown;
	if (arch == AUDIT_ARCH_X86_64) {
		starts[n] = X32_BIT;
		answers[n++] = kill;
	}
	f = diagram_of_intervals(set, DIAGRAM_NR, starts, answers, n);
	f = diagram_if(set, diagram_of_test(set, &this_arch), f, kill);
	if (set->failed)
		return err_set(err, E2BIG, "the conditions are too complex to be checked");
	*ret = f;
	return 0;
}

void filter_answer_print(uint32_t answer, struct strbuf *ret)
{
	uint32_t data = answer & SECCOMP_RET_DATA;

	switch (answer & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		strbuf_puts(ret, "allow");
		break;
	case SECCOMP_RET_USER_NOTIF:
		strbuf_puts(ret, "refuse and record");
		break;
	case SECCOMP_RET_ERRNO:
		strbuf_addf(ret, "refuse with %s", errno_name((int)data));
		break;
	case SECCOMP_RET_KILL_PROCESS:
		strbuf_puts(ret, "kill");
		break;
	default:
		strbuf_addf(ret, "0x%x", answer);
	}
}

/* "PROT_READ|PROT_EXEC": true if each bit has a name; then they are added. */
static bool print_flags(const struct arg_info *arg, uint64_t value, struct strbuf *ret)
{
	size_t start = ret->len;

	for (uint64_t bit = 1; bit && bit <= value; bit <<= 1) {
		struct span name = constant_name(arg->names, value & bit);

		if (!(value & bit))
			continue;
		if (name.n == 0) {
			ret->len = start;
			return false;
		}
		strbuf_puts(ret, ret->len > start ? "|" : "");
		strbuf_span(ret, name);
	}
	return ret->len > start;
}

static void print_argument(const struct arg_info *arg, uint64_t value, struct strbuf *ret)
{
	struct span name = constant_name(arg->names, value);

	strbuf_span(ret, arg->name);
	strbuf_putc(ret, '=');
	if (name.n > 0)
		strbuf_span(ret, name);
	else if (arg->kind != ARG_FLAGS || !print_flags(arg, value, ret))
		strbuf_addf(ret, value < 10 ? "%llu" : "0x%llx", (unsigned long long)value);
}

void filter_call_print(const struct seccomp_data *data, unsigned args, struct strbuf *ret)
{
	const char *call = syscall_name(data->nr, data->arch);
	struct arg_info info[6];
	int n = call ? syscall_args_find(call, info) : 0;
	int shown = 0;

	if (!call) {
		strbuf_addf(ret, "call %d of architecture 0x%x", data->nr, data->arch);
		return;
	}
	strbuf_puts(ret, call);
	for (int i = 0; i < n; i++) {
		if (!(args >> i & 1) || info[i].kind == ARG_PATH || info[i].kind == ARG_POINTER ||
		    info[i].kind == ARG_SOCKADDR)
			continue;
		strbuf_puts(ret, shown++ ? ", " : "(");
		print_argument(&info[i], data->args[i], ret);
	}
	strbuf_puts(ret, shown ? ")" : "");
}

/* A witness in words, so that a defect can be reported without the policy at hand. */
static int differ(const struct diagrams *set, diagram model, diagram program, uint32_t arch,
		  struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct seccomp_data data = { .arch = arch };

	if (!diagram_difference(set, model, program, &data))
		return 0;
	strbuf_puts(&text, "the filter is not what the policy says, a defect of immure: ");
	filter_call_print(&data, FILTER_ALL_ARGS, &text);
	strbuf_addf(&text, " should give 0x%x and gives 0x%x", diagram_value(set, model, &data),
		    diagram_value(set, program, &data));
	return err_set(err, EINVAL, "%s", strbuf_str(&text));
}

int filter_check(const struct policy *policy, uint32_t arch, enum filter_kind kind,
		 struct filter_code code, struct arena *arena, struct err *err)
{
	struct diagrams set = { 0 };
	diagram model = 0;
	diagram program = 0;
	int r;

	if (diagrams_init(&set, arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = filter_model(policy, arch, kind, &set, &model, err);
	if (r < 0)
		return r;
	r = filter_walk(code.code, code.n, &set, &program, err);
	if (r < 0)
		return r;
	return differ(&set, model, program, arch, err);
}
