/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STDFDS_H
#define IMMURE_RUNTIME_STDFDS_H

#include <stdbool.h>

#include "base/err.h"

/* Our own 0, 1 and 2, kept aside while the workload's stand in their place; -1: not moved. */
struct stdfds {
	int saved[3];
};

/*
 * Arrange 0, 1 and 2 as the workload shall have them.
 *
 * Standard input passes if it is a pipe or a file; a terminal only if asked for, else it is
 * /dev/null. A terminal on 1 or 2 is opened anew for writing only: one that was opened for reading
 * too would let the workload read what the user types.
 *
 *   interactive  pass a terminal on 0
 *   tty          the child will put a pseudo terminal on all three: keep copies of ours
 */
must_check int stdfds_prepare(bool interactive, bool tty, struct stdfds *ret, struct err *err);

/* Put ours back, once the workload is gone. */
void stdfds_restore(struct stdfds *stdfds);

#endif
