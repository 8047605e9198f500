/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROC_SUM_H
#define IMMURE_RUNTIME_PROC_SUM_H

/*
 * What all processes below one of them use, from one pass over /proc: everything of a sandbox
 * descends from its process 1, orphans included.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct proc_use {
	pid_t pid, parent;
	uint64_t ticks; /* processor time, that of reaped children included; of clock(3)'s 100/s */
	uint64_t rss_pages; /* pages that several share are counted for each */
};

struct proc_sum {
	uint64_t ticks, rss_pages, processes;
};

/* One line of /proc/PID/stat. Returns 0 or -EINVAL. Source: proc(5). */
must_check int proc_use_parse(struct span line, struct proc_use *ret);

/* All processes there are now, in arena. Returns how many, or -errno. */
must_check int proc_use_all(struct arena *arena, struct proc_use **ret, struct err *err);

/* Is the i-th of them `first`, or does it descend from it? */
bool proc_is_below(const struct proc_use *all, size_t n, size_t i, pid_t first);

/* Add up `first` and all that descend from it. */
struct proc_sum proc_sum_below(const struct proc_use *all, size_t n, pid_t first);

#endif
