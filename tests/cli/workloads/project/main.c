// SPDX-License-Identifier: Apache-2.0
#include "sum.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	long sum = 0;

	for (int i = 1; i < argc; i++)
		sum = add(sum, parse(argv[i]));
	printf("%ld\n", sum);
	return 0;
}
