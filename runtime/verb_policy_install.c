/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "policies/to_selinux.h"
#include "runtime/selinux_store.h"
#include "runtime/verb_policy.h"

#define POLICIES_MAX 15

struct install_options {
	bool remove;
	bool dry_run;
};

#define ROW(field) offsetof(struct install_options, field)

/* clang-format off */
static const struct opt install_opts[] = {
	{ "remove",  0,   OPT_FLAG, ROW(remove),  NULL, "remove them again", NULL },
	{ "dry-run", 'n', OPT_FLAG, ROW(dry_run), NULL, "only say what would be done", NULL },
};
/* clang-format on */

/* The base first, then one for each policy. */
struct modules {
	size_t n;
	struct selinux_module items[POLICIES_MAX + 1];
};

static int add_policy(const struct verb_call *call, const char *name, struct modules *modules,
		      struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	char id[SELINUX_NAME_MAX];
	struct selinux_module *module = &modules->items[modules->n];
	int r = policy_open_or_tell(name, call->arena, &policy, &bundle, err);

	if (r != 0)
		return r;
	r = to_selinux(&bundle, &text, id, err);
	if (r < 0)
		return r;
	module->name = arena_strdup(call->arena, id);
	module->text.p = arena_strndup(call->arena, text.p, text.len);
	module->text.n = text.len;
	if (!module->name || !module->text.p)
		return err_set(err, ENOMEM, "out of memory");
	modules->n++;
	return 0;
}

static int remove_all(const struct modules *modules, struct err *err)
{
	const char *names[POLICIES_MAX];

	for (size_t i = 1; i < modules->n; i++)
		names[i - 1] = modules->items[i].name;
	return selinux_store_remove(names, modules->n - 1, err);
}

static int act(const struct install_options *o, const struct modules *modules, struct err *err)
{
	int r = selinux_store_check(err);

	if (r == 0 && geteuid() != 0)
		r = err_set(err, EPERM, "this needs root; --dry-run says what it does");
	if (r < 0)
		return r;
	return o->remove ? remove_all(modules, err)
			 : selinux_store_install(modules->items, modules->n, err);
}

static int install(const struct verb_call *call, struct err *err)
{
	const struct install_options *o = call->options;
	struct modules modules = {
		.n = 1,
		.items = { { SELINUX_BASE_MODULE, cil_text(SELINUX_BASE_MODULE) } },
	};

	for (int i = 0; i < call->argc; i++) {
		int r = add_policy(call, call->argv[i], &modules, err);

		if (r != 0)
			return r;
	}
	if (!o->dry_run) {
		int r = act(o, &modules, err);

		if (r < 0)
			return r;
	}
	for (size_t i = o->remove ? 1 : 0; i < modules.n; i++)
		printf("%s the SELinux module %s%s\n", o->remove ? "remove" : "install",
		       modules.items[i].name, o->dry_run ? " (not done)" : "");
	return 0;
}

const struct verb verb_policy_install = {
	.name = "install",
	.args = "[--remove] [--dry-run] POLICY...",
	.help = "as root: give policies their own SELinux domain, where SELinux is on",
	.more = "A changed policy is another one: install it again.\n",
	.opts = install_opts,
	.n_opts = ARRAY_LEN(install_opts),
	.options_size = sizeof(struct install_options),
	.min_args = 1,
	.max_args = POLICIES_MAX,
	.mixed = true,
	.run = install,
};
