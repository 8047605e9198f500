/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/unpack_name.h"

#include <string.h>

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"

static int refuse(struct err *err, const char *why)
{
	return err_set(err, EINVAL, "%s", why);
}

static int check_part(struct span part, struct err *err)
{
	if (span_eq(part, ".."))
		return refuse(err, "its name has \"..\" in it");
	if (part.n > NAME_MAX)
		return err_set(err, ENAMETOOLONG, "a part of its name is longer than %d bytes",
			       NAME_MAX);
	return 0;
}

/* Whiteouts are told by the last part alone, and hide exactly one name. */
static int set_base(struct span part, struct entry_name *name, struct err *err)
{
	name->role = ENTRY_PLAIN;
	if (span_eq(part, OPAQUE)) {
		name->role = ENTRY_OPAQUE;
		part.n = 0;
	} else if (span_starts(part, WHITEOUT)) {
		name->role = ENTRY_WHITEOUT;
		part.p += strlen(WHITEOUT);
		part.n -= strlen(WHITEOUT);
		if (part.n == 0 || span_eq(part, ".") || span_eq(part, ".."))
			return refuse(err, "a whiteout of nothing, \".\" or \"..\"");
		if (span_starts(part, WHITEOUT))
			return refuse(err, "a whiteout of a whiteout");
	}
	memcpy(name->base, part.p, part.n);
	name->base[part.n] = '\0';
	return 0;
}

static int add_dir(struct span part, size_t *used, struct entry_name *name, struct err *err)
{
	if (span_starts(part, WHITEOUT))
		return refuse(err, "a folder that is named like a whiteout");
	if (*used > 0)
		name->dir[(*used)++] = '/';
	memcpy(name->dir + *used, part.p, part.n);
	*used += part.n;
	name->dir[*used] = '\0';
	return 0;
}

int entry_name_parse(struct span raw, struct entry_name *ret, struct err *err)
{
	struct entry_name name = { .role = ENTRY_ROOT };
	struct span last = { NULL, 0 };
	size_t used = 0;
	int r = 0;

	if (raw.n == 0)
		return refuse(err, "its name is empty");
	if (raw.n >= PATH_MAX)
		return err_set(err, ENAMETOOLONG, "its name is longer than %d bytes", PATH_MAX - 1);
	if (span_has_byte(raw, '\0'))
		return refuse(err, "its name has a NUL in it");
	if (raw.p[0] == '/' && raw.n > 1)
		return refuse(err, "its name is absolute");
	while (raw.n > 0) {
		struct span part = span_cut(&raw, '/');

		if (part.n == 0 || span_eq(part, "."))
			continue;
		r = check_part(part, err);
		if (r == 0 && last.n > 0)
			r = add_dir(last, &used, &name, err);
		if (r < 0)
			return r;
		last = part;
	}
	if (last.n > 0) {
		r = set_base(last, &name, err);
		if (r < 0)
			return r;
	}
	*ret = name;
	return 0;
}

bool entry_xattr_is_kept(const char *name)
{
	static const char user[] = "user.";
	static const char overlay[] = "user.overlay.";

	return strncmp(name, user, strlen(user)) == 0 && name[strlen(user)] != '\0' &&
	       strncmp(name, overlay, strlen(overlay)) != 0;
}
