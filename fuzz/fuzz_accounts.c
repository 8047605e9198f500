/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is found lies in the text and is an id; groups are none twice, and no more than
 * asked for. */
#include <stdlib.h>

#include "base/accounts.h"

#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct span part, struct span text)
{
	return part.n == 0 || (part.p >= text.p && part.n <= text.n &&
			       (size_t)(part.p - text.p) <= text.n - part.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { (const char *)data, size };
	struct account account = { 0 };
	uint32_t ids[MAX];
	uint32_t gid = 0;
	int n;

	if (account_find(text, span_of("bob"), &account) &&
	    (!span_eq(account.name, "bob") || account.uid == UINT32_MAX ||
	     account.gid == UINT32_MAX || !lies_in(account.home, text)))
		abort();
	if (account_find_uid(text, 1000, &account) &&
	    (account.uid != 1000 || !lies_in(account.name, text) || !lies_in(account.home, text)))
		abort();
	if (group_find(text, span_of("staff"), &gid) && gid == UINT32_MAX)
		abort();
	n = groups_of(text, span_of("bob"), ids, MAX);
	if (n > MAX)
		abort();
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++) {
			if (ids[i] == ids[k])
				abort();
		}
	}
	return 0;
}
