/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that were seen, to rules: families whole, arguments narrowed where the language can. */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/cond_parse.h"
#include "policies/filter_model.h"
#include "policies/learned_policy.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define THREAD_FLAGS                                                                              \
	"flags has CLONE_THREAD and flags only {CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, " \
	"CLONE_THREAD, CLONE_SYSVSEM, CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, "  \
	"CLONE_CHILD_SETTID, 0x400000, 0xff}"
#define PROCESS_FLAGS                                                                             \
	"flags only {CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_VFORK, CLONE_SETTLS, " \
	"CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_PIDFD, 0xff}"

/* Conditions that go with a call whatever its arguments were. */
static const struct {
	const char *call, *cond;
} always[] = {
	/* clang-format off */
	{ "chmod",    "mode only {S_IFMT, 01777}" },
	{ "fchmod",   "mode only {S_IFMT, 01777}" },
	{ "fchmodat", "mode only {S_IFMT, 01777}" },
	{ "mknod",    "mode only {S_IFIFO, S_IFREG, 01777}" },
	{ "mknodat",  "mode only {S_IFIFO, S_IFREG, 01777}" },
	{ "seccomp",  "not (flags has FILTER_FLAG_NEW_LISTENER)" },
	/* clang-format on */
};

static bool holds(const char *cond, const char *call, const uint32_t args[6])
{
	cleanup_arena struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct seccomp_data data = { 0 };
	struct diagrams set = { 0 };
	const struct cond *parsed = NULL;
	diagram answer;

	for (size_t i = 0; i < 6; i++)
		data.args[i] = args[i];
	if (diagrams_init(&set, &arena) < 0 ||
	    cond_parse(span_of(cond), call, (struct where){ 0 }, &arena, &parsed, &diags) < 0)
		return false;
	answer = filter_model_condition(parsed, &set);
	return !set.failed && diagram_value(&set, answer, &data) == 1;
}

const char *usual_condition_of(const char *call, const uint32_t args[6])
{
	static const char *const of_clone[] = { THREAD_FLAGS, PROCESS_FLAGS };

	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		if (strcmp(always[i].call, call) == 0 && holds(always[i].cond, call, args))
			return always[i].cond;
	}
	for (size_t i = 0; i < ARRAY_LEN(of_clone) && strcmp(call, "clone") == 0; i++) {
		if (holds(of_clone[i], call, args))
			return of_clone[i];
	}
	return NULL;
}

/* What one libc does by the first, another does by the second: beyond the families. */
/* clang-format off */
static const char *const instead[][2] = {
	{ "tgkill", "tkill" },   { "tkill", "tgkill" },     { "chmod", "fchmodat" },
	{ "fchmodat", "chmod" }, { "mknod", "mknodat" },    { "mknodat", "mknod" },
	{ "fork", "clone" },     { "vfork", "clone" },      { "sendmmsg", "sendto" },
	{ "sendto", "sendmsg" }, { "recvfrom", "recvmsg" }, { "tkill", "getpid" },
	{ "tkill", "gettid" },
	/* A matter of luck: a full pipe is waited for, and of a closed one some raise SIGPIPE. */
	{ "pipe", "poll" },      { "pipe", "tgkill" },      { "pipe", "tkill" },
	{ "pipe", "gettid" },    { "pipe2", "poll" },       { "pipe2", "tgkill" },
	{ "pipe2", "tkill" },    { "pipe2", "gettid" },
};
/* clang-format on */

struct seen {
	char call[40];
	struct span keys; /* "cmd=0x5413", empty if none */
	size_t n_values;
	struct {
		struct span name;
		uint32_t value;
		uint8_t index;
	} values[3];
};

static uint32_t hex(struct span s)
{
	uint32_t value = 0;

	for (size_t i = 2; i < s.n; i++)
		value = value << 4 | (uint32_t)(s.p[i] <= '9' ? s.p[i] - '0' : s.p[i] - 'a' + 10);
	return value;
}

static void parse(struct span rest, struct seen *ret)
{
	struct arg_info info[6];
	struct span name = span_word(&rest);
	int n;

	*ret = (struct seen){ .keys = span_trim(rest) };
	memcpy(ret->call, name.p, name.n < sizeof(ret->call) ? name.n : sizeof(ret->call) - 1);
	rest = ret->keys;
	n = syscall_args_find(ret->call, info);
	while (rest.n > 0 && ret->n_values < ARRAY_LEN(ret->values)) {
		struct span value = span_cut(&rest, ',');
		struct span key = span_cut(&value, '=');

		for (int i = 0; i < n; i++) {
			if (info[i].name.n == key.n && memcmp(info[i].name.p, key.p, key.n) == 0)
				ret->values[ret->n_values].index = (uint8_t)i;
		}
		ret->values[ret->n_values].name = key;
		ret->values[ret->n_values++].value = hex(value);
	}
}

static bool base_allows(const struct grants *g, const struct seen *seen)
{
	struct seccomp_data data = { .nr = syscall_number(seen->call, g->base->audit_arch),
				     .arch = g->base->audit_arch };

	if (data.nr < 0)
		return true; /* not of this machine: no rule could be enforced */
	for (size_t i = 0; i < seen->n_values; i++)
		data.args[seen->values[i].index] = seen->values[i].value;
	return EXPLAIN_ACTION(bpf_eval(g->base->explain, g->base->n_explain, &data)) ==
	       VERDICT_ALLOW;
}

/* "TCGETS", or the number where it has no name. */
static char *value_text(const struct grants *g, const struct seen *seen, size_t i)
{
	struct arg_info info[6];
	uint32_t value = seen->values[i].value;
	int n = syscall_args_find(seen->call, info);
	struct span name = n > seen->values[i].index
				   ? constant_name(info[seen->values[i].index].names, value)
				   : (struct span){ "", 0 };

	return name.n > 0 ? arena_strndup(g->arena, name.p, name.n)
			  : arena_printf(g->arena, "0x%x", value);
}

static char *socket_condition(const struct grants *g, const struct seen *seen)
{
	const char *domain = value_text(g, seen, 0);
	const char *type = value_text(g, seen, 1);

	if (!domain || !type)
		return NULL;
	return arena_printf(
		g->arena,
		"domain == %s and type only {%s, SOCK_CLOEXEC, SOCK_NONBLOCK} and protocol == %u",
		domain, type, seen->values[2].value);
}

static char *prot_condition(const struct grants *g, const struct seen *seen)
{
	static const char *const texts[] = {
		"prot only {PROT_READ}",
		"prot only {PROT_READ}",
		"prot only {PROT_READ, PROT_WRITE}",
		"prot only {PROT_READ, PROT_WRITE}",
		"prot only {PROT_READ, PROT_EXEC}",
		"prot only {PROT_READ, PROT_EXEC}",
		"prot only {PROT_READ, PROT_WRITE, PROT_EXEC}",
		"prot only {PROT_READ, PROT_WRITE, PROT_EXEC}",
	};

	return arena_strdup(g->arena, texts[seen->values[0].value & 7]);
}

static int add(struct grants *g, enum grant_kind kind, const char *subject, const char *object,
	       struct run_set runs)
{
	const char *copy = subject ? arena_strdup(g->arena, subject) : NULL;

	if (!copy || !object)
		return -ENOMEM;
	return grants_add(g, (struct grant){ kind, copy, object, NULL, runs });
}

static int add_clone(struct grants *g, bool thread, struct run_set runs)
{
	/* The first argument of clone is its flags. */
	struct seen seen = { .call = "clone", .n_values = 1 };
	int r;

	seen.values[0].value = thread ? CLONE_THREAD : 0;
	if (base_allows(g, &seen))
		return 0;

	if (thread) {
		/* Whether a thread meets a lock that another holds is a matter of luck. */
		r = add(g, GRANT_CALL, "sched_yield", "", runs);
		return r < 0 ? r : add(g, GRANT_CALL, "clone", THREAD_FLAGS, runs);
	}
	/* One libc forks by clone, another by fork or vfork. */
	r = add(g, GRANT_CALL, "clone", PROCESS_FLAGS, runs);
	return r < 0 ? r : add(g, GRANT_CALL, "fork", "", runs);
}

/* The condition that a call gets by its name alone, "" for none. */
static const char *usual_condition(const char *call)
{
	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		if (strcmp(always[i].call, call) == 0)
			return always[i].cond;
	}
	return "";
}

/* A family is granted whole by any of its members: the first stands for all. */
static const char *first_of_family(const char *call)
{
	struct name_list family = syscall_family(call);

	return family.n > 0 ? family.names[0] : call;
}

/* What another libc does in place of a call, whoever grants that one. */
static int add_instead(struct grants *g, const char *call, struct run_set runs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(instead); i++) {
		const char *other = instead[i][1];
		struct seen seen = { 0 };

		if (strcmp(instead[i][0], call) != 0)
			continue;
		memcpy(seen.call, other, strlen(other) + 1);
		if (strcmp(other, "clone") == 0)
			r = add_clone(g, false, runs);
		else if (!base_allows(g, &seen))
			r = add(g, GRANT_CALL, first_of_family(other), usual_condition(other),
				runs);
	}
	return r;
}

static int add_plain(struct grants *g, const char *call, struct run_set runs)
{
	const char *cond = usual_condition(call);
	int r = add(g, GRANT_CALL, *cond ? call : first_of_family(call), cond, runs);

	return r < 0 ? r : add_instead(g, call, runs);
}

static int add_seen(struct grants *g, const struct seen *seen, struct run_set runs)
{
	if (seen->n_values == 0)
		return add_plain(g, seen->call, runs);
	if (strcmp(seen->call, "clone") == 0) {
		/* Namespaces are nobody's to learn. */
		if (seen->values[0].value & ~(uint32_t)CLONE_THREAD)
			return 0;
		return add_clone(g, seen->values[0].value & CLONE_THREAD, runs);
	}
	if (seen->n_values == 3)
		return add(g, GRANT_CALL, seen->call, socket_condition(g, seen), runs);
	if (span_eq(seen->values[0].name, "prot"))
		return add(g, GRANT_CALL, seen->call, prot_condition(g, seen), runs);
	return add(g, GRANT_VALUE,
		   arena_printf(g->arena, "%s if %.*s", seen->call, (int)seen->values[0].name.n,
				seen->values[0].name.p),
		   value_text(g, seen, 0), runs);
}

int grants_add_calls(struct grants *g)
{
	for (size_t i = 0; i < g->learned->n_items; i++) {
		const struct learned_item *item = &g->learned->items[i];
		struct span rest = span_of(item->text);
		struct seen seen;
		int r;

		if (!span_eq(span_word(&rest), "allow"))
			continue;
		parse(rest, &seen);
		if (seen.call[0] == '#')
			continue;
		r = base_allows(g, &seen) ? add_instead(g, seen.call, item->runs)
					  : add_seen(g, &seen, item->runs);
		if (r < 0)
			return r;
	}
	return 0;
}
