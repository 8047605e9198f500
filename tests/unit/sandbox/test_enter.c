/* SPDX-License-Identifier: Apache-2.0 */
/* Process 1 at its second task, asked for what it cannot give. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "base/sys.h"
#include "sandbox/enter.h"

struct server {
	pid_t pid;
	int socket;
};

static int serve(void **state)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	static struct server s;
	static const struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	static const struct host host = { 0 };
	const struct plan plan = {
		.env = env, .cwd = "/", .host = &host, .filter = all, .n_filter = ARRAY_LEN(all)
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	s.pid = fork();
	if (s.pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(1);
		enter_serve(&plan, pair[1], getppid());
	}
	close(pair[1]);
	s.socket = pair[0];
	*state = &s;
	return s.pid < 0 ? -1 : 0;
}

static int end(void **state)
{
	struct server *s = *state;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->socket);
	return 0;
}

/* The answer, whole. */
static struct enter_report answer(const struct server *s)
{
	struct enter_report report = { 0 };
	struct message message;

	message_receive(s->socket, &report, sizeof(report), 0, &message);
	assert_int_equal(message.n, (ssize_t)sizeof(report));
	assert_int_equal(message.n_fds, 0);
	return report;
}

static void a_request_that_makes_no_sense_is_refused(void **state)
{
	const struct server *s = *state;
	const struct enter_request request = { .id = 7, .n_args = 3 };

	assert_int_equal(message_send(s->socket, &request, sizeof(request), NULL, 0, 0), 0);
	assert_int_equal(answer(s).event, ENTER_FAILED);
	/* It goes on, as it was. */
	assert_int_equal(message_send(s->socket, "x", 1, NULL, 0, 0), 0);
	assert_int_equal(answer(s).event, ENTER_FAILED);
}

static void a_request_without_its_descriptors_is_refused(void **state)
{
	const struct server *s = *state;
	const struct enter_request request = { .id = 9, .n_args = 1 };
	const char *args[] = { "true", NULL };
	const char *env[] = { NULL };
	const struct enter_texts texts = { args, env, "" };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct enter_report report;
	struct err err = { 0 };
	int two[2] = { 0, 1 };

	assert_int_equal(enter_encode(&request, &texts, &bytes, &err), 0);
	assert_int_equal(message_send(s->socket, bytes.p, bytes.len, two, 2, 0), 0);
	report = answer(s);
	assert_int_equal(report.event, ENTER_FAILED);
	assert_int_equal(report.id, 9);
	assert_non_null(strstr(report.err.msg, "2 descriptors"));
}

static void ask_for(const struct server *s, uint32_t id, const char *program)
{
	const struct enter_request request = { .id = id, .n_args = 1 };
	const char *args[] = { program, NULL };
	const char *env[] = { NULL };
	const struct enter_texts texts = { args, env, "" };
	cleanup_strbuf struct strbuf bytes = { 0 };
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[3] = { null, null, null };
	struct err err = { 0 };

	assert_int_equal(enter_encode(&request, &texts, &bytes, &err), 0);
	assert_int_equal(message_send(s->socket, bytes.p, bytes.len, fds, 3, 0), 0);
}

/* The same, until it waits for leave: with its pidfd, and the socket that gives it. */
static struct message make_ready(const struct server *s, uint32_t id)
{
	struct enter_report report = { 0 };
	struct message message;

	ask_for(s, id, "true");
	message_receive(s->socket, &report, sizeof(report), 0, &message);
	assert_int_equal(message.n, (ssize_t)sizeof(report));
	assert_int_equal(report.event, ENTER_READY);
	assert_int_equal(report.id, id);
	assert_int_equal(message.n_fds, 2);
	return message;
}

static void a_program_that_is_not_there_is_told(void **state)
{
	const struct server *s = *state;
	struct enter_report report;

	ask_for(s, 11, "no-such-program");
	report = answer(s);
	assert_int_equal(report.event, ENTER_FAILED);
	assert_int_equal(report.id, 11);
	assert_int_equal(report.err.code, ENOENT);
	assert_int_equal(report.err.stage, ERR_EXEC);
}

/* Who it is can be read meanwhile; told nothing, it never runs. */
static void a_program_waits_for_leave_and_fails_without(void **state)
{
	const struct server *s = *state;
	struct message message = make_ready(s, 13);
	struct pollfd more = { .fd = s->socket, .events = POLLIN };
	struct enter_report report;

	assert_int_equal(poll(&more, 1, 50), 0);
	assert_int_equal(sys_pidfd_send_signal(message.fds[0], 0), 0);
	message_done(&message);
	report = answer(s);
	assert_int_equal(report.event, ENTER_FAILED);
	assert_int_equal(report.err.code, EPERM);
}

/* What it was can be read of one that ended at once, until whoever gave it leave says enough. */
static void a_program_that_ended_stays_until_it_was_looked_at(void **state)
{
	const struct server *s = *state;
	struct message message = make_ready(s, 15);
	struct pollfd more = { .fd = s->socket, .events = POLLIN };
	struct pollfd program = { .fd = message.fds[0], .events = POLLIN };
	struct enter_report report;

	assert_int_equal(message_send(message.fds[1], "", 1, NULL, 0, 0), 0);
	assert_int_equal(answer(s).event, ENTER_RUNNING);
	assert_int_equal(poll(&program, 1, -1), 1);
	assert_int_equal(poll(&more, 1, 100), 0);
	assert_int_equal(sys_pidfd_send_signal(program.fd, 0), 0);
	closep(&message.fds[1]);
	report = answer(s);
	assert_int_equal(report.event, ENTER_ENDED);
	assert_int_equal(report.id, 15);
	assert_int_equal(report.wait_status, 0);
	assert_int_equal(sys_pidfd_send_signal(program.fd, 0), -ESRCH);
	message_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_that_makes_no_sense_is_refused, serve,
						end),
		cmocka_unit_test_setup_teardown(a_request_without_its_descriptors_is_refused, serve,
						end),
		cmocka_unit_test_setup_teardown(a_program_that_is_not_there_is_told, serve, end),
		cmocka_unit_test_setup_teardown(a_program_waits_for_leave_and_fails_without, serve,
						end),
		cmocka_unit_test_setup_teardown(a_program_that_ended_stays_until_it_was_looked_at,
						serve, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
