/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_IO_H
#define IMMURE_RUNTIME_VOLUME_IO_H

/* Volumes to and from tar archives. */

#include "runtime/volume.h"

/* Write what a volume holds as a pax archive. It may be in use; then what is read may be torn. */
must_check int volume_export(int volumes, const char *name, int out, struct err *err);

/*
 * Make a volume of an archive: tar, also compressed with gzip, zstd or xz. immure-unpack reads it,
 * confined, by the rules for layers of images: nothing leads out, set-id bits and devices are
 * refused or dropped. Whole or not at all.
 *
 *   in  descriptor
 */
must_check int volume_import(int volumes, const char *name, int in, const struct volume_new *how,
			     struct err *err);

#endif
