/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SELFEXE_H
#define IMMURE_RUNTIME_SELFEXE_H

#include "base/err.h"

/*
 * Make sure that a workload cannot change this program through /proc/PID/exe (R6, CVE-2019-5736).
 *
 * Landlock refuses writing to whatever no rule names, so where it is enforced nothing is to be
 * done. Without it, and if the caller may write to our file or owns it, we execute a sealed copy of
 * ourselves in memory instead.
 *
 *   argv  of main(); the copy gets the same
 *
 * Returns   0 to go on; does not return if it executed the copy; -errno.
 */
must_check int selfexe_protect(int landlock_abi, char *const argv[], struct err *err);

#endif
