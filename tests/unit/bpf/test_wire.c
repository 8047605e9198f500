/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/wire.h"

static int decode(const struct wire_request *request)
{
	struct wire_request got = { .groups = 12345 };
	struct err err = { 0 };
	int r = wire_request_decode(request, sizeof(*request), &got, &err);

	if (r < 0)
		assert_int_equal(got.groups, 12345); /* untouched on failure */
	return r;
}

static void refuses_each_field_that_is_wrong(void **state)
{
	struct wire_request good = { 0 };
	struct wire_request bad;

	(void)state;
	wire_request_init(WIRE_TRACE, TRACER_GROUP_EXEC, "r1", &good);
	assert_int_equal(decode(&good), 0);
#define CHANGED(field, value)                             \
	do {                                              \
		bad = good;                               \
		bad.field = (value);                      \
		assert_int_equal(decode(&bad), -EBADMSG); \
	} while (0)
	CHANGED(magic, 0);
	CHANGED(version, WIRE_VERSION + 1);
	CHANGED(kind, 0);
	CHANGED(kind, WIRE_RULE);
	CHANGED(groups, TRACER_GROUPS + 1);
	CHANGED(zero, 1);
	CHANGED(name[0], '/');
	CHANGED(name[0], '\0');
	bad = good;
	memset(bad.name, 'a', sizeof(bad.name));
	assert_int_equal(decode(&bad), -EBADMSG);
}

static void refuses_other_lengths(void **state)
{
	char bytes[sizeof(struct wire_request) + 1] = { 0 };
	struct wire_request got = { 0 };
	struct err err = { 0 };

	(void)state;
	wire_request_init(WIRE_LIST, 0, "", &got);
	memcpy(bytes, &got, sizeof(got));
	assert_int_equal(wire_request_decode(bytes, sizeof(got), &got, &err), 0);
	assert_int_equal(wire_request_decode(bytes, sizeof(got) - 1, &got, &err), -EBADMSG);
	assert_int_equal(wire_request_decode(bytes, sizeof(got) + 1, &got, &err), -EBADMSG);
	assert_int_equal(wire_request_decode(bytes, 0, &got, &err), -EBADMSG);
}

static int decode_rule(const struct wire_rule *rule)
{
	struct wire_rule got = { 0 };
	struct err err = { 0 };

	return wire_rule_decode(rule, sizeof(*rule), &got, &err);
}

static void refuses_each_field_of_a_rule(void **state)
{
	const struct wire_rule good = { .magic = WIRE_MAGIC,
					.version = WIRE_VERSION,
					.kind = WIRE_RULE,
					.access = TRACER_READ | TRACER_EXECUTE,
					.length = 5,
					.path = "/usr/" };
	struct wire_request request = { 0 };
	struct wire_rule bad;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(decode_rule(&good), 0);
#define WRONG(field, value)                                    \
	do {                                                   \
		bad = good;                                    \
		bad.field = (value);                           \
		assert_int_equal(decode_rule(&bad), -EBADMSG); \
	} while (0)
	WRONG(magic, 0);
	WRONG(version, 1);
	WRONG(kind, WIRE_TRACE);
	WRONG(access, 16);
	WRONG(length, 0);
	WRONG(length, TRACER_GUARD_PATH + 1);
	WRONG(path[0], 'u');
	/* Told apart by their sizes alone. */
	assert_int_not_equal(sizeof(good), sizeof(request));
	assert_int_equal(wire_request_decode(&good, sizeof(good), &request, &err), -EBADMSG);
}

static void refuses_each_field_of_grants(void **state)
{
	const struct wire_grants good = { .magic = WIRE_MAGIC,
					  .version = WIRE_VERSION,
					  .kind = WIRE_GRANTS,
					  .grants = { .n_requests = TRACER_REQUESTS,
						      .flags = TRACER_GRANT_FLAGS } };
	struct wire_grants got = { 0 };
	struct wire_grants bad;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(wire_grants_decode(&good, sizeof(good), &got, &err), 0);
	assert_memory_equal(&good, &got, sizeof(good));
	assert_int_equal(wire_grants_decode(&good, sizeof(good) - 1, &got, &err), -EBADMSG);
#define FALSE(field, value)                                                                    \
	do {                                                                                   \
		bad = good;                                                                    \
		bad.field = (value);                                                           \
		assert_int_equal(wire_grants_decode(&bad, sizeof(bad), &got, &err), -EBADMSG); \
	} while (0)
	FALSE(magic, 0);
	FALSE(version, WIRE_VERSION + 1);
	FALSE(kind, WIRE_RULE);
	FALSE(grants.n_requests, TRACER_REQUESTS + 1);
	FALSE(grants.flags, TRACER_GRANT_FLAGS + 1);
	/* Told apart by their sizes alone. */
	assert_int_not_equal(sizeof(good), sizeof(struct wire_rule));
	assert_int_not_equal(sizeof(good), sizeof(struct wire_request));
}

static void ends_the_text_of_a_reply(void **state)
{
	struct wire_reply reply = { .magic = WIRE_MAGIC, .version = WIRE_VERSION };
	struct wire_reply got = { 0 };
	struct err err = { 0 };

	(void)state;
	memset(reply.text, 'x', sizeof(reply.text));
	assert_int_equal(wire_reply_decode(&reply, sizeof(reply), &got, &err), 0);
	assert_int_equal(strlen(got.text), sizeof(got.text) - 1);
}

/* Of whatever length: its first fields are where ours are. */
static void tells_which_version_answers(void **state)
{
	struct wire_reply reply = { .magic = WIRE_MAGIC, .version = WIRE_VERSION - 1 };
	struct wire_reply got = { 0 };
	char bytes[sizeof(reply) + 40] = { 0 };
	char expected[40];
	struct err err = { 0 };

	(void)state;
	snprintf(expected, sizeof(expected), "of version %d, ours of %d", WIRE_VERSION - 1,
		 WIRE_VERSION);
	memcpy(bytes, &reply, sizeof(reply));
	for (size_t n = offsetof(struct wire_reply, status); n <= sizeof(bytes); n += 7) {
		err = (struct err){ 0 };
		assert_int_equal(wire_reply_decode(bytes, n, &got, &err), -EPROTONOSUPPORT);
		assert_non_null(strstr(err.msg, expected));
	}
	assert_int_equal(wire_reply_decode(bytes, 5, &got, &err), -EBADMSG);
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(wire_reply_decode(bytes, sizeof(reply), &got, &err), -EBADMSG);
	assert_int_equal(got.magic, 0);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void sends_descriptors_and_keeps_no_others(void **state)
{
	char bytes[8] = { 0 };
	int pair[2], fds[2] = { -1, -1 };
	int before;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = open_fds();
	assert_int_equal(wire_send(pair[0], "hello", 5, 0, 1), 0);
	assert_int_equal(wire_receive(pair[1], bytes, sizeof(bytes), fds), 5);
	assert_true(fds[0] >= 0 && fds[1] >= 0);
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
	/* Too long: neither the bytes nor the descriptors are taken. */
	assert_int_equal(wire_send(pair[0], "hello, world", 12, 0, 1), 0);
	assert_int_equal(wire_receive(pair[1], bytes, sizeof(bytes), fds), -EMSGSIZE);
	assert_int_equal(fds[0], -1);
	assert_int_equal(open_fds(), before);
	close(pair[0]);
	assert_int_equal(wire_receive(pair[1], bytes, sizeof(bytes), fds), 0);
	assert_int_equal(wire_send(pair[1], "x", 1, -1, -1), -EPIPE);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_each_field_that_is_wrong),
		cmocka_unit_test(refuses_other_lengths),
		cmocka_unit_test(refuses_each_field_of_a_rule),
		cmocka_unit_test(refuses_each_field_of_grants),
		cmocka_unit_test(ends_the_text_of_a_reply),
		cmocka_unit_test(tells_which_version_answers),
		cmocka_unit_test(sends_descriptors_and_keeps_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
