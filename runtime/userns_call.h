/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_USERNS_CALL_H
#define IMMURE_RUNTIME_USERNS_CALL_H

#include <stdbool.h>

#include "base/err.h"

typedef int (*userns_fn)(void *data, struct err *err);

/*
 * Call a function where the caller's own id is 0 and its subordinate ids are 1 and up, with every
 * capability over files of these ids: for what programs with a range of ids left behind.
 *
 *   fn    runs in a child process, with a copy of our memory and our open descriptors
 *   data  for fn
 *
 * Returns   what fn returned, and its error; -EINVAL (no range of ids: says what to do), -errno.
 * Effects   a child process with a user namespace; newuidmap and newgidmap are started. As root,
 *           fn is called directly.
 */
must_check int userns_call(userns_fn fn, void *data, struct err *err);

/*
 * The same where files of images are ours: with a range of ids as above, or, without, the caller's
 * own id as 0 and no other, which is enough for what its rights were taken from.
 */
must_check int userns_call_files(bool range, userns_fn fn, void *data, struct err *err);

/*
 * Call a function in a user namespace that is there, whose owner we are: with every capability over
 * its ids.
 *
 *   userns  descriptor of the namespace
 *
 * Effects   a child process; nobody in the namespace may look into it (R6)
 */
must_check int userns_call_in(int userns, userns_fn fn, void *data, struct err *err);

#endif
