/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_DENIAL_H
#define IMMURE_AUDIT_DENIAL_H

/*
 * A refused system call: what was asked for, by whom, and which rule said no. Arguments are what
 * user memory held at that moment: for people to read, never evidence.
 */

#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "policies/bundle.h"

/* Reads memory of the process that waits. Returns bytes read, or a negative errno. */
typedef ssize_t (*denial_read_fn)(void *data, pid_t pid, uint64_t address, void *bytes, size_t n);

struct denial {
	const char *call; /* name, or "#NR"; points into the bundle or into number */
	char number[16];
	uint16_t rule; /* index into bundle->rules, or BUNDLE_NO_RULE */
	int error;     /* positive errno that answers it */
	bool allowed;  /* nothing refused it: a learning run announces these too */
	bool audited;  /* mode audit: a rule refuses it, and it goes on */
	bool look;     /* mode audit: allowed, and what it names is to be looked at */
	bool killed;   /* the filter ends the process, which nobody announces */
};

/*
 * Which rule refused a call, and with which error.
 *
 *   data  as the kernel gave it
 */
void denial_decide(const struct bundle *bundle, const struct seccomp_data *data,
		   struct denial *ret);

/*
 * Append the call as text: openat(dirfd=AT_FDCWD, pathname="/etc/shadow", flags=O_RDONLY).
 *
 *   read  for paths and addresses; what cannot be read is "unreadable"
 */
void denial_text(const struct denial *denial, const struct seccomp_data *data, pid_t pid,
		 denial_read_fn read, void *read_data, struct strbuf *out);

/* Counts of refused calls by process and call: exact, even for what is not recorded line by line.
 */
#define DENIAL_SLOTS 512
#define DENIAL_FIRST 8 /* each of the first ones is recorded, then every power of ten */

struct denial_count {
	pid_t pid;
	uint16_t rule;
	uint16_t call; /* number; UINT16_MAX for anything above */
	uint32_t what; /* of several things that one call may be about: a hash; 0: the call */
	uint64_t n;
};

struct denial_table {
	uint64_t total;    /* all refused calls */
	uint64_t audited;  /* mode audit: what would have been refused and went on; not in total */
	uint64_t recorded; /* of them, with a line of their own */
	uint64_t overflow; /* of them, counted without a slot: the table was full */
	struct denial_count slots[DENIAL_SLOTS];
};

/* Whether the n-th of a kind gets a record of its own. */
bool denial_is_told(uint64_t n);

/* Count one. Returns how often it has now been seen if it should be recorded, else 0. */
uint64_t denial_count(struct denial_table *table, pid_t pid, int call, uint16_t rule);

/* The same for what mode audit lets go on; `path` is a file that it is about, or NULL. */
uint64_t denial_count_audited(struct denial_table *table, pid_t pid, int call, uint16_t rule,
			      const char *path);

#endif
