/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "policies/policy_import.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"
#include "policies/yaml_tree.h"

#define NAMES_A_LINE 12

/* The architecture that this program is for, as profiles call it. */
#if defined(__x86_64__)
#define ARCH "amd64"
#else
#define ARCH "arm64"
#endif

enum effect {
	EFFECT_ALLOW,
	EFFECT_DENY,
	EFFECT_BAD
};

struct import {
	const struct import_options *options;
	struct arena *arena;
	struct diags *diags;
	struct strbuf notes;   /* comment lines */
	struct strbuf rules;   /* lines below syscalls: */
	struct strbuf unknown; /* calls that this version does not know */
	enum effect otherwise;
	int otherwise_error;
};

/* An entry of `syscalls` that applies here. */
struct entry {
	const struct yaml_node *node;
	enum effect effect;
	int error;
};

static const char *text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *value = yaml_find(map, key);

	/* JSON's null, as the reader of YAML gives it */
	if (!value || value->kind != YAML_SCALAR || strcmp(value->text, "null") == 0)
		return NULL;
	return value->text;
}

static const struct yaml_node *list_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *value = yaml_find(map, key);

	return value && value->kind == YAML_LIST ? value : NULL;
}

static bool number_of(struct import *im, const struct yaml_node *map, const char *key,
		      uint64_t *ret)
{
	const char *text = text_of(map, key);

	*ret = 0;
	if (!text || span_u64(span_of(text), UINT64_MAX, ret) == 0)
		return true;
	diags_add(im->diags, yaml_find(map, key)->where, "%s \"%.40s\"; expected a number", key,
		  text);
	return false;
}

static bool lists(const struct yaml_node *list, const char *text)
{
	for (size_t i = 0; list && i < list->n; i++) {
		if (list->items[i].kind == YAML_SCALAR && strcmp(list->items[i].text, text) == 0)
			return true;
	}
	return false;
}

static bool has_cap(const struct import *im, const char *cap)
{
	for (size_t i = 0; i < im->options->n_caps; i++) {
		if (strcmp(im->options->caps[i], cap) == 0)
			return true;
	}
	return false;
}

/* An entry applies if all of `includes` hold and none of `excludes`; new kernels are taken as
 * given. */
static bool applies(const struct import *im, const struct yaml_node *node)
{
	const struct yaml_node *includes = yaml_find(node, "includes");
	const struct yaml_node *excludes = yaml_find(node, "excludes");
	const struct yaml_node *caps = includes ? list_of(includes, "caps") : NULL;
	const struct yaml_node *arches = includes ? list_of(includes, "arches") : NULL;

	for (size_t i = 0; caps && i < caps->n; i++) {
		if (caps->items[i].kind != YAML_SCALAR || !has_cap(im, caps->items[i].text))
			return false;
	}
	if (arches && arches->n > 0 && !lists(arches, ARCH))
		return false;
	caps = excludes ? list_of(excludes, "caps") : NULL;
	for (size_t i = 0; caps && i < caps->n; i++) {
		if (caps->items[i].kind == YAML_SCALAR && has_cap(im, caps->items[i].text))
			return false;
	}
	return !excludes || !lists(list_of(excludes, "arches"), ARCH);
}

static void note(struct import *im, const char *what)
{
	if (!strstr(strbuf_str(&im->notes), what))
		strbuf_addf(&im->notes, "# %s\n", what);
}

static enum effect effect_of(struct import *im, const struct yaml_node *map, const char *key)
{
	static const struct {
		const char *action;
		enum effect effect;
		const char *note;
	} rows[] = {
		{ "SCMP_ACT_ALLOW", EFFECT_ALLOW, NULL },
		{ "SCMP_ACT_ERRNO", EFFECT_DENY, NULL },
		{ "SCMP_ACT_LOG", EFFECT_ALLOW, "weakened: what was logged is allowed" },
		{ "SCMP_ACT_KILL", EFFECT_DENY, "weakened: what killed is refused" },
		{ "SCMP_ACT_KILL_THREAD", EFFECT_DENY, "weakened: what killed is refused" },
		{ "SCMP_ACT_KILL_PROCESS", EFFECT_DENY, "weakened: what killed is refused" },
		{ "SCMP_ACT_TRAP", EFFECT_DENY, "changed: what trapped is refused" },
		{ "SCMP_ACT_TRACE", EFFECT_DENY, "changed: what a tracer decided is refused" },
		{ "SCMP_ACT_NOTIFY", EFFECT_DENY, "changed: what a listener decided is refused" },
	};
	const char *action = text_of(map, key);

	for (size_t i = 0; action && i < ARRAY_LEN(rows); i++) {
		if (strcmp(action, rows[i].action) != 0)
			continue;
		if (rows[i].note)
			note(im, rows[i].note);
		return rows[i].effect;
	}
	diags_add(im->diags, map->where,
		  "%s \"%.40s\"; expected SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, ...", key,
		  action ? action : "");
	return EFFECT_BAD;
}

/* The error of an action: EPERM if it is not said. */
static int error_of(struct import *im, const struct yaml_node *map, const char *key)
{
	uint64_t value = EPERM;

	if (text_of(map, key) && !number_of(im, map, key, &value))
		return EPERM;
	return value > 0 && value < 4096 && strcmp(errno_name((int)value), "?") != 0 ? (int)value
										     : EPERM;
}

/* " if ..." for one comparison; false if the language cannot say it. */
static bool comparison(struct import *im, const struct yaml_node *arg, const struct arg_info *info,
		       int n, struct strbuf *out)
{
	const char *op = text_of(arg, "op");
	uint64_t index = 0;
	uint64_t value = 0;
	uint64_t two = 0;
	struct span name;

	if (!number_of(im, arg, "index", &index) || !number_of(im, arg, "value", &value) ||
	    !number_of(im, arg, "valueTwo", &two) || !op)
		return false;
	if ((int)index >= n || index > 5 || value >= UINT32_MAX + 1ULL || two > UINT32_MAX ||
	    info[index].kind == ARG_PATH || info[index].kind == ARG_POINTER ||
	    info[index].kind == ARG_SOCKADDR)
		return false;
	name = info[index].name;
	strbuf_span(out, name);
	if (strcmp(op, "SCMP_CMP_EQ") == 0)
		strbuf_addf(out, " == 0x%llx", (unsigned long long)value);
	else if (strcmp(op, "SCMP_CMP_NE") == 0)
		strbuf_addf(out, " != 0x%llx", (unsigned long long)value);
	else if (strcmp(op, "SCMP_CMP_LT") == 0)
		strbuf_addf(out, " < 0x%llx", (unsigned long long)value);
	else if (strcmp(op, "SCMP_CMP_MASKED_EQ") == 0 && two == 0)
		strbuf_addf(out, " only {0x%x}", (unsigned)~(uint32_t)value);
	else if (strcmp(op, "SCMP_CMP_MASKED_EQ") == 0)
		strbuf_addf(out, " has 0x%llx and %.*s only {0x%llx}", (unsigned long long)two,
			    (int)name.n, name.p,
			    (unsigned long long)((uint32_t)~value | (uint32_t)two));
	else
		return false; /* LE, GE, GT: on 64 bits, where the language looks at 32 */
	return true;
}

static void put_action(const struct entry *entry, struct strbuf *out)
{
	if (entry->effect == EFFECT_DENY)
		strbuf_addf(out, " as %s", errno_name(entry->error));
	strbuf_putc(out, '\n');
}

static const char *verb_of(const struct entry *entry)
{
	return entry->effect == EFFECT_ALLOW ? "allow" : "deny";
}

/* Runtimes join comparisons of one argument by "or" and of different ones by "and". */
static bool has_twice(const struct yaml_node *args)
{
	for (size_t i = 0; i < args->n; i++) {
		for (size_t k = 0; k < i; k++) {
			const char *a = text_of(&args->items[i], "index");
			const char *b = text_of(&args->items[k], "index");

			if (a && b && strcmp(a, b) == 0)
				return true;
		}
	}
	return false;
}

static void conditional(struct import *im, const struct entry *entry, const char *call,
			const struct yaml_node *args)
{
	cleanup_strbuf struct strbuf cond = { 0 };
	const char *join = has_twice(args) ? " or " : " and ";
	struct arg_info info[6];
	int n = syscall_args_find(call, info);
	bool good = n > 0;

	for (size_t i = 0; i < args->n && good; i++) {
		strbuf_puts(&cond, i ? join : "");
		good = args->items[i].kind == YAML_MAP &&
		       comparison(im, &args->items[i], info, n, &cond);
	}
	if (good) {
		strbuf_addf(&im->rules, "  - %s %s if %s", verb_of(entry), call, strbuf_str(&cond));
		put_action(entry, &im->rules);
	} else if (entry->effect == EFFECT_ALLOW) {
		strbuf_addf(
			&im->notes,
			"# lost: line %u allows %s on a condition that has no words here: refused\n",
			entry->node->where.line, call);
	} else {
		strbuf_addf(
			&im->notes,
			"# changed: line %u refuses %s on a condition that has no words here: always refused\n",
			entry->node->where.line, call);
		strbuf_addf(&im->rules, "  - deny %s", call);
		put_action(entry, &im->rules);
	}
}

static bool usable(struct import *im, const struct yaml_node *name)
{
	if (name->kind != YAML_SCALAR) {
		diags_add(im->diags, name->where, "expected the name of a system call");
		return false;
	}
	if (syscall_is_known(name->text) && text_is_id(name->text))
		return true;
	if (text_is_id(name->text))
		strbuf_addf(&im->unknown, " %s", name->text);
	return false;
}

static void entry_names(struct import *im, const struct entry *entry, const struct yaml_node *names,
			size_t n)
{
	const struct yaml_node *args = list_of(entry->node, "args");
	size_t in_line = 0;

	for (size_t i = 0; i < n; i++) {
		if (!usable(im, &names[i]))
			continue;
		if (args && args->n > 0) {
			conditional(im, entry, names[i].text, args);
			continue;
		}
		if (in_line == NAMES_A_LINE) {
			put_action(entry, &im->rules);
			in_line = 0;
		}
		if (in_line++ == 0)
			strbuf_addf(&im->rules, "  - %s", verb_of(entry));
		strbuf_addf(&im->rules, " %s", names[i].text);
	}
	if (in_line > 0)
		put_action(entry, &im->rules);
}

static void one_entry(struct import *im, const struct yaml_node *node)
{
	struct entry entry = { .node = node };
	const struct yaml_node *names;

	if (node->kind != YAML_MAP) {
		diags_add(im->diags, node->where, "expected an entry with names and action");
		return;
	}
	if (!applies(im, node))
		return;
	entry.effect = effect_of(im, node, "action");
	entry.error = error_of(im, node, "errnoRet");
	names = list_of(node, "names");
	/* What the default says anyway needs no rule. */
	if (entry.effect == EFFECT_BAD ||
	    (entry.effect == im->otherwise &&
	     (entry.effect == EFFECT_ALLOW || entry.error == im->otherwise_error)))
		return;
	if (names)
		entry_names(im, &entry, names->items, names->n);
	else if (text_of(node, "name"))
		entry_names(im, &entry, yaml_find(node, "name"), 1);
	else
		diags_add(im->diags, node->where,
			  "an entry without names; expected \"names\": [...]");
}

static void every_entry(struct import *im, const struct yaml_node *root)
{
	const struct yaml_node *entries = list_of(root, "syscalls");

	im->otherwise = effect_of(im, root, "defaultAction");
	im->otherwise_error = error_of(im, root, "defaultErrnoRet");
	if (im->otherwise == EFFECT_ALLOW) {
		strbuf_puts(&im->rules, "  - allow");
		for (size_t i = 0; i < n_syscall_group_names; i++)
			strbuf_addf(&im->rules, " %s", syscall_group_names[i]);
		strbuf_putc(&im->rules, '\n');
		note(im,
		     "the profile allows what it does not name: every call that this version knows is open");
	}
	for (size_t i = 0; entries && i < entries->n; i++)
		one_entry(im, &entries->items[i]);
	if (yaml_find(root, "archMap") || yaml_find(root, "architectures"))
		note(im, "changed: calls of other architectures (i386, x32) end the program");
	note(im,
	     "weakened: a call without a condition opens its family too; arguments are compared on 32 bits");
	if (im->unknown.len > 0)
		strbuf_addf(&im->notes, "# not known here:%s\n", strbuf_str(&im->unknown));
}

static void write_policy(const struct import *im, struct strbuf *ret)
{
	strbuf_addf(
		ret,
		"# Imported from a seccomp profile. It says nothing of files: grant what is needed.\n%s",
		strbuf_str(&im->notes));
	strbuf_addf(ret, "policy: 1\nname: %s\nfiles:\n  - read,exec /**\n", im->options->name);
	strbuf_addf(ret, "syscalls:\n%s  - otherwise %s\n  - unknown ENOSYS\n",
		    strbuf_str(&im->rules),
		    errno_name(im->otherwise == EFFECT_DENY ? im->otherwise_error : EPERM));
}

int import_oci(struct span text, const char *file, const struct import_options *options,
	       struct arena *arena, struct strbuf *ret, struct diags *diags)
{
	struct import im = { .options = options, .arena = arena, .diags = diags };
	struct yaml_node root = { 0 };
	size_t faults = diags->n;
	int r = yaml_tree_read(text, file, arena, &root, diags);

	if (r < 0)
		return r;
	if (root.kind != YAML_MAP || !list_of(&root, "syscalls"))
		diags_add(diags, root.where,
			  "not a seccomp profile; expected defaultAction and syscalls");
	else
		every_entry(&im, &root);
	r = im.notes.failed || im.rules.failed || im.unknown.failed ? -ENOMEM : 0;
	if (r == 0 && diags->n > faults)
		r = -EINVAL;
	if (r == 0)
		write_policy(&im, ret);
	strbuf_done(&im.notes);
	strbuf_done(&im.rules);
	strbuf_done(&im.unknown);
	return r == 0 && ret->failed ? -ENOMEM : r;
}
