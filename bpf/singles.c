/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/singles.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PREFIX "__x64_sys_"

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static void free_line(char **line)
{
	free(*line);
}

/* A line is "ADDRESS TYPE NAME", and "[MODULE]" behind a name that is not the kernel's own. */
static void take_line(struct span line, struct singles *singles)
{
	struct span name;

	span_word(&line);
	span_word(&line);
	name = span_trim(line);
	if (!span_starts(name, PREFIX))
		return;
	for (size_t i = 0; i < tracer_call_symbols() && singles->n < TRACER_CALLS; i++) {
		const char *symbol = tracer_call_symbol(i);

		if (symbol && span_eq(name, symbol))
			singles->symbols[singles->n++] = symbol;
	}
}

int singles_find(struct singles *ret, struct err *err)
{
	cleanup(close_file) FILE *f = fopen("/proc/kallsyms", "re");
	cleanup(free_line) char *line = NULL;
	size_t size = 0;
	ssize_t n;

	*ret = (struct singles){ 0 };
	if (!f)
		return err_sys(err, errno, "cannot open /proc/kallsyms");
	for (n = getline(&line, &size, f); n > 0; n = getline(&line, &size, f))
		take_line((struct span){ line, (size_t)n }, ret);
	return ret->n > 0 ? 0 : err_set(err, ENOENT, "/proc/kallsyms names no system calls");
}

int singles_attach(const struct singles *singles, int program)
{
	/* libbpf does not change the names; its type says so only from 1.3 on. */
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .kprobe_multi.syms = (const char **)(uintptr_t)singles->symbols,
		    .kprobe_multi.cnt = singles->n,
		    .kprobe_multi.flags = BPF_F_KPROBE_MULTI_RETURN);
	int fd = bpf_link_create(program, 0, BPF_TRACE_KPROBE_MULTI, &options);

	return fd < 0 ? -errno : fd;
}
