/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_HOST_H
#define IMMURE_RUNTIME_AUDIT_HOST_H

#include "audit/run_read.h"
#include "base/arena.h"

/*
 * Read what the controls of the "host" standard are about, as if the machine were a run.
 *
 *   ret  released by run_record_done()
 *
 * Returns   0, or -ENOMEM: what cannot be read is absent.
 */
must_check int audit_host_read(struct arena *arena, struct run_record *ret, struct err *err);

#endif
