/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of root's power in a namespace, as the kernel sees it. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/steps.h"
#include "tests/support/userns.h"

#define OVER_IDS (1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER)

static char dir[256];
static char closed[300]; /* a file of ours that has no permissions */

static int setup(void **state)
{
	int fd;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", temp_dir_make());
	snprintf(closed, sizeof(closed), "%s/closed", dir);
	fd = open(closed, O_WRONLY | O_CREAT | O_CLOEXEC, 0);
	return fd < 0 || close(fd) < 0;
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

/* A line "CapXxx:" of our status; all bits if there is none. */
static unsigned long long set_of(const char *name)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long set = ~0ULL;
	char line[256];

	while (status && fgets(line, sizeof(line), status)) {
		if (strncmp(line, name, strlen(name)) == 0)
			set = strtoull(line + strlen(name), NULL, 16);
	}
	if (status)
		fclose(status);
	return set;
}

static bool opens(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

/* For both: nothing can be inherited, raised or taken back by a program of root's. */
static int check_closed(void)
{
	userns_check(set_of("CapInh:") == 0 && set_of("CapBnd:") == 0 && set_of("CapAmb:") == 0);
	userns_check(prctl(PR_GET_SECUREBITS) == CAPS_LOCKED_BITS);
	userns_check(mount("none", dir, "tmpfs", 0, NULL) < 0 && errno == EPERM);
	userns_check(system("grep -q '^CapPrm:[[:space:]]*0*$' /proc/self/status") == 0);
	return 0;
}

static int try_nothing(const void *unused)
{
	struct err err = { 0 };

	(void)unused;
	userns_check(set_of("CapEff:") != 0 && opens(closed));
	userns_check(caps_keep_apply(false, &err) == 0);
	userns_check(set_of("CapEff:") == 0 && set_of("CapPrm:") == 0);
	userns_check(!opens(closed));
	return check_closed();
}

static int try_over_ids(const void *unused)
{
	struct err err = { 0 };

	(void)unused;
	userns_check(caps_keep_apply(true, &err) == 0);
	userns_check(set_of("CapEff:") == OVER_IDS && set_of("CapPrm:") == OVER_IDS);
	userns_check(opens(closed));
	return check_closed();
}

static int try_twice(const void *unused)
{
	struct err err = { 0 };

	(void)unused;
	userns_check(caps_keep_apply(false, &err) == 0);
	userns_check(caps_keep_apply(true, &err) == -EPERM);
	userns_check(strncmp(err.msg, "cannot lock the secure bits", 27) == 0);
	userns_check(set_of("CapEff:") == 0 && set_of("CapPrm:") == 0);
	return 0;
}

static void keeps_nothing(void **state)
{
	(void)state;
	userns_try(try_nothing, NULL);
}

static void keeps_power_over_owners_and_modes_alone(void **state)
{
	(void)state;
	userns_try(try_over_ids, NULL);
}

static void who_has_nothing_gets_nothing_back(void **state)
{
	(void)state;
	userns_try(try_twice, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_power_over_owners_and_modes_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(who_has_nothing_gets_nothing_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
