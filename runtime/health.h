/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_HEALTH_H
#define IMMURE_RUNTIME_HEALTH_H

/*
 * Whether a detached program does its work, as a command inside says now and then. Pure: who calls
 * starts the command, and tells the time (milliseconds of a clock that only goes on) and its end.
 * The meaning of the settings is that of Docker's HEALTHCHECK.
 */

#include <stdbool.h>
#include <stdint.h>

struct health_plan {
	const char *command; /* for /bin/sh -c; NULL: no check */
	uint64_t interval_ms, timeout_ms;
	uint64_t start_ms; /* so long after the start a failure does not count */
	uint32_t retries;  /* failures in a row: unhealthy */
};

enum health_state {
	HEALTH_NONE,
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
};

struct health {
	enum health_state state;
	uint32_t failures; /* in a row */
	uint64_t started;
	uint64_t due;      /* the next check */
	uint64_t deadline; /* of the one that runs; 0: none does */
	bool overdue;      /* it was told to end */
};

/* "none", "starting", "healthy", "unhealthy". */
const char *health_name(enum health_state state);

/* The program has started, for the first time or again. */
void health_start(struct health *health, const struct health_plan *plan, uint64_t now);

/* Milliseconds until health_turn() has something to do; -1: nothing. */
int health_wait(const struct health *health, uint64_t now);

enum health_action {
	HEALTH_DO_NOTHING,
	HEALTH_DO_CHECK, /* start the command */
	HEALTH_DO_KILL,  /* it takes too long */
};
enum health_action health_turn(struct health *health, const struct health_plan *plan, uint64_t now);

/* The command has ended, or could not be started. Returns true if the state is another now. */
bool health_ended(struct health *health, const struct health_plan *plan, bool good, uint64_t now);

#endif
