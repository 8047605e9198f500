/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/expect_parse.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "policies/cond_parse.h"
#include "policies/net_parse.h"
#include "policies/rule_line.h"
#include "policies/syscall_sets.h"

/* The next word, which must be this one. */
static bool keyword(struct rule_line *l, const char *word)
{
	struct span found = span_word(&l->rest);

	if (span_eq(found, word))
		return true;
	if (found.n == 0)
		found.p = l->rest.p;
	diags_add(l->diags,
		  (struct where){ l->node->where.file, l->node->where.line,
				  l->node->where.col + (uint32_t)(found.p - l->node->text) },
		  "\"%.*s\"; expected \"%s\"", (int)(found.n < 80 ? found.n : 80), found.p, word);
	return false;
}

/* "domain=AF_INET", read as the condition "domain == AF_INET" would be. */
static int argument(struct rule_line *l, struct span word, struct policy_test *test)
{
	struct span value = word;
	struct span name = span_cut(&value, '=');
	struct where where = l->node->where;
	const struct cond *cond = NULL;
	char *text;
	int r;

	where.col += (uint32_t)(word.p - l->node->text);
	if (test->n_args == 6 || value.n == 0 || name.n == 0) {
		rule_line_fault(l, word, "expected ARGUMENT=VALUE");
		return -EINVAL;
	}
	text = arena_printf(l->arena, "%.*s == %.*s", (int)name.n, name.p, (int)value.n, value.p);
	if (!text)
		return -ENOMEM;
	r = cond_parse(span_of(text), test->call, where, l->arena, &cond, l->diags);
	if (r < 0)
		return r;
	if (cond->kind != COND_EQ) {
		rule_line_fault(l, word, "expected ARGUMENT=VALUE");
		return -EINVAL;
	}
	test->args[test->n_args] = cond->arg;
	test->values[test->n_args++] = cond->values[0];
	return 0;
}

static int expect_syscall(struct rule_line *l, struct policy_test *test)
{
	struct span word = span_word(&l->rest);
	char *name = arena_strndup(l->arena, word.p, word.n);

	if (!name)
		return -ENOMEM;
	if (!syscall_is_known(name)) {
		rule_line_fault(l, word, "an unknown system call; expected a name of syscalls(2)");
		return -EINVAL;
	}
	test->call = name;
	for (;;) {
		int r;

		word = span_word(&l->rest);
		if (word.n == 0)
			return 0;
		r = argument(l, word, test);
		if (r < 0)
			return r;
	}
}

static int expect_open(struct rule_line *l, struct policy_test *test)
{
	struct span word = span_word(&l->rest);
	char *path = arena_strndup(l->arena, word.p, word.n);
	struct err err = { 0 };
	int r = path ? path_clean(l->arena, path, &test->path, &err) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		rule_line_fault(l, word, err.msg);
		return r;
	}
	word = span_word(&l->rest);
	if (span_eq(word, "list"))
		test->access = FILE_LIST;
	else if (span_eq(word, "read"))
		test->access = FILE_READ;
	else if (span_eq(word, "write"))
		test->access = FILE_WRITE;
	else if (span_eq(word, "exec"))
		test->access = FILE_EXEC;
	else
		rule_line_fault(l, word, "expected list, read, write or exec");
	if (span_trim(l->rest).n > 0)
		rule_line_fault(l, span_trim(l->rest), "unexpected at the end of a test");
	return 0;
}

/* "[tcp|udp] TARGET", which is one address or name and one port. */
static int expect_network(struct rule_line *l, bool listens, struct policy_test *test)
{
	struct span word = span_word(&l->rest);

	test->verb = listens ? NET_LISTEN : NET_CONNECT;
	test->protocols = net_protocols_parse(word);
	if (test->protocols != 0)
		word = span_word(&l->rest);
	else
		test->protocols = NET_TCP;
	if (!net_target_parse(l, word, listens ? NET_TO_LISTEN : NET_TO_CONNECT, &test->to))
		return l->diags->out_of_memory ? -ENOMEM : -EINVAL;
	if (test->to.low != test->to.high || (!listens && test->to.host == NET_ANY) ||
	    (test->to.host == NET_PREFIX && test->to.bits < address_bits(&test->to.prefix))) {
		rule_line_fault(l, word, "a test of many; expected one address and one port");
		return -EINVAL;
	}
	if (span_trim(l->rest).n > 0)
		rule_line_fault(l, span_trim(l->rest), "unexpected at the end of a test");
	return 0;
}

static int expect_what(struct rule_line *l, struct policy_test *test)
{
	struct span verdict = span_word(&l->rest);
	struct span kind;

	if (!span_eq(verdict, "allow") && !span_eq(verdict, "deny")) {
		rule_line_fault(l, verdict, "expected allow or deny");
		return -EINVAL;
	}
	test->allow = span_eq(verdict, "allow");
	kind = span_word(&l->rest);
	if (span_eq(kind, "syscall"))
		return expect_syscall(l, test);
	if (span_eq(kind, "open"))
		return expect_open(l, test);
	if (span_eq(kind, "connect") || span_eq(kind, "listen"))
		return expect_network(l, span_eq(kind, "listen"), test);
	rule_line_fault(l, kind,
			"an unknown kind of test; expected syscall, open, connect or listen");
	return -EINVAL;
}

int policy_test_parse(const struct yaml_node *node, struct policy *policy, struct arena *arena,
		      struct diags *diags)
{
	struct rule_line l = { .node = node, .arena = arena, .diags = diags };
	struct policy_test test = { .rule = rule_line_rule(&l) };
	struct policy_test *grown;
	int r;

	if (!rule_line_start(&l, "a test such as \"expect deny syscall mount\"") ||
	    !keyword(&l, "expect"))
		return 0;
	r = expect_what(&l, &test);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	grown = arena_grow(arena, policy->tests, &policy->cap_tests, policy->n_tests + 1,
			   sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->tests = grown;
	grown[policy->n_tests++] = test;
	return 0;
}

/* The text after `why`, with or without quotes around it. */
static struct span unquoted(struct span s)
{
	s = span_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
		s.p++;
		s.n -= 2;
	}
	return s;
}

static bool waiver_words(struct rule_line *l, struct span found[4])
{
	found[0] = span_word(&l->rest);
	if (!keyword(l, "until"))
		return false;
	found[1] = span_word(&l->rest);
	if (!span_is_day(found[1])) {
		rule_line_fault(l, found[1], "not a day; expected YYYY-MM-DD");
		return false;
	}
	if (!keyword(l, "by"))
		return false;
	found[2] = span_word(&l->rest);
	if (!keyword(l, "why"))
		return false;
	found[3] = unquoted(l->rest);
	if (found[2].n > 0 && found[3].n > 0)
		return true;
	rule_line_fault(l, span_of(l->node->text),
			"a waiver that nobody answers for; expected by WHO why TEXT");
	return false;
}

int policy_waiver_parse(const struct yaml_node *node, struct policy *policy, struct arena *arena,
			struct diags *diags)
{
	struct rule_line l = { .node = node, .arena = arena, .diags = diags };
	struct policy_waiver waiver = { .rule = rule_line_rule(&l) };
	const char **const texts[] = { &waiver.id, &waiver.until, &waiver.by, &waiver.why };
	struct policy_waiver *grown;
	struct span found[4] = { 0 };

	if (!rule_line_start(
		    &l,
		    "a waiver such as \"lint-id until 2027-01-31 by me@example.org why TEXT\"") ||
	    !waiver_words(&l, found))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		*texts[i] = arena_strndup(arena, found[i].p, found[i].n);
		if (!*texts[i])
			return -ENOMEM;
	}
	if (!text_is_id(waiver.id)) {
		rule_line_fault(&l, found[0], "not an id; expected that of a lint or a control");
		return 0;
	}
	grown = arena_grow(arena, policy->waivers, &policy->cap_waivers, policy->n_waivers + 1,
			   sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->waivers = grown;
	grown[policy->n_waivers++] = waiver;
	return 0;
}
