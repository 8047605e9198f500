/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/call_weights.h"

#include <string.h>

const struct call_weight call_weights[CALL_WEIGHTS] = {
	/* clang-format off */
	{ "fcntl", 510 },    { "openat", 280 },   { "mmap", 130 },      { "mprotect", 25 },
	{ "ioctl", 15 },     { "arch_prctl", 5 }, { "clone", 4 },       { "prctl", 2 },
	{ "socket", 2 },     { "open", 1 },       { "socketpair", 1 },  { "memfd_create", 1 },
	/* clang-format on */
};

int call_weight_find(const char *call)
{
	for (int i = 0; i < CALL_WEIGHTS; i++) {
		if (strcmp(call_weights[i].call, call) == 0)
			return i;
	}
	return -1;
}

uint32_t call_weight_of(const uint64_t seen[CALL_WEIGHTS], int row)
{
	uint64_t all = 0;
	uint64_t weight;

	for (int i = 0; i < CALL_WEIGHTS; i++)
		all += seen[i];
	/* A learning run is not told of what every policy allows: the usual stands for that. */
	if (seen[row] == 0)
		return call_weights[row].usual;
	weight = seen[row] * 1000 / all;
	return weight > 0 ? (uint32_t)weight : 1;
}
