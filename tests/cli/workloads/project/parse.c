// SPDX-License-Identifier: Apache-2.0
#include "sum.h"

#include <stdlib.h>

long parse(const char *text)
{
	return strtol(text, NULL, 10);
}
