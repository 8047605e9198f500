/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "runtime/image_change.h"

struct change_row {
	const char *changes[4];
	const char *config; /* of the JSON */
};

static void changes_are_docker_s(void **state)
{
	static const struct change_row rows[] = {
		{ { "CMD [\"a\", \"b c\"]" }, "{\"Cmd\":[\"a\",\"b c\"]}" },
		{ { "cmd a \"b\"" }, "{\"Cmd\":[\"/bin/sh\",\"-c\",\"a \\\"b\\\"\"]}" },
		{ { "CMD x", "CMD []" }, "{}" },
		{ { "CMD x", "CMD" }, "{}" },
		/* ENTRYPOINT drops what the image below had as Cmd, not what was given before. */
		{ { "CMD [\"a\"]", "ENTRYPOINT [\"e\"]" },
		  "{\"Cmd\":[\"a\"],\"Entrypoint\":[\"e\"]}" },
		{ { "ENV A=1 B='2 3' C=4\\ 5 D=\"6 \\\"7\"" },
		  "{\"Env\":[\"A=1\",\"B=2 3\",\"C=4 5\",\"D=6 \\\"7\"]}" },
		{ { "ENV A 1  2", "ENV B=x A=y" }, "{\"Env\":[\"A=y\",\"B=x\"]}" },
		{ { "LABEL b=2 a=1", "LABEL a=" }, "{\"Labels\":{\"a\":\"\",\"b\":\"2\"}}" },
		{ { "EXPOSE 80 53/udp", "EXPOSE 80/tcp 8-9" },
		  "{\"ExposedPorts\":{\"53/udp\":{},\"8/tcp\":{},\"80/tcp\":{},\"9/tcp\":{}}}" },
		{ { "VOLUME /b /a//x/", "VOLUME [\"/b\"]" },
		  "{\"Volumes\":{\"/a/x\":{},\"/b\":{}}}" },
		{ { "WORKDIR /a", "WORKDIR b/c" }, "{\"WorkingDir\":\"/a/b/c\"}" },
		{ { "WORKDIR b" }, "{\"WorkingDir\":\"/b\"}" },
		{ { " USER  1:2 ", "STOPSIGNAL QUIT" },
		  "{\"StopSignal\":\"QUIT\",\"User\":\"1:2\"}" },
		{ { "SHELL [\"/bin/bash\",\"-ec\"]", "CMD x" },
		  "{\"Cmd\":[\"/bin/bash\",\"-ec\",\"x\"],\"Shell\":[\"/bin/bash\",\"-ec\"]}" },
		{ { "ONBUILD RUN a", "ONBUILD COPY b /" },
		  "{\"OnBuild\":[\"RUN a\",\"COPY b /\"]}" },
		{ { "HEALTHCHECK --interval=5m --retries=3 --timeout=250ms CMD a  b" },
		  "{\"Healthcheck\":{\"Interval\":300000000000,\"Retries\":3,\"Timeout\":250000000,"
		  "\"Test\":[\"CMD-SHELL\",\"a  b\"]}}" },
		{ { "HEALTHCHECK CMD [\"a\",\"b\"]" },
		  "{\"Healthcheck\":{\"Test\":[\"CMD\",\"a\",\"b\"]}}" },
		{ { "HEALTHCHECK CMD a", "USER u", "HEALTHCHECK NONE" },
		  "{\"Healthcheck\":{\"Test\":[\"NONE\"]},\"User\":\"u\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf json = { 0 };
		cleanup_strbuf struct strbuf wanted = { 0 };
		struct image_edit edit = { .arena = &arena };
		struct err err = { 0 };

		for (size_t k = 0; k < 4 && rows[i].changes[k]; k++)
			assert_int_equal(image_change(&edit, rows[i].changes[k], &err), 0);
		image_edit_json(&edit, &json);
		strbuf_addf(&wanted,
			    "{\"config\":%s,\"rootfs\":{\"diff_ids\":[],\"type\":\"layers\"}}",
			    rows[i].config);
		assert_string_equal(json.p, wanted.p);
	}
}

static void entrypoint_drops_the_cmd_of_the_image_below(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	struct image_edit edit = { .arena = &arena };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(image_edit_add(&edit, &edit.cmd, "below", &err), 0);
	assert_int_equal(image_change(&edit, "ENTRYPOINT [\"e\"]", &err), 0);
	assert_int_equal(edit.cmd.n, 0);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"FOO x",
		"RUN x",
		"CMD [\"a\"",
		"CMD [1]",
		"ENTRYPOINT [\"a\" \"b\"]",
		"ENV",
		"ENV =x",
		"ENV A=b c",
		"ENV \"A=b",
		"LABEL",
		"EXPOSE 0",
		"EXPOSE 65536",
		"EXPOSE 80/x",
		"EXPOSE 80/",
		"EXPOSE 9-8",
		"EXPOSE 1-5000",
		"EXPOSE -1",
		"VOLUME a",
		"VOLUME /a/../b",
		"WORKDIR ..",
		"USER",
		"USER a b",
		"STOPSIGNAL X",
		"SHELL bash",
		"SHELL []",
		"ONBUILD",
		"HEALTHCHECK",
		"HEALTHCHECK NONE x",
		"HEALTHCHECK CMD",
		"HEALTHCHECK --interval=x CMD a",
		"HEALTHCHECK --retries=-1 CMD a",
		"HEALTHCHECK --other=1s CMD a",
		"HEALTHCHECK a",
		"CMD \xff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct image_edit edit = { .arena = &arena };
		struct err err = { 0 };

		assert_int_equal(image_change(&edit, rows[i], &err), -EINVAL);
		assert_int_equal(err.stage, ERR_USAGE);
		assert_non_null(strstr(err.msg, "--change"));
	}
}

static void a_configuration_is_read_and_written_as_it_was(void **state)
{
	static struct image_pair pairs[] = {
		{ "os", "linux" },       { "arch", "arm64" },    { "variant", "v8" },
		{ "created", "then" },   { "author", "me" },     { "user", "u" },
		{ "workdir", "/w" },     { "stop-signal", "9" }, { "env", "A=b" },
		{ "entrypoint", "e" },   { "cmd", "c" },         { "port", "1/tcp" },
		{ "volume", "/v" },      { "label", "k=v=w" },   { "diff-id", "sha256:x" },
		{ "shell", "s" },        { "on-build", "o" },    { "history", "first" },
		{ "created", "once" },   { "author", "she" },    { "comment", "why" },
		{ "history", "second" }, { "empty", "1" },
	};
	static const struct image_pair rest[] = {
		{ "rest", "z" },
		{ "rest-value", "1" },
		{ "rest", "os.version" },
		{ "rest-value", "\"10\"" },
		{ "run-rest", "Healthcheck" },
		{ "run-rest-value", "{\"Test\":[\"NONE\"]}" },
		{ "run-rest", "ArgsEscaped" },
		{ "run-rest-value", "true" },
		{ "ok", "1" },
	};
	const struct image_config config = { .n = ARRAY_LEN(pairs), .pairs = pairs };
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf json = { 0 };
	struct image_edit edit = { .arena = &arena, .created = "now" };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(image_edit_read(&edit, &config, rest, ARRAY_LEN(rest), &err), 0);
	image_edit_json(&edit, &json);
	assert_string_equal(
		json.p,
		"{\"architecture\":\"arm64\",\"author\":\"me\",\"config\":{\"ArgsEscaped\":true,\"Cmd\":[\"c\"],"
		"\"Entrypoint\":[\"e\"],\"Env\":[\"A=b\"],\"ExposedPorts\":{\"1/tcp\":{}},"
		"\"Healthcheck\":{\"Test\":[\"NONE\"]},\"Labels\":{\"k\":\"v=w\"},\"OnBuild\":[\"o\"],"
		"\"Shell\":[\"s\"],\"StopSignal\":\"9\","
		"\"User\":\"u\",\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/w\"},\"created\":\"now\",\"history\":["
		"{\"author\":\"she\",\"comment\":\"why\",\"created\":\"once\",\"created_by\":\"first\"},"
		"{\"created_by\":\"second\",\"empty_layer\":true}],\"os\":\"linux\",\"os.version\":\"10\","
		"\"rootfs\":{\"diff_ids\":[\"sha256:x\"],\"type\":\"layers\"},\"variant\":\"v8\",\"z\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_docker_s),
		cmocka_unit_test(entrypoint_drops_the_cmd_of_the_image_below),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(a_configuration_is_read_and_written_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
