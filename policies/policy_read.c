/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are rows of a table; each row reads its value and reports every fault it finds. */
#include "policies/policy_read.h"

#include <errno.h>
#include <string.h>

#include "policies/expect_parse.h"
#include "policies/net_parse.h"
#include "policies/rule_parse.h"
#include "policies/yaml_tree.h"

struct reader {
	struct policy *policy;
	struct arena *arena;
	struct diags *diags;
};

typedef int (*key_fn)(struct reader *r, const struct yaml_node *value);

static bool expect(struct reader *r, const struct yaml_node *value, enum yaml_kind kind)
{
	static const char *const names[] = { "text", "a list", "a map of keys" };

	if (value->kind == kind)
		return true;
	diags_add(r->diags, value->where, "%s; expected %s%s", names[value->kind], names[kind],
		  value->kind == YAML_SCALAR && kind == YAML_LIST
			  ? ": [ONE, ...], or one a line after \"- \""
			  : "");
	return false;
}

static int read_version(struct reader *r, const struct yaml_node *value)
{
	if (expect(r, value, YAML_SCALAR) && strcmp(value->text, "1") != 0)
		diags_add(r->diags, value->where, "version \"%s\"; expected 1", value->text);
	return 0;
}

static int read_name(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_SCALAR))
		return 0;
	if (policy_name_is_valid(value->text))
		r->policy->name = value->text;
	else
		diags_add(
			r->diags, value->where,
			"the name \"%s\"; expected words of letters, digits, '_', '.', '-' with '/' between",
			value->text);
	return 0;
}

static int read_extends(struct reader *r, const struct yaml_node *value)
{
	struct policy *p = r->policy;

	if (!expect(r, value, YAML_LIST))
		return 0;
	p->extends = arena_array(r->arena, value->n + 1, sizeof(*p->extends));
	p->extends_where = arena_array(r->arena, value->n + 1, sizeof(*p->extends_where));
	if (!p->extends || !p->extends_where)
		return -ENOMEM;
	for (size_t i = 0; i < value->n; i++) {
		if (!expect(r, &value->items[i], YAML_SCALAR))
			continue;
		p->extends[p->n_extends] = value->items[i].text;
		p->extends_where[p->n_extends++] = value->items[i].where;
	}
	return 0;
}

static int read_mode(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_SCALAR))
		return 0;
	r->policy->audit_only = strcmp(value->text, "audit") == 0;
	r->policy->mode_where = value->where;
	if (!r->policy->audit_only && strcmp(value->text, "enforce") != 0)
		diags_add(r->diags, value->where, "mode \"%s\"; expected enforce or audit",
			  value->text);
	return 0;
}

static bool read_id(struct span s, uint32_t *ret)
{
	uint64_t v = 0;

	if (span_u64(s, UINT32_MAX - 1, &v) < 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static void read_user(struct reader *r, const struct yaml_node *value)
{
	struct identity *id = &r->policy->identity;
	struct span rest;
	struct span user;

	if (!expect(r, value, YAML_SCALAR))
		return;
	rest = span_of(value->text);
	user = span_cut(&rest, ':');
	id->has_user = read_id(user, &id->uid) &&
		       read_id(strchr(value->text, ':') ? rest : user, &id->gid);
	if (!id->has_user)
		diags_add(r->diags, value->where, "user \"%s\"; expected UID or UID:GID, decimal",
			  value->text);
}

static int read_identity(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_MAP))
		return 0;
	for (size_t i = 0; i < value->n; i++) {
		const struct yaml_node *item = &value->items[i];

		if (strcmp(value->keys[i].text, "user") == 0)
			read_user(r, item);
		else if (strcmp(value->keys[i].text, "capabilities") != 0)
			diags_add(r->diags, value->keys[i].where,
				  "unknown key \"%s\"; expected user or capabilities",
				  value->keys[i].text);
		else if (item->kind != YAML_SCALAR || strcmp(item->text, "none") != 0)
			diags_add(r->diags, item->where,
				  "capabilities are never granted; expected none");
	}
	return 0;
}

static int each_line(struct reader *r, const struct yaml_node *value,
		     int (*parse)(const struct yaml_node *, struct policy *, struct arena *,
				  struct diags *))
{
	if (!expect(r, value, YAML_LIST))
		return 0;
	for (size_t i = 0; i < value->n; i++) {
		int err = parse(&value->items[i], r->policy, r->arena, r->diags);

		if (err < 0)
			return err;
	}
	return 0;
}

static int read_files(struct reader *r, const struct yaml_node *value)
{
	return each_line(r, value, file_rule_parse);
}

static int read_syscalls(struct reader *r, const struct yaml_node *value)
{
	return each_line(r, value, syscall_rule_parse);
}

static int read_limits(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_MAP))
		return 0;
	for (size_t i = 0; i < value->n; i++) {
		const struct yaml_node *item = &value->items[i];
		const char *expected = NULL;
		int bit;

		if (!expect(r, item, YAML_SCALAR))
			continue;
		bit = limit_parse(value->keys[i].text, span_of(item->text), &r->policy->limits,
				  &expected);
		if (bit == -ENOENT)
			diags_add(
				r->diags, value->keys[i].where,
				"unknown limit \"%s\"; expected memory, pids, cpus, wall, nofile, tmp, fsize or io",
				value->keys[i].text);
		else if (bit < 0)
			diags_add(r->diags, item->where, "%s \"%s\"; expected %s",
				  value->keys[i].text, item->text, expected);
		else
			r->policy->limit_where[bit] = item->where;
	}
	return 0;
}

static int read_require(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_LIST))
		return 0;
	for (size_t i = 0; i < value->n; i++) {
		int layer;

		if (!expect(r, &value->items[i], YAML_SCALAR))
			continue;
		layer = layer_find(value->items[i].text);
		if (layer < 0)
			diags_add(
				r->diags, value->items[i].where,
				"unknown layer \"%s\"; expected userns, mounts, seccomp, capabilities, nslimits, landlock (files), cgroup, rlimits, netns (network), apparmor, selinux or bpf",
				value->items[i].text);
		else {
			r->policy->require |= 1U << layer;
			r->policy->require_where[layer] = value->items[i].where;
		}
	}
	return 0;
}

static int read_network(struct reader *r, const struct yaml_node *value)
{
	r->policy->net.stated = true;
	if (value->kind == YAML_SCALAR && strcmp(value->text, "none") == 0)
		return 0;
	if (value->kind == YAML_SCALAR) {
		diags_add(r->diags, value->where,
			  "network \"%s\"; expected none, or a list of rules", value->text);
		return 0;
	}
	return each_line(r, value, net_rule_parse);
}

static void read_recording(struct reader *r, const struct yaml_node *item)
{
	int recording = item->kind == YAML_SCALAR ? recording_find(item->text) : -1;

	if (recording < 0)
		diags_add(
			r->diags, item->where,
			"not something to record; expected denied, exec, flow, security, write, read, tasks or all");
	else
		r->policy->record |= 1U << recording;
}

static void read_on_loss(struct reader *r, const struct yaml_node *item)
{
	if (!expect(r, item, YAML_SCALAR))
		return;
	if (strcmp(item->text, "fail") == 0)
		r->policy->loss_fails = true;
	else if (strcmp(item->text, "not-proven") != 0)
		diags_add(r->diags, item->where, "on-loss \"%s\"; expected not-proven or fail",
			  item->text);
}

static int read_audit(struct reader *r, const struct yaml_node *value)
{
	if (!expect(r, value, YAML_MAP))
		return 0;
	for (size_t i = 0; i < value->n; i++) {
		const struct yaml_node *item = &value->items[i];
		const char *key = value->keys[i].text;

		if (strcmp(key, "on-loss") == 0)
			read_on_loss(r, item);
		else if (strcmp(key, "record") != 0)
			diags_add(r->diags, value->keys[i].where,
				  "unknown key \"%s\"; expected record or on-loss", key);
		else if (expect(r, item, YAML_LIST))
			for (size_t k = 0; k < item->n; k++)
				read_recording(r, &item->items[k]);
	}
	return 0;
}

static int read_tests(struct reader *r, const struct yaml_node *value)
{
	return each_line(r, value, policy_test_parse);
}

static int read_waivers(struct reader *r, const struct yaml_node *value)
{
	return each_line(r, value, policy_waiver_parse);
}

static const struct {
	const char *key;
	key_fn read;
} keys[] = {
	{ "policy", read_version },    { "name", read_name },         { "extends", read_extends },
	{ "mode", read_mode },         { "identity", read_identity }, { "files", read_files },
	{ "syscalls", read_syscalls }, { "network", read_network },   { "limits", read_limits },
	{ "audit", read_audit },       { "require", read_require },   { "tests", read_tests },
	{ "waivers", read_waivers },
};

static const char *near_key(const char *wrong)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (text_distance(wrong, keys[i].key) <= 2)
			return keys[i].key;
	}
	return NULL;
}

static int read_key(struct reader *r, const struct yaml_node *key, const struct yaml_node *value)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].key, key->text) == 0)
			return keys[i].read(r, value);
	}
	near = near_key(key->text);
	diags_add(r->diags, key->where, "unknown key \"%s\"%s%s%s", key->text,
		  near ? "; did you mean \"" : "; expected a key of immure-policy(5)",
		  near ? near : "", near ? "\"?" : "");
	return 0;
}

int policy_read(struct span text, const char *name, struct arena *arena, struct policy *ret,
		struct diags *diags)
{
	struct policy policy = { .name = name };
	struct reader r = { .policy = &policy, .arena = arena, .diags = diags };
	struct yaml_node root = { 0 };
	size_t faults = diags->n;
	int err = yaml_tree_read(text, name, arena, &root, diags);

	if (err < 0)
		return err;
	if (expect(&r, &root, YAML_MAP) && !yaml_find(&root, "policy"))
		diags_add(diags, root.where, "no version; expected \"policy: 1\"");
	for (size_t i = 0; root.kind == YAML_MAP && i < root.n; i++) {
		err = read_key(&r, &root.keys[i], &root.items[i]);
		if (err < 0)
			return err;
	}
	if (diags->out_of_memory)
		return -ENOMEM;
	if (diags->n > faults) {
		diags_sort(diags);
		return -EINVAL;
	}
	*ret = policy;
	return 0;
}
