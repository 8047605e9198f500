/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VOLUME_QUOTA_H
#define IMMURE_RUNTIME_VOLUME_QUOTA_H

/*
 * Limits of a volume, kept by its file system: a project of its own, which everything below its
 * folder inherits and nobody in a user namespace can leave. Source: quotactl(2),
 * ioctl_fsgetxattr(2); ext4 and xfs with project quotas switched on.
 */

#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct volume_limits {
	uint64_t bytes, inodes; /* 0: no limit */
};

/*
 * Limit a folder that is still empty.
 *
 * Returns   0, -EPERM (not root: the kernel lets nobody else), -ENOTSUP (the file system keeps no
 *           project quotas; says what to do), -errno.
 */
must_check int volume_quota_set(int folder, const struct volume_limits *limits, struct err *err);

/* Give the limits of a folder back before it is removed. Without any, a no-op. */
must_check int volume_quota_drop(int folder, struct err *err);

#endif
