/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_CONFIG_H
#define IMMURE_RUNTIME_OCI_CONFIG_H

/*
 * config.json of a bundle → struct oci_plan. Reads, checks and decides; changes nothing.
 * Source: OCI runtime-spec, 1.0.0 to 1.3.x.
 */

#include <jansson.h>

#include "runtime/oci_json.h"
#include "sandbox/oci_plan.h"

/*
 *   config  the parsed document; not needed any more afterwards
 *   bundle  absolute path of its folder
 *   arena   owns what *ret points to
 *   ret     filled only on success; id, floor, new_keyring and preserve_fds are the caller's
 *
 * Returns   0, -EINVAL (something that the specification does not allow, or that this runtime
 *           cannot do), -ENOMEM.
 */
must_check int oci_config_read(const json_t *config, const char *bundle, struct arena *arena,
			       struct oci_plan *ret, struct err *err);

/* The parts, one file each. */
void oci_config_process(struct oci_json *j, const json_t *process, struct oci_process *ret);
void oci_config_mounts(struct oci_json *j, const json_t *config, struct oci_plan *ret);
void oci_config_linux(struct oci_json *j, const json_t *linux_part, struct oci_plan *ret);
void oci_config_seccomp(struct oci_json *j, const json_t *seccomp, struct oci_seccomp *ret);
void oci_config_resources(struct oci_json *j, const json_t *resources, struct oci_resources *ret);
void oci_config_idmaps(struct oci_json *j, const json_t *in, const char *key,
		       struct oci_idmaps *ret);

/* "key": "value" members of an object. */
void oci_config_pairs(struct oci_json *j, const json_t *in, const char *key, struct oci_pairs *ret);

/* A clean absolute path inside the container. */
const char *oci_config_path(struct oci_json *j, const char *path, const char *key);

/* Linux capability by its name, "CAP_CHOWN"; -1: none of that name. */
int oci_cap_find(const char *name);
const char *oci_cap_name(int cap);

#endif
