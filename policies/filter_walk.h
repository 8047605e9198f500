/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_WALK_H
#define IMMURE_POLICIES_FILTER_WALK_H

#include <linux/filter.h>

#include "base/err.h"
#include "policies/diagram.h"

/*
 * Walk every path of a seccomp filter: what it answers, for every input.
 *
 *   code  any bytes; a program that the kernel would not load is refused
 *   ret   filled only on success; a diagram of `set`
 *
 * Returns   0, -EINVAL (would not load), -EOPNOTSUPP (an instruction whose result is not a masked
 *           word of the input: no compiler of filters writes one), -E2BIG (too many nodes),
 * -ENOMEM.
 */
must_check int filter_walk(const struct sock_filter *code, size_t n, struct diagrams *set,
			   diagram *ret, struct err *err);

#endif
