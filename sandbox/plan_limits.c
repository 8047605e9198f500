/* SPDX-License-Identifier: Apache-2.0 */
/* Limits everywhere by default (R12). A cgroup counts the whole sandbox; without one, rlimits do.
 */
#include <sys/resource.h>

#include "sandbox/plan_parts.h"

#define NOFILE_DEFAULT 4096
#define MEMLOCK_BYTES ((uint64_t)64 << 10)
#define MSGQUEUE_BYTES ((uint64_t)64 << 10)
#define SIGPENDING_MAX 1024

/* A single later value replaces the earlier one. */
static void override(struct limits *to, const struct limits *from)
{
	if (from->set & LIMIT_MEMORY)
		to->memory = from->memory;
	if (from->set & LIMIT_PIDS)
		to->pids = from->pids;
	if (from->set & LIMIT_CPUS)
		to->cpus_milli = from->cpus_milli;
	if (from->set & LIMIT_WALL)
		to->wall_ms = from->wall_ms;
	if (from->set & LIMIT_NOFILE)
		to->nofile = from->nofile;
	if (from->set & LIMIT_TMP)
		to->tmp = from->tmp;
	if (from->set & LIMIT_FSIZE)
		to->fsize = from->fsize;
	if (from->set & LIMIT_IO)
		to->io = from->io;
	to->set |= from->set;
}

/* Never above what the caller has: that would need a privilege. */
static void add_rlimit(struct plan *plan, int resource, uint64_t value)
{
	struct rlimit have = { .rlim_max = RLIM_INFINITY };

	if (getrlimit(resource, &have) == 0 && have.rlim_max < value)
		value = have.rlim_max;
	plan->rlimits[plan->n_rlimits++] = (struct plan_rlimit){ resource, value };
}

static bool has_controller(const struct planner *p, enum cgroup_controller c)
{
	return p->host->cgroup.dir && (p->host->cgroup.controllers & 1U << c);
}

int plan_limits(struct planner *p, struct err *err)
{
	struct plan *plan = p->plan;
	struct limits limits = p->bundle->limits;
	bool cgroup;

	(void)err;
	override(&limits, &p->request->limits);
	plan->limits = limits;
	cgroup = ((limits.set & LIMIT_MEMORY) && has_controller(p, CGROUP_MEMORY)) ||
		 ((limits.set & LIMIT_PIDS) && has_controller(p, CGROUP_PIDS)) ||
		 ((limits.set & LIMIT_CPUS) && has_controller(p, CGROUP_CPU)) ||
		 ((limits.set & LIMIT_IO) && has_controller(p, CGROUP_IO));
	plan->cgroup_dir = cgroup ? p->host->cgroup.dir : NULL;

	add_rlimit(plan, RLIMIT_CORE, 0);
	add_rlimit(plan, RLIMIT_NOFILE, limits.set & LIMIT_NOFILE ? limits.nofile : NOFILE_DEFAULT);
	add_rlimit(plan, RLIMIT_MEMLOCK, MEMLOCK_BYTES);
	add_rlimit(plan, RLIMIT_MSGQUEUE, MSGQUEUE_BYTES);
	add_rlimit(plan, RLIMIT_SIGPENDING, SIGPENDING_MAX);
	add_rlimit(plan, RLIMIT_NICE, 0);
	add_rlimit(plan, RLIMIT_RTPRIO, 0);
	/* Counted per user namespace since Linux 5.14, so it is the sandbox's own. */
	if (limits.set & LIMIT_PIDS)
		add_rlimit(plan, RLIMIT_NPROC, limits.pids);
	if (limits.set & LIMIT_FSIZE)
		add_rlimit(plan, RLIMIT_FSIZE, limits.fsize);
	/* RLIMIT_AS would break runtimes that reserve address space without using it. */
	if ((limits.set & LIMIT_MEMORY) && !has_controller(p, CGROUP_MEMORY))
		add_rlimit(plan, RLIMIT_DATA, limits.memory);
	return 0;
}
