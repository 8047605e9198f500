/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_SIGNALS_H
#define IMMURE_RUNTIME_SIGNALS_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Block what we forward and return a descriptor to read it from (signalfd(2)). SIGPIPE is ignored:
 * a closed stderr must not end a supervisor. The child undoes all of it.
 */
must_check int signals_open(struct err *err);

/* The next pending signal, or 0. */
int signals_next(int fd);

#endif
