/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VERB_IMAGE_H
#define IMMURE_RUNTIME_VERB_IMAGE_H

/* Verbs below `immure image` that have a file of their own. */

#include "runtime/verb.h"

extern const struct verb verb_image_ls;
extern const struct verb verb_image_rm;
extern const struct verb verb_image_verify;
extern const struct verb verb_image_unpack;

#endif
