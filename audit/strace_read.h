/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_STRACE_READ_H
#define IMMURE_AUDIT_STRACE_READ_H

#include "audit/recorder.h"
#include "base/text.h"

/*
 * Read a log of strace(1) as if a learning run had seen it: with or without -f, time stamps and
 * -y. Calls that are cut in two by others are taken from their first half.
 *
 *   text  not trusted
 *   to    gets the items; what cannot be told (an unnamed command of ioctl) is counted as lost
 *
 * Returns   how many calls were read.
 */
size_t strace_read(struct span text, struct recorder *to);

#endif
