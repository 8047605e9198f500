/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_POLICY_NEW_IMAGE_H
#define IMMURE_RUNTIME_POLICY_NEW_IMAGE_H

/*
 * What an image of the store says of itself, for a person who begins a policy: it is the image's
 * wish, never taken over unread, and what cannot stand in a policy as it is is left out.
 */

#include "runtime/program_look.h"
#include "runtime/run_image.h"

struct new_image {
	const char *program; /* absolute, inside; NULL: the image names none that is there */
	struct program_look look;
	struct run_image image; /* its lock is held until new_image_done() */
};

/*
 * Open it.
 *
 *   program  in place of the image's own, or NULL
 *   ret      filled only on success
 *
 * Returns   0, -ENOENT (no such image), -EINVAL.
 */
must_check int new_image_open(const char *name, const char *program, struct arena *arena,
			      struct new_image *ret, struct err *err);
void new_image_done(struct new_image *n);

/* The parts of the policy, appended; nothing where the image says nothing. Ports are a comment. */
void new_image_identity(const struct new_image *n, struct strbuf *out);
void new_image_files(const struct new_image *n, struct strbuf *out);
void new_image_ports(const struct new_image *n, struct strbuf *out);

#endif
