/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROGRESS_H
#define IMMURE_RUNTIME_PROGRESS_H

/* How far layers are, on standard error: a bar each on a terminal, else a line when one is done. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_state {
	PROGRESS_WAITING,
	PROGRESS_MOVING,
	PROGRESS_THERE, /* it was in the store already */
	PROGRESS_DONE,
};

struct progress_row {
	char name[13]; /* the first twelve digits */
	uint64_t at, total;
	enum progress_state state, told;
};

#define PROGRESS_MAX 128

struct progress {
	bool quiet, json, terminal;
	size_t n;
	size_t drawn; /* lines on the terminal that are ours */
	uint64_t drawn_ms;
	struct progress_row rows[PROGRESS_MAX];
};

void progress_init(struct progress *p, bool quiet, bool json);
/* A row for a layer of `total` bytes. Returns its number. */
size_t progress_add(struct progress *p, const char *digest, uint64_t total);
void progress_set(struct progress *p, size_t row, uint64_t at, enum progress_state state);
/* Show the last state. */
void progress_end(struct progress *p);

#endif
