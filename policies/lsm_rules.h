/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_LSM_RULES_H
#define IMMURE_POLICIES_LSM_RULES_H

/* What AppArmor and SELinux are given of a policy: paths, and what its filter says of sockets. */

#include <stdbool.h>
#include <stddef.h>

#include "policies/bundle.h"

struct lsm_path {
	unsigned allow;   /* FILE_LIST | FILE_READ | FILE_WRITE | FILE_EXEC */
	unsigned deny;    /* without FILE_LIST; wins over every allow */
	const char *path; /* clean and absolute, as seen inside */
	bool tree;        /* and all below it */
};

struct lsm_rules {
	const struct bundle *bundle; /* borrowed */
	size_t n;
	const struct lsm_path *paths;
	bool complain; /* record what would be refused, refuse nothing */
};

/* Whether the policy's filter lets the call through, with these arguments. */
bool lsm_allows_number(const struct bundle *bundle, int number, const uint64_t args[6]);
bool lsm_allows(const struct bundle *bundle, const char *call, const uint64_t args[6]);

/* Whether the policy's filter lets the call through, with these first arguments and zeros. */
bool lsm_allows_call(const struct bundle *bundle, const char *call, uint32_t arg0, uint32_t arg1);
bool lsm_allows_call3(const struct bundle *bundle, const char *call, uint32_t arg0, uint32_t arg1,
		      uint32_t arg2);

#endif
