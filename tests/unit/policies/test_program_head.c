/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <elf.h>
#include <string.h>

#include "policies/program_head.h"

static void knows_interpreters(void **state)
{
	static const struct {
		const char *head, *by;
	} rows[] = {
		{ "#!/bin/sh\n", "sh" },
		{ "#! /usr/bin/python3 -u\nx", "python3" },
		{ "#!/usr/bin/env node\n", "node" },
		{ "#!/usr/bin/env -S perl -w\n", "perl" },
		{ "#!\n", "" },
		{ "#!/usr/bin/env", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct span by = { "?", 1 };

		assert_int_equal(program_kind_of(span_of(rows[i].head), &by), PROGRAM_SCRIPT);
		assert_true(span_eq(by, rows[i].by));
	}
}

/* An ELF file with one program header, and the loader's path behind it. */
static size_t elf(char *ret, uint32_t type, const char *loader, uint64_t offset, uint64_t size)
{
	Elf64_Ehdr file = { .e_phoff = sizeof(file),
			    .e_phnum = 1,
			    .e_phentsize = sizeof(Elf64_Phdr) };
	Elf64_Phdr part = { .p_type = type, .p_offset = offset, .p_filesz = size };

	memcpy(file.e_ident, ELFMAG, SELFMAG);
	file.e_ident[EI_CLASS] = ELFCLASS64;
	memcpy(ret, &file, sizeof(file));
	memcpy(ret + sizeof(file), &part, sizeof(part));
	memcpy(ret + sizeof(file) + sizeof(part), loader, strlen(loader) + 1);
	return sizeof(file) + sizeof(part) + strlen(loader) + 1;
}

static void knows_libcs_and_believes_no_length(void **state)
{
	const uint64_t at = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
	static const char glibc[] = "/lib64/ld-linux-x86-64.so.2";
	static const char musl[] = "/lib/ld-musl-x86_64.so.1";
	struct span by = { "?", 1 };
	char head[512];
	size_t n;

	(void)state;
	n = elf(head, PT_INTERP, glibc, at, sizeof(glibc));
	assert_int_equal(program_kind_of((struct span){ head, n }, &by), PROGRAM_GLIBC);
	/* Cut short anywhere, it is never read behind its end. */
	for (size_t i = 0; i < n; i++) {
		char *exact = memcpy(test_malloc(i + 1), head, i);

		program_kind_of((struct span){ exact, i }, &by);
		test_free(exact);
	}
	n = elf(head, PT_INTERP, musl, at, sizeof(musl));
	assert_int_equal(program_kind_of((struct span){ head, n }, &by), PROGRAM_MUSL);
	n = elf(head, PT_LOAD, musl, at, sizeof(musl));
	assert_int_equal(program_kind_of((struct span){ head, n }, &by), PROGRAM_STATIC);
	n = elf(head, PT_INTERP, musl, UINT64_MAX - 2, 100);
	assert_int_equal(program_kind_of((struct span){ head, n }, &by), PROGRAM_STATIC);
	n = elf(head, PT_INTERP, musl, at, UINT64_MAX);
	assert_int_equal(program_kind_of((struct span){ head, n }, &by), PROGRAM_STATIC);
	assert_int_equal(program_kind_of(span_of("hello"), &by), PROGRAM_UNKNOWN);
	assert_int_equal(program_kind_of(span_of(""), &by), PROGRAM_UNKNOWN);
	assert_true(span_eq(by, "?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_interpreters),
		cmocka_unit_test(knows_libcs_and_believes_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
