/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "runtime/guard_grants.h"

enum plan_guard guard_find(bool is_asked_for, const struct bundle *bundle, struct arena *arena,
			   const char **ret_why)
{
	struct err why = { 0 };
	uint32_t can = 0;

	*ret_why = NULL;
	if (!is_asked_for && !(bundle->require & 1U << LAYER_BPF))
		return GUARD_NONE;
	if (tracer_client_ask(&can, &why) == 0) {
		if (can & WIRE_CAN_GUARD)
			return GUARD_THERE;
		err_set(&why, ENOTSUP, "this kernel lets no program refuse");
	}
	*ret_why = arena_strdup(arena, why.msg);
	return GUARD_ABSENT;
}

uint32_t guard_groups(const struct plan *plan)
{
	uint32_t groups = TRACER_GROUP_GUARD | TRACER_GROUP_PATHS | TRACER_GROUP_CALLS;

	if (!plan->guard)
		return 0;
	return plan->network == NETWORK_NONE ? groups | TRACER_GROUP_LOCAL : groups;
}

/* A path of the sandbox, links followed. It stays as it is if there is nothing. */
struct place {
	char path[TRACER_GUARD_PATH];
	unsigned access; /* enum file_access */
	bool tree;
};

/* Returns 1, 0 (nothing there), or -errno. */
static int find_place(int root, const struct plan_fsrule *rule, struct place *ret, struct err *err)
{
	cleanup_close int fd = path_open_in(root, rule->path, O_PATH, 0, err);
	char link[40];
	ssize_t n;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret->path, sizeof(ret->path) - 1);
	if (n <= 0 || ret->path[0] != '/')
		return err_set(err, ESTALE, "cannot tell where %s leads", rule->path);
	if ((size_t)n >= sizeof(ret->path) - 2)
		return err_set(err, ENAMETOOLONG, "%s is too long to be guarded", rule->path);
	ret->path[n] = '\0';
	ret->access = rule->access;
	ret->tree = rule->tree;
	return 1;
}

/* The longest rule counts alone, so it grants what those around it grant, too. */
static uint32_t access_at(const struct place *places, size_t n, const struct place *at)
{
	unsigned access = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (places[i].tree ? path_is_below(at->path, places[i].path)
				   : strcmp(at->path, places[i].path) == 0)
			access |= places[i].access;
	}
	bits |= access & FILE_READ ? TRACER_READ | TRACER_LIST : 0;
	bits |= access & FILE_LIST ? TRACER_LIST : 0;
	bits |= access & FILE_WRITE ? TRACER_WRITE : 0;
	bits |= access & FILE_EXEC ? TRACER_EXECUTE : 0;
	return bits;
}

static int send_place(const struct place *at, uint32_t access, const struct tracer_client *client,
		      struct err *err)
{
	char below[TRACER_GUARD_PATH];
	size_t n = strlen(at->path);
	int r = tracer_client_add_rule(client, at->path, n + 1, access, err);

	if (r < 0 || !at->tree)
		return r;
	snprintf(below, sizeof(below), "%s%s", at->path, strcmp(at->path, "/") == 0 ? "" : "/");
	return tracer_client_add_rule(client, below, strlen(below), access, err);
}

int guard_send_rules(const struct plan *plan, const struct launched *launched,
		     const struct tracer_client *client, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct tracer_grants grants = { 0 };
	struct place *places = arena_array(&arena, plan->n_fsrules, sizeof(*places));
	cleanup_close int root = -1;
	char path[40];
	size_t n = 0;
	int r = 0;

	if (!plan->guard)
		return 0;
	if (!places)
		return err_set(err, ENOMEM, "out of memory");
	snprintf(path, sizeof(path), "/proc/%d/root", launched->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "cannot open %s", path);
	for (size_t i = 0; i < plan->n_fsrules; i++) {
		r = find_place(root, &plan->fsrules[i], &places[n], err);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = send_place(&places[i], access_at(places, n, &places[i]), client, err);
	if (r >= 0)
		r = guard_grants_of(plan->bundle, &arena, &grants, err);
	if (r >= 0)
		r = tracer_client_grant(client, &grants, err);
	return r < 0 ? err_wrap(err, "bpf") : 0;
}
