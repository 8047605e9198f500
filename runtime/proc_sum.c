/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/proc_sum.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define DEPTH_MAX 4096 /* of the tree: a loop in what was read ends here */

/* Fields behind the name: 3 is the state, 4 the parent, 14 to 17 times, 24 resident pages. */
int proc_use_parse(struct span line, struct proc_use *ret)
{
	struct proc_use use = { 0 };
	uint64_t pid = 0;
	uint64_t parent = 0;
	const char *name_end = line.n > 0 ? memrchr(line.p, ')', line.n) : NULL;
	struct span rest = line;

	if (!name_end || span_u64(span_word(&rest), INT32_MAX, &pid) < 0)
		return -EINVAL;
	rest = (struct span){ name_end + 1, line.n - (size_t)(name_end + 1 - line.p) };
	for (int field = 3; field <= 24; field++) {
		struct span word = span_word(&rest);
		uint64_t value = 0;

		if (word.n == 0)
			return -EINVAL;
		if (field == 4 && span_u64(word, INT32_MAX, &parent) < 0)
			return -EINVAL;
		if (field >= 14 && field <= 17 && span_u64(word, UINT64_MAX / 8, &value) < 0)
			return -EINVAL;
		use.ticks += value;
		if (field == 24 && span_u64(word, UINT64_MAX / 8, &use.rss_pages) < 0)
			return -EINVAL;
	}
	use.pid = (pid_t)pid;
	use.parent = (pid_t)parent;
	*ret = use;
	return 0;
}

/* One that has ended meanwhile is none. */
static bool read_one(int proc, const char *name, struct proc_use *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char path[32];

	snprintf(path, sizeof(path), "%.16s/stat", name);
	return fd_read_file(proc, path, 4096, &text, &ignored) == 0 &&
	       proc_use_parse((struct span){ strbuf_str(&text), text.len }, ret) == 0;
}

int proc_use_all(struct arena *arena, struct proc_use **ret, struct err *err)
{
	cleanup_closedir DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct proc_use *all = NULL;
	size_t cap = 0;
	size_t n = 0;

	if (!dir)
		return err_sys(err, errno, "cannot list /proc");
	while ((entry = readdir(dir)) != NULL) {
		struct proc_use one;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    !read_one(dirfd(dir), entry->d_name, &one))
			continue;
		all = arena_grow(arena, all, &cap, n + 1, sizeof(*all));
		if (!all)
			return err_set(err, ENOMEM, "out of memory");
		all[n++] = one;
	}
	*ret = all;
	return (int)n;
}

static const struct proc_use *find(const struct proc_use *all, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (all[i].pid == pid)
			return &all[i];
	}
	return NULL;
}

bool proc_is_below(const struct proc_use *all, size_t n, size_t i, pid_t first)
{
	const struct proc_use *up = &all[i];

	for (int depth = 0; up && up->pid != first && depth < DEPTH_MAX; depth++)
		up = up->parent > 0 ? find(all, n, up->parent) : NULL;
	return up && up->pid == first;
}

struct proc_sum proc_sum_below(const struct proc_use *all, size_t n, pid_t first)
{
	struct proc_sum sum = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!proc_is_below(all, n, i, first))
			continue;
		sum.ticks += all[i].ticks;
		sum.rss_pages += all[i].rss_pages;
		sum.processes++;
	}
	return sum;
}
