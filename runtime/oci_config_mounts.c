/* SPDX-License-Identifier: Apache-2.0 */
/* "mounts" of config.json: option words → attributes, propagation, options of the file system. */
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/path.h"
#include "runtime/oci_config.h"
#include "runtime/oci_words.h"

#define MOUNTS_MAX 4096

enum option_kind {
	OPTION_SET,    /* an attribute on */
	OPTION_CLEAR,  /* an attribute off */
	OPTION_ATIME,  /* one of the values of MOUNT_ATTR__ATIME */
	OPTION_SPREAD, /* propagation */
	OPTION_BIND,
	OPTION_IDMAP,
	OPTION_COPY_UP,
	OPTION_NO_FOLLOW,
	OPTION_IGNORED, /* a default, or without meaning here */
};

/* `all`: also for everything below ("r" in front). Source: config.md, "Linux mount options" */
static const struct option_row {
	const char *name;
	uint64_t value;
	enum option_kind kind;
	bool all;
} rows[] = {
	/* clang-format off */
	{ "ro", MOUNT_ATTR_RDONLY, OPTION_SET, false },
	{ "rw", MOUNT_ATTR_RDONLY, OPTION_CLEAR, false },
	{ "nosuid", MOUNT_ATTR_NOSUID, OPTION_SET, false },
	{ "suid", MOUNT_ATTR_NOSUID, OPTION_CLEAR, false },
	{ "nodev", MOUNT_ATTR_NODEV, OPTION_SET, false },
	{ "dev", MOUNT_ATTR_NODEV, OPTION_CLEAR, false },
	{ "noexec", MOUNT_ATTR_NOEXEC, OPTION_SET, false },
	{ "exec", MOUNT_ATTR_NOEXEC, OPTION_CLEAR, false },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, OPTION_SET, false },
	{ "diratime", MOUNT_ATTR_NODIRATIME, OPTION_CLEAR, false },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, OPTION_SET, false },
	{ "symfollow", MOUNT_ATTR_NOSYMFOLLOW, OPTION_CLEAR, false },
	{ "relatime", MOUNT_ATTR_RELATIME, OPTION_ATIME, false },
	{ "norelatime", 0, OPTION_IGNORED, false },
	{ "noatime", MOUNT_ATTR_NOATIME, OPTION_ATIME, false },
	{ "atime", MOUNT_ATTR_RELATIME, OPTION_ATIME, false },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, OPTION_ATIME, false },
	{ "nostrictatime", 0, OPTION_IGNORED, false },
	{ "rro", MOUNT_ATTR_RDONLY, OPTION_SET, true },
	{ "rrw", MOUNT_ATTR_RDONLY, OPTION_CLEAR, true },
	{ "rnosuid", MOUNT_ATTR_NOSUID, OPTION_SET, true },
	{ "rsuid", MOUNT_ATTR_NOSUID, OPTION_CLEAR, true },
	{ "rnodev", MOUNT_ATTR_NODEV, OPTION_SET, true },
	{ "rdev", MOUNT_ATTR_NODEV, OPTION_CLEAR, true },
	{ "rnoexec", MOUNT_ATTR_NOEXEC, OPTION_SET, true },
	{ "rexec", MOUNT_ATTR_NOEXEC, OPTION_CLEAR, true },
	{ "rnodiratime", MOUNT_ATTR_NODIRATIME, OPTION_SET, true },
	{ "rdiratime", MOUNT_ATTR_NODIRATIME, OPTION_CLEAR, true },
	{ "rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, OPTION_SET, true },
	{ "rsymfollow", MOUNT_ATTR_NOSYMFOLLOW, OPTION_CLEAR, true },
	{ "rrelatime", MOUNT_ATTR_RELATIME, OPTION_ATIME, true },
	{ "rnorelatime", 0, OPTION_IGNORED, true },
	{ "rnoatime", MOUNT_ATTR_NOATIME, OPTION_ATIME, true },
	{ "ratime", MOUNT_ATTR_RELATIME, OPTION_ATIME, true },
	{ "rstrictatime", MOUNT_ATTR_STRICTATIME, OPTION_ATIME, true },
	{ "rnostrictatime", 0, OPTION_IGNORED, true },
	{ "private", MS_PRIVATE, OPTION_SPREAD, false },
	{ "shared", MS_SHARED, OPTION_SPREAD, false },
	{ "slave", MS_SLAVE, OPTION_SPREAD, false },
	{ "unbindable", MS_UNBINDABLE, OPTION_SPREAD, false },
	{ "rprivate", MS_PRIVATE, OPTION_SPREAD, true },
	{ "rshared", MS_SHARED, OPTION_SPREAD, true },
	{ "rslave", MS_SLAVE, OPTION_SPREAD, true },
	{ "runbindable", MS_UNBINDABLE, OPTION_SPREAD, true },
	{ "bind", 0, OPTION_BIND, false },
	{ "rbind", 0, OPTION_BIND, true },
	{ "idmap", 0, OPTION_IDMAP, false },
	{ "ridmap", 0, OPTION_IDMAP, true },
	{ "tmpcopyup", 0, OPTION_COPY_UP, false },
	{ "src-nofollow", 0, OPTION_NO_FOLLOW, false },
	{ "defaults", 0, OPTION_IGNORED, false },
	{ "async", 0, OPTION_IGNORED, false },
	{ "loud", 0, OPTION_IGNORED, false },
	{ "silent", 0, OPTION_IGNORED, false },
	{ "nomand", 0, OPTION_IGNORED, false },
	{ "mand", 0, OPTION_IGNORED, false },
	{ "iversion", 0, OPTION_IGNORED, false },
	{ "noiversion", 0, OPTION_IGNORED, false },
	{ "nolazytime", 0, OPTION_IGNORED, false },
	{ "remount", 0, OPTION_IGNORED, false },
	{ "copy-symlink", 0, OPTION_IGNORED, false },
	/* clang-format on */
};

const char *const *oci_mount_option_names(size_t *ret_n)
{
	static const char *names[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		names[i] = rows[i].name;
	*ret_n = ARRAY_LEN(rows);
	return names;
}

static const struct option_row *find_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

/* The last word counts: "ro" after "rw" is read-only. */
static void take(struct oci_mount *m, const struct option_row *row)
{
	uint64_t *set = row->all ? &m->set_all : &m->set;
	uint64_t *clear = row->all ? &m->clear_all : &m->clear;

	switch (row->kind) {
	case OPTION_SET:
		*set |= row->value;
		*clear &= ~row->value;
		break;
	case OPTION_CLEAR:
		*clear |= row->value;
		*set &= ~row->value;
		break;
	case OPTION_ATIME:
		*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | row->value;
		*clear |= MOUNT_ATTR__ATIME;
		break;
	case OPTION_SPREAD:
		m->propagation = (unsigned)row->value;
		m->propagate_all = row->all;
		break;
	case OPTION_BIND:
		m->kind = OCI_MOUNT_BIND;
		m->recursive = m->recursive || row->all;
		break;
	case OPTION_IDMAP:
		m->idmapped = true;
		m->idmap_all = row->all;
		break;
	case OPTION_COPY_UP:
		m->copy_up = true;
		break;
	case OPTION_NO_FOLLOW:
		m->no_follow = true;
		break;
	case OPTION_IGNORED:
		break;
	}
}

/* "name=value" or "name" for fsconfig(2). */
static void add_option(struct oci_json *j, const char **list, size_t *n, const char *word)
{
	const char *equals = strchr(word, '=');

	if (!equals) {
		list[(*n)++] = word;
		list[(*n)++] = NULL;
		return;
	}
	list[(*n)] = arena_strndup(j->arena, word, (size_t)(equals - word));
	if (!list[*n])
		oci_json_fault(j, ENOMEM, "out of memory");
	list[*n + 1] = equals + 1;
	*n += 2;
}

static void read_options(struct oci_json *j, const json_t *mount, struct oci_mount *m)
{
	size_t n;
	const char *const *words = oci_json_texts(j, mount, "options", &n);
	const char **options = oci_json_alloc(j, 2 * n + 1, sizeof(*options));
	size_t used = 0;

	for (size_t i = 0; options && i < n && j->r == 0; i++) {
		const struct option_row *row = find_row(words[i]);

		if (row)
			take(m, row);
		else if (*words[i])
			add_option(j, options, &used, words[i]);
	}
	if (m->idmapped && m->kind != OCI_MOUNT_BIND)
		oci_json_fault(j, EINVAL, "mounts: %s: only a bind mount can be id-mapped",
			       m->target);
	m->options = options;
}

static const char *absolute_source(struct oci_json *j, const char *source, const char *bundle)
{
	const char *path =
		source[0] == '/' ? source : arena_printf(j->arena, "%s/%s", bundle, source);

	if (!path)
		oci_json_fault(j, ENOMEM, "out of memory");
	return path;
}

static void read_mount(struct oci_json *j, const json_t *mount, const char *bundle,
		       struct oci_mount *m)
{
	const char *type = oci_json_text(j, mount, "type");
	const char *source = oci_json_text(j, mount, "source");

	m->kind = OCI_MOUNT_FS;
	m->target = oci_config_path(j, oci_json_need(j, mount, "destination"), "mounts");
	oci_config_idmaps(j, mount, "uidMappings", &m->uids);
	oci_config_idmaps(j, mount, "gidMappings", &m->gids);
	if ((m->uids.n == 0) != (m->gids.n == 0))
		oci_json_fault(j, EINVAL, "mounts: %s: uidMappings and gidMappings go together",
			       m->target);
	m->idmapped = m->uids.n > 0;
	if (type && (strcmp(type, "bind") == 0 || strcmp(type, "rbind") == 0)) {
		m->kind = OCI_MOUNT_BIND;
		m->recursive = type[0] == 'r';
	}
	read_options(j, mount, m);
	if (j->r < 0)
		return;
	if (m->kind == OCI_MOUNT_BIND) {
		if (!source)
			oci_json_fault(j, EINVAL, "mounts: %s: source is missing", m->target);
		m->source = source ? absolute_source(j, source, bundle) : NULL;
		return;
	}
	if (!type || !*type) {
		oci_json_fault(j, EINVAL, "mounts: %s: type is missing", m->target);
		return;
	}
	m->type = type;
	m->source = source ? source : type;
	if (strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0)
		m->kind = OCI_MOUNT_CGROUP;
}

void oci_config_mounts(struct oci_json *j, const json_t *config, struct oci_plan *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, config, "mounts", &n);
	struct oci_mount *mounts;

	if (!array)
		return;
	if (n > MOUNTS_MAX)
		oci_json_fault(j, E2BIG, "mounts: more than %d", MOUNTS_MAX);
	mounts = oci_json_alloc(j, n, sizeof(*mounts));
	for (size_t i = 0; mounts && i < n && j->r == 0; i++)
		read_mount(j, json_array_get(array, i), ret->bundle, &mounts[i]);
	ret->mounts = mounts;
	ret->n_mounts = n;
}
