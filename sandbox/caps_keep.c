/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker keeps of its capabilities. */
#include <cap-ng.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "sandbox/steps.h"

int caps_keep_apply(bool over_ids, struct err *err)
{
	static const capng_type_t sets[] = { CAPNG_EFFECTIVE, CAPNG_PERMITTED };
	int r;

	if (prctl(PR_SET_SECUREBITS, CAPS_LOCKED_BITS) < 0)
		return err_sys(err, errno, "cannot lock the secure bits");
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; over_ids && i < ARRAY_LEN(sets); i++)
		capng_updatev(CAPNG_ADD, sets[i], CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, -1);
	r = capng_apply(CAPNG_SELECT_ALL);
	if (r < 0)
		return err_set(err, EPERM, "cannot empty the capability sets (libcap-ng: %d)", r);
	return 0;
}
