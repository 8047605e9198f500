/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PUSH_SIGN_H
#define IMMURE_RUNTIME_PUSH_SIGN_H

#include "runtime/push.h"
#include "runtime/registry_client.h"

/*
 * Sign an image that the registry has, and lay the signature beside it as cosign does: under the
 * tag sha256-HEX.sig, behind those that are there. One that is there already is not made again.
 *
 *   request  to: the name that is signed; sign_by: a private key
 *   client   open for the registry
 *
 * Returns   0, -EPERM and -EINVAL (the key), -EBADMSG (what is under that tag is no manifest of
 *           signatures), -EACCES, -errno. Two that sign at once: the later one's may be all there
 * is. Source    cosign's SIGNATURE_SPEC.md; containers-signature(5)
 */
must_check int push_sign(const struct push_request *request, struct registry_client *client,
			 struct err *err);

#endif
