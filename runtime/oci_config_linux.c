/* SPDX-License-Identifier: Apache-2.0 */
/* The "linux" object of config.json but for seccomp and resources. */
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/path.h"
#include "runtime/oci_config.h"

#define ID_MAX ((int64_t)UINT32_MAX - 1)
#define LIST_MAX 1024

static enum oci_ns find_namespace(const char *name)
{
	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		if (strcmp(oci_ns_rows[i].name, name) == 0)
			return (enum oci_ns)i;
	}
	return OCI_NS_COUNT;
}

static void read_namespaces(struct oci_json *j, const json_t *in, struct oci_plan *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, in, "namespaces", &n);

	for (size_t i = 0; i < n && j->r == 0; i++) {
		const json_t *entry = json_array_get(array, i);
		const char *name = oci_json_need(j, entry, "type");
		enum oci_ns ns = find_namespace(name);
		const char *path = oci_json_text(j, entry, "path");

		if (j->r < 0)
			return;
		if (ns == OCI_NS_COUNT)
			oci_json_fault(j, EINVAL, "namespaces: \"%.32s\" is none of Linux's", name);
		else if (ret->ns[ns].asked)
			oci_json_fault(j, EINVAL, "namespaces: %s is there twice", name);
		else if (path && *path && path[0] != '/')
			oci_json_fault(j, EINVAL, "namespaces: %s is not an absolute path", path);
		else
			ret->ns[ns] = (struct oci_ns_plan){ true, path && *path ? path : NULL };
	}
}

void oci_config_idmaps(struct oci_json *j, const json_t *in, const char *key,
		       struct oci_idmaps *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, in, key, &n);
	struct proc_idmap *maps;

	if (!array)
		return;
	if (n > OCI_IDMAPS_MAX)
		oci_json_fault(j, E2BIG, "%s: more than %d lines", key, OCI_IDMAPS_MAX);
	maps = oci_json_alloc(j, n, sizeof(*maps));
	for (size_t i = 0; maps && i < n && j->r == 0; i++) {
		const json_t *map = json_array_get(array, i);

		maps[i].inside = (uint32_t)oci_json_int(j, map, "containerID", 0, ID_MAX, 0);
		maps[i].outside = (uint32_t)oci_json_int(j, map, "hostID", 0, ID_MAX, 0);
		maps[i].count = (uint32_t)oci_json_int(j, map, "size", 1, UINT32_MAX, 0);
		if (maps[i].count == 0)
			oci_json_fault(j, EINVAL, "%s: size is missing", key);
	}
	ret->maps = maps;
	ret->n = n;
}

static void read_device(struct oci_json *j, const json_t *in, struct oci_device *d)
{
	const char *type = oci_json_need(j, in, "type");

	d->path = oci_config_path(j, oci_json_need(j, in, "path"), "linux.devices");
	if (strlen(type) != 1 || !strchr("cbup", type[0]))
		oci_json_fault(j, EINVAL, "linux.devices: %s: type is one of c, b, u, p", d->path);
	d->type = type[0];
	if (d->type == 'u')
		d->type = 'c';
	if (d->type != 'p' && (!oci_json_has(in, "major") || !oci_json_has(in, "minor")))
		oci_json_fault(j, EINVAL, "linux.devices: %s: major and minor are needed", d->path);
	d->major = (uint32_t)oci_json_int(j, in, "major", 0, 0xfff, 0);
	d->minor = (uint32_t)oci_json_int(j, in, "minor", 0, 0xfffff, 0);
	d->mode = (mode_t)oci_json_int(j, in, "fileMode", 0, 0177777, 0666) & 0777;
	d->uid = (uint32_t)oci_json_int(j, in, "uid", 0, ID_MAX, 0);
	d->gid = (uint32_t)oci_json_int(j, in, "gid", 0, ID_MAX, 0);
}

static void read_devices(struct oci_json *j, const json_t *in, struct oci_plan *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, in, "devices", &n);
	struct oci_device *devices;

	if (!array)
		return;
	if (n > LIST_MAX)
		oci_json_fault(j, E2BIG, "linux.devices: more than %d", LIST_MAX);
	devices = oci_json_alloc(j, n, sizeof(*devices));
	for (size_t i = 0; devices && i < n && j->r == 0; i++)
		read_device(j, json_array_get(array, i), &devices[i]);
	ret->devices = devices;
	ret->n_devices = n;
}

static const char *const *read_paths(struct oci_json *j, const json_t *in, const char *key,
				     size_t *ret_n)
{
	size_t n;
	const char *const *texts = oci_json_texts(j, in, key, &n);
	const char **paths = oci_json_alloc(j, n + 1, sizeof(*paths));

	for (size_t i = 0; paths && i < n && j->r == 0; i++) {
		if (texts[i][0] != '/')
			oci_json_fault(j, EINVAL, "%s: %s is not an absolute path", key, texts[i]);
		paths[i] = oci_config_path(j, texts[i], key);
	}
	*ret_n = n;
	return paths;
}

static void read_personality(struct oci_json *j, const json_t *in, struct oci_plan *ret)
{
	const json_t *personality = oci_json_object(j, in, "personality");
	const char *domain;
	size_t n;

	if (!personality)
		return;
	domain = oci_json_need(j, personality, "domain");
	ret->has_personality = true;
	if (strcmp(domain, "LINUX") == 0)
		ret->personality = PER_LINUX;
	else if (strcmp(domain, "LINUX32") == 0)
		ret->personality = PER_LINUX32;
	else
		oci_json_fault(j, EINVAL, "personality.domain: LINUX or LINUX32");
	oci_json_texts(j, personality, "flags", &n);
	if (n > 0)
		oci_json_fault(j, EINVAL, "personality.flags: none is defined");
}

static void read_time_offsets(struct oci_json *j, const json_t *in, struct oci_plan *ret)
{
	static const char *const clocks[] = { "monotonic", "boottime" };
	const json_t *offsets = oci_json_object(j, in, "timeOffsets");
	struct oci_pair *pairs = offsets ? oci_json_alloc(j, 2, sizeof(*pairs)) : NULL;

	for (size_t i = 0; pairs && i < ARRAY_LEN(clocks); i++) {
		const json_t *clock = oci_json_object(j, offsets, clocks[i]);
		long long secs = oci_json_int(j, clock, "secs", INT64_MIN, INT64_MAX, 0);
		long long ns = oci_json_int(j, clock, "nanosecs", 0, 999999999, 0);

		if (!clock)
			continue;
		pairs[ret->time_offsets.n].key = clocks[i];
		pairs[ret->time_offsets.n++].value = arena_printf(j->arena, "%lld %lld", secs, ns);
	}
	ret->time_offsets.items = pairs;
	if (pairs && (!ret->ns[OCI_NS_TIME].asked || ret->ns[OCI_NS_TIME].path))
		oci_json_fault(j, EINVAL, "timeOffsets needs a new time namespace");
}

static void read_propagation(struct oci_json *j, const json_t *in, struct oci_plan *ret)
{
	static const struct {
		const char *name;
		unsigned flags;
	} rows[] = {
		{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
		{ "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
		{ "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
		{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	};
	const char *text = oci_json_text(j, in, "rootfsPropagation");

	if (!text || !*text)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, text) == 0)
			ret->root_propagation = rows[i].flags;
	}
	if (!ret->root_propagation)
		oci_json_fault(j, EINVAL, "rootfsPropagation: \"%.32s\" is unknown", text);
}

/* What changes how the machine is shared in ways that this runtime does not do is refused. */
static void refuse_foreign(struct oci_json *j, const json_t *in)
{
	static const char *const keys[] = { "intelRdt", "netDevices" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const json_t *value = oci_json_object(j, in, keys[i]);

		if (value && json_object_size(value) > 0)
			oci_json_fault(j, EINVAL, "linux.%s: this runtime cannot do that", keys[i]);
	}
}

void oci_config_linux(struct oci_json *j, const json_t *linux_part, struct oci_plan *ret)
{
	const json_t *in = linux_part;

	if (!in)
		return;
	read_namespaces(j, in, ret);
	oci_config_idmaps(j, in, "uidMappings", &ret->uids);
	oci_config_idmaps(j, in, "gidMappings", &ret->gids);
	read_devices(j, in, ret);
	oci_config_pairs(j, in, "sysctl", &ret->sysctl);
	ret->masked = read_paths(j, in, "maskedPaths", &ret->n_masked);
	ret->readonly = read_paths(j, in, "readonlyPaths", &ret->n_readonly);
	ret->mount_label = oci_json_text(j, in, "mountLabel");
	ret->cgroups_path = oci_json_text(j, in, "cgroupsPath");
	read_personality(j, in, ret);
	read_time_offsets(j, in, ret);
	read_propagation(j, in, ret);
	refuse_foreign(j, in);
	oci_config_seccomp(j, oci_json_object(j, in, "seccomp"), &ret->seccomp);
	oci_config_resources(j, oci_json_object(j, in, "resources"), &ret->resources);
}
