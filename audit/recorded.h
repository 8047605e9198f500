/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RECORDED_H
#define IMMURE_AUDIT_RECORDED_H

/* What the kernel's collector is asked to record: for who asks it, and for who reads the record. */

#include <stdint.h>

/*
 * What always is, and what a policy wants beyond.
 *
 *   record  bits 1 << enum recording
 *
 * Returns   enum tracer_group bits.
 */
uint32_t recorded_groups(uint32_t record);

#endif
