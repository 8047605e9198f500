/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_IO_H
#define IMMURE_RUNTIME_RUN_IO_H

/* Bytes that a sandbox has sent, received, read and written, as the kernel counts them. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"
#include "runtime/proc_sum.h"

struct run_io {
	bool has_net;   /* it has a network of its own, and we may look */
	bool has_block; /* its cgroup counts, or we may look at each process */
	uint64_t received, sent;
	uint64_t read, written; /* of disks; what the page cache had is no reading */
};

/*
 * The sum over all interfaces but the loopback one.
 *
 *   text  of /proc/PID/net/dev
 *
 * Returns   0 or -EINVAL. Source: proc(5), "/proc/net/dev".
 */
must_check int run_io_net_parse(struct span text, struct run_io *ret);

/* The sum over all disks: io.stat of a cgroup. 0 or -EINVAL. Source: cgroup-v2.rst, "io.stat". */
must_check int run_io_stat_parse(struct span text, struct run_io *ret);

/* Add what a process and its reaped children have: /proc/PID/io. 0 or -EINVAL. Source: proc(5). */
must_check int run_io_process_add(struct span text, struct run_io *ret);

/*
 * Look at a sandbox.
 *
 *   id     of the run: its cgroup is called "immure-ID"
 *   first  process 1 inside
 *   all    n processes of the machine, from proc_use_all()
 */
struct run_io run_io_look(const char *id, pid_t first, const struct proc_use *all, size_t n);

#endif
