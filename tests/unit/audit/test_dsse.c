/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "audit/dsse.h"

static const uint8_t signature[DSSE_SIGNATURE_LEN] = { 1, 2, 3, 255 };

static void encodes_what_the_specification_shows(void **state)
{
	cleanup_strbuf struct strbuf out = { 0 };

	(void)state;
	/* The example of protocol.md of DSSE 1.0. */
	dsse_pae("http://example.com/HelloWorld", "hello world", 11, &out);
	assert_string_equal(out.p, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

static void comes_back_as_it_went(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf body = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct dsse envelope = { 0 };
	struct err err = { 0 };

	(void)state;
	strbuf_add(&body, "{\"a\":\0\xff}", 8);
	dsse_encode("t/x", &body, "ed25519:1", signature, &text);
	assert_int_equal(dsse_decode((struct span){ text.p, text.len }, &arena, &envelope, &err),
			 0);
	assert_string_equal(envelope.type, "t/x");
	assert_string_equal(envelope.key_id, "ed25519:1");
	assert_int_equal(envelope.body.len, body.len);
	assert_memory_equal(envelope.body.p, body.p, body.len);
	assert_memory_equal(envelope.signature, signature, sizeof(signature));
	dsse_done(&envelope);
}

static void refuses_what_is_no_envelope(void **state)
{
	static const char *const cases[] = {
		"",
		"{}",
		"[]",
		"{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[]}",
		"{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\"}]}",
		"{\"payload\":7,\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\"}]}",
	};
	cleanup_arena struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dsse envelope = { 0 };
		struct err err = { 0 };

		assert_int_equal(dsse_decode(span_of(cases[i]), &arena, &envelope, &err), -EBADMSG);
		assert_null(envelope.type);
		assert_null(envelope.body.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_what_the_specification_shows),
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(refuses_what_is_no_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
