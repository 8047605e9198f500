/* SPDX-License-Identifier: Apache-2.0 */
/* Source: kernel/sched/core.c, sched_dynamic_mode(); kernel/Kconfig.preempt */
#include "bpf/preempt.h"

#include <string.h>

#define FIRST_ALIKE 7 /* programs at tracepoints can be preempted as well */

static bool is_one_of(struct span word, const char *const words[2])
{
	return span_eq(word, words[0]) || span_eq(word, words[1]);
}

/* The last one of the command line counts; none: nothing. */
static struct span mode_of(struct span cmdline)
{
	static const char name[] = "preempt=";
	struct span line = span_cut(&cmdline, '\n');
	struct span mode = { 0 };

	while (line.n > 0) {
		struct span word = span_cut(&line, ' ');

		if (span_starts(word, name))
			mode = (struct span){ word.p + strlen(name), word.n - strlen(name) };
	}
	return mode;
}

static bool is_built_calm(struct span config)
{
	static const char *const lines[2] = { "CONFIG_PREEMPT_VOLUNTARY=y",
					      "CONFIG_PREEMPT_NONE=y" };

	while (config.n > 0) {
		if (is_one_of(span_trim(span_cut(&config, '\n')), lines))
			return true;
	}
	return false;
}

bool preempt_leaves_out(const char *release, const char *version, struct span cmdline,
			struct span config)
{
	static const char *const calm[2] = { "none", "voluntary" };
	struct span rest = span_of(release);
	struct span mode = mode_of(cmdline);
	uint64_t major = 0;

	if (span_u64(span_cut(&rest, '.'), UINT16_MAX, &major) == 0 && major >= FIRST_ALIKE)
		return false;
	if (!strstr(version, "PREEMPT"))
		return false;
	if (!strstr(version, "PREEMPT_DYNAMIC"))
		return true;
	return mode.n > 0 ? !is_one_of(mode, calm) : !is_built_calm(config);
}
