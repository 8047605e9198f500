/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_RUN_IMAGE_H
#define IMMURE_RUNTIME_RUN_IMAGE_H

/* `immure run IMAGE`: what the image is made of, and how it wants to be run (R11). */

#include "runtime/image_record.h"
#include "sandbox/plan.h"

struct run_image {
	const char *name; /* as typed */
	struct image_record record;
	size_t n_layers;
	const char **layers; /* absolute paths, the lowest first, none twice */
	bool range;          /* their files belong to a range of ids */
	bool packed;         /* not unpacked yet for these ids */
	bool hides;          /* there are whiteouts in them */
	int lock;            /* holds the image against removal; -1: none */
};

#define RUN_IMAGE_NONE     \
	{                  \
		.lock = -1 \
	}

/*
 * Find an image in the store.
 *
 *   ids  of --ids, or NULL: as its layers were unpacked
 *   ret  in arena but for the lock, which the caller closes
 *
 * Returns   0 (see packed), -ENOENT (no such image), -EINVAL (no name).
 */
must_check int run_image_open(const char *name, const char *ids, struct arena *arena,
			      struct run_image *ret, struct err *err);

/*
 * Where the command line says nothing, the image does: program, user, working folder, volumes.
 *
 *   entrypoint  of --entrypoint, or NULL
 *   args        the command line's own, NULL-terminated
 *   request     root, argv, user, workdir, stop signal are filled in
 *
 * Returns   0, -EINVAL (no program, a working folder or volume that is no clean path), -ENOMEM.
 * Source    OCI image-spec 1.1, config.md; Docker's rules for Entrypoint and Cmd
 */
must_check int run_image_request(const struct run_image *image, const char *entrypoint,
				 char *const args[], struct arena *arena,
				 struct plan_request *request, struct err *err);

/* The folders that must be there: the image's volumes and its working folder. Appends. */
must_check int run_image_mounts(const struct run_image *image, struct arena *arena,
				struct plan_request *request, struct err *err);

#endif
