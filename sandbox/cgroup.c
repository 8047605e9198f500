/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NAME_PREFIX "immure-"
#define CPU_PERIOD_US 100000

static int set_limit(int dir, const char *file, uint64_t value, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return fd_write_text(dir, file, text, err);
}

static int set_limits(const struct plan *plan, int dir, struct err *err)
{
	uint32_t have = plan->host->cgroup_controllers;
	const struct limits *limits = &plan->limits;
	int r = 0;

	if ((have & 1U << CGROUP_MEMORY) && (limits->set & LIMIT_MEMORY)) {
		r = set_limit(dir, "memory.max", limits->memory, err);
		if (r == 0)
			r = set_limit(dir, "memory.oom.group", 1, err);
	}
	if (r == 0 && (have & 1U << CGROUP_PIDS) && (limits->set & LIMIT_PIDS))
		r = set_limit(dir, "pids.max", limits->pids, err);
	if (r == 0 && (have & 1U << CGROUP_CPU) && (limits->set & LIMIT_CPUS)) {
		char text[64];

		snprintf(text, sizeof(text), "%llu %d",
			 (unsigned long long)(limits->cpus_milli * CPU_PERIOD_US / 1000),
			 CPU_PERIOD_US);
		r = fd_write_text(dir, "cpu.max", text, err);
	}
	return r;
}

/* What a killed supervisor left: rmdir(2) refuses one that still has processes, so all are tried.
 */
static void sweep(int parent)
{
	int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		closep(&copy);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0)
			unlinkat(parent, entry->d_name, AT_REMOVEDIR);
	}
}

int cgroup_make(const struct plan *plan, const char *id, struct cgroup *ret, struct err *err)
{
	struct cgroup made = { .parent = -1, .dir = -1 };
	int r;

	if (!plan->cgroup_dir) {
		*ret = made;
		return 0;
	}
	snprintf(made.name, sizeof(made.name), NAME_PREFIX "%s", id);
	made.parent = open(plan->cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made.parent < 0)
		return err_sys(err, errno, "cannot open the cgroup %s", plan->cgroup_dir);
	sweep(made.parent);
	if (mkdirat(made.parent, made.name, 0755) < 0) {
		r = err_sys(err, errno, "cannot make a cgroup in %s", plan->cgroup_dir);
		closep(&made.parent);
		return r;
	}
	made.dir = openat(made.parent, made.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = made.dir < 0 ? err_sys(err, errno, "cannot open the new cgroup")
			 : set_limits(plan, made.dir, err);
	if (r < 0) {
		cgroup_remove(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void cgroup_remove(struct cgroup *cgroup)
{
	struct err ignored = { 0 };

	if (cgroup->parent < 0)
		return;
	if (cgroup->dir >= 0 && fd_write_text(cgroup->dir, "cgroup.kill", "1", &ignored) < 0)
		ignored.code = 0; /* Linux before 5.14: rmdir says whether somebody is left */
	closep(&cgroup->dir);
	unlinkat(cgroup->parent, cgroup->name, AT_REMOVEDIR);
	closep(&cgroup->parent);
}
