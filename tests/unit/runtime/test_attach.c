/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/attach.h"

struct fixture {
	struct attach attach;
	int client;
	int pipe[2];
};

static int set_up(void **state)
{
	static struct fixture f;
	struct control_answer answer = { 0 };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(f.pipe, O_CLOEXEC | O_NONBLOCK), 0);
	attach_init(&f.attach, CONTROL_TAKES_INPUT);
	attach_set_input(&f.attach, f.pipe[1]);
	assert_int_equal(attach_add(&f.attach, &pair[1]), 0);
	assert_int_equal(pair[1], -1);
	f.client = pair[0];
	assert_int_equal(recv(f.client, &answer, sizeof(answer), 0), sizeof(answer));
	assert_int_equal(answer.result, CONTROL_TAKES_INPUT);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	attach_finish(&f->attach, 0);
	closep(&f->client);
	closep(&f->pipe[0]);
	closep(&f->pipe[1]);
	return 0;
}

static void turn(struct attach *attach)
{
	struct pollfd fds[ATTACH_POLLFDS];

	attach_fill(attach, fds);
	if (poll(fds, ARRAY_LEN(fds), 0) > 0)
		attach_handle(attach, fds);
}

/* True if poll() would return at once, again and again. */
static bool is_busy(const struct attach *attach)
{
	struct pollfd fds[ATTACH_POLLFDS];

	attach_fill(attach, fds);
	return poll(fds, ARRAY_LEN(fds), 0) > 0;
}

static void who_takes_nothing_is_dropped_and_costs_a_bounded_memory(void **state)
{
	struct fixture *f = *state;
	char bytes[CONTROL_OUTPUT_MAX] = { 0 };
	size_t n = 0;

	while (f->attach.clients[0].fd >= 0 && n < 10000) {
		attach_output(&f->attach, CONTROL_STDOUT, bytes, sizeof(bytes));
		n++;
	}
	assert_true(n > ATTACH_QUEUE_MAX / sizeof(bytes) / 2 && n < 1000);
	assert_null(f->attach.clients[0].queue.p);
	while (recv(f->client, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(recv(f->client, bytes, sizeof(bytes), MSG_DONTWAIT), 0);
}

static void who_is_slow_gets_all_in_order(void **state)
{
	struct fixture *f = *state;
	struct {
		struct control_output head;
		uint32_t bytes[CONTROL_OUTPUT_MAX / sizeof(uint32_t)];
	} got = { .head = { 0 } };
	uint32_t bytes[CONTROL_OUTPUT_MAX / sizeof(uint32_t)] = { 0 };
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 60; i++) {
		bytes[0] = i;
		attach_output(&f->attach, CONTROL_STDERR, bytes, sizeof(bytes));
	}
	while (seen < 60) {
		assert_int_equal(recv(f->client, &got, sizeof(got), MSG_DONTWAIT), sizeof(got));
		assert_int_equal(got.head.stream, CONTROL_STDERR);
		assert_int_equal(got.bytes[0], seen);
		seen++;
		turn(&f->attach);
	}
	attach_finish(&f->attach, 7);
	assert_int_equal(recv(f->client, &got, sizeof(got), 0), sizeof(got.head));
	assert_int_equal(got.head.stream, CONTROL_ENDED);
	assert_int_equal(got.head.status, 7);
}

static void input_that_nobody_takes_wakes_nobody(void **state)
{
	struct fixture *f = *state;
	char bytes[CONTROL_INPUT_MAX] = { 0 };
	size_t sent = 0;
	ssize_t n;

	for (int i = 0; i < 200; i++) {
		n = send(f->client, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		turn(&f->attach);
	}
	assert_false(is_busy(&f->attach));
	closep(&f->client);
	for (int i = 0; i < 4; i++)
		turn(&f->attach);
	assert_false(is_busy(&f->attach));
	/* What it sent before it went is still taken, whole. */
	for (size_t got = 0; got < sent; got += (size_t)n) {
		n = read(f->pipe[0], bytes, sizeof(bytes));
		assert_true(n > 0);
		turn(&f->attach);
	}
	turn(&f->attach);
	assert_int_equal(f->attach.clients[0].fd, -1);
}

static void a_message_that_is_too_long_ends_it(void **state)
{
	struct fixture *f = *state;
	char bytes[CONTROL_INPUT_MAX + 1] = { 0 };

	assert_int_equal(send(f->client, bytes, sizeof(bytes), 0), sizeof(bytes));
	turn(&f->attach);
	assert_int_equal(f->attach.clients[0].fd, -1);
	assert_int_equal(read(f->pipe[0], bytes, sizeof(bytes)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_takes_nothing_is_dropped_and_costs_a_bounded_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_slow_gets_all_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(input_that_nobody_takes_wakes_nobody, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_message_that_is_too_long_ends_it, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
