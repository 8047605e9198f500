/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is taken for a request has one length, a known version, a signal that exists and a
 * size that is one.
 */
#include <signal.h>
#include <stdlib.h>

#include "runtime/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request = { 0 };

	if (!control_request_decode(data, size, &request))
		return 0;
	if (size != sizeof(request) || request.version != CONTROL_VERSION || request.reserved != 0)
		abort();
	if (request.op == CONTROL_SIGNAL && (request.argument == 0 || request.argument >= NSIG))
		abort();
	if (request.op == CONTROL_RESIZE &&
	    (request.argument >> 16 == 0 || request.argument << 16 == 0))
		abort();
	return 0;
}
