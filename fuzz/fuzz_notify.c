/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record that the kernel sends, and the memory of the process behind it, both hostile.
 * Property: the text has no byte below space, and the answer is never "no error".
 */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "audit/denial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *bytes;
	size_t n;
};

static ssize_t read_memory(void *data, pid_t pid, uint64_t address, void *bytes, size_t n)
{
	const struct memory *m = data;

	(void)pid;
	if (address >= m->n)
		return -EFAULT;
	if (n > m->n - address)
		n = m->n - (size_t)address;
	memcpy(bytes, m->bytes + address, n);
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char calls[] = "openat\0connect\0socket\0ioctl\0mount\0kill\0";
	static const struct sock_filter explain[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct bundle bundle = { .explain = explain,
				       .n_explain = 1,
				       .n_calls = 6,
				       .calls = { calls, sizeof(calls) - 1 } };
	cleanup_strbuf struct strbuf text = { 0 };
	struct seccomp_data request = { 0 };
	struct memory memory = { data, size };
	struct denial denial;

	memcpy(&request, data, size < sizeof(request) ? size : sizeof(request));
	denial_decide(&bundle, &request, &denial);
	if (denial.error <= 0)
		abort();
	denial_text(&denial, &request, 1, read_memory, &memory, &text);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.p[i] < ' ')
			abort();
	}
	return 0;
}
