/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: no more messages than there is room for, each a refused packet with a known direction;
 * ports only for TCP and UDP; the same bytes give the same messages.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/nflog.h"

#define MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(8) static uint8_t bytes[NFLOG_MAX_BYTES];
	struct uplink_message once[MAX] = { 0 };
	struct uplink_message again[MAX] = { 0 };
	size_t n;

	if (size > sizeof(bytes))
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	n = nflog_parse(bytes, size, once, MAX);
	if (n > MAX || nflog_parse(bytes, size, again, MAX) != n ||
	    memcmp(once, again, sizeof(once)) != 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (once[i].kind != UPLINK_REFUSED || once[i].in > 1 || once[i].v6 > 1 ||
		    (once[i].has_ports && once[i].protocol != IPPROTO_TCP &&
		     once[i].protocol != IPPROTO_UDP))
			abort();
	}
	return 0;
}
