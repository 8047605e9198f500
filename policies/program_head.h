/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_PROGRAM_HEAD_H
#define IMMURE_POLICIES_PROGRAM_HEAD_H

/* What the first bytes of a program say: which libc starts it, or which interpreter. Pure. */

#include "base/text.h"

enum program_kind {
	PROGRAM_UNKNOWN,
	PROGRAM_STATIC, /* ELF without an interpreter */
	PROGRAM_GLIBC,  /* ELF started by ld-linux */
	PROGRAM_MUSL,   /* ELF started by ld-musl */
	PROGRAM_SCRIPT, /* "#!" */
};

#define PROGRAM_HEAD_BYTES ((size_t)64 << 10) /* as much as is worth reading */

/*
 *   head  the first bytes of the file; not trusted
 *   ret_interpreter  of a script: what starts it, "python3" for "#!/usr/bin/env python3"; points
 *         into head. Else untouched
 */
enum program_kind program_kind_of(struct span head, struct span *ret_interpreter);

#endif
