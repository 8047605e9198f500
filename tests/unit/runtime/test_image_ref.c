/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/image_ref.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA "sha256:" HEX64

static void reads_names_as_docker_does(void **state)
{
	static const struct {
		const char *text, *full, *familiar;
	} cases[] = {
		/* clang-format off */
		{ "debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "debian:12", "docker.io/library/debian:12", "debian:12" },
		{ "docker.io/debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "index.docker.io/a/b", "docker.io/a/b:latest", "a/b:latest" },
		{ "docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
		{ "a/b/c:T_-.9", "docker.io/a/b/c:T_-.9", "a/b/c:T_-.9" },
		{ "localhost/x", "localhost/x:latest", "localhost/x:latest" },
		{ "LocalHost/x", "localhost/x:latest", "localhost/x:latest" },
		{ "Quay.IO/a__b/c-d", "quay.io/a__b/c-d:latest", "quay.io/a__b/c-d:latest" },
		{ "127.0.0.1:5000/x:1", "127.0.0.1:5000/x:1", "127.0.0.1:5000/x:1" },
		{ "[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest" },
		{ "docker.io/b.io/x", "docker.io/b.io/x:latest", "docker.io/b.io/x:latest" },
		{ "x@" SHA, "docker.io/library/x@" SHA, "x@" SHA },
		{ "r.io/x:1@" SHA, "r.io/x:1@" SHA, "r.io/x:1@" SHA },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf full = { 0 };
		cleanup_strbuf struct strbuf familiar = { 0 };
		struct image_ref ref;
		struct err err = { 0 };

		if (image_ref_parse(span_of(cases[i].text), &ref, &err) < 0)
			fail_msg("%s", err.msg);
		image_ref_print(&ref, &full);
		image_ref_familiar(&ref, &familiar);
		assert_string_equal(strbuf_str(&full), cases[i].full);
		assert_string_equal(strbuf_str(&familiar), cases[i].familiar);
	}
}

static void refuses_and_names_the_part(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		/* clang-format off */
		{ "", "name is missing" },
		{ "r.io/", "name is missing" },
		{ "/x", "a part of a name" },
		{ "a//b", "a part of a name" },
		{ "a/", "ends with a slash" },
		{ "../x", "registry" },
		{ "a/../b", "a part of a name" },
		{ "a..b", "a part of a name" },
		{ "a___b", "a part of a name" },
		{ "-a", "a part of a name" },
		{ "a-", "a part of a name" },
		{ "Debian", "lower case" },
		{ "QUAY/x", "lower case" },
		{ "x:", "tag after" },
		{ "x:.a", "tag after" },
		{ "x:a b", "tag after" },
		{ "x@sha256:../../x", "digest after" },
		{ "x@sha512:" HEX64 HEX64, "digest after" },
		{ "x@sha256:0123", "digest after" },
		{ "x@", "digest after" },
		{ "r.io:0/x", "registry" },
		{ "r.io:65536/x", "registry" },
		{ "r.io:/x", "registry" },
		{ "r..io/x", "registry" },
		{ "[::1/x", "registry" },
		{ "[]:5/x", "registry" },
		{ "user@host/x", "digest after" },
		{ HEX64, "an id" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_ref ref = { .tag = "untouched" };
		struct err err = { 0 };

		if (image_ref_parse(span_of(cases[i].text), &ref, &err) != -EINVAL)
			fail_msg("\"%s\" was taken", cases[i].text);
		assert_int_equal(err.stage, ERR_USAGE);
		if (!strstr(err.msg, cases[i].part))
			fail_msg("\"%s\": %s", cases[i].text, err.msg);
		assert_string_equal(ref.tag, "untouched");
	}
}

static void bounds_lengths(void **state)
{
	char text[512];
	struct image_ref ref;
	struct err err = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "r.io/", 5);
	assert_int_equal(image_ref_parse((struct span){ text, IMAGE_NAME_MAX }, &ref, &err), 0);
	assert_int_equal(image_ref_parse((struct span){ text, IMAGE_NAME_MAX + 1 }, &ref, &err),
			 -EINVAL);
	memset(text, 'a', sizeof(text));
	/* docker.io/library/ is part of the name */
	assert_int_equal(image_ref_parse((struct span){ text, IMAGE_NAME_MAX }, &ref, &err),
			 -EINVAL);
	assert_false(image_tag_is_valid((struct span){ text, IMAGE_TAG_MAX + 1 }));
	assert_true(image_tag_is_valid((struct span){ text, IMAGE_TAG_MAX }));
	assert_false(image_digest_is_valid(span_of("sha256:" HEX64 "0")));
}

static void knows_loopback_by_its_text(void **state)
{
	static const char *const yes[] = { "localhost", "localhost:5000", "127.0.0.1:5000",
					   "127.9.8.7", "[::1]:80",       "[::1]" };
	static const char *const no[] = { "localhost.example",
					  "127.0.0.1.example:80",
					  "127.0.0",
					  "128.0.0.1",
					  "127.0.0.256",
					  "127.0.0.1.2",
					  "[::2]",
					  "[::1].x",
					  "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(image_host_is_loopback(span_of(yes[i])));
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		if (image_host_is_loopback(span_of(no[i])))
			fail_msg("%s", no[i]);
	}
}

static void pins_by_digest_first(void **state)
{
	struct image_ref ref;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(image_ref_parse(span_of("x:1@" SHA), &ref, &err), 0);
	assert_string_equal(image_ref_pin(&ref), SHA);
	assert_int_equal(image_ref_parse(span_of("x:1"), &ref, &err), 0);
	assert_string_equal(image_ref_pin(&ref), "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names_as_docker_does),
		cmocka_unit_test(refuses_and_names_the_part),
		cmocka_unit_test(bounds_lengths),
		cmocka_unit_test(knows_loopback_by_its_text),
		cmocka_unit_test(pins_by_digest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
