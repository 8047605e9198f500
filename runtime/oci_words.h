/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_WORDS_H
#define IMMURE_RUNTIME_OCI_WORDS_H

/* Words of the specification that `features` lists and config.json uses. */

#include <stddef.h>
#include <stdint.h>

struct oci_word {
	const char *name; /* NULL ends a list */
	uint32_t value;
};

extern const struct oci_word oci_seccomp_actions[], oci_seccomp_operators[], oci_seccomp_archs[],
	oci_seccomp_flags[];

/* Mount options that this runtime knows by name. */
const char *const *oci_mount_option_names(size_t *ret_n);

#endif
