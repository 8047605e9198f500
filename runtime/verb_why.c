/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/risk.h"
#include "audit/run_read.h"
#include "audit/suggest.h"
#include "base/fd.h"
#include "base/path.h"
#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/verb.h"

struct why_options {
	const char *run, *path, *op, *call;
};

static const struct opt why_opts[] = {
	{ "run", 0, OPT_TEXT, offsetof(struct why_options, run), "RUN",
	  "the run that is meant (the last one)", NULL },
	{ "path", 0, OPT_TEXT, offsetof(struct why_options, path), "PATH",
	  "why could PATH not be used, as seen inside", NULL },
	{ "op", 0, OPT_TEXT, offsetof(struct why_options, op), "read|write|exec",
	  "with --path: for what (read)", "read write exec" },
	{ "syscall", 0, OPT_TEXT, offsetof(struct why_options, call), "NAME",
	  "what would the policy say to a call; arguments follow as numbers or constants", NULL },
};

/* A run, its record and its compiled policy. */
struct subject {
	const char *id;
	struct run_record record;
	struct bundle bundle;
	struct strbuf bytes;
};

static void subject_done(struct subject *s)
{
	run_record_done(&s->record);
	strbuf_done(&s->bytes);
}

static int subject_open(const struct why_options *options, struct arena *arena, struct subject *s,
			struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);
	cleanup_close int dir = -1;
	void *aligned;
	int r;

	if (runs < 0)
		return runs;
	r = run_find(runs, options->run, arena, &s->id, err);
	if (r < 0)
		return r;
	dir = openat(runs, s->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open run %s", s->id);
	r = run_record_read(dir, &s->record, err);
	if (r == 0)
		r = fd_read_file(dir, "policy.bundle", BUNDLE_MAX_BYTES, &s->bytes, err);
	if (r < 0)
		return err_wrap(err, "run %s", s->id);
	aligned = arena_alloc(arena, s->bytes.len + 1);
	if (!aligned)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(aligned, s->bytes.p, s->bytes.len);
	return bundle_decode(aligned, s->bytes.len, arena, &s->bundle, err);
}

static void print_escaped(const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };

	strbuf_escaped(&out, text, strlen(text));
	fputs(strbuf_str(&out), stdout);
}

static const struct rule *nearest(const struct bundle *bundle, const char *call)
{
	for (size_t i = 0; i < bundle->n_rules; i++) {
		if (strncmp(bundle->rules[i].text, "allow ", 6) == 0 &&
		    rule_mentions_call(bundle->rules[i].text, call))
			return &bundle->rules[i];
	}
	return NULL;
}

static void print_rule(const char *label, const struct rule *rule)
{
	printf("  %-9s %s:%u  %s\n", label, rule->where.file, rule->where.line, rule->text);
	if (rule->why)
		printf("  %-9s %s\n", "because", rule->why);
}

static void print_line_to_add(const char *call, const json_t *args)
{
	cleanup_strbuf struct strbuf rule = { 0 };

	suggest_call(call, args, &rule);
	printf("  %-9s under syscalls:  - %s\n", "to allow", strbuf_str(&rule));
}

static void explain_call(const struct bundle *bundle, const char *call, uint16_t rule,
			 const json_t *args)
{
	struct risk risk = risk_of_call(call);
	const struct rule *near = nearest(bundle, call);

	printf("  %-9s seccomp\n", "layer");
	if (rule != BUNDLE_NO_RULE)
		print_rule("rule", &bundle->rules[rule]);
	else
		printf("  %-9s no rule allows it%s\n", "rule",
		       near ? " with these arguments" : "; what is not named is refused");
	if (rule == BUNDLE_NO_RULE && near)
		print_rule("nearest", near);
	if (rule != BUNDLE_NO_RULE && strncmp(bundle->rules[rule].text, "deny ", 5) == 0)
		printf("  %-9s deny wins: take the line away, or narrow it by a condition\n",
		       "to allow");
	else
		print_line_to_add(call, args);
	printf("  %-9s %s: %s\n", "risk", risk.level, risk.reason);
}

static const json_t *find_denial(const struct run_record *record, const char *which)
{
	uint64_t number = 0;
	const json_t *event;
	uint64_t seen = 0;
	size_t i;

	if (which[0] != 'd' || span_u64(span_of(which + 1), UINT32_MAX, &number) < 0)
		return NULL;
	json_array_foreach(record->events, i, event)
	{
		if (strcmp(record_text(event, "kind", ""), "denied") == 0 && ++seen == number)
			return event;
	}
	return NULL;
}

static int explain_denial(const struct subject *s, const char *which, struct err *err)
{
	const json_t *event = find_denial(&s->record, which);
	const json_t *args = json_object_get(event, "args");
	struct seccomp_data data = { .nr = (int)record_number(event, "nr", -1),
				     .arch = s->bundle.audit_arch };
	const json_t *who;
	uint32_t leaf;
	size_t i;

	if (!event) {
		err_set(err, EINVAL, "run %s has no denial %.20s: immure audit show %s lists them",
			s->id, which, s->id);
		return err_at(err, ERR_USAGE);
	}
	for (i = 0; i < 6; i++)
		data.args[i] = (uint64_t)json_integer_value(json_array_get(args, i));
	leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
	printf("%s  ", which);
	print_escaped(record_text(event, "text", "?"));
	printf(" = %s  pid %lld\n", errno_name((int)record_number(event, "errno", 0)),
	       (long long)record_number(event, "pid", 0));
	printf("  %-9s ", "lineage");
	json_array_foreach(json_object_get(event, "lineage"), i, who)
	{
		printf("%s", i ? " <- " : "");
		print_escaped(record_text(who, "comm", "?"));
	}
	printf("\n");
	explain_call(&s->bundle, record_text(event, "call", "?"), EXPLAIN_RULE(leaf), args);
	printf("  %-9s names and paths are what the program's memory held\n", "note");
	return 0;
}

static bool number_or_constant(const char *text, uint64_t *ret)
{
	char *end = NULL;

	if (constant_find(span_of(text), ret))
		return true;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0';
}

static int explain_syscall(const struct subject *s, const struct verb_call *call, const char *name,
			   struct err *err)
{
	static const char *const verdicts[] = { "allowed", "refused and recorded",
						"refused, not recorded", "killed" };
	struct seccomp_data data = { .arch = s->bundle.audit_arch };
	struct arg_info info[6];
	uint32_t leaf;

	data.nr = syscall_number(name, s->bundle.audit_arch);
	if (data.nr < 0) {
		err_set(err, EINVAL, "there is no system call \"%.40s\" here", name);
		return err_at(err, ERR_USAGE);
	}
	for (int i = 0; i < call->argc && i < 6; i++) {
		uint64_t value = 0;

		if (!number_or_constant(call->argv[i], &value)) {
			err_set(err, EINVAL, "\"%.40s\": expected a number or a constant",
				call->argv[i]);
			return err_at(err, ERR_USAGE);
		}
		data.args[i] = value;
	}
	leaf = bpf_eval(s->bundle.explain, s->bundle.n_explain, &data);
	printf("%s: %s", name, verdicts[EXPLAIN_ACTION(leaf) & 3]);
	if (EXPLAIN_ACTION(leaf) != VERDICT_ALLOW)
		printf(" with %s", errno_name(EXPLAIN_ERRNO(leaf)));
	if (call->argc == 0 && syscall_args_find(name, info) > 0)
		printf(" (all arguments taken as 0)");
	printf("\n");
	if (EXPLAIN_ACTION(leaf) == VERDICT_ALLOW && EXPLAIN_RULE(leaf) != BUNDLE_NO_RULE)
		print_rule("rule", &s->bundle.rules[EXPLAIN_RULE(leaf)]);
	else if (EXPLAIN_ACTION(leaf) != VERDICT_ALLOW)
		explain_call(&s->bundle, name, EXPLAIN_RULE(leaf), NULL);
	return 0;
}

/* The mount of the plan that shows a path, or NULL. */
static const json_t *mount_of(const struct subject *s, const char *path)
{
	const json_t *best = NULL;
	const json_t *m;
	size_t longest = 0;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "mounts"), i, m)
	{
		const char *target = record_text(m, "target", "");

		if (*target && path_is_below(path, target) && strlen(target) >= longest) {
			longest = strlen(target);
			best = m;
		}
	}
	return best;
}

static bool granted(const struct subject *s, const char *path, const char *op)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "files"), i, rule)
	{
		const char *where = record_text(rule, "path", "");
		bool covers = json_is_true(json_object_get(rule, "tree"))
				      ? path_is_below(path, where)
				      : strcmp(path, where) == 0;

		if (covers && json_is_true(json_object_get(rule, op)))
			return true;
	}
	return false;
}

/* A rule on the path's own folder or the longest way up it, whatever it grants. */
static const struct rule *nearest_file_rule(const struct bundle *bundle, const char *path)
{
	const struct rule *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < bundle->n_files; i++) {
		const char *where = bundle->files[i].path;
		size_t common = 0;

		while (path[common] && path[common] == where[common])
			common++;
		if (common > longest && bundle->files[i].rule < bundle->n_rules) {
			longest = common;
			best = &bundle->rules[bundle->files[i].rule];
		}
	}
	return best;
}

struct prediction {
	const char *layer, *reason, *remedy;
};

static struct prediction predict(const struct subject *s, const char *path, const char *op,
				 const json_t *mount)
{
	const char *kind = record_text(mount, "kind", "");
	bool is_host = strcmp(record_text(json_object_get(s->record.plan, "root"), "kind", ""),
			      "host") == 0;
	bool is_write = strcmp(op, "write") == 0;
	bool is_exec = strcmp(op, "exec") == 0;
	bool shown =
		mount || !is_host || path_is_below(path, "/proc") || path_is_below(path, "/dev");

	if (strcmp(kind, "mask") == 0)
		return (struct prediction){ "mounts", "a \"deny\" rule hides it",
					    "take the deny rule away" };
	if (!shown || strcmp(kind, "dir") == 0)
		return (struct prediction){ "mounts", "it is not shown inside",
					    is_write ? "--write PATH" : "--read PATH" };
	if (is_write && mount && json_is_true(json_object_get(mount, "readonly")))
		return (struct prediction){ "mounts", "it is shown read-only", "--write PATH" };
	if (is_write && !mount && !path_is_below(path, "/dev") &&
	    !json_is_true(json_object_get(json_object_get(s->record.plan, "root"), "writable")))
		return (struct prediction){ "mounts", "the root is read-only",
					    is_host ? "--write PATH"
						    : "--writable, or -v SRC:PATH" };
	if (is_exec && mount && !json_is_true(json_object_get(mount, "readonly")) &&
	    !json_is_true(json_object_get(mount, "exec")))
		return (struct prediction){ "mounts",
					    "what can be written cannot be executed (noexec)",
					    "-v SRC:PATH:exec" };
	if (record_number(s->record.plan, "landlock_abi", 0) > 0 && !granted(s, path, op))
		return (struct prediction){ "landlock", "no rule grants it", NULL };
	return (struct prediction){ NULL, NULL, NULL };
}

static int explain_path(const struct subject *s, const struct why_options *options,
			struct arena *arena, struct err *err)
{
	const char *op = options->op ? options->op : "read";
	const struct rule *near;
	const char *path = NULL;
	struct prediction p;
	struct risk risk;

	if (strcmp(op, "read") != 0 && strcmp(op, "write") != 0 && strcmp(op, "exec") != 0) {
		err_set(err, EINVAL, "--op %.20s: expected read, write or exec", op);
		return err_at(err, ERR_USAGE);
	}
	if (path_clean(arena, options->path, &path, err) < 0)
		return err_at(err, ERR_USAGE);
	p = predict(s, path, op, mount_of(s, path));
	near = nearest_file_rule(&s->bundle, path);
	risk = risk_of_path(path, op);
	printf("%s ", op);
	print_escaped(path);
	printf("\n");
	if (!p.layer) {
		printf("  %-9s none of immure's refuses it; the file's own mode and owner decide\n",
		       "layer");
		return 0;
	}
	printf("  %-9s %s (predicted): %s\n", "layer", p.layer, p.reason);
	if (near)
		print_rule("nearest", near);
	printf("  %-9s ", "to allow");
	if (p.remedy)
		printf("%s (PATH is %s)\n", p.remedy, path);
	else
		printf("under files:  - %s %s\n", op, path);
	printf("  %-9s %s: %s\n", "risk", risk.level, risk.reason);
	return 0;
}

static int why(const struct verb_call *call, struct err *err)
{
	const struct why_options *options = call->options;
	cleanup(subject_done) struct subject subject = { 0 };
	int asked = (options->path != NULL) + (options->call != NULL) +
		    (!options->call && call->argc == 1);
	int r;

	if (asked != 1) {
		err_set(err, EINVAL, "expected one of dN, --path PATH, --syscall NAME");
		return err_at(err, ERR_USAGE);
	}
	r = subject_open(options, call->arena, &subject, err);
	if (r < 0)
		return r;
	if (options->path)
		return explain_path(&subject, options, call->arena, err);
	if (options->call)
		return explain_syscall(&subject, call, options->call, err);
	return explain_denial(&subject, call->argv[0], err);
}

const struct verb verb_why = {
	.name = "why",
	.args = "[--run RUN] dN | --path PATH [--op OP] | --syscall NAME [ARG...]",
	.help = "say why something was refused, and which line would allow it",
	.more = "  immure why d1                         the first refused call of the last run\n"
		"  immure why --path /etc/shadow         could it be read, and if not, what stops it\n"
		"  immure why --syscall socket AF_ALG    what the policy says to a call\n",
	.opts = why_opts,
	.n_opts = ARRAY_LEN(why_opts),
	.options_size = sizeof(struct why_options),
	.max_args = 6,
	.run = why,
};
