/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: what is taken has a name that is safe in a path and known groups; all text ends; a rule
 * has a path within its bounds, and grants no more requests than there is room for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bpf/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_request request = { 0 };
	struct wire_reply reply = { 0 };
	struct wire_rule rule = { 0 };
	struct wire_grants grants = { 0 };
	struct err err = { 0 };

	if (wire_request_decode(data, size, &request, &err) == 0) {
		if (request.kind == WIRE_TRACE && !text_is_id(request.name))
			abort();
		if (request.groups & ~TRACER_GROUPS)
			abort();
	}
	if (wire_rule_decode(data, size, &rule, &err) == 0 &&
	    (rule.length == 0 || rule.length > sizeof(rule.path) || rule.path[0] != '/'))
		abort();
	if (wire_grants_decode(data, size, &grants, &err) == 0 &&
	    grants.grants.n_requests > TRACER_REQUESTS)
		abort();
	if (wire_reply_decode(data, size, &reply, &err) == 0 &&
	    !memchr(reply.text, '\0', sizeof(reply.text)))
		abort();
	return 0;
}
