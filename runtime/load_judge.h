/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LOAD_JUDGE_H
#define IMMURE_RUNTIME_LOAD_JUDGE_H

/*
 * What signatures.yaml says of images that come from a folder or an archive. Their signatures are
 * manifests beside them, whatever those are called: as `cosign save` and `skopeo copy` lay them.
 */

#include "runtime/image_load.h"

/* A load_judge_fn; request->policies and ->arena are set. */
must_check int load_judge(const struct load_request *request, const struct layout *layout,
			  const char *const *digests, const struct image_ref *name,
			  struct image_texts *ret_signed, struct err *err);

#endif
