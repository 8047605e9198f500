// SPDX-License-Identifier: Apache-2.0
#include "sandbox/switches.h"

bool layer_is_off(enum layer layer)
{
	(void)layer;
	return false;
}

int layer_keep_capabilities(struct err *err)
{
	return err_set(err, EPERM, "capabilities are never kept");
}
