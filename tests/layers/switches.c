// SPDX-License-Identifier: Apache-2.0
/* IMMURE_TEST_WITHOUT=seccomp,landlock: the layers that this program leaves out. */
#include "sandbox/switches.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool layer_is_off(enum layer layer)
{
	const char *list = getenv("IMMURE_TEST_WITHOUT");
	struct span rest = list ? span_of(list) : (struct span){ 0 };

	while (layer < LAYER_COUNT && rest.n > 0) {
		if (span_eq(span_cut(&rest, ','), layer_name(layer)))
			return true;
	}
	return false;
}

/* Ambient capabilities pass execve(2) without a user id of 0. Source: capabilities(7). */
int layer_keep_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(err, errno, "cannot read the capabilities");
	data[0].inheritable = data[0].permitted;
	data[1].inheritable = data[1].permitted;
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, errno, "cannot keep the capabilities");
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err, errno, "cannot keep capability %d", cap);
	}
	return 0;
}
