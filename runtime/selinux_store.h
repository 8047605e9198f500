/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SELINUX_STORE_H
#define IMMURE_RUNTIME_SELINUX_STORE_H

/* The machine's store of SELinux modules, by semodule(8): root, once, and not at a launch. */

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct selinux_module {
	const char *name; /* text_is_id() but for dots */
	struct span text; /* CIL */
};

/* Whether this machine has SELinux and the programs for it; says what is missing. */
must_check int selinux_store_check(struct err *err);

/*
 * Install modules, all or none; the kernel's policy is loaded anew. Seconds, for the whole policy
 * of the machine is compiled. semodule's own messages go to standard error.
 *
 * Returns   0, -EIO (semodule refused them), or of mkdtemp(3), posix_spawn(3).
 */
must_check int selinux_store_install(const struct selinux_module *modules, size_t n,
				     struct err *err);

/* Remove modules by their names. */
must_check int selinux_store_remove(const char *const *names, size_t n, struct err *err);

/* Whether the loaded policy has this type: by the caller's own user and role. */
bool selinux_store_has(const char *type);

#endif
