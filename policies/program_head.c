/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/program_head.h"

#include <elf.h>
#include <string.h>

static struct span base_name(struct span path)
{
	for (size_t i = path.n; i > 0; i--) {
		if (path.p[i - 1] == '/')
			return (struct span){ path.p + i, path.n - i };
	}
	return path;
}

/* "#!/usr/bin/env -S python3 -u": python3. */
static struct span interpreter(struct span line)
{
	struct span word = base_name(span_word(&line));

	if (!span_eq(word, "env"))
		return word;
	do {
		word = span_word(&line);
	} while (word.n > 0 && word.p[0] == '-');
	return base_name(word);
}

/* The path in PT_INTERP, or empty. */
static struct span elf_interpreter(struct span head)
{
	Elf64_Ehdr file = { 0 };

	memcpy(&file, head.p, sizeof(file));
	for (unsigned i = 0; i < file.e_phnum && file.e_phentsize == sizeof(Elf64_Phdr); i++) {
		Elf64_Phdr part = { 0 };

		if (file.e_phoff > head.n || (i + 1) * sizeof(part) > head.n - file.e_phoff)
			break;
		memcpy(&part, head.p + file.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type != PT_INTERP)
			continue;
		if (part.p_offset > head.n || part.p_filesz > head.n - part.p_offset)
			break;
		return (struct span){ head.p + part.p_offset,
				      strnlen(head.p + part.p_offset, part.p_filesz) };
	}
	return (struct span){ "", 0 };
}

enum program_kind program_kind_of(struct span head, struct span *ret_interpreter)
{
	struct span loader;

	if (head.n > 2 && head.p[0] == '#' && head.p[1] == '!') {
		struct span rest = { head.p + 2, head.n - 2 };

		*ret_interpreter = interpreter(span_cut(&rest, '\n'));
		return PROGRAM_SCRIPT;
	}
	if (head.n < sizeof(Elf64_Ehdr) || memcmp(head.p, ELFMAG, SELFMAG) != 0 ||
	    head.p[EI_CLASS] != ELFCLASS64)
		return PROGRAM_UNKNOWN;
	loader = base_name(elf_interpreter(head));
	if (loader.n == 0)
		return PROGRAM_STATIC;
	return span_starts(loader, "ld-musl") ? PROGRAM_MUSL : PROGRAM_GLIBC;
}
