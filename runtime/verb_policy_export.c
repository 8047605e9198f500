/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policies/lsm_rules.h"
#include "policies/to_apparmor.h"
#include "policies/to_oci.h"
#include "policies/to_selinux.h"
#include "runtime/verb_policy.h"

#define TARGETS "oci, apparmor, selinux, selinux-base, systemd, landlock, network or capabilities"

struct export_options {
	const char *output;
};

static const struct opt export_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct export_options, output), "FILE",
	  "where it goes; standard output if not given", "@files" },
};

struct exported {
	const struct policy *policy;
	const struct bundle *bundle;
	struct arena *arena;
};

/* A tool that can only refuse would do more than the policy says. */
static int refuse_audit(const struct exported *e, const char *target, struct err *err)
{
	if (!e->policy->audit_only)
		return 0;
	err_set(err, EINVAL,
		"the policy says mode: audit, which %s has nothing for; expected mode: enforce",
		target);
	return err_at(err, ERR_POLICY);
}

typedef int (*export_fn)(const struct exported *e, struct strbuf *out, struct err *err);

static int export_oci(const struct exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "oci", err);

	return r < 0 ? r : to_oci(e->policy, e->bundle, e->arena, out, err);
}

static int export_systemd(const struct exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "systemd", err);

	return r < 0 ? r : to_systemd(e->policy, e->bundle, e->arena, out, err);
}

static int export_landlock(const struct exported *e, struct strbuf *out, struct err *err)
{
	int r = refuse_audit(e, "landlock", err);

	return r < 0 ? r : to_landlock(e->bundle, out, err);
}

static int export_network(const struct exported *e, struct strbuf *out, struct err *err)
{
	return to_network(e->policy, e->bundle, out, err);
}

static int export_capabilities(const struct exported *e, struct strbuf *out, struct err *err)
{
	(void)e;
	to_capabilities(out);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* The policy's own rules; a launch adds what the command line shows. */
static int export_apparmor(const struct exported *e, struct strbuf *out, struct err *err)
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

static int export_selinux(const struct exported *e, struct strbuf *out, struct err *err)
{
	char name[SELINUX_NAME_MAX];

	return to_selinux(e->bundle, out, name, err);
}

/* What every such module stands on; the same for all policies. */
static int export_selinux_base(const struct exported *e, struct strbuf *out, struct err *err)
{
	struct span text = cil_text(SELINUX_BASE_MODULE);

	(void)e;
	strbuf_puts(out, text.p);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static const struct {
	const char *name;
	export_fn write;
} exports[] = {
	{ "oci", export_oci },         { "apparmor", export_apparmor },
	{ "systemd", export_systemd }, { "landlock", export_landlock },
	{ "network", export_network }, { "capabilities", export_capabilities },
	{ "selinux", export_selinux }, { "selinux-base", export_selinux_base },
};

static int export(const struct verb_call *call, struct err *err)
{
	const struct export_options *o = call->options;
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	export_fn write = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(exports); i++) {
		if (strcmp(call->argv[0], exports[i].name) == 0)
			write = exports[i].write;
	}
	if (!write) {
		err_set(err, EINVAL, "%.40s: expected " TARGETS, call->argv[0]);
		return err_at(err, ERR_USAGE);
	}
	r = policy_open_or_tell(call->argv[1], call->arena, &policy, &bundle, err);
	if (r != 0)
		return r;
	r = write(&(const struct exported){ &policy, &bundle, call->arena }, &text, err);
	if (r < 0)
		return r;
	if (o->output)
		return policy_write_file(o->output, text.p, text.len, call->arena, err);
	fputs(strbuf_str(&text), stdout);
	return 0;
}

const struct verb verb_policy_export = {
	.name = "export",
	.args = "[--output FILE] TARGET POLICY",
	.help = "write a policy for another tool; policy targets says what is lost",
	.more = "  TARGET is " TARGETS "\n\n"
		"  immure policy export oci builtin/default >seccomp.json\n",
	.opts = export_opts,
	.n_opts = ARRAY_LEN(export_opts),
	.options_size = sizeof(struct export_options),
	.min_args = 2,
	.max_args = 2,
	.run = export,
};
