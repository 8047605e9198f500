/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/image_json.h"

#define D "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OCI_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"
#define DESCRIPTOR(media) "{\"mediaType\":\"" media "\",\"digest\":\"" D "\",\"size\":7}"

static void flatten(const char *kind, const char *json, const char *expected)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	struct err err = { 0 };

	assert_int_equal(image_json_flatten(kind, json, strlen(json), &lines, &err), 0);
	assert_string_equal(strbuf_str(&lines), expected);
}

static void tells_what_an_image_is_made_of(void **state)
{
	(void)state;
	flatten("manifest",
		"{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c") ",\"layers\":[" DESCRIPTOR(
			OCI_LAYER) "]}",
		"config " D "\nmedia c\nsize 7\nlayer " D "\nmedia " OCI_LAYER "\nsize 7\n");
	flatten("index",
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" D
		"\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}}]}",
		"manifest " D "\nmedia m\nsize 1\nos linux\narch arm64\nvariant v8\n");
	flatten("docker",
		"[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"l/layer.tar\"]}]",
		"image c.json\ntag a:1\nlayer l/layer.tar\n");
}

#define PAYLOAD(image, identity, type, more)                                                \
	"{\"critical\":{\"image\":{" image "},\"identity\":{" identity "},\"type\":\"" type \
	"\"" more
#define SIGNED_DIGEST "\"docker-manifest-digest\":\"" D "\""
#define SIGNED_NAME "\"docker-reference\":\"r.example/a:1\""
#define SIGNED_TYPE "cosign container image signature"

static void tells_what_a_signature_says(void **state)
{
	(void)state;
	flatten("payload", PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, "},\"optional\":null}"),
		"digest " D "\nreference r.example/a:1\n");
	flatten("payload",
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, "},\"optional\":{\"a\":[1]}}"),
		"digest " D "\nreference r.example/a:1\n");
	flatten("manifest",
		"{\"schemaVersion\":2,\"config\":" DESCRIPTOR(
			"c") ",\"layers\":[{\"mediaType\":\"m\",\"digest\":\"" D
			     "\",\"size\":7,\"annotations\":{\"a=\":\"b\\nc\",\"n\":1}}]}",
		"config " D "\nmedia c\nsize 7\nlayer " D
		"\nmedia m\nsize 7\nnote a=\nnote-value b\\nc\n");
}

static void refuses_a_payload_that_could_be_read_in_two_ways(void **state)
{
	static const char *const wrong[] = {
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, "atomic container signature", "}}"),
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, ",\"more\":1}}"),
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, "},\"more\":1}"),
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, "},\"optional\":[]}"),
		PAYLOAD(SIGNED_DIGEST ",\"x\":1", SIGNED_NAME, SIGNED_TYPE, "}}"),
		PAYLOAD(SIGNED_DIGEST, SIGNED_NAME ",\"x\":1", SIGNED_TYPE, "}}"),
		PAYLOAD(SIGNED_DIGEST "," SIGNED_DIGEST, SIGNED_NAME, SIGNED_TYPE, "}}"),
		PAYLOAD("\"docker-manifest-digest\":\"sha256:12\"", SIGNED_NAME, SIGNED_TYPE, "}}"),
		PAYLOAD("\"docker-manifest-digest\":7", SIGNED_NAME, SIGNED_TYPE, "}}"),
		PAYLOAD(SIGNED_DIGEST, "\"docker-reference\":[]", SIGNED_TYPE, "}}"),
		PAYLOAD("", SIGNED_NAME, SIGNED_TYPE, "}}"),
		"{\"critical\":null}",
		"{}",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cleanup_strbuf struct strbuf lines = { 0 };
		struct err err = { 0 };

		if (image_json_flatten("payload", wrong[i], strlen(wrong[i]), &lines, &err) !=
		    -EBADMSG)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(lines.len, 0);
	}
}

static void tells_how_an_image_wants_to_be_run(void **state)
{
	(void)state;
	flatten("config",
		"{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"A=b\\nc\"],\"Cmd\":[\"sh\",\"\"],"
		"\"Entrypoint\":null,\"User\":\"1:2\",\"Labels\":{\"x\":\"y\"},\"Volumes\":{\"/d\":{}}},"
		"\"rootfs\":{\"diff_ids\":[\"" D
		"\"]},\"history\":[{\"created_by\":\"RUN\",\"empty_layer\":true}]}",
		"os linux\narch amd64\nuser 1:2\nenv A=b\\nc\ncmd sh\ncmd \nvolume /d\nlabel x=y\ndiff-id " D
		"\nhistory RUN\nempty 1\n");
}

static void tells_what_else_a_configuration_has(void **state)
{
	static const char document[] =
		"{\"os\":\"linux\",\"os.version\":\"1\",\"x\":{\"b\":[1.5,null],\"a\":\"\\n\"},"
		"\"config\":{\"Env\":[],\"Healthcheck\":{\"Test\":[\"CMD\",\"y\"]},\"Shell\":[\"s\"],"
		"\"OnBuild\":[\"RUN z\"]},\"rootfs\":{\"diff_ids\":[]},\"history\":[{\"author\":\"me\"}]}";

	(void)state;
	flatten("rest", document,
		"rest os.version\nrest-value \"1\"\nrest x\n"
		"rest-value {\"a\":\"\\\\n\",\"b\":[1.5,null]}\n"
		"run-rest Healthcheck\nrun-rest-value {\"Test\":[\"CMD\",\"y\"]}\n");
	flatten("config", document, "os linux\nshell s\non-build RUN z\nhistory \nauthor me\n");
}

static void refuses_what_is_contradictory(void **state)
{
	static const struct {
		const char *kind, *json;
	} cases[] = {
		{ "manifest", "{\"schemaVersion\":2,\"config\":" DESCRIPTOR(
				      "c") ",\"layers\":[],\"manifests\":[]}" },
		{ "index", "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}" },
		{ "manifest",
		  "{\"schemaVersion\":1,\"config\":" DESCRIPTOR("c") ",\"layers\":[]}" },
		{ "manifest",
		  "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"config\":" DESCRIPTOR(
			  "c") ",\"layers\":[]}" },
		{ "manifest",
		  "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"c\",\"digest\":\"sha256:../../x\",\"size\":1},\"layers\":[]}" },
		{ "manifest", "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"c\",\"digest\":\"" D
			      "\",\"size\":-1},\"layers\":[]}" },
		{ "manifest", "{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c") "}" },
		{ "manifest", "{\"schemaVersion\":2,\"schemaVersion\":2,\"config\":" DESCRIPTOR(
				      "c") ",\"layers\":[]}" },
		{ "config", "{\"config\":{\"Env\":[1]},\"rootfs\":{\"diff_ids\":[]}}" },
		{ "config", "{\"config\":{\"Env\":[\"A=\\u0000\"]},\"rootfs\":{\"diff_ids\":[]}}" },
		{ "config", "{\"config\":{\"User\":0},\"rootfs\":{\"diff_ids\":[]}}" },
		{ "config", "{\"rootfs\":{\"diff_ids\":[\"x\"]}}" },
		{ "config", "{}" },
		{ "config", "[]" },
		{ "config", "{" },
		{ "docker", "[{}]" },
		{ "unknown", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_strbuf struct strbuf lines = { 0 };
		struct err err = { 0 };
		const char *json = cases[i].json;

		assert_true(image_json_flatten(cases[i].kind, json, strlen(json), &lines, &err) <
			    0);
		assert_int_equal(lines.len, 0);
		assert_true(err.code > 0);
	}
}

static void survives_depth(void **state)
{
	cleanup_strbuf struct strbuf json = { 0 };
	cleanup_strbuf struct strbuf lines = { 0 };
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 200000; i++)
		strbuf_putc(&json, '[');
	assert_int_equal(image_json_flatten("docker", json.p, json.len, &lines, &err), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_an_image_is_made_of),
		cmocka_unit_test(tells_how_an_image_wants_to_be_run),
		cmocka_unit_test(tells_what_else_a_configuration_has),
		cmocka_unit_test(tells_what_a_signature_says),
		cmocka_unit_test(refuses_a_payload_that_could_be_read_in_two_ways),
		cmocka_unit_test(refuses_what_is_contradictory),
		cmocka_unit_test(survives_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
