/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_ENTRIES_H
#define IMMURE_RUNTIME_ENTRIES_H

/*
 * The monitor's side of programs that enter a running sandbox: it hands a client's request on to
 * process 1 (sandbox/enter.h), answers the program's refused calls as it does the first one's, and
 * tells the client how it went. Everything goes into the run's own log. A program that has another
 * label than the plan's is killed.
 */

#include <poll.h>

#include "runtime/notify.h"
#include "sandbox/enter.h"

#define ENTRIES_POLLFDS (1 + 2 * ENTER_MAX_PROGRAMS)

struct entry {
	enum entry_state {
		ENTRY_FREE,
		ENTRY_ASKING,   /* its request is still to come from the client */
		ENTRY_STARTING, /* process 1 has it */
		ENTRY_RUNNING,
	} state;
	int client; /* -1: nobody waits for it */
	uint32_t id;
	int pidfd;
	int leave;            /* to execute; once closed, process 1 reaps the program */
	pid_t pid;            /* as the host numbers it */
	uint32_t uid;         /* read while it waited for leave to execute */
	uint64_t caps;        /* likewise, of all sets */
	bool probe;           /* a health check: ours, not in the log */
	bool stays;           /* goes on when its client is gone */
	bool deserted;        /* nobody is left behind its filter */
	struct notify notify; /* of its own filter; listener -1 without one */
	struct strbuf argv;   /* each with its NUL, for the log */
};

struct entries {
	int socket; /* borrowed: to process 1; -1: nobody can enter */
	uint32_t last_id;
	const struct plan *plan;      /* borrowed */
	const struct notify *pattern; /* borrowed: bundle, log, table */
	int profile;                  /* borrowed: profile_load()'s; -1: there is none */
	bool probe_ended;             /* to be unset by who has seen it */
	bool probe_good;
	struct entry all[ENTER_MAX_PROGRAMS];
};

void entries_init(struct entries *entries, const struct plan *plan, int socket,
		  const struct notify *pattern, int profile);

/*
 * A client wants to have a program started. Takes its descriptor over on success.
 *
 * Returns   0, -ENOTSUP (this sandbox cannot be entered), -EAGAIN (too many).
 */
must_check int entries_add(struct entries *entries, int *client);

/*
 * Start a health check: sh -c COMMAND. Its end sets probe_ended and probe_good.
 *
 * Returns   0, or -errno: it could not be asked for.
 */
must_check int entries_probe(struct entries *entries, const char *command);
/* It takes too long. */
void entries_kill_probe(const struct entries *entries);

/* How many programs there are, health checks aside. */
unsigned entries_count(const struct entries *entries);

/* Fill ENTRIES_POLLFDS entries. */
void entries_fill(const struct entries *entries, struct pollfd *fds);

/* Returns 0, or -errno: something could not be recorded. */
must_check int entries_handle(struct entries *entries, const struct pollfd *fds, struct err *err);

/* The sandbox has ended, and all with it: tell those who wait. */
void entries_done(struct entries *entries);

#endif
