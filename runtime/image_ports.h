/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_PORTS_H
#define IMMURE_RUNTIME_IMAGE_PORTS_H

#include "runtime/image_record.h"
#include "sandbox/plan.h"

/* Choose free ones for the ports that have 0 outside, as below. Returns 0, -E2BIG, -errno. */
must_check int image_ports_choose(struct plan_port *ports, size_t n, struct err *err);

/*
 * --publish-all: a free port of 127.0.0.1 for each port that an image exposes, but for those that
 * are published already. The kernel chooses them; who takes one before the launch makes that fail.
 *
 *   exposed  "80/tcp", "53/udp", "8000-8003"; the image's word
 *   request  ports are added to it
 *
 * Returns   0, -EINVAL (no such port), -E2BIG, -errno.
 */
must_check int image_ports_publish(const struct image_texts *exposed, struct arena *arena,
				   struct plan_request *request, struct err *err);

#endif
