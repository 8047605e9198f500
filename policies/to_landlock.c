/* SPDX-License-Identifier: Apache-2.0 */
/* Source: landlock(7), Documentation/userspace-api/landlock.rst */
#include <errno.h>
#include <string.h>

#include "policies/to_oci.h"

/* A right, the ABI that brought it, and which access of a rule needs it. */
static const struct right {
	const char *name;
	int abi;
	unsigned access; /* 0: handled and granted to nobody */
	bool of_folder;  /* makes sense for folders only */
} rights[] = {
	/* clang-format off */
	{ "execute",     1, FILE_EXEC,  false },
	{ "write_file",  1, FILE_WRITE, false },
	{ "read_file",   1, FILE_READ,  false },
	{ "read_dir",    1, FILE_READ,  true },
	{ "remove_dir",  1, FILE_WRITE, true },
	{ "remove_file", 1, FILE_WRITE, true },
	{ "make_char",   1, 0,          true },
	{ "make_dir",    1, FILE_WRITE, true },
	{ "make_reg",    1, FILE_WRITE, true },
	{ "make_sock",   1, FILE_WRITE, true },
	{ "make_fifo",   1, FILE_WRITE, true },
	{ "make_block",  1, 0,          true },
	{ "make_sym",    1, FILE_WRITE, true },
	{ "refer",       2, FILE_WRITE, true },
	{ "truncate",    3, FILE_WRITE, false },
	{ "ioctl_dev",   5, FILE_WRITE, false },
	/* clang-format on */
};

#define LAST_ABI 6

static void put_abi(int abi, struct strbuf *out)
{
	strbuf_addf(out, "abi %d handles", abi);
	for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
		if (rights[i].abi <= abi)
			strbuf_addf(out, " %s", rights[i].name);
	}
	if (abi >= 6)
		strbuf_puts(out, " scope:abstract_unix_socket scope:signal");
	strbuf_putc(out, '\n');
}

static void put_file(const struct bundle_file *file, struct strbuf *out)
{
	strbuf_escaped(out, file->path, strlen(file->path));
	if (file->access & FILE_DENY) {
		strbuf_puts(out, "  cannot be taken away here: needs a mask mount\n");
		return;
	}
	for (int abi = 1; abi <= LAST_ABI; abi++) {
		bool first = true;

		for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
			if (rights[i].abi != abi || !(rights[i].access & file->access) ||
			    (rights[i].of_folder && !file->tree))
				continue;
			if (first && abi > 1)
				strbuf_addf(out, "  from abi %d:", abi);
			strbuf_addf(out, "%s%s", first && abi == 1 ? "  " : " ", rights[i].name);
			first = false;
		}
	}
	strbuf_putc(out, '\n');
}

int to_landlock(const struct bundle *bundle, struct strbuf *out, struct err *err)
{
	strbuf_addf(out, "# %s: Landlock rights for each path; what no line names is refused\n",
		    bundle->name);
	for (int abi = 1; abi <= LAST_ABI; abi++)
		put_abi(abi, out);
	for (size_t i = 0; i < bundle->n_files; i++)
		put_file(&bundle->files[i], out);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
