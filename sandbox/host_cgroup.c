// SPDX-License-Identifier: Apache-2.0
/* Source: Documentation/admin-guide/cgroup-v2.rst, "Delegation", "No Internal Process Constraint".
 */
#include "sandbox/host_cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

#define TEXT_MAX ((size_t)1 << 20)

const char *const cgroup_controller_names[CGROUP_CONTROLLERS] = { "memory", "pids", "cpu", "io" };

/* A file of a cgroup; what cannot be read counts as empty. */
static struct span read_file(const char *dir, const char *name, struct strbuf *text)
{
	struct err ignored = { 0 };
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	strbuf_reset(text);
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    fd_read_file(AT_FDCWD, path, TEXT_MAX, text, &ignored) < 0)
		strbuf_reset(text);
	return (struct span){ strbuf_str(text), text->len };
}

static bool can_write(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n > 0 && (size_t)n < sizeof(path) && access(path, W_OK) == 0;
}

static uint32_t controllers_in(struct span text)
{
	uint32_t found = 0;
	struct span line = span_cut(&text, '\n');

	for (;;) {
		struct span word = span_word(&line);

		if (word.n == 0)
			return found;
		for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
			if (span_eq(word, cgroup_controller_names[i]))
				found |= 1U << i;
		}
	}
}

/*
 * A process may be put into a child only by who may write to the common ancestor too; controllers
 * can be switched on for children only where no process is.
 */
static bool look_at(const char *dir, bool inside, struct strbuf *text, struct host_cgroup *ret)
{
	struct host_cgroup found = { .dir = dir, .inside = inside };
	struct span procs;
	uint64_t pid = 0;

	if (access(dir, W_OK) < 0 || !can_write(dir, "cgroup.procs"))
		return false;
	found.controllers = controllers_in(read_file(dir, "cgroup.subtree_control", text));
	procs = read_file(dir, "cgroup.procs", text);
	if (inside) {
		struct span first = span_cut(&procs, '\n');

		if (procs.n > 0 || span_u64(first, INT32_MAX, &pid) < 0 ||
		    pid != (uint64_t)getpid())
			return false;
	}
	/* Beside us, root may write everywhere: that does not make it his to change. */
	if ((inside || (procs.n == 0 && geteuid() != 0)) &&
	    can_write(dir, "cgroup.subtree_control")) {
		uint32_t there = controllers_in(read_file(dir, "cgroup.controllers", text));

		found.to_enable = there & ~found.controllers;
		found.controllers |= there;
	}
	if (found.controllers == 0)
		return false;
	*ret = found;
	return true;
}

static const char *parent_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	/* At the root: beside us is inside it. */
	return arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

void host_cgroup_read(struct arena *arena, struct host_cgroup *ret)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	cleanup_strbuf struct strbuf text = { 0 };
	struct span own = cgroup_v2_path(read_file("/proc/self", "cgroup", &text));
	char *path = own.n > 0 ? arena_strndup(arena, own.p, own.n) : NULL;
	const char *parent = path && path[0] == '/' ? parent_of(arena, path) : NULL;

	*ret = (struct host_cgroup){ 0 };
	for (size_t i = 0; parent && i < ARRAY_LEN(mounts); i++) {
		struct statfs fs = { 0 };
		const char *beside = arena_printf(arena, "%s%s", mounts[i], parent);
		const char *here = arena_printf(arena, "%s%s", mounts[i], path);

		if (!beside || !here || statfs(mounts[i], &fs) < 0 ||
		    fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		if (!look_at(beside, false, &text, ret))
			look_at(here, true, &text, ret);
		return;
	}
}
