/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_DECODE_H
#define IMMURE_AUDIT_DECODE_H

/* What the kernel's programs saw → a record. Pure; the event has been checked by event_decode(). */

#include "audit/record.h"
#include "base/strbuf.h"
#include "bpf/event.h"

/* Texts that are put together for a record; reused from one to the next. */
struct decoder {
	struct strbuf path, name;
};

/*
 * Make a record of an event.
 *
 *   decoder  its texts, and those of the event, are pointed to by *ret
 *   ret      call is left NULL, and calls empty: names of calls are the caller's
 *
 * Returns   true, or false for an event that says nothing that another one does not say better.
 */
bool decode_event(const struct event *event, struct decoder *decoder, struct record *ret);

void decoder_done(struct decoder *decoder);

#endif
