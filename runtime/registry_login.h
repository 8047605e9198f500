/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_LOGIN_H
#define IMMURE_RUNTIME_REGISTRY_LOGIN_H

/*
 * User names and passwords for registries, in files that Docker, Podman, Skopeo and Buildah share.
 * Source: containers-auth.json(5), Docker's config.json
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "runtime/registry_proto.h"

struct registry_login {
	char user[REGISTRY_USER_MAX]; /* "" with a password: a token to be sent as it is */
	char password[REGISTRY_PASSWORD_MAX];
};

enum login_kind {
	LOGIN_NONE,
	LOGIN_PASSWORD,
	LOGIN_HELPER, /* docker-credential-HELPER knows it */
};

struct login_entry {
	enum login_kind kind;
	struct registry_login login;
	char helper[64];
};

/*
 * Look a registry up in the text of such a file. Pure.
 *
 *   host  as a reference has it
 *   path  of the repository, or "": entries for HOST/PATH come before those for HOST
 *   ret   filled only on success
 *
 * Returns   0, or -EBADMSG (no JSON object, an entry that makes no sense), -ENOMEM.
 */
must_check int registry_login_parse(struct span json, const char *host, const char *path,
				    struct login_entry *ret, struct err *err);

/*
 * Find it: in $REGISTRY_AUTH_FILE alone if that is set; else in
 * $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json
 * or ~/.docker/config.json, in this order. A file of another user's, or one that others may write
 * to, is refused.
 *
 * Returns   1, 0 (none known), -errno.
 * Effects   runs docker-credential-NAME if one of the files says so
 */
must_check int registry_login_find(const char *host, const char *path, struct registry_login *ret,
				   struct err *err);

/* Write or (login NULL) remove the entry of a registry; other entries stay as they are. *ret_path:
 * which file that was, in arena. Returns 0, 1 (there was nothing to remove), -errno. */
must_check int registry_login_save(const char *host, const struct registry_login *login,
				   struct arena *arena, const char **ret_path, struct err *err);

#endif
