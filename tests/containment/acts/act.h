/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_TESTS_ACT_H
#define IMMURE_TESTS_ACT_H

/*
 * An act: one thing that a contained program must not be able to do. `acts NAME` tries it, once,
 * in a process of its own, and its exit status is the outcome. The acts know nothing of immure:
 * they run in any sandbox, and outside of one, where they must succeed (see enum control).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum outcome {
	OUTCOME_REFUSED = 0,
	OUTCOME_BROKEN = 1,   /* it succeeded: containment is broken */
	OUTCOME_DEFECT = 2,   /* the act itself went wrong, or hung */
	OUTCOME_UNTRIED = 77, /* cannot be tried here; the reason is printed */
};

/* Where the act must succeed, so that its refusal elsewhere means something. */
enum control {
	CONTROL_NONE,   /* nowhere harmless */
	CONTROL_PLAIN,  /* outside, as the same user */
	CONTROL_USERNS, /* in fresh namespaces of all kinds, with every capability over them */
	CONTROL_ROOT,   /* outside, as root, in fresh namespaces of all kinds but user */
	CONTROL_MASK = 0x0f,
	CONTROL_KERNEL = 0x10, /* only on kernels that were built with the feature */
};

enum act_need {
	ACT_NEEDS_TTY = 1 << 0,    /* a controlling terminal outside, the same as standard input */
	ACT_NEEDS_CGROUP = 1 << 1, /* only a cgroup can refuse this */
};

struct act {
	const char *name;
	enum outcome (*run)(const struct act *act);
	const char *text;  /* what is tried: "read the addresses of kernel symbols" */
	const char *rules; /* of the containment rules: "R7 R9" */
	uint8_t class_no;  /* of the classes of attacks; 0: none of them alone */
	uint8_t control;   /* enum control */
	uint8_t needs;     /* enum act_need */
	const char *path;  /* what it works on, if that is a path */
	long nr;           /* or a system call, an address family, a resource ... */
	unsigned long args[6];
};

/* Each table ends with a row without a name. */
extern const struct act acts_abi[];
extern const struct act acts_calls[];
extern const struct act acts_capabilities[];
extern const struct act acts_devices[];
extern const struct act acts_files[];
extern const struct act acts_inherited[];
extern const struct act acts_ipc[];
extern const struct act acts_limits[];
extern const struct act acts_mounts[];
extern const struct act acts_namespaces[];
extern const struct act acts_network[];
extern const struct act acts_processes[];
extern const struct act acts_procfs[];
extern const struct act acts_set_id[];
extern const struct act acts_sockets[];
extern const struct act acts_surface[];
extern const struct act acts_terminal[];
extern const struct act acts_write_exec[];

/* How an act ends: say why, give the outcome. */
enum outcome act_refused(const char *fmt, ...) printf_like(1, 2);
enum outcome act_broken(const char *fmt, ...) printf_like(1, 2);
enum outcome act_untried(const char *fmt, ...) printf_like(1, 2);

/*
 * Judge the result of a system call that went through if the kernel did anything but refuse it.
 * Arguments are chosen so that a call which is let through fails harmlessly: EINVAL or EFAULT means
 * that the caller reached the code that should have been out of reach.
 */
enum outcome act_reached(long result);

/* Make the call of the row: act->nr with act->args. */
enum outcome act_call(const struct act *act);

/* Judge an attempt to open, which went wrong if there is a descriptor (closed here). */
enum outcome act_opened(int fd, const char *path);

/* The value of NAME=VALUE on the command line, or NULL. */
const char *act_fact(const char *name);

/* Fork a child that only waits, and dies with us. Returns its pid, or -1. */
int act_child(void);

/* Read up to size - 1 bytes of a file as text. Returns the length, or -1 with errno. */
int act_read(const char *path, char *buf, int size);

/* The number after "NAME:" in /proc/self/status, in that base, or -1. */
long act_status(const char *name, int base);

#endif
