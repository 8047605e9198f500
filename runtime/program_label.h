/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROGRAM_LABEL_H
#define IMMURE_RUNTIME_PROGRAM_LABEL_H

/* The label of the program, read from outside: what AppArmor or SELinux really gave it. */

#include <sys/types.h>

#include "base/text.h"
#include "sandbox/plan.h"

enum program_label {
	PROGRAM_LABEL_PENDING, /* still the launcher's own: it has not executed the program yet */
	PROGRAM_LABEL_RIGHT,   /* all that the plan names, enforcing unless it says otherwise */
	PROGRAM_LABEL_WRONG,
	PROGRAM_LABEL_GONE, /* there is no such process */
};

/* Whether the plan asks for any. */
bool program_label_is_planned(const struct plan *plan);

/* What a label as the kernel gives it is to the plan: without the end of line or NUL. */
enum program_label program_label_judge(const struct plan *plan, struct span label);

/*
 * Read the one of a process.
 *
 *   pid  of the program, not yet reaped
 */
enum program_label program_label_check(const struct plan *plan, pid_t pid);

/*
 * The same of a program that its parent, which waits as vfork(2) does, says is running: execve(2)
 * lets the parent go on a moment before the label is there. Waits for that, a second at most.
 */
enum program_label program_label_await(const struct plan *plan, pid_t pid);

#endif
