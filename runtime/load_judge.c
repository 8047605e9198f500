/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/load_judge.h"

#include <stdio.h>

#include "runtime/image_json.h"
#include "runtime/signature_check.h"
#include "runtime/unpack.h"

/* The manifests of the layout's index may all be signatures, and its blobs payloads. */
static int fetch_beside(void *data, enum registry_op op, const char *name, uint64_t size,
			struct strbuf *ret, struct err *err)
{
	const struct layout *layout = data;
	const char *hex = store_digest_hex(name);
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_LEN];

	(void)size;
	if (op == REGISTRY_REFERRERS)
		return layout_read(layout, "index.json", IMAGE_JSON_MAX, ret, err);
	if (!hex) /* a tag: what has it is in the index */
		return err_set(err, ENOENT, "it has no tags");
	snprintf(path, sizeof(path), "blobs/sha256/%s", hex);
	return layout_read(layout, path, op == REGISTRY_BLOB ? UNPACK_PAYLOAD_MAX : IMAGE_JSON_MAX,
			   ret, err);
}

int load_judge(const struct load_request *request, const struct layout *layout,
	       const char *const *digests, const struct image_ref *name,
	       struct image_texts *ret_signed, struct err *err)
{
	const struct signature_check check = { .source = { .fetch = fetch_beside,
							   .data = (void *)(uintptr_t)layout,
							   .any_type = true },
					       .ref = name,
					       .policies = request->policies,
					       .arena = request->arena };
	struct signatures_taken taken = { 0 };
	int r = signatures_allow(request->policies, name, err);

	if (r < 0 || !signatures_are_demanded(request->policies, name))
		return r;
	if (!digests[0]) {
		err_set(err, EACCES,
			"signatures.yaml demands a signature, and such an archive holds none");
		return err_at(err, ERR_TRUST);
	}
	for (; r == 0 && *digests; digests++) {
		*err = (struct err){ 0 };
		taken.n = 0;
		r = signature_check(&check, *digests, &taken, err);
	}
	if (r <= 0)
		return -err->code;
	return signatures_as_texts(&taken, request->arena, ret_signed, err);
}
