/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor that is not there, answers, or ends while it is asked. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/control_client.h"

struct monitor {
	const char *folder;
	int dir, listener;
};

static int set_up(void **state)
{
	static struct monitor m;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	m.folder = temp_dir_make();
	m.dir = open(m.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(m.dir >= 0 && m.listener >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" CONTROL_SOCKET,
		 m.dir);
	assert_int_equal(bind(m.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(m.listener, 4), 0);
	*state = &m;
	return 0;
}

static int tear_down(void **state)
{
	struct monitor *m = *state;

	closep(&m->dir);
	closep(&m->listener);
	temp_dir_remove(m->folder);
	return 0;
}

static void one_that_ends_before_it_takes_the_connection_is_not_there(void **state)
{
	struct monitor *m = *state;
	struct err err = { 0 };
	cleanup_close int fd = control_connect(m->dir, &err);

	assert_true(fd >= 0);
	closep(&m->listener);
	assert_int_equal(control_send(fd, CONTROL_STOP, 15, &err), -ENOENT);
	assert_string_equal(err.msg, "its monitor ended without an answer");
	err = (struct err){ 0 };
	assert_int_equal(control_ask(m->dir, CONTROL_WAIT, 0, -1, &err), -ENOENT);
}

static void one_that_ends_before_it_answers_is_not_there(void **state)
{
	struct monitor *m = *state;
	struct control_request request = { 0 };
	struct control_answer answer = { 0 };
	struct err err = { 0 };
	cleanup_close int fd = control_connect(m->dir, &err);
	int taken = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0 && taken >= 0);
	assert_int_equal(control_send(fd, CONTROL_SIGNAL, 9, &err), 0);
	assert_int_equal(recv(taken, &request, sizeof(request), 0), sizeof(request));
	assert_int_equal(request.op, CONTROL_SIGNAL);
	assert_int_equal(request.argument, 9);
	closep(&taken);
	assert_true(recv(fd, &answer, sizeof(answer), 0) <= 0);
}

static void nobody_waits_longer_than_asked(void **state)
{
	struct monitor *m = *state;
	struct err err = { 0 };

	assert_int_equal(control_ask(m->dir, CONTROL_WAIT, 0, 1, &err), -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_that_ends_before_it_takes_the_connection_is_not_there, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(one_that_ends_before_it_answers_is_not_there,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_waits_longer_than_asked, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
