// SPDX-License-Identifier: Apache-2.0
/* The base module, on which those of policies stand: runtime/verb_policy_install.c. */
#include "policies/to_selinux.h"
#include "runtime/selinux_store.h"
#include "runtime/setup.h"

static int run(const struct setup *setup, struct err *err)
{
	const struct selinux_module base = { SELINUX_BASE_MODULE, cil_text(SELINUX_BASE_MODULE) };
	const char *const name = SELINUX_BASE_MODULE;
	int r = selinux_store_check(err);

	if (r < 0)
		return r;
	if (setup->remove) {
		if (!selinux_store_has(SELINUX_ANY) ||
		    !setup_say(setup, "remove the SELinux module %s", name))
			return 0;
		return selinux_store_remove(&name, 1, err);
	}
	if (!setup_say(setup, "install the SELinux module %s", name))
		return 0;
	return selinux_store_install(&base, 1, err);
}

const struct setup_part setup_selinux = {
	.name = "selinux",
	.help = "the module that sandboxes stand on",
	.run = run,
};
