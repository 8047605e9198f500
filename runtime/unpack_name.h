/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_NAME_H
#define IMMURE_RUNTIME_UNPACK_NAME_H

/* What an entry of a layer may be called (R10). Pure: text in, plain data out; fuzzed. */

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

enum entry_role {
	ENTRY_ROOT,     /* the layer's own top folder */
	ENTRY_PLAIN,    /* a file, folder, link ... */
	ENTRY_WHITEOUT, /* hides `base` of the layers below */
	ENTRY_OPAQUE,   /* hides all that the layers below have in `dir` */
};

struct entry_name {
	enum entry_role role;
	char dir[PATH_MAX];      /* relative, "" for the top; no ".", "..", "//" in it */
	char base[NAME_MAX + 1]; /* one component; "" for ENTRY_ROOT and ENTRY_OPAQUE */
};

/*
 * Take the name of an entry, or the target of a hard link, apart.
 *
 *   raw  any bytes
 *   ret  filled only on success
 *
 * Returns   0, -EINVAL (empty, absolute, "..", NUL, a whiteout of nothing, of "." or "..", a folder
 *           named like a whiteout), -ENAMETOOLONG.
 * Source    OCI image-spec 1.1, layer.md, "Whiteouts"
 */
must_check int entry_name_parse(struct span raw, struct entry_name *ret, struct err *err);

/* Extended attributes that an image may set: user.*, but for those that mean something to overlay.
 */
bool entry_xattr_is_kept(const char *name);

#endif
