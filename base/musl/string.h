/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MUSL_STRING_H
#define IMMURE_BASE_MUSL_STRING_H

#include_next <string.h>

/* musl's strerror(3) gives a constant; for what it does not know, too. */
#define strerrordesc_np strerror

/* By number, from 1. Source: signal(7), x86/ARM. */
static inline const char *sigabbrev_np(int signal)
{
	/* clang-format off */
	static const char *const names[] = {
		NULL,
		"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE",
		"KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
		"CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
		"XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
	};
	/* clang-format on */

	return signal > 0 && signal < (int)(sizeof(names) / sizeof(*names)) ? names[signal] : NULL;
}

#endif
