/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "bpf/event.h"

struct raw {
	struct tracer_event head;
	char tail[2 * TRACER_TEXT];
};

static struct span bytes_of(const struct raw *raw, size_t tail)
{
	return (struct span){ (const char *)raw, sizeof(raw->head) + tail };
}

static void puts_a_path_together_from_its_names(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct raw raw = { .head = { .type = TRACER_SYSCALL, .flags = TRACER_PATH } };
	struct event event = { 0 };
	struct err err = { 0 };

	(void)state;
	memcpy(raw.tail, "passwd\0etc", 11);
	raw.head.first_len = 11;
	assert_int_equal(event_decode(bytes_of(&raw, 11), &event, &err), 0);
	event_path(&event, &out);
	assert_string_equal(strbuf_str(&out), "/etc/passwd");

	raw.head.first_len = 0;
	assert_int_equal(event_decode(bytes_of(&raw, 0), &event, &err), 0);
	strbuf_reset(&out);
	event_path(&event, &out);
	assert_string_equal(strbuf_str(&out), "/");
}

static void says_when_a_path_was_cut(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct event event = { .head = { .flags = TRACER_PATH | TRACER_CUT },
			       .first = { "leaf\0dir", 9 } };

	(void)state;
	event_path(&event, &out);
	assert_string_equal(strbuf_str(&out), ".../dir/leaf");
	event.head.flags = TRACER_PATH | TRACER_ARGV_CUT;
	strbuf_reset(&out);
	event_path(&event, &out);
	assert_string_equal(strbuf_str(&out), "/dir/leaf");
}

static void takes_both_tails_apart(void **state)
{
	struct raw raw = { .head = { .type = TRACER_EXEC, .first_len = 3, .second_len = 4 } };
	struct event event = { 0 };
	struct err err = { 0 };

	(void)state;
	memcpy(raw.tail, "abcdefg", 7);
	assert_int_equal(event_decode(bytes_of(&raw, 8), &event, &err), 0);
	assert_memory_equal(event.first.p, "abc", 3);
	assert_memory_equal(event.second.p, "defg", 4);
	assert_int_equal(event.second.n, 4);
}

static void refuses_what_is_not_all_there(void **state)
{
	struct raw raw = { .head = { .type = TRACER_EXEC, .first_len = 3, .second_len = 4 } };
	struct event event = { .head = { .seq = 42 } };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(event_decode(bytes_of(&raw, 6), &event, &err), -EBADMSG);
	assert_int_equal(event_decode((struct span){ (const char *)&raw, 127 }, &event, &err),
			 -EBADMSG);
	raw.head.type = TRACER_TYPE_END;
	assert_int_equal(event_decode(bytes_of(&raw, 7), &event, &err), -EBADMSG);
	raw.head.type = 0;
	assert_int_equal(event_decode(bytes_of(&raw, 7), &event, &err), -EBADMSG);
	raw.head.type = TRACER_TCP;
	raw.head.flags = TRACER_TUPLE;
	assert_int_equal(event_decode(bytes_of(&raw, 7), &event, &err), -EBADMSG);
	assert_int_equal(event.head.seq, 42);
}

static void takes_a_batch_apart(void **state)
{
	struct {
		struct tracer_event head;
		struct tracer_return calls[2];
	} raw = { .head = { .type = TRACER_BATCH, .first_len = 128, .args = { 2 } },
		  .calls = { { .nr = 110, .ret = 5 }, { .nr = 0, .ret = -11, .after = 7 } } };
	const struct span bytes = { (const char *)&raw, sizeof(raw) };
	struct tracer_return call = { 0 };
	struct event event = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(event_decode(bytes, &event, &err), 0);
	assert_int_equal(event_calls(&event), 2);
	event_call(&event, 1, &call);
	assert_int_equal(call.ret, -11);
	assert_int_equal(call.after, 7);
	/* More or fewer than there are, none, and more than a batch may have. */
	for (uint64_t n = 0; n < 70; n++) {
		raw.head.args[0] = n;
		assert_int_equal(event_decode(bytes, &event, &err), n == 2 ? 0 : -EBADMSG);
	}
	raw.head.args[0] = 2;
	raw.head.first_len = 127;
	assert_int_equal(event_decode(bytes, &event, &err), -EBADMSG);
	raw.head.type = TRACER_SYSCALL;
	assert_int_equal(event_decode(bytes, &event, &err), 0);
	assert_int_equal(event_calls(&event), 0);
}

static void copies_the_socket(void **state)
{
	const struct tracer_socket tuple = { .family = AF_INET, .remote_port = 80 };
	struct raw raw = { .head = { .type = TRACER_TCP, .flags = TRACER_TUPLE } };
	struct event event = { 0 };
	struct err err = { 0 };

	(void)state;
	memcpy(raw.tail, &tuple, sizeof(tuple));
	raw.head.first_len = sizeof(tuple);
	assert_int_equal(event_decode(bytes_of(&raw, sizeof(tuple)), &event, &err), 0);
	assert_true(event.has_tuple);
	assert_int_equal(event.tuple.remote_port, 80);
	assert_int_equal(event.first.n, 0);
}

static int dns(const char *query, size_t n, struct strbuf *out)
{
	strbuf_reset(out);
	return event_dns_name((struct span){ query, n }, out);
}

#define DNS_HEAD "\0\1\1\0\0\1\0\0\0\0\0\0"

static void reads_the_name_of_a_dns_query(void **state)
{
	static const char good[] = DNS_HEAD "\7example\3org\0\0\34\0\1";
	static const char odd[] = DNS_HEAD "\4a\33\nb\0\0\1\0\1";
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	assert_int_equal(dns(good, sizeof(good) - 1, &out), 28);
	assert_string_equal(strbuf_str(&out), "example.org");
	assert_int_equal(dns(odd, sizeof(odd) - 1, &out), 1);
	assert_string_equal(strbuf_str(&out), "a\\x1b\\nb");
}

static void refuses_a_dns_query_that_is_none(void **state)
{
	static const char good[] = DNS_HEAD "\7example\3org\0\0\34\0\1";
	static const char pointer[] = DNS_HEAD "\300\14\0\1\0\1";
	static const char answer[] = "\0\1\201\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1";
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	for (size_t n = 0; n < 26; n++)
		assert_int_equal(dns(good, n, &out), -EBADMSG);
	assert_int_equal(dns(pointer, sizeof(pointer) - 1, &out), -EBADMSG);
	assert_int_equal(dns(answer, sizeof(answer) - 1, &out), -EBADMSG);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_a_path_together_from_its_names),
		cmocka_unit_test(says_when_a_path_was_cut),
		cmocka_unit_test(takes_both_tails_apart),
		cmocka_unit_test(refuses_what_is_not_all_there),
		cmocka_unit_test(takes_a_batch_apart),
		cmocka_unit_test(copies_the_socket),
		cmocka_unit_test(reads_the_name_of_a_dns_query),
		cmocka_unit_test(refuses_a_dns_query_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
