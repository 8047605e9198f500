/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_TO_SELINUX_H
#define IMMURE_POLICIES_TO_SELINUX_H

/*
 * A policy as a module of SELinux policy, in the language CIL, on top of our base module
 * (policies/selinux/immure.cil). Types are coarser than paths: rules on paths of the host become
 * rules on the types that the distribution gives there; a root and volumes of the sandbox's own
 * have three types of ours. Sockets are held call by call.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/bundle.h"

#define SELINUX_BASE_MODULE "immure"
#define SELINUX_ANY "immure_any_t"         /* the domain of policies without a module */
#define SELINUX_ROOT "immure_root_t"       /* a root that is only read */
#define SELINUX_SCRATCH "immure_scratch_t" /* a root with a throw-away layer */
#define SELINUX_DATA "immure_data_t"       /* volumes of one run, temporary folders */
#define SELINUX_SHARED "immure_shared_t"   /* volumes of all sandboxes */

#define SELINUX_NAME_MAX 80

/*
 * Write the module of a policy.
 *
 *   out       appended to
 *   ret_name  of the module: immure_NAME_HASH, with a hash of what the module allows, so that a
 *             changed policy is another one. The domain is called NAME_t.
 *
 * Returns   0 or -ENOMEM.
 */
must_check int to_selinux(const struct bundle *bundle, struct strbuf *out,
			  char ret_name[SELINUX_NAME_MAX], struct err *err);

/* Whether the module lets such a socket be made. */
bool to_selinux_opens_socket(const struct bundle *bundle, int family, int type);

/*
 * Whether the module refuses to read (FILE_READ) or execute (FILE_EXEC) a file of the host's, if it
 * has the type that distributions give there. false: it does not, or nothing is known of the place.
 */
bool to_selinux_refuses_path(const struct bundle *bundle, const char *path, unsigned access);

/* The base module is the text "immure". Not in the launcher. */
extern const char *const cil_names[];
extern const size_t n_cil_names;
struct span cil_text(const char *name);

#endif
