/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_config.h"

#include <string.h>

#include "base/path.h"

const char *oci_config_path(struct oci_json *j, const char *path, const char *key)
{
	const char *clean = NULL;
	const char *text = path;

	if (j->r < 0)
		return "/";
	if (path[0] != '/') /* relative to the root, as old bundles have it */
		text = arena_printf(j->arena, "/%s", path);
	if (!text) {
		oci_json_fault(j, ENOMEM, "out of memory");
		return "/";
	}
	j->r = path_clean(j->arena, text, &clean, j->err);
	if (j->r < 0)
		j->r = err_wrap(j->err, "%s", key);
	return clean ? clean : "/";
}

void oci_config_pairs(struct oci_json *j, const json_t *in, const char *key, struct oci_pairs *ret)
{
	const json_t *object = oci_json_object(j, in, key);
	struct oci_pair *items = NULL;
	const char *name;
	json_t *value;

	if (!object)
		return;
	items = oci_json_alloc(j, json_object_size(object), sizeof(*items));
	if (!items)
		return;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		struct oci_pair *pair = &items[ret->n++];

		pair->key = arena_strdup(j->arena, name);
		pair->value = oci_json_element(j, value, key);
		if (!pair->key)
			oci_json_fault(j, ENOMEM, "out of memory");
	}
	ret->items = items;
}

/* 1.0.0 up to 1.3.x, as semver.org has it: a pre-release or build of one of these too. */
static bool is_known_version(const char *version)
{
	struct span rest = span_of(version);
	uint64_t major = 0;
	uint64_t minor = 0;
	uint64_t patch = 0;
	size_t digits;

	if (span_u64(span_cut(&rest, '.'), 99, &major) < 0 || major != 1 ||
	    span_u64(span_cut(&rest, '.'), 99, &minor) < 0 || minor > 3)
		return false;
	digits = strspn(rest.p, "0123456789");
	return span_u64((struct span){ rest.p, digits }, UINT32_MAX, &patch) == 0 &&
	       (rest.p[digits] == '\0' || rest.p[digits] == '-' || rest.p[digits] == '+');
}

static void read_root(struct oci_json *j, const json_t *config, struct oci_plan *ret)
{
	const json_t *root = oci_json_object(j, config, "root");
	const char *path;

	if (!root) {
		oci_json_fault(j, EINVAL, "root is missing");
		return;
	}
	path = oci_json_need(j, root, "path");
	ret->root = path[0] == '/' ? path : arena_printf(j->arena, "%s/%s", ret->bundle, path);
	ret->root_readonly = oci_json_bool(j, root, "readonly", false);
	if (!ret->root)
		oci_json_fault(j, ENOMEM, "out of memory");
}

static void read_hook_list(struct oci_json *j, const json_t *hooks, const char *key,
			   struct oci_hooks *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, hooks, key, &n);
	struct oci_hook *items;

	if (!array)
		return;
	items = oci_json_alloc(j, n, sizeof(*items));
	for (size_t i = 0; items && i < n && j->r == 0; i++) {
		const json_t *hook = json_array_get(array, i);
		size_t count;

		items[i].path = oci_json_need(j, hook, "path");
		items[i].args = oci_json_texts(j, hook, "args", &count);
		items[i].env = oci_json_texts(j, hook, "env", &count);
		items[i].timeout = (uint32_t)oci_json_int(j, hook, "timeout", 1, 86400, 0);
		if (j->r == 0 && items[i].path[0] != '/')
			oci_json_fault(j, EINVAL, "hooks.%s: %s is not an absolute path", key,
				       items[i].path);
	}
	ret->n = n;
	ret->items = items;
}

static void read_hooks(struct oci_json *j, const json_t *config, struct oci_plan *ret)
{
	static const char *const names[OCI_HOOK_COUNT] = {
		[OCI_HOOK_PRESTART] = "prestart",
		[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
		[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
		[OCI_HOOK_START_CONTAINER] = "startContainer",
		[OCI_HOOK_POSTSTART] = "poststart",
		[OCI_HOOK_POSTSTOP] = "poststop",
	};
	const json_t *hooks = oci_json_object(j, config, "hooks");

	for (size_t i = 0; hooks && i < OCI_HOOK_COUNT; i++)
		read_hook_list(j, hooks, names[i], &ret->hooks[i]);
}

static void check_names(struct oci_json *j, const struct oci_plan *plan)
{
	if (plan->hostname && !plan->ns[OCI_NS_UTS].asked)
		oci_json_fault(j, EINVAL, "hostname needs a uts namespace of the container's own");
	if (plan->domainname && !plan->ns[OCI_NS_UTS].asked)
		oci_json_fault(j, EINVAL,
			       "domainname needs a uts namespace of the container's own");
	if (!plan->ns[OCI_NS_MOUNT].asked || plan->ns[OCI_NS_MOUNT].path)
		oci_json_fault(
			j, EINVAL,
			"a new mount namespace is needed: without it nothing can be confined");
	if (plan->ns[OCI_NS_USER].asked && !plan->ns[OCI_NS_USER].path &&
	    (plan->uids.n == 0 || plan->gids.n == 0))
		oci_json_fault(j, EINVAL,
			       "a new user namespace needs linux.uidMappings and gidMappings");
	if (plan->ns[OCI_NS_USER].asked && plan->ns[OCI_NS_USER].path && plan->uids.n > 0)
		oci_json_fault(j, EINVAL,
			       "a user namespace that is joined has its id mappings already");
}

int oci_config_read(const json_t *config, const char *bundle, struct arena *arena,
		    struct oci_plan *ret, struct err *err)
{
	struct oci_json j = { .arena = arena, .err = err };
	struct oci_plan plan = { .bundle = bundle };
	const json_t *process;

	plan.version = oci_json_need(&j, config, "ociVersion");
	if (j.r == 0 && !is_known_version(plan.version))
		oci_json_fault(&j, EINVAL, "ociVersion %.32s: this runtime knows 1.0.0 to 1.3.x",
			       plan.version);
	read_root(&j, config, &plan);
	process = oci_json_object(&j, config, "process");
	plan.has_process = process != NULL;
	if (process)
		oci_config_process(&j, process, &plan.process);
	plan.hostname = oci_json_text(&j, config, "hostname");
	plan.domainname = oci_json_text(&j, config, "domainname");
	oci_config_mounts(&j, config, &plan);
	read_hooks(&j, config, &plan);
	oci_config_pairs(&j, config, "annotations", &plan.annotations);
	for (size_t i = 0; i < plan.annotations.n; i++) {
		if (plan.annotations.items[i].key[0] == '\0')
			oci_json_fault(&j, EINVAL, "annotations: a key is empty");
	}
	oci_config_linux(&j, oci_json_object(&j, config, "linux"), &plan);
	check_names(&j, &plan);
	if (j.r < 0)
		return err_wrap(err, "config.json");
	*ret = plan;
	return 0;
}
