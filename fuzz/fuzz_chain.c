/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a line that is accepted moves the chain by one; a refused one leaves it as it was. */
#include <stdlib.h>
#include <string.h>

#include "audit/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct digest head = { 0 };
	struct err err = { 0 };
	uint64_t seq = 0;

	while (rest.n > 0) {
		struct digest before = head;
		uint64_t number = seq;
		int r = chain_check(span_cut(&rest, '\n'), &head, &seq, &err);

		if (r == 0 && seq != number + 1)
			abort();
		if (r < 0 && (seq != number || memcmp(&before, &head, sizeof(head)) != 0))
			abort();
	}
	return 0;
}
