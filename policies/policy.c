/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char layer_names[LAYER_COUNT][16] = {
	"userns", "mounts",  "seccomp", "capabilities", "nslimits", "landlock",
	"cgroup", "rlimits", "netns",   "apparmor",     "selinux",  "bpf",
};

static const char recording_names[RECORDING_COUNT][16] = {
	"denied", "exec", "flow", "security", "write", "read", "tasks", "all",
};

const char *recording_name(enum recording recording)
{
	return recording_names[recording];
}

int recording_find(const char *name)
{
	for (int i = 0; i < RECORDING_COUNT; i++) {
		if (strcmp(recording_names[i], name) == 0)
			return i;
	}
	return -1;
}

const char *layer_name(enum layer layer)
{
	return layer_names[layer];
}

int layer_find(const char *name)
{
	static const struct {
		const char name[12];
		enum layer layer;
	} aliases[] = { { "files", LAYER_LANDLOCK }, { "network", LAYER_NETNS } };

	for (int i = 0; i < LAYER_COUNT; i++) {
		if (strcmp(layer_names[i], name) == 0)
			return i;
	}
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		if (strcmp(aliases[i].name, name) == 0)
			return (int)aliases[i].layer;
	}
	return -1;
}

static bool is_one_of(const struct cond *cond, uint32_t value)
{
	for (uint32_t i = 0; i < cond->n_values; i++) {
		if (cond->values[i] == value)
			return true;
	}
	return false;
}

bool cond_holds(const struct cond *cond, const uint64_t args[6])
{
	uint32_t given = (uint32_t)args[cond->arg];
	uint32_t value = cond->n_values > 0 ? cond->values[0] : 0;

	switch (cond->kind) {
	case COND_EQ:
		return given == value;
	case COND_LT:
		return given < value;
	case COND_IN:
		return is_one_of(cond, given);
	case COND_HAS:
		return (given & value) == value;
	case COND_ONLY:
		return (given & ~value) == 0;
	case COND_AND:
		return cond_holds(cond->left, args) && cond_holds(cond->right, args);
	case COND_OR:
		return cond_holds(cond->left, args) || cond_holds(cond->right, args);
	case COND_NOT:
		return !cond_holds(cond->left, args);
	}
	return false;
}

bool policy_name_is_valid(const char *name)
{
	struct span rest = span_of(name);
	char part[80];

	while (rest.n > 0) {
		struct span s = span_cut(&rest, '/');

		if (s.n == 0 || s.n >= sizeof(part))
			return false;
		memcpy(part, s.p, s.n);
		part[s.n] = '\0';
		if (!text_is_id(part))
			return false;
	}
	return name[0] != '\0' && name[strlen(name) - 1] != '/';
}

bool syscall_rule_names(const struct syscall_rule *rule, const char *call)
{
	size_t low = 0;
	size_t high = rule->n_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(rule->names[middle], call);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void diags_add(struct diags *diags, struct where where, const char *format, ...)
{
	char text[1024];
	struct diag *grown;
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	grown = arena_grow(diags->arena, diags->items, &diags->cap, diags->n + 1, sizeof(*grown));
	if (!grown) {
		diags->out_of_memory = true;
		return;
	}
	diags->items = grown;
	grown[diags->n].where = where;
	grown[diags->n].text = arena_strdup(diags->arena, text);
	if (!grown[diags->n].text)
		diags->out_of_memory = true;
	else
		diags->n++;
}

static int compare(const void *a, const void *b)
{
	const struct where *x = &((const struct diag *)a)->where;
	const struct where *y = &((const struct diag *)b)->where;
	int r = strcmp(x->file, y->file);

	if (r != 0)
		return r;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return 0;
}

void diags_sort(struct diags *diags)
{
	if (diags->n > 1)
		qsort(diags->items, diags->n, sizeof(*diags->items), compare);
}
