/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_TESTS_SUPPORT_USERNS_H
#define IMMURE_TESTS_SUPPORT_USERNS_H

/* Tests that mount: each in a process with a user and a mount namespace of its own. */

/*
 * Call test(data) there, as root inside.
 *
 * Returns   what it returned: 0, or a line of the test that is not as it should be; -1: there are
 * no such namespaces on this machine.
 */
int userns_try(int (*test)(const void *data), const void *data);

/* In such a test: leave with this line unless it holds. */
#define userns_check(holds)              \
	do {                             \
		if (!(holds))            \
			return __LINE__; \
	} while (0)

#endif
