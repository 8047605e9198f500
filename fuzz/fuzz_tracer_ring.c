/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever stands in a ring, each record and each part of an event lies within it, a path
 * begins with a slash or with what says that it was cut, and reading ends.
 */
#include <stdlib.h>
#include <string.h>

#include "bpf/event.h"
#include "bpf/ring.h"

#define PAGE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.n <= (size_t)(whole.p + whole.n - part.p));
}

static void read_event(struct span bytes)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct event event = { 0 };
	struct err err = { 0 };

	if (event_decode(bytes, &event, &err) < 0)
		return;
	if (!lies_within(event.first, bytes) || !lies_within(event.second, bytes))
		abort();
	for (size_t i = 0; i < event_calls(&event); i++) {
		struct tracer_return call;

		event_call(&event, i, &call); /* beyond the end, the sanitizer tells */
	}
	event_path(&event, &out);
	if (out.p[0] != '/' && out.p[0] != '.')
		abort();
	strbuf_reset(&out);
	if (event_dns_name(event.second, &out) < 0 && out.len > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(PAGE) unsigned char memory[4 * PAGE];
	const struct span body = { (const char *)memory + PAGE, 3 * PAGE };
	struct ring ring = { memory, memory + PAGE, PAGE, PAGE, 0 };
	struct span got = { 0 };
	struct err err = { 0 };

	memset(memory, 0, sizeof(memory));
	memcpy(memory + PAGE, data, size < 8 ? size : 8);
	if (size > 8)
		memcpy(memory + 2 * PAGE, data + 8, size - 8 < PAGE ? size - 8 : PAGE);
	memcpy(memory + 3 * PAGE, memory + 2 * PAGE, PAGE);
	while (ring_next(&ring, &got, &err) > 0) {
		if (!lies_within(got, body))
			abort();
		read_event(got);
		ring_release(&ring);
	}
	read_event((struct span){ (const char *)data, size });
	return 0;
}
