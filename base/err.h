/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_ERR_H
#define IMMURE_BASE_ERR_H

#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Which step failed; runtime/status.c turns it into the exit status. */
enum err_stage {
	ERR_NONE,
	ERR_USAGE,  /* command line: exit 2 */
	ERR_POLICY, /* policy text or policy that cannot be enforced here: exit 2 */
	ERR_HOST,   /* this machine lacks something: exit 125 */
	ERR_STATE,  /* run folder, cache: exit 125 */
	ERR_TRUST,  /* a signature that is demanded is not there, or not good: exit 4 */
	ERR_USERNS,
	ERR_MOUNTS,
	ERR_LIMITS,
	ERR_SESSION,
	ERR_CAPS,
	ERR_LSM,
	ERR_FSRULES,
	ERR_SECCOMP,
	ERR_EXEC, /* exit 127 for ENOENT, else 126 */
};

/* One error, told once. Small enough for one atomic pipe write or one shared page. */
struct err {
	int32_t code;   /* positive errno value, 0 while there is no error */
	uint16_t stage; /* enum err_stage */
	uint16_t len;   /* bytes in msg, without the final NUL */
	char msg[248];  /* outermost context first; truncated, never overrun */
};
static_assert(sizeof(struct err) == 256, "struct err is one small record");

/*
 * Fill err for a fault of input. The stage is left as it is.
 *
 *   code  positive errno value
 *
 * Returns   -code, so that a caller can `return err_set(...)`.
 */
int err_set(struct err *err, int code, const char *format, ...) printf_like(3, 4);

/* The same, adding the system's text for code: ": No such file or directory". */
int err_sys(struct err *err, int code, const char *format, ...) printf_like(3, 4);

/* Prefix what err says with "context: ". Returns -err->code. */
int err_wrap(struct err *err, const char *format, ...) printf_like(2, 3);

/* Set the stage and return -err->code: `return err_at(err, ERR_MOUNTS);`. */
int err_at(struct err *err, enum err_stage stage);

#endif
