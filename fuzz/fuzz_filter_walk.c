/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: any bytes are a program that is refused, or whose diagram answers every input as the
 * interpreter does; and a program that is equal to itself with one instruction changed is that on
 * the inputs that are tried.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/filter_walk.h"

#define MAX_INSNS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs near what the program compares with. */
static struct seccomp_data input(const struct sock_filter *code, size_t n, uint32_t round)
{
	struct seccomp_data data = { 0 };
	uint32_t words[DIAGRAM_WORDS];

	for (uint32_t i = 0; i < DIAGRAM_WORDS; i++) {
		uint32_t pick = round * 2654435761U + i * 40503U;

		words[i] = code[(pick >> 8) % n].k + (pick >> 4) % 3 - 1;
	}
	memcpy(&data, words, sizeof(data));
	return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	struct sock_filter code[MAX_INSNS] = { 0 };
	struct sock_filter other[MAX_INSNS];
	size_t n = size / sizeof(*code);
	struct diagrams set = { 0 };
	struct err err = { 0 };
	diagram f = 0;
	diagram g = 0;

	n = n < MAX_INSNS ? n : MAX_INSNS;
	if (n == 0 || diagrams_init(&set, &arena) < 0)
		return 0;
	memcpy(code, data, n * sizeof(*code));
	if (filter_walk(code, n, &set, &f, &err) < 0)
		return 0;
	memcpy(other, code, sizeof(other));
	other[size % n].k ^= 1;
	if (filter_walk(other, n, &set, &g, &err) < 0)
		g = f;
	for (uint32_t round = 0; round < 200; round++) {
		const struct seccomp_data in = input(code, n, round);

		if (diagram_value(&set, f, &in) != bpf_eval(code, n, &in))
			abort();
		if (f == g && err.code == 0 && bpf_eval(code, n, &in) != bpf_eval(other, n, &in))
			abort();
	}
	return 0;
}
