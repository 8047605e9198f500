/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_TESTS_SUPPORT_USERNS_H
#define IMMURE_TESTS_SUPPORT_USERNS_H

/* Tests that mount: each in a process with a user and a mount namespace of its own. */

/*
 * Call test(data) there, as root inside. It returns 0, or the line that is not as it should be, and
 * with that the test of cmocka around it fails. Skipped where there are no such namespaces.
 */
void userns_try(int (*test)(const void *data), const void *data);

/* In such a test: leave with this line unless it holds. */
#define userns_check(holds)              \
	do {                             \
		if (!(holds))            \
			return __LINE__; \
	} while (0)

#endif
