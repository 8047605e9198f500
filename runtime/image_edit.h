/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_EDIT_H
#define IMMURE_RUNTIME_IMAGE_EDIT_H

/*
 * The configuration of an image that is being made: read from another image's, changed, written as
 * JSON. What is written depends on nothing but this struct. Source: OCI image-spec 1.1, config.md.
 */

#include "base/arena.h"
#include "base/strbuf.h"
#include "runtime/image_parse.h"
#include "runtime/image_record.h"
#include "runtime/image_ref.h"
#include "runtime/store_layer.h"

struct image_step {
	const char *created, *command, *comment, *author; /* or NULL */
	bool empty;                                       /* it made no layer */
};

/* Members of an object that are kept as they are. */
struct image_members {
	size_t n, cap;
	struct image_pair *items; /* key, and the value as JSON */
};

struct image_edit {
	struct arena *arena;                                /* borrowed; owns the texts */
	const char *os, *arch, *variant, *created, *author; /* or NULL */
	const char *user, *workdir, *stop_signal;           /* or NULL */
	struct image_texts env, entrypoint, cmd, ports, volumes, labels;
	struct image_texts shell, on_build;
	struct image_texts diff_ids;
	struct image_members rest, run_rest; /* of the document, and of its "config" */
	size_t n_steps, cap_steps;
	struct image_step *steps;
	bool cmd_changed; /* by a change, not from the other image */
};

/*
 * Begin with the configuration of another image.
 *
 *   config  borrowed
 *   rest    what it has besides: the lines of image_json.h's "rest"; borrowed
 *   edit    arena set
 */
must_check int image_edit_read(struct image_edit *edit, const struct image_config *config,
			       const struct image_pair *rest, size_t n_rest, struct err *err);

must_check int image_edit_add(struct image_edit *edit, struct image_texts *list, const char *text,
			      struct err *err);
/* "NAME=VALUE" instead of what the list has under that name. */
must_check int image_edit_set(struct image_edit *edit, struct image_texts *list, const char *text,
			      struct err *err);
/* A member of "config" that has no field of its own: instead of what was there, or as well. */
must_check int image_edit_set_rest(struct image_edit *edit, const char *key, const char *json,
				   struct err *err);
must_check int image_edit_step(struct image_edit *edit, const struct image_step *step,
			       struct err *err);

void image_edit_json(const struct image_edit *edit, struct strbuf *out);

/*
 * Make an image of it and of layers that are in the store; then the name means it.
 *
 *   layers      as many as there are diffIDs, in their order
 *   ret_digest  of the manifest
 */
must_check int image_edit_publish(const struct image_edit *edit, const struct store *store,
				  const struct layer_result *layers, const struct image_ref *name,
				  bool range, char ret_digest[STORE_DIGEST_LEN], struct err *err);

/* Keep a manifest of a configuration and layers as a blob. */
must_check int image_put_manifest(const struct store *store, const char *config, size_t config_size,
				  const struct layer_result *layers, size_t n,
				  char ret_digest[STORE_DIGEST_LEN], struct err *err);

#endif
