/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: anything may come, with a right digest too; what is a slot encodes to the same bytes,
 * but for those behind it that mean nothing. The digest is put right so that the fuzzer gets behind
 * it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/known_digests.h"

#define BEFORE_CHECK 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[KNOWN_SLOT_BYTES] = { 0 };
	uint8_t again[KNOWN_SLOT_BYTES];
	struct known_file file;
	struct digest digest;

	memcpy(bytes, data, size < BEFORE_CHECK ? size : BEFORE_CHECK);
	digest = digest_of(bytes, BEFORE_CHECK);
	memcpy(bytes + BEFORE_CHECK, &digest, sizeof(digest));
	if (!known_slot_decode(bytes, &file, &digest))
		return 0;
	known_slot_encode(&file, &digest, again);
	if (memcmp(bytes, again, sizeof(bytes)) != 0)
		abort();
	return 0;
}
