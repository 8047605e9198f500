/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_TESTS_SUPPORT_UNIT_H
#define IMMURE_TESTS_SUPPORT_UNIT_H

/* cmocka with what it wants included before it, and a folder that goes away. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Leave a test that cannot run on this machine: tests/run says so, with the reason. */
#define skip_because(reason)                        \
	do {                                        \
		print_message("SKIP %s\n", reason); \
		skip();                             \
	} while (0)

/* An empty folder below $TMPDIR; the path is static until the next call. */
const char *temp_dir_make(void);
/* Remove it and all below it. */
void temp_dir_remove(const char *path);

#endif
