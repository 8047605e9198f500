/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "audit/record.h"

static void says(const struct record *record, const char *expected)
{
	cleanup_strbuf struct strbuf out = { 0 };

	record_members(record, &out);
	assert_string_equal(strbuf_str(&out), expected);
}

static void writes_only_what_is_known(void **state)
{
	(void)state;
	says(&(struct record){ .kind = RECORD_EXIT, .source = SOURCE_BPF, .pid = 7 },
	     "\"source\":\"bpf\"");
	says(
		&(struct record){
			.source = SOURCE_BPF, .has = HAS_PID | HAS_RET, .pid = 7, .ret = -1 },
		"\"pid\":7,\"ret\":-1,\"source\":\"bpf\"");
	says(&(struct record){ .has = HAS_RULE }, "\"rule\":null,\"source\":\"supervisor\"");
}

static void says_whose_memory_a_text_comes_from(void **state)
{
	(void)state;
	says(&(struct record){ .path = { span_of("/a\"b"), TRUST_KERNEL } },
	     "\"path\":\"/a\\\"b\",\"path_from\":\"kernel\",\"source\":\"supervisor\"");
	says(&(struct record){ .path = { span_of("/a"), TRUST_USER } },
	     "\"path\":\"/a\",\"path_from\":\"user\",\"source\":\"supervisor\"");
	says(&(struct record){ .path = { .trust = TRUST_UNREADABLE } },
	     "\"path\":null,\"path_from\":\"unreadable\",\"source\":\"supervisor\"");
}

static void keeps_arguments_apart(void **state)
{
	(void)state;
	says(&(struct record){ .argv = { { "sh\0-c\0a b\0\0", 11 }, TRUST_KERNEL } },
	     "\"argv\":[\"sh\",\"-c\",\"a b\",\"\"],\"argv_from\":\"kernel\",\"source\":\"supervisor\"");
}

static void writes_arguments_that_any_reader_can_read(void **state)
{
	const struct record record = { .has = HAS_CALL,
				       .args = { UINT64_MAX, (uint64_t)1 << 63, INT64_MAX } };
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	record_members(&record, &out);
	assert_non_null(strstr(strbuf_str(&out), "\"args\":[-1,-9223372036854775808,"
						 "9223372036854775807,0,0,0]"));
}

static void writes_peers(void **state)
{
	static const struct {
		struct record_peer peer;
		const char *text;
	} cases[] = {
		{ { 0 }, "" },
		{ { .family = AF_INET, .port = 80, .address = { 10, 1, 2, 3 } }, "10.1.2.3:80" },
		{ { .family = AF_INET6, .port = 53, .address = { [15] = 1 } }, "[::1]:53" },
		{ { .family = AF_UNIX, .path = { "/run/x", 6 } }, "unix:/run/x" },
		{ { .family = AF_UNIX, .path = { "\0name", 5 } }, "unix:@name" },
		{ { .family = AF_UNIX }, "unix:" },
		{ { .family = AF_ALG }, "family 38" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf out = { 0 };

		record_peer_text(&cases[i].peer, &out);
		assert_string_equal(strbuf_str(&out), cases[i].text);
	}
}

static void splits_ends_of_the_network(void **state)
{
	static const struct {
		const char *text, *host; /* NULL: it is none */
		uint16_t port;
	} cases[] = {
		{ "10.1.2.3:80", "10.1.2.3", 80 },
		{ "[::1]:53", "::1", 53 },
		{ "[]:1", "[]", 1 },
		{ "[::1:53", "[::1", 53 },
		{ "10.1.2.3", NULL, 0 },
		{ "10.1.2.3:65536", NULL, 0 },
		{ "10.1.2.3:x", NULL, 0 },
		{ "unix:/run/x:80", NULL, 0 },
		{ "unix:80", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span host = { 0 };
		uint16_t port = 0;

		assert_int_equal(record_peer_split(cases[i].text, &host, &port),
				 cases[i].host != NULL);
		if (cases[i].host)
			assert_true(span_eq(host, cases[i].host) && port == cases[i].port);
	}
}

static void names_every_kind(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_KIND_COUNT; i++) {
		assert_true(*record_kind_name((enum record_kind)i) != '\0');
		assert_int_equal(record_kind_find(record_kind_name((enum record_kind)i)), i);
	}
	assert_int_equal(record_kind_find("nonesuch"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_only_what_is_known),
		cmocka_unit_test(says_whose_memory_a_text_comes_from),
		cmocka_unit_test(keeps_arguments_apart),
		cmocka_unit_test(writes_arguments_that_any_reader_can_read),
		cmocka_unit_test(writes_peers),
		cmocka_unit_test(splits_ends_of_the_network),
		cmocka_unit_test(names_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
