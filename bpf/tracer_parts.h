/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_TRACER_PARTS_H
#define IMMURE_BPF_TRACER_PARTS_H

/* What the files of the loader share. */

#include "bpf/tracer.h"
#include "bpf/tracer_programs.h"

enum map {
	MAP_MARKS,
	MAP_SLOTS,
	MAP_RINGS,
	MAP_STATS,
	MAP_RULES,
	MAP_GRANTS,
	MAP_WANTED, /* the programs' only variable */
	MAP_COUNT
};

struct tracer {
	char *dir;
	int maps[MAP_COUNT];
	int programs[TRACER_PROGRAMS];
	int links[TRACER_PROGRAMS];
	bool misses_ia32;        /* calls of 32 bits have no hook here, though there may be some */
	struct err no_hooks;     /* why not; code 0: there are some */
	struct err not_attached; /* why they could not be attached last time; code 0: they could */
};

/* Pins in the tracer's folder, by what they are and their name. */
must_check int tracer_pin(const struct tracer *t, int fd, const char *kind, const char *name,
			  struct err *err);
/* Returns a descriptor, or -errno. */
must_check int tracer_open_pin(const struct tracer *t, const char *kind, const char *name);
/* Attach one program and pin that; detach one. */
must_check int tracer_attach_one(struct tracer *t, size_t i, struct err *err);
void tracer_detach_one(struct tracer *t, size_t i);

/* Find out no_hooks and misses_ia32 by trying: is a program at the end of a function sure to run?
 */
void tracer_try_hooks(struct tracer *t);

void tracer_remove_pin(const struct tracer *t, const char *kind, const char *name);

#endif
