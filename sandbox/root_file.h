/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_ROOT_FILE_H
#define IMMURE_SANDBOX_ROOT_FILE_H

#include "base/strbuf.h"
#include "sandbox/plan.h"

#define ROOT_FILE_MAX ((size_t)1 << 20)

/*
 * Read /etc/NAME of the root that a plan is about, before it is mounted: of the host, of a
 * directory, or of the uppermost layer that has it, as an overlay would show it.
 *
 *   name  "passwd", "group"
 *   ret   what was read is appended
 *
 * A link leads no further than the layer that it lies in (R1); a pipe, a device, a folder (CVE-
 * 2024-9676) or more than ROOT_FILE_MAX bytes is refused, in bounded time.
 *
 * Returns   1, 0 (there is none), -EINVAL (no regular file, a link that leads nowhere), -EFBIG,
 *           -errno.
 * Source    Documentation/filesystems/overlayfs.rst: whiteouts and opaque directories
 */
must_check int root_file_read(const struct plan *plan, const char *name, struct strbuf *ret,
			      struct err *err);

#endif
