/* SPDX-License-Identifier: Apache-2.0 */
/* Source: landlock(7), Documentation/userspace-api/landlock.rst */
#include <errno.h>
#include <string.h>

#include "policies/landlock_rights.h"
#include "policies/to_oci.h"

static void put_known(enum landlock_kind kind, const char *prefix, int abi, struct strbuf *out)
{
	for (size_t i = 0; i < n_landlock_rights; i++) {
		const struct landlock_right *right = &landlock_rights[i];

		if (right->kind == kind && right->abi <= abi)
			strbuf_addf(out, " %s%s", prefix, right->name);
	}
}

static void put_abi(int abi, struct strbuf *out)
{
	strbuf_addf(out, "abi %d handles", abi);
	put_known(LANDLOCK_FS, "", abi, out);
	put_known(LANDLOCK_NET, "net:", abi, out);
	put_known(LANDLOCK_SCOPE, "scope:", abi, out);
	put_known(LANDLOCK_LOG, "flag:", abi, out);
	strbuf_putc(out, '\n');
}

static void put_file(const struct bundle_file *file, struct strbuf *out)
{
	uint64_t granted = landlock_granted(file->access, file->tree);

	strbuf_escaped(out, file->path, strlen(file->path));
	if (file->access & FILE_DENY) {
		strbuf_puts(out, "  cannot be taken away here: needs a mask mount\n");
		return;
	}
	for (int abi = 1; abi <= LANDLOCK_LAST_ABI; abi++) {
		bool first = true;

		for (size_t i = 0; i < n_landlock_rights; i++) {
			const struct landlock_right *right = &landlock_rights[i];

			if (right->kind != LANDLOCK_FS || right->abi != abi ||
			    !(right->bit & granted))
				continue;
			if (first && abi > 1)
				strbuf_addf(out, "  from abi %d:", abi);
			strbuf_addf(out, "%s%s", first && abi == 1 ? "  " : " ", right->name);
			first = false;
		}
	}
	strbuf_puts(out, file->tree ? "\n" : "  (nothing if it is a folder)\n");
}

int to_landlock(const struct bundle *bundle, struct strbuf *out, struct err *err)
{
	strbuf_addf(out, "# %s: Landlock rights for each path; what no line names is refused\n",
		    bundle->name);
	for (int abi = 1; abi <= LANDLOCK_LAST_ABI; abi++)
		put_abi(abi, out);
	for (size_t i = 0; i < bundle->n_files; i++)
		put_file(&bundle->files[i], out);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
