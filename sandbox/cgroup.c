/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NAME_PREFIX "immure-"
#define CPU_PERIOD_US 100000
#define FREEZE_LOOKS 200 /* of 10 ms */

static int set_limit(int dir, const char *file, uint64_t value, struct err *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return fd_write_text(dir, file, text, err);
}

/* Its number as the kernel writes it, "8:0"; false for one without a medium. */
static bool read_disk(int disks, const char *name, char ret[16])
{
	cleanup_strbuf struct strbuf size = { 0 };
	cleanup_strbuf struct strbuf number = { 0 };
	struct err ignored = { 0 };
	char path[300];

	snprintf(path, sizeof(path), "%s/size", name);
	if (fd_read_file(disks, path, 64, &size, &ignored) < 0 || strbuf_str(&size)[0] == '0')
		return false;
	snprintf(path, sizeof(path), "%s/dev", name);
	if (fd_read_file(disks, path, 64, &number, &ignored) < 0)
		return false;
	snprintf(ret, 16, "%.*s", (int)strcspn(strbuf_str(&number), "\n"), strbuf_str(&number));
	return true;
}

/*
 * Each disk, for which one is used can change while the sandbox runs. A disk that takes no limit
 * (ENODEV, EOPNOTSUPP: it has no queue) has nothing to be limited at.
 */
static int limit_disks(int dir, uint64_t bytes, struct err *err)
{
	cleanup_closedir DIR *disks = opendir("/sys/block");
	const struct dirent *entry;

	if (!disks)
		return err_sys(err, errno, "cannot list the disks");
	while ((entry = readdir(disks)) != NULL) {
		struct err why = { 0 };
		char number[16];
		char text[96];

		if (entry->d_name[0] == '.' || !read_disk(dirfd(disks), entry->d_name, number))
			continue;
		snprintf(text, sizeof(text), "%s rbps=%llu wbps=%llu", number,
			 (unsigned long long)bytes, (unsigned long long)bytes);
		if (fd_write_text(dir, "io.max", text, &why) < 0 && why.code != ENODEV &&
		    why.code != EOPNOTSUPP) {
			*err = why;
			return err_wrap(err, "disk %s", entry->d_name);
		}
	}
	return 0;
}

static int set_limits(const struct plan *plan, int dir, struct err *err)
{
	uint32_t have = plan->host->cgroup.controllers;
	const struct limits *limits = &plan->limits;
	int r = 0;

	if ((have & 1U << CGROUP_MEMORY) && (limits->set & LIMIT_MEMORY)) {
		r = set_limit(dir, "memory.max", limits->memory, err);
		if (r == 0)
			r = set_limit(dir, "memory.oom.group", 1, err);
		/* Swapping out is no way around the limit; without swap there is no such file. */
		if (r == 0 && faccessat(dir, "memory.swap.max", F_OK, 0) == 0)
			r = set_limit(dir, "memory.swap.max", 0, err);
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
	if (r == 0 && (have & 1U << CGROUP_IO) && (limits->set & LIMIT_IO))
		r = limit_disks(dir, limits->io, err);
	return r;
}

/* Ourselves into a child, so that controllers can be switched on beside us. */
static int move_inside(int parent, const char *id, struct err *err)
{
	cleanup_close int child = -1;
	char name[80];

	snprintf(name, sizeof(name), NAME_PREFIX "launcher-%s", id);
	if (mkdirat(parent, name, 0755) < 0)
		return err_sys(err, errno, "cannot make a cgroup for ourselves");
	child = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (child < 0)
		return err_sys(err, errno, "cannot open a cgroup of ours");
	return fd_write_text(child, "cgroup.procs", "0", err);
}

/* The controllers that the plan's limits need. */
static uint32_t needed(const struct limits *limits)
{
	return (limits->set & LIMIT_MEMORY ? 1U << CGROUP_MEMORY : 0) |
	       (limits->set & LIMIT_PIDS ? 1U << CGROUP_PIDS : 0) |
	       (limits->set & LIMIT_CPUS ? 1U << CGROUP_CPU : 0) |
	       (limits->set & LIMIT_IO ? 1U << CGROUP_IO : 0);
}

static int prepare_parent(const struct plan *plan, int parent, const char *id, struct err *err)
{
	const struct host_cgroup *host = &plan->host->cgroup;
	uint32_t enable = host->to_enable & needed(&plan->limits);
	int r = host->inside ? move_inside(parent, id, err) : 0;

	for (size_t i = 0; r == 0 && i < CGROUP_CONTROLLERS; i++) {
		char text[16];

		if (!(enable & 1U << i))
			continue;
		snprintf(text, sizeof(text), "+%s", cgroup_controller_names[i]);
		r = fd_write_text(parent, "cgroup.subtree_control", text, err);
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
	r = prepare_parent(plan, made.parent, id, err);
	if (r < 0) {
		closep(&made.parent);
		return r;
	}
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

/* The kernel says in cgroup.events when the last one stands still. */
static bool is_frozen(int dir)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	return fd_read_file(dir, "cgroup.events", 4096, &text, &ignored) == 0 &&
	       strstr(strbuf_str(&text), "frozen 1");
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen)
{
	struct err err = { 0 };

	if (cgroup->dir < 0)
		return -ENOTSUP;
	if (fd_write_text(cgroup->dir, "cgroup.freeze", frozen ? "1" : "0", &err) < 0)
		return err.code == ENOENT ? -ENOTSUP : -err.code;
	for (int looks = 0; frozen && !is_frozen(cgroup->dir); looks++) {
		if (looks == FREEZE_LOOKS) {
			if (fd_write_text(cgroup->dir, "cgroup.freeze", "0", &err) < 0)
				return -err.code;
			return -EBUSY;
		}
		poll(NULL, 0, 10);
	}
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
