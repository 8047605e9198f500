/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a range that is found has ids in it, all of 32 bits. */
#include <stdlib.h>

#include "base/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { (const char *)data, size };
	struct proc_idmap range = { 0 };

	if (subid_find(text, "bob", 1000, &range) &&
	    (range.count == 0 || range.count > UINT32_MAX - range.outside || range.inside != 0))
		abort();
	return 0;
}
