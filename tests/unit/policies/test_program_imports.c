/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <elf.h>
#include <string.h>

#include "policies/program_imports.h"

/* An ELF file of two sections: the symbols, undefined but for the last, and their names. */
struct elf_file {
	Elf64_Ehdr head;
	Elf64_Shdr sections[2];
	Elf64_Sym symbols[6];
	char strings[128];
};

static void elf_make(struct elf_file *f, const char *const names[6])
{
	size_t at = 1;

	*f = (struct elf_file){ 0 };
	memcpy(f->head.e_ident, ELFMAG, SELFMAG);
	f->head.e_ident[EI_CLASS] = ELFCLASS64;
	f->head.e_shoff = offsetof(struct elf_file, sections);
	f->head.e_shnum = 2;
	f->head.e_shentsize = sizeof(Elf64_Shdr);
	f->sections[0] = (Elf64_Shdr){ .sh_type = SHT_DYNSYM,
				       .sh_offset = offsetof(struct elf_file, symbols),
				       .sh_size = sizeof(f->symbols),
				       .sh_link = 1 };
	f->sections[1] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
				       .sh_offset = offsetof(struct elf_file, strings),
				       .sh_size = sizeof(f->strings) };
	for (size_t i = 0; i < 6; i++) {
		f->symbols[i].st_name = (Elf64_Word)at;
		f->symbols[i].st_shndx = i == 5 ? 1 : SHN_UNDEF;
		memcpy(f->strings + at, names[i], strlen(names[i]) + 1);
		at += strlen(names[i]) + 1;
	}
}

static const char *const server[6] = {
	"fork", "accept4", "sendfile64", "chown", "socket", "mkdir"
};

static struct program_imports imports_of(const void *file, size_t n)
{
	struct program_imports imports;

	program_imports_of((struct span){ file, n }, &imports);
	return imports;
}

static void names_become_policies_and_lines(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct program_imports imports;
	struct elf_file file;
	size_t at = 0;

	(void)state;
	elf_make(&file, server);
	imports = imports_of(&file, sizeof(file));
	assert_string_equal(program_imports_base(&imports, &at, &text), "builtin/start-processes");
	assert_string_equal(program_imports_base(&imports, &at, &text), "builtin/network-client");
	assert_null(program_imports_base(&imports, &at, &text));
	assert_string_equal(strbuf_str(&text), "# builtin/start-processes: imports fork\n"
					       "# builtin/network-client: imports socket\n");
	assert_true(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
	assert_true(program_imports_has(&imports, "allow sendfile"));
	/* It is defined by the program itself. */
	assert_false(program_imports_has(&imports, "allow mkdir"));
	text.len = 0;
	assert_int_equal(program_imports_rules(&imports, &text), 3);
	assert_non_null(
		strstr(strbuf_str(&text), "  - allow listen accept  # why: imports accept4\n"));
	assert_non_null(strstr(strbuf_str(&text), "FIOASYNC"));
	assert_null(strstr(strbuf_str(&text), "chown"));
	text.len = 0;
	program_imports_doubts(&imports, &text);
	assert_string_equal(strbuf_str(&text),
			    "# - allow chown  # seldom needed inside; imports chown\n");
}

static void a_name_counts_once_and_only_whole(void **state)
{
	static const char *const names[6] = { "fork", "fork", "forkpty", "epoll", "", "x" };
	cleanup_strbuf struct strbuf text = { 0 };
	struct program_imports imports;
	struct elf_file file;
	size_t at = 0;

	(void)state;
	elf_make(&file, names);
	imports = imports_of(&file, sizeof(file));
	assert_non_null(program_imports_base(&imports, &at, &text));
	assert_string_equal(strbuf_str(&text), "# builtin/start-processes: imports fork\n");
	assert_int_equal(program_imports_rules(&imports, &text), 0);
}

static void believes_no_length(void **state)
{
	struct program_imports imports;
	struct elf_file file;

	(void)state;
	elf_make(&file, server);
	/* Cut short anywhere, it is never read behind its end. */
	for (size_t i = 0; i < sizeof(file); i++) {
		char *exact = memcpy(test_malloc(i + 1), &file, i);

		imports = imports_of(exact, i);
		test_free(exact);
	}
	file.sections[1].sh_offset = UINT64_MAX;
	imports = imports_of(&file, sizeof(file));
	assert_false(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
	elf_make(&file, server);
	file.sections[0].sh_size = UINT64_MAX - 8;
	imports = imports_of(&file, sizeof(file));
	assert_false(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
	elf_make(&file, server);
	file.sections[0].sh_link = UINT32_MAX;
	file.symbols[1].st_name = UINT32_MAX;
	imports = imports_of(&file, sizeof(file));
	assert_false(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
	elf_make(&file, server);
	file.head.e_shoff = UINT64_MAX - 32;
	imports = imports_of(&file, sizeof(file));
	assert_false(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
	imports = imports_of("#!/bin/sh\n", 10);
	assert_false(program_imports_has(&imports, PROGRAM_LISTEN_RULE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_policies_and_lines),
		cmocka_unit_test(a_name_counts_once_and_only_whole),
		cmocka_unit_test(believes_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
