/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp of config.json → a filter. Source: config-linux.md, "Seccomp". */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "policies/oci_filter.h"
#include "runtime/oci_config.h"
#include "runtime/oci_words.h"

#define ERRNO_MAX 4095
#define RULES_MAX 8192

const struct oci_word oci_seccomp_actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ NULL, 0 },
};

const struct oci_word oci_seccomp_operators[] = {
	{ "SCMP_CMP_NE", OCI_NE },
	{ "SCMP_CMP_LT", OCI_LT },
	{ "SCMP_CMP_LE", OCI_LE },
	{ "SCMP_CMP_EQ", OCI_EQ },
	{ "SCMP_CMP_GE", OCI_GE },
	{ "SCMP_CMP_GT", OCI_GT },
	{ "SCMP_CMP_MASKED_EQ", OCI_MASKED_EQ },
	{ NULL, 0 },
};

/* X32 shares AUDIT_ARCH_X86_64; those that this machine cannot run are 0. */
const struct oci_word oci_seccomp_archs[] = {
	{ "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_MIPS", 0 },
	{ "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 },
	{ "SCMP_ARCH_MIPSEL", 0 },
	{ "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 },
	{ "SCMP_ARCH_PPC", 0 },
	{ "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },
	{ "SCMP_ARCH_S390", 0 },
	{ "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 },
	{ "SCMP_ARCH_RISCV64", 0 },
	{ "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },
	{ "SCMP_ARCH_SH", 0 },
	{ "SCMP_ARCH_SHEB", 0 },
	{ NULL, 0 },
};

const struct oci_word oci_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	{ NULL, 0 },
};

static uint32_t need_word(struct oci_json *j, const struct oci_word *words, const char *name,
			  const char *what)
{
	for (size_t i = 0; words[i].name; i++) {
		if (strcmp(words[i].name, name) == 0)
			return words[i].value;
	}
	oci_json_fault(j, EINVAL, "linux.seccomp: \"%.40s\" is no %s", name, what);
	return 0;
}

/* An action with its errno; EPERM unless said otherwise. */
static uint32_t read_action(struct oci_json *j, const json_t *in, const char *key,
			    const char *errno_key)
{
	uint32_t action = need_word(j, oci_seccomp_actions, oci_json_need(j, in, key), "action");
	int64_t number = oci_json_int(j, in, errno_key, 0, ERRNO_MAX, EPERM);

	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		return action | (uint32_t)number;
	if (oci_json_has(in, errno_key))
		oci_json_fault(j, EINVAL, "linux.seccomp: %s with an action that gives no errno",
			       errno_key);
	return action;
}

/* Two tests of one argument mean either, as other runtimes have it. */
static bool tests_one_twice(const struct oci_compare_arg *args, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & 1U << args[i].index)
			return true;
		seen |= 1U << args[i].index;
	}
	return false;
}

static void read_args(struct oci_json *j, const json_t *entry, struct oci_filter_rule *rule)
{
	size_t n;
	const json_t *array = oci_json_array(j, entry, "args", &n);
	struct oci_compare_arg *args;

	if (n == 0)
		return;
	args = oci_json_alloc(j, n, sizeof(*args));
	for (size_t i = 0; args && i < n && j->r == 0; i++) {
		const json_t *in = json_array_get(array, i);

		args[i].index = (unsigned)oci_json_int(j, in, "index", 0, 5, 0);
		args[i].value = oci_json_u64(j, in, "value", 0);
		args[i].value_two = oci_json_u64(j, in, "valueTwo", 0);
		args[i].op = (enum oci_compare)need_word(j, oci_seccomp_operators,
							 oci_json_need(j, in, "op"), "operator");
	}
	rule->args = args;
	rule->n_args = n;
	rule->any = args && tests_one_twice(args, n);
}

static void read_rules(struct oci_json *j, const json_t *seccomp, struct oci_filter *filter)
{
	size_t n;
	const json_t *array = oci_json_array(j, seccomp, "syscalls", &n);
	struct oci_filter_rule *rules = oci_json_alloc(j, n, sizeof(*rules));

	if (n > RULES_MAX)
		oci_json_fault(j, E2BIG, "linux.seccomp: more than %d rules", RULES_MAX);
	for (size_t i = 0; rules && i < n && j->r == 0; i++) {
		const json_t *entry = json_array_get(array, i);
		struct oci_filter_rule *rule = &rules[filter->n_rules];

		*rule = (struct oci_filter_rule){ 0 };
		rule->names = oci_json_texts(j, entry, "names", &rule->n_names);
		rule->action = read_action(j, entry, "action", "errnoRet");
		read_args(j, entry, rule);
		if (rule->n_names == 0)
			oci_json_fault(j, EINVAL, "linux.seccomp: a rule without names");
		filter->n_rules++;
	}
	filter->rules = rules;
}

static void read_archs(struct oci_json *j, const json_t *seccomp, struct oci_filter *filter)
{
	size_t n;
	const char *const *names = oci_json_texts(j, seccomp, "architectures", &n);
	uint32_t native = oci_filter_native();

	filter->archs[filter->n_archs++] = native;
	for (size_t i = 0; i < n; i++) {
		uint32_t arch = need_word(j, oci_seccomp_archs, names[i], "architecture");

		if (strcmp(names[i], "SCMP_ARCH_X32") == 0)
			filter->x32 = native == AUDIT_ARCH_X86_64;
		if (native == AUDIT_ARCH_X86_64 && arch == AUDIT_ARCH_I386 &&
		    filter->n_archs < ARRAY_LEN(filter->archs))
			filter->archs[filter->n_archs++] = arch;
	}
}

static bool notifies(const struct oci_filter *filter)
{
	for (size_t i = 0; i < filter->n_rules; i++) {
		if (filter->rules[i].action == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return filter->default_action == SECCOMP_RET_USER_NOTIF;
}

/* Without a listener every notification would be ENOSYS: the bundle contradicts itself. */
static void check_listener(struct oci_json *j, const struct oci_filter *filter,
			   const struct oci_seccomp *seccomp)
{
	if (notifies(filter) && !seccomp->listener_path)
		oci_json_fault(j, EINVAL, "linux.seccomp: SCMP_ACT_NOTIFY needs listenerPath");
	if (seccomp->listener_metadata && !seccomp->listener_path)
		oci_json_fault(j, EINVAL, "linux.seccomp: listenerMetadata without listenerPath");
	if (seccomp->listener_path && !notifies(filter))
		oci_json_fault(j, EINVAL,
			       "linux.seccomp: listenerPath without a rule of SCMP_ACT_NOTIFY");
	for (size_t i = 0; i < filter->n_rules && seccomp->listener_path; i++) {
		for (size_t k = 0; k < filter->rules[i].n_names; k++) {
			if (filter->rules[i].action == SECCOMP_RET_USER_NOTIF &&
			    strcmp(filter->rules[i].names[k], "sendmsg") == 0)
				oci_json_fault(
					j, EINVAL,
					"linux.seccomp: SCMP_ACT_NOTIFY of sendmsg would stop us ourselves");
		}
	}
}

void oci_config_seccomp(struct oci_json *j, const json_t *seccomp, struct oci_seccomp *ret)
{
	struct oci_filter filter = { 0 };
	const char *const *flags;
	size_t n;
	int r;

	if (!seccomp || j->r < 0)
		return;
	filter.default_action = read_action(j, seccomp, "defaultAction", "defaultErrnoRet");
	read_archs(j, seccomp, &filter);
	read_rules(j, seccomp, &filter);
	flags = oci_json_texts(j, seccomp, "flags", &n);
	for (size_t i = 0; i < n; i++)
		ret->flags |= need_word(j, oci_seccomp_flags, flags[i], "flag");
	ret->listener_path = oci_json_text(j, seccomp, "listenerPath");
	ret->listener_metadata = oci_json_text(j, seccomp, "listenerMetadata");
	check_listener(j, &filter, ret);
	if (j->r < 0)
		return;
	if (ret->listener_path)
		ret->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (filter.n_rules == 0 && filter.default_action == SECCOMP_RET_ALLOW)
		return;
	r = oci_filter_emit(&filter, j->arena, &ret->bundle.code, j->err);
	if (r < 0)
		j->r = err_wrap(j->err, "linux.seccomp");
	else
		ret->bundle.n = (size_t)r;
}
