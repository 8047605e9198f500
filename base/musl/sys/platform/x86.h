/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MUSL_SYS_PLATFORM_X86_H
#define IMMURE_BASE_MUSL_SYS_PLATFORM_X86_H

/*
 * What the processor has, asked of itself: once, for in a virtual machine each question is a way
 * out of it. Source: Intel SDM vol. 2A, CPUID. Processors with SSE4.1 have leaf 7, be it empty.
 */

#include <cpuid.h>
#include <stdbool.h>

enum x86_cpu_feature {
	x86_cpu_SHA = 1,
	x86_cpu_SSE4_1 = 2,
	x86_cpu_SSSE3 = 4
};

static inline bool x86_cpu_active(enum x86_cpu_feature feature)
{
	static unsigned known; /* bits of enum x86_cpu_feature, and KNOWN */
	enum {
		KNOWN = 8
	};
	unsigned a, b, c, d;

	if (!known) {
		known = KNOWN;
		__cpuid(1, a, b, c, d);
		known |= c & bit_SSSE3 ? x86_cpu_SSSE3 : 0;
		known |= c & bit_SSE4_1 ? x86_cpu_SSE4_1 : 0;
		if (c & bit_SSE4_1) {
			__cpuid_count(7, 0, a, b, c, d);
			known |= b & bit_SHA ? x86_cpu_SHA : 0;
		}
	}
	return known & feature;
}

#endif
