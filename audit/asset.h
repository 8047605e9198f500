/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_ASSET_H
#define IMMURE_AUDIT_ASSET_H

#include <stddef.h>

#include "base/text.h"

/* Files that are part of the program: "report" is the style of the HTML report. */
extern const char *const asset_names[];
extern const size_t n_asset_names;
struct span asset_text(const char *name);

#endif
