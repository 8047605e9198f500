/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STATUS_H
#define IMMURE_RUNTIME_STATUS_H

#include "base/err.h"

enum {
	STATUS_USAGE = 2,
	STATUS_UNTRUSTED = 4, /* not signed as signatures.yaml demands */
	STATUS_FAILED = 125,
	STATUS_CANNOT_EXECUTE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* plus its number */
};

/* The exit status for an error: by its stage, and for ERR_EXEC by its code. */
int status_of(const struct err *err);

/* The exit status for how a process ended, as wait(2) tells it. */
int status_of_end(int wait_status);

#endif
