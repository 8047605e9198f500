/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_exports.h"

#include <string.h>

#include "policies/lsm_rules.h"
#include "policies/to_apparmor.h"
#include "policies/to_oci.h"
#include "policies/to_selinux.h"

/* A tool that can only refuse would do more than the policy says. */
static int refuse_audit(const struct policy_exported *e, const char *target, struct err *err)
{
	if (!e->policy->audit_only)
		return 0;
	err_set(err, EINVAL,
		"the policy says mode: audit, which %s has nothing for; expected mode: enforce",
		target);
	return err_at(err, ERR_POLICY);
}

static int export_oci(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "oci", err);

	return r < 0 ? r : to_oci(e->policy, e->bundle, e->arena, out, err);
}

static int export_systemd(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "systemd", err);

	return r < 0 ? r : to_systemd(e->policy, e->bundle, e->arena, out, err);
}

static int export_landlock(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "landlock", err);

	return r < 0 ? r : to_landlock(e->bundle, out, err);
}

static int export_network(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	return to_network(e->policy, e->bundle, out, err);
}

static int export_capabilities(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	(void)e;
	to_capabilities(out);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* The policy's own rules; a launch adds what the command line shows. */
static int export_apparmor(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	const struct bundle *b = e->bundle;
	struct lsm_path *paths = arena_array(e->arena, b->n_files + 1, sizeof(*paths));
	struct lsm_rules rules = {
		.bundle = b, .n = b->n_files, .paths = paths, .complain = b->audit_only
	};
	const char *slash = strrchr(b->name, '/');

	if (!paths)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < b->n_files; i++) {
		bool deny = b->files[i].access & FILE_DENY;

		paths[i] = (struct lsm_path){
			.allow = deny ? 0 : b->files[i].access,
			.deny = deny ? FILE_READ | FILE_WRITE | FILE_EXEC : 0,
			.path = b->files[i].path,
			.tree = b->files[i].tree || deny,
		};
	}
	return to_apparmor(&rules, slash ? slash + 1 : b->name, out, err);
}

static int export_selinux(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	char name[SELINUX_NAME_MAX];

	return to_selinux(e->bundle, out, name, err);
}

/* What every such module stands on; the same for all policies. */
static int export_selinux_base(const struct policy_exported *e, struct strbuf *out, struct err *err)
{
	struct span text = cil_text(SELINUX_BASE_MODULE);

	(void)e;
	strbuf_puts(out, text.p);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

const struct policy_export policy_exports[] = {
	/* clang-format off */
	{ "oci",          "seccomp.json",      export_oci },
	{ "apparmor",     "apparmor.profile",  export_apparmor },
	{ "systemd",      "systemd.conf",      export_systemd },
	{ "landlock",     "landlock.txt",      export_landlock },
	{ "network",      "network.txt",       export_network },
	{ "capabilities", "capabilities.json", export_capabilities },
	{ "selinux",      "selinux.cil",       export_selinux },
	{ "selinux-base", "selinux-base.cil",  export_selinux_base },
	/* clang-format on */
};
const size_t n_policy_exports = ARRAY_LEN(policy_exports);

const struct policy_export *policy_export_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(policy_exports); i++) {
		if (strcmp(policy_exports[i].name, name) == 0)
			return &policy_exports[i];
	}
	return NULL;
}
