/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: anything may come, with a right digest too; what is accepted encodes to a block that
 * decodes again. The digest is put right so that the fuzzer gets behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/bundle_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf again = { 0 };
	struct bundle_head head = { .magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION };
	struct bundle bundle = { 0 };
	struct err err = { 0 };
	char *bytes = arena_alloc(&arena, sizeof(head) + size + 1);

	if (!bytes)
		return 0;
	head.size = (uint32_t)(sizeof(head) + size);
	head.digest = digest_of(data, size);
	memcpy(bytes, &head, sizeof(head));
	if (size > 0)
		memcpy(bytes + sizeof(head), data, size);
	if (bundle_decode(bytes, sizeof(head) + size, &arena, &bundle, &err) < 0)
		return 0;
	if (bundle_encode(&bundle, &again, &err) < 0)
		abort();
	if (bundle_decode(again.p, again.len, &arena, &bundle, &err) < 0)
		abort();
	return 0;
}
