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
};

/* Pins in the tracer's folder, by what they are and their name. */
must_check int tracer_pin(const struct tracer *t, int fd, const char *kind, const char *name,
			  struct err *err);
/* Returns a descriptor, or -errno. */
must_check int tracer_open_pin(const struct tracer *t, const char *kind, const char *name);
void tracer_remove_pin(const struct tracer *t, const char *kind, const char *name);

#endif
