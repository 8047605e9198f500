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

/*
 * Does this kernel take programs at the end of functions, and are they sure to be run there? Tried
 * out with one that does nothing.
 *
 * Returns   0, or -errno and why not.
 */
must_check int tracer_try_hooks(struct err *err);

void tracer_remove_pin(const struct tracer *t, const char *kind, const char *name);

#endif
