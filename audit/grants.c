/* SPDX-License-Identifier: Apache-2.0 */
/* What is granted, and what follows from what was seen; grants_take.c looks at the events. */
#include "audit/grants.h"

#include <string.h>
#include <sys/syscall.h>

#include "audit/judge.h"
#include "audit/recorded.h"
#include "base/path.h"
#include "bpf/calls.h"
#include "policies/policy_access.h"
#include "policies/rule_parse.h"

#define BUILTIN "builtin/"

static void add_call(uint64_t calls[TRACER_CALLS / 64], size_t nr)
{
	calls[nr / 64] |= (uint64_t)1 << (nr % 64);
}

static struct grant *add(struct grants *g, size_t *cap, struct grant grant)
{
	if (!grant.text)
		return NULL;
	g->items = arena_grow(g->arena, g->items, cap, g->n + 1, sizeof(*g->items));
	if (!g->items)
		return NULL;
	g->items[g->n] = grant;
	return &g->items[g->n++];
}

static void take_names(struct grants *g, const struct syscall_rule *rule, struct grant *grant)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		const json_t *nr = json_object_get(g->numbers, rule->names[i]);

		if (nr)
			add_call(grant->calls, (size_t)json_integer_value(nr));
	}
}

/* One word of an allow line, as a line of its own: "allow @io if ..." */
static int add_word(struct grants *g, size_t *cap, const struct rule *rule, struct span word,
		    struct span condition)
{
	struct grant grant = { .kind = GRANT_CALLS, .rule = rule };
	struct diags diags = { .arena = g->arena };
	struct policy read = { 0 };
	const char *line = arena_printf(g->arena, "allow %.*s%s%.*s", (int)word.n, word.p,
					condition.n > 0 ? " " : "", (int)condition.n, condition.p);
	const struct yaml_node node = { .kind = YAML_SCALAR, .where = rule->where, .text = line };

	if (!line || syscall_rule_parse(&node, &read, g->arena, &diags) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < read.n_syscalls; i++)
		take_names(g, &read.syscalls[i], &grant);
	if (condition.n > 0) {
		grant.rules = read.syscalls;
		grant.n_rules = read.n_syscalls;
		for (size_t i = 0; i < TRACER_CALLS / 64; i++)
			g->conditional[i] |= grant.calls[i];
	}
	grant.text = arena_strndup(g->arena, word.p, word.n);
	return add(g, cap, grant) ? 0 : -ENOMEM;
}

static int add_calls(struct grants *g, size_t *cap, const struct rule *rule)
{
	struct span rest = span_of(rule->text);
	struct span condition = { 0 };
	struct span words;
	int r = 0;

	span_word(&rest);
	words = rest;
	for (struct span word = span_word(&rest); word.n > 0; word = span_word(&rest)) {
		if (span_eq(word, "if"))
			condition = (struct span){ word.p, strlen(word.p) };
		if (condition.n > 0)
			break;
	}
	while (r == 0) {
		struct span list = span_word(&words);

		if (list.n == 0 || list.p == condition.p)
			break;
		while (r == 0 && list.n > 0) {
			struct span word = span_cut(&list, ',');

			if (word.n > 0)
				r = add_word(g, cap, rule, word, condition);
		}
	}
	return r;
}

/* To read goes with to write and to execute, and is a grant only where it stands alone. */
static unsigned strongest(unsigned access)
{
	unsigned strong = access & (FILE_WRITE | FILE_EXEC);

	if (access & FILE_DENY)
		return 0;
	return strong ? strong : access & FILE_READ ? FILE_READ : access & FILE_LIST;
}

static int add_file(struct grants *g, size_t *cap, const struct bundle_file *file)
{
	static const unsigned bits[] = { FILE_LIST, FILE_READ, FILE_WRITE, FILE_EXEC };
	unsigned strong = strongest(file->access);

	for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
		struct grant grant = { .kind = GRANT_FILE,
				       .rule = &g->bundle->rules[file->rule],
				       .file = file,
				       .access = bits[i] };

		if (!(strong & bits[i]))
			continue;
		grant.text =
			arena_printf(g->arena, "%s %s%s", file_access_name(bits[i]), file->path,
				     !file->tree                    ? ""
				     : strcmp(file->path, "/") == 0 ? "**"
								    : "/**");
		if (!add(g, cap, grant))
			return -ENOMEM;
	}
	return 0;
}

static int add_net(struct grants *g, size_t *cap, const struct net_rule *rule)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct grant grant = { .kind = GRANT_NET, .rule = rule->rule, .net = rule };

	if (rule->verb == NET_DENY)
		return 0;
	net_rule_print(rule, &text);
	grant.text = arena_strdup(g->arena, strbuf_str(&text));
	return add(g, cap, grant) ? 0 : -ENOMEM;
}

/* A line whose condition stands for several arguments became several rules, one after the other. */
static bool is_repeated(const struct bundle *bundle, size_t i)
{
	const struct rule *rule = &bundle->rules[i];

	return i > 0 && bundle->rules[i - 1].where.line == rule->where.line &&
	       strcmp(bundle->rules[i - 1].where.file, rule->where.file) == 0 &&
	       strcmp(bundle->rules[i - 1].text, rule->text) == 0;
}

static bool is_about_calls(const struct bundle *bundle, size_t i)
{
	if (strncmp(bundle->rules[i].text, "allow ", 6) != 0 || is_repeated(bundle, i))
		return false;
	for (size_t k = 0; k < bundle->n_files; k++) {
		if (bundle->files[k].rule == i)
			return false;
	}
	return true;
}

static int fill_numbers(struct grants *g)
{
	for (size_t nr = 0; nr < g->bundle->n_calls && nr < TRACER_CALLS; nr++) {
		const char *name = bundle_call_name(g->bundle, (int)nr);

		if (*name &&
		    json_object_set_new(g->numbers, name, json_integer((json_int_t)nr)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int fill(struct grants *g)
{
	const struct bundle *bundle = g->bundle;
	size_t cap = 0;
	int r = fill_numbers(g);

	for (size_t i = 0; r == 0 && i < bundle->n_rules; i++) {
		if (is_about_calls(bundle, i))
			r = add_calls(g, &cap, &bundle->rules[i]);
	}
	for (size_t i = 0; r == 0 && i < bundle->n_files; i++)
		r = add_file(g, &cap, &bundle->files[i]);
	for (size_t i = 0; r == 0 && i < bundle->net.n; i++)
		r = add_net(g, &cap, &bundle->net.rules[i]);
	return r;
}

int grants_init(const struct bundle *bundle, struct arena *arena, struct grants *ret,
		struct err *err)
{
	struct grants g = { .arena = arena,
			    .bundle = bundle,
			    .numbers = json_object(),
			    .calls = arena_alloc(arena, sizeof(*g.calls)) };

	if (!g.numbers || !g.calls || fill(&g) < 0) {
		grants_done(&g);
		return err_set(err, ENOMEM, "out of memory");
	}
	*ret = g;
	return 0;
}

void grants_reset(struct grants *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct grant *grant = &g->items[i];

		grant->n = grant->reads = 0;
		grant->maybe = false;
		grant->use = GRANT_UNKNOWN;
		grant->unknown = NULL;
	}
	g->plan = NULL;
	g->n_shown = 0;
	*g->calls = (struct grant_counts){ 0 };
	g->unnamed = 0;
	g->unnamed_connect = g->unnamed_listen = g->started_again = false;
}

/* What a record can tell. */
struct telling {
	struct completeness c;
	bool all;                          /* every call */
	bool reads, writes;                /* files that are opened to be read; to be written */
	uint64_t calls[TRACER_CALLS / 64]; /* calls that have a record of their own, each time */
	const json_t *table;               /* counters of all network rules, or NULL */
};

/* Of calls that open files, those that only read are left out. */
static void list_calls(uint32_t groups, struct telling *t)
{
	struct tracer_call how[TRACER_CALLS] = { 0 };
	struct tracer_slot slot = { 0 };

	tracer_calls_fill(how);
	tracer_calls_select(groups, &slot);
	for (size_t nr = 0; nr < TRACER_CALLS; nr++) {
		bool listed = slot.calls[nr / 64] >> (nr % 64) & 1;

		if (listed && (t->reads || !(how[nr].take & TRACER_TAKE_FD)))
			add_call(t->calls, nr);
	}
}

static struct telling telling_of(const struct grants *g, const struct run_record *record,
				 struct arena *arena)
{
	struct telling t = { .c = judge_completeness(record, arena) };
	uint32_t groups = recorded_groups(g->bundle->record);
	const json_t *table = json_object_get(record->evidence, "network");

	t.all = t.c.has_bpf && t.c.mode && strncmp(t.c.mode, "all calls", 9) == 0;
	t.reads = t.all || groups & TRACER_GROUP_READ;
	/* What is made by an open that only reads is told among the files that are read. */
	t.writes = t.all || (t.reads && groups & TRACER_GROUP_WRITE);
	list_calls(groups, &t);
	if (json_is_true(json_object_get(table, "complete")) &&
	    json_is_true(json_object_get(table, "stated")) && !g->started_again &&
	    json_array_size(json_object_get(table, "rules")) == g->bundle->net.n)
		t.table = json_object_get(table, "rules");
	return t;
}

/* The program's own start is no call of its: it is told, and not counted. */
static uint64_t count_of(const struct grants *g, const struct telling *t, size_t nr)
{
	const struct grant_counts *calls = g->calls;
	uint64_t n =
		calls->counts[nr] > calls->refused[nr] ? calls->counts[nr] - calls->refused[nr] : 0;

	if (!t->all || (nr == SYS_execve && calls->events[nr] > n))
		return calls->events[nr];
	return n;
}

static void judge_calls(const struct grants *g, const struct telling *t, struct grant *grant)
{
	static const uint64_t none[TRACER_CALLS / 64];
	bool told = true;

	for (size_t nr = 0; nr < TRACER_CALLS; nr++) {
		if (!calls_have(grant->calls, nr))
			continue;
		told = told && (t->all || calls_have(t->calls, nr));
		if (grant->n_rules == 0)
			grant->n += count_of(g, t, nr);
	}
	if (memcmp(none, grant->calls, sizeof(none)) == 0)
		grant->unknown = "there is no such call on this machine";
	else if (!told)
		grant->unknown = "calls that are granted were not counted; audit: record: [all]";
}

/* A program names its loader, which the kernel opens by itself and nobody records. */
static bool may_hold_loader(const struct bundle_file *file)
{
	static const char *const places[] = {
		"/lib",     "/lib32",     "/lib64",     "/libx32",
		"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"
	};
	const char *slash = strrchr(file->path, '/');

	if (!file->tree)
		return strncmp(slash + 1, "ld", 2) == 0;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (path_is_below(places[i], file->path) || path_is_below(file->path, places[i]))
			return true;
	}
	return false;
}

static void judge_file(const struct grants *g, const struct telling *t, struct grant *grant)
{
	if (grant->access == FILE_WRITE && !t->writes)
		grant->unknown =
			"files that are written or made were not all recorded; audit: record: [read, write]";
	else if (grant->access != FILE_WRITE && !t->reads)
		grant->unknown =
			"files that are only read were not recorded; audit: record: [read]";
	else if (g->unnamed & grant->access)
		grant->unknown =
			"a file was reached by a path that leads to no rule, through a link maybe";
	else if (grant->access == FILE_EXEC && (grant->maybe || grant->reads > 0))
		grant->unknown = "a file there was opened, and may have been mapped as a library";
	else if (grant->access == FILE_EXEC && may_hold_loader(grant->file))
		grant->unknown = "it may hold a program's loader, which the kernel opens by itself";
	else if (grant->maybe)
		grant->unknown = "a file there was opened, and it is not recorded for what";
}

static void judge_net(const struct grants *g, const struct telling *t, struct grant *grant)
{
	size_t i = (size_t)(grant->net - g->bundle->net.rules);
	const json_t *counter = json_array_get(t->table, i);
	uint64_t packets = (uint64_t)record_number(counter, "packets", 0);

	if (packets > grant->n)
		grant->n = packets;
	if (grant->net->verb == NET_CONNECT ? g->unnamed_connect : g->unnamed_listen)
		grant->unknown = grant->net->verb == NET_CONNECT
					 ? "a connection was made that no rule explains"
					 : "it listened where no rule names, or accepted there";
	/* A counter of connections knows all that went out; who listens in vain it does not see. */
	if (counter && grant->net->verb == NET_CONNECT)
		grant->unknown = NULL;
}

static bool is_told_by_counters(const struct telling *t, const struct grant *grant)
{
	return grant->kind == GRANT_NET && grant->net->verb == NET_CONNECT && t->table;
}

void grants_judge(struct grants *g, const struct run_record *record, struct arena *arena)
{
	const struct telling t = telling_of(g, record, arena);

	for (size_t i = 0; i < g->n; i++) {
		struct grant *grant = &g->items[i];

		if (grant->kind == GRANT_CALLS)
			judge_calls(g, &t, grant);
		else if (grant->kind == GRANT_FILE)
			judge_file(g, &t, grant);
		else
			judge_net(g, &t, grant);
		if (!t.c.has_bpf && !is_told_by_counters(&t, grant))
			grant->unknown =
				"only refused calls were recorded: there was no immure-tracerd";
		if (g->started_again && !is_told_by_counters(&t, grant))
			grant->unknown =
				"it was started again, and not each start need be recorded";
		if (!t.c.whole)
			grant->unknown = t.c.not_whole ? t.c.not_whole : "out of memory";
		/* What was seen was seen, whatever else was not, if nobody changed the record. */
		if (grant->n > 0 && !record->chain.code)
			grant->unknown = NULL;
		grant->use = grant->unknown ? GRANT_UNKNOWN
			     : grant->n > 0 ? GRANT_USED
					    : GRANT_UNUSED;
	}
}

bool grant_is_own(const struct grants *g, const struct grant *grant)
{
	const char *file = grant->rule->where.file;

	return strncmp(file, BUILTIN, strlen(BUILTIN)) != 0 ||
	       (g->bundle->n_sources > 0 && strcmp(file, g->bundle->sources[0].name) == 0);
}

const char *grant_use_name(enum grant_use use)
{
	static const char *const names[] = { "unknown", "unused", "used" };

	return names[use];
}

void grants_done(struct grants *g)
{
	json_decref(g->numbers);
	g->numbers = NULL;
}
