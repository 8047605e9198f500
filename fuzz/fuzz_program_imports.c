/* SPDX-License-Identifier: Apache-2.0 */
/* Property: whatever the file, what is said of it is lines of the table, each in one line. */
#include <stdlib.h>
#include <string.h>

#include "policies/program_imports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct program_imports imports;
	size_t at = 0;
	size_t bases = 0;
	size_t lines = 0;

	program_imports_of((struct span){ (const char *)data, size }, &imports);
	while (program_imports_base(&imports, &at, &text))
		bases++;
	bases += program_imports_rules(&imports, &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	if (!text.failed && lines != bases)
		abort();
	return 0;
}
