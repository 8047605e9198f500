/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_ACCOUNTS_H
#define IMMURE_BASE_ACCOUNTS_H

/*
 * Users and groups in the text of /etc/passwd and /etc/group, which an image may have written: one
 * pass, no number that overflows, the first match wins. Malformed lines are skipped; a name whose
 * line is malformed is nobody. Pure. Source: passwd(5), group(5).
 */

#include <sys/types.h>

#include "base/text.h"

struct account {
	struct span name, home; /* in the text */
	uint32_t uid, gid;      /* never 2^32-1 */
};

/* True, and *ret, if there is such a user. */
bool account_find(struct span passwd, struct span name, struct account *ret);
bool account_find_uid(struct span passwd, uint32_t uid, struct account *ret);

/* True, and *ret, if there is a group of this name. */
bool group_find(struct span group, struct span name, uint32_t *ret);

/*
 * The groups that list a user as a member.
 *
 *   ret  at most max of them, in the order of the text, none twice
 *
 * Returns   how many, or -E2BIG (more than max).
 */
must_check int groups_of(struct span group, struct span user, uint32_t *ret, size_t max);

#endif
