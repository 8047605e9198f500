/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a container with a policy: each alone, in a process that it may change. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/oci_policy.h"
#include "sandbox/oci_steps.h"

/* In a child of its own: 0 if all of `act` held. */
static int in_child(int (*act)(struct oci_child *c))
{
	static struct plan policy;
	static struct oci_plan plan;
	static struct oci_page page;
	static struct oci_child_fds fds;
	struct oci_child c = { .plan = &plan, .fds = &fds, .page = &page, .told = &page };
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fds.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		policy = (struct plan){ .root_kind = ROOT_DIR };
		plan = (struct oci_plan){ .policy = &policy };
		page = (struct oci_page){ .mountinfo = -1, .listener = -1 };
		_exit(act(&c));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Without a policy none of them does anything, whatever else is missing. */
static int without_policy(struct oci_child *c)
{
	static struct oci_plan bare;
	struct err err = { 0 };

	bare = (struct oci_plan){ 0 };
	c->plan = &bare;
	c->fds = NULL;
	c->page = c->told = NULL;
	if (oci_mountinfo_apply(c, &err) || oci_nslimits_apply(c, &err) ||
	    oci_fsrules_apply(c, &err) || oci_filter_apply(c, &err))
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static int shows_mountinfo(struct oci_child *c)
{
	struct err err = { 0 };
	char byte;

	if (oci_mountinfo_apply(c, &err) < 0 || c->page->mountinfo < 0)
		return 1;
	return read(c->page->mountinfo, &byte, 1) == 1 ? 0 : 2;
}

/* A /proc that is not one is an error that names what was wanted. */
static int without_proc(struct oci_child *c)
{
	struct oci_child_fds none = { .proc = -1 };
	struct err err = { 0 };

	c->fds = &none;
	return oci_mountinfo_apply(c, &err) < 0 && err.code == EBADF && err.msg[0] ? 0 : 1;
}

/* Only a user namespace of the container's own is limited: another one is others', too. */
static int leaves_others_namespaces(struct oci_child *c)
{
	struct err err = { 0 };

	c->fds = NULL;
	return oci_nslimits_apply(c, &err) == 0 ? 0 : 1;
}

/* No Landlock, no path rules; and no new privileges neither, for nothing was narrowed. */
static int without_landlock(struct oci_child *c)
{
	struct err err = { 0 };

	if (oci_fsrules_apply(c, &err) < 0)
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void each_step_does_its_part_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(in_child(without_policy), 0);
	assert_int_equal(in_child(shows_mountinfo), 0);
	assert_int_equal(in_child(without_proc), 0);
	assert_int_equal(in_child(leaves_others_namespaces), 0);
	assert_int_equal(in_child(without_landlock), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_does_its_part_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
