/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/registry_config.h"

#define SHA "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct arena *arena, struct registry_config *ret,
		 struct diags *diags)
{
	*diags = (struct diags){ .arena = arena };
	return registry_config_parse(span_of(text), "registries.yaml", arena, ret, diags);
}

static void reads_all_there_is(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct registry_config config = { 0 };
	struct diags diags;
	struct image_ref ref = { 0 };
	struct err err = { 0 };
	static const char text[] = "registries:\n"
				   "  docker.io:\n"
				   "    mirrors: [m.example:5000, 127.0.0.1:5001]\n"
				   "  r.example:\n"
				   "    ca: /etc/ca.pem\n"
				   "    insecure: true\n"
				   "pins:\n"
				   "  debian:12: " SHA "\n"
				   "limits:\n"
				   "  image: 1GiB\n"
				   "  layers: 7\n";

	(void)state;
	if (parse(text, &arena, &config, &diags) < 0)
		fail_msg("%s", diags.n > 0 ? diags.items[0].text : "?");
	assert_int_equal(registry_rule_of(&config, "docker.io")->n_mirrors, 2);
	assert_string_equal(registry_rule_of(&config, "docker.io")->mirrors[1], "127.0.0.1:5001");
	assert_string_equal(registry_rule_of(&config, "r.example")->ca, "/etc/ca.pem");
	assert_true(registry_rule_of(&config, "r.example")->insecure);
	assert_false(registry_rule_of(&config, "other")->insecure);
	assert_int_equal(config.max_image, 1 << 30);
	assert_int_equal(config.max_layers, 7);
	assert_int_equal(config.max_entries, 1000000);
	assert_int_equal(image_ref_parse(span_of("debian:12"), &ref, &err), 0);
	assert_string_equal(registry_pin_of(&config, &ref), SHA);
	assert_int_equal(image_ref_parse(span_of("debian:13"), &ref, &err), 0);
	assert_null(registry_pin_of(&config, &ref));
}

static void names_every_fault_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
		{ "registry: {}\n", 1 },
		{ "registries:\n  a/b:\n    insecure: true\n", 2 },
		{ "registries:\n  a.b:\n    insecure: yes\n", 3 },
		{ "registries:\n  a.b:\n    ca: relative\n", 3 },
		{ "registries:\n  a.b:\n    mirrors: [\"http://x\"]\n", 3 },
		{ "registries:\n  a.b:\n    mirrors: x\n", 3 },
		{ "registries:\n  a.b: x\n", 2 },
		{ "pins:\n  Debian: " SHA "\n", 2 },
		{ "pins:\n  debian: sha256:12\n", 2 },
		{ "limits:\n  layers: 0\n", 2 },
		{ "limits:\n  image: many\n", 2 },
		{ "- x\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct registry_config config = { .max_image = 42 };
		struct diags diags;

		assert_int_equal(parse(cases[i].text, &arena, &config, &diags), -EINVAL);
		assert_true(diags.n > 0);
		if (diags.items[0].where.line != cases[i].line)
			fail_msg("%s: line %u", cases[i].text, diags.items[0].where.line);
		assert_int_equal(config.max_image, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_there_is),
		cmocka_unit_test(names_every_fault_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
