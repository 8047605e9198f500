/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_H
#define IMMURE_RUNTIME_RUN_H

#include "base/err.h"

/*
 * `immure run`: argv[0] is "run".
 *
 *   whole_argv  of main(), for executing ourselves again
 *
 * Returns   the exit status, or -errno with the stage set.
 */
must_check int run_main(int argc, char *argv[], char *const whole_argv[], struct err *err);

#endif
