/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "runtime/signature_noted.h"
#include "runtime/store.h"

/* What lies between the lines of a key's file need not be a key for a digest. */
#define PEM(base64) "-----BEGIN PUBLIC KEY-----\n" base64 "\n-----END PUBLIC KEY-----\n"
#define NAME "r.example/a/b:1"

static char folder[256];
static char one[STORE_DIGEST_LEN], two[STORE_DIGEST_LEN];

static void write_file(const char *name, const char *text)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, temp_dir_make());
	write_file("one", PEM("b25l"));
	write_file("both", "some words\n" PEM("b2\r\n5l") PEM("dHdv"));
	write_file("none", "some words\n");
	write_file("cut", "-----BEGIN PUBLIC KEY-----\nb25l\n");
	write_file("odd", PEM("b25!"));
	store_digest_of("one", 3, one);
	store_digest_of("two", 3, two);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	temp_dir_remove(folder);
	return 0;
}

/* Judge an image with up to two lines in its record. */
static int judge(const char *rule, const char *name, const char *first, const char *second,
		 struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct signature_policies policies = { .n = 1 };
	struct diags diags = { .arena = &arena };
	struct image_ref ref = { 0 };
	const char *lines[2] = { NULL };
	struct image_texts signed_by = { .items = lines };

	/* %s of a rule is the folder. */
	for (const char *p = rule; *p; p++) {
		if (*p == '%')
			strbuf_puts(&text, folder);
		else
			strbuf_putc(&text, *p);
	}
	assert_int_equal(signature_policy_parse((struct span){ text.p, text.len }, "file", &arena,
						&policies.items[0], &diags),
			 0);
	if (name)
		assert_int_equal(image_ref_parse(span_of(name), &ref, err), 0);
	if (first)
		lines[signed_by.n++] = arena_printf(&arena, "%s sha256:p " NAME, first);
	if (second)
		lines[signed_by.n++] = arena_printf(&arena, "%s sha256:p " NAME, second);
	return signatures_noted(&policies, name ? &ref : NULL, &signed_by, err);
}

static void a_rule_of_today_judges_what_was_noted(void **state)
{
	static const struct {
		const char *rule, *name, *first, *second, *words; /* NULL: it is content */
	} rows[] = {
		{ "default: accept", NAME, NULL, NULL, NULL },
		{ "default: accept", NULL, NULL, NULL, NULL },
		{ "default: refuse", NAME, one, two, "whoever signed it" },
		{ "default: refuse", NULL, one, two, "whoever signed it" },
		{ "default:\n  keys: [%/one]", NAME, NULL, NULL, "immure pull it" },
		{ "default:\n  keys: [%/one]", NAME, one, NULL, NULL },
		{ "default:\n  keys: [%/one]", NAME, two, one, NULL },
		{ "default:\n  keys: [%/one]", NAME, two, NULL, "immure pull it" },
		{ "default:\n  keys: [%/both]", NAME, two, NULL, NULL },
		{ "default:\n  keys: [%/one, %/both]\n  need: 2", NAME, two, one, NULL },
		{ "default:\n  keys: [%/one]", "r.example/a/b:2", one, NULL, "under another name" },
		{ "default:\n  keys: [%/one]", "r.example/a/c:1", one, NULL, "under another name" },
		{ "default:\n  keys: [%/one]\n  name: repository", "r.example/a/b:2", one, NULL,
		  NULL },
		{ "default:\n  keys: [%/one]\n  name: r.example/a/b", "x.example/c:1", one, NULL,
		  NULL },
		{ "default:\n  keys: [%/one]", NULL, one, NULL, "under another name" },
		{ "default:\n  keys: [%/one]", NULL, NULL, NULL, "it has no name" },
		{ "default:\n  keys: [%/one]\n  name: r.example/a/b", NULL, one, NULL, NULL },
		{ "default: accept\nimages:\n  r.example/a: refuse", NAME, one, NULL,
		  "r.example/a" },
		{ "default: refuse\nimages:\n  r.example/a: accept", NAME, NULL, NULL, NULL },
		{ "default:\n  keys: [%/absent]", NAME, one, NULL, "absent" },
		{ "default:\n  keys: [%/none]", NAME, one, NULL, "no public key" },
		{ "default:\n  keys: [%/cut]", NAME, one, NULL, "without an end" },
		{ "default:\n  keys: [%/odd]", NAME, one, NULL, "no base64" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int r = judge(rows[i].rule, rows[i].name, rows[i].first, rows[i].second, &err);

		if (!rows[i].words && r < 0)
			fail_msg("row %zu: %s", i, err.msg);
		if (!rows[i].words)
			continue;
		if (r >= 0 || err.stage != ERR_TRUST || !strstr(err.msg, rows[i].words) ||
		    strncmp(err.msg, "file: ", 6) != 0)
			fail_msg("row %zu: %s", i, err.msg);
	}
}

static void a_key_counts_once(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		judge("default:\n  keys: [%/one, %/both]\n  need: 2", NAME, one, one, &err),
		-EACCES);
	assert_non_null(strstr(err.msg, "1 of 2 keys"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_rule_of_today_judges_what_was_noted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_key_counts_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
