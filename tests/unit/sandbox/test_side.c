/* SPDX-License-Identifier: Apache-2.0 */
/* The second thread: a network namespace of one's own, and no way back to the old root. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "sandbox/steps.h"
#include "tests/support/userns.h"

static char dir[256];
static struct confine_page page;
static struct plan plan;
static struct confine c = { .plan = &plan, .page = &page };

static int setup(void **state)
{
	(void)state;
	page = (struct confine_page){ 0 };
	plan = (struct plan){ .namespaces = CLONE_NEWNET };
	strcpy(dir, temp_dir_make());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

/* Only who has power over a network namespace is given a descriptor of it. */
static bool has_own_netns(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ns = ioctl(s, SIOCGSKNS);

	close(s);
	return ns >= 0 && close(ns) == 0;
}

static bool loopback_is_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = ioctl(s, SIOCGIFFLAGS, &ifr);

	close(s);
	return r == 0 && ifr.ifr_flags & IFF_UP;
}

/* As pivot_apply() leaves it: the old root lies on top of an empty one. */
static int change_root(void)
{
	userns_check(mount("none", dir, "tmpfs", 0, NULL) == 0);
	userns_check(chdir(dir) == 0);
	userns_check(sys_pivot_root(".", ".") == 0);
	return 0;
}

static int try_both(const void *nothing)
{
	struct err err = { 0 };

	(void)nothing;
	userns_check(!has_own_netns());
	userns_check(side_begin_apply(&c, &err) == 0);
	userns_check(change_root() == 0);
	userns_check(side_leave_old_root(&c, &err) == 0);
	userns_check(side_join_apply(&c, &err) == 0);
	userns_check(settle_apply(&c, &err) == 0);
	userns_check(access("/etc", F_OK) < 0 && access("/../etc", F_OK) < 0);
	userns_check(has_own_netns() && loopback_is_up());
	userns_check(page.networked == 1);
	return 0;
}

static int try_without_thread(const void *nothing)
{
	struct err err = { 0 };

	(void)nothing;
	plan.namespaces = 0;
	userns_check(side_begin_apply(&c, &err) == 0);
	userns_check(change_root() == 0);
	userns_check(side_leave_old_root(&c, &err) == 0);
	userns_check(side_join_apply(&c, &err) == 0);
	userns_check(settle_apply(&c, &err) == 0);
	userns_check(!has_own_netns() && page.networked == 1);
	return 0;
}

/* As process 1 of a PID namespace; the thread lives on, since the root does not change. */
static int fork_second(void)
{
	struct err err = { 0 };
	pid_t second;

	if (side_begin_apply(&c, &err) < 0)
		return __LINE__;
	second = fork();
	if (second == 0)
		_exit(0);
	return second == 2 ? 0 : __LINE__;
}

static int try_number(const void *nothing)
{
	int status = 0;
	pid_t first;

	(void)nothing;
	userns_check(unshare(CLONE_NEWPID) == 0);
	first = fork();
	if (first == 0)
		_exit(fork_second());
	userns_check(first > 0 && waitpid(first, &status, 0) == first && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Nothing was mounted there: what the thread could not do ends the start. */
static int try_failing(const void *nothing)
{
	struct err err = { 0 };

	(void)nothing;
	userns_check(chdir(dir) == 0);
	userns_check(side_begin_apply(&c, &err) == 0);
	userns_check(side_leave_old_root(&c, &err) == 0);
	userns_check(side_join_apply(&c, &err) == -EINVAL);
	userns_check(strncmp(err.msg, "cannot leave the old root", 25) == 0);
	userns_check(page.networked == 0);
	return 0;
}

/* The old root still lies on top. */
static int try_unsettled(const void *nothing)
{
	struct err err = { 0 };

	(void)nothing;
	userns_check(change_root() == 0);
	userns_check(settle_apply(&c, &err) == -EXDEV);
	return 0;
}

static void makes_a_network_and_takes_the_old_root_down(void **state)
{
	(void)state;
	userns_try(try_both, NULL);
}

static void without_a_network_of_its_own_there_is_no_thread(void **state)
{
	(void)state;
	userns_try(try_without_thread, NULL);
}

static void what_the_thread_cannot_do_is_told(void **state)
{
	(void)state;
	userns_try(try_failing, NULL);
}

static void an_old_root_that_is_still_there_is_noticed(void **state)
{
	(void)state;
	userns_try(try_unsettled, NULL);
}

static void the_program_is_number_2_whatever_becomes_of_the_thread(void **state)
{
	(void)state;
	if (access("/proc/sys/kernel/ns_last_pid", W_OK) < 0)
		skip_because("this kernel has no ns_last_pid");
	userns_try(try_number, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_a_network_and_takes_the_old_root_down, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_a_network_of_its_own_there_is_no_thread,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_thread_cannot_do_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_program_is_number_2_whatever_becomes_of_the_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(an_old_root_that_is_still_there_is_noticed, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
