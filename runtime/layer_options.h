/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LAYER_OPTIONS_H
#define IMMURE_RUNTIME_LAYER_OPTIONS_H

/* Options of the verbs that bring layers in: who owns the files, and how much is too much. */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "runtime/options.h"

/* As they were typed; NULL: not. */
struct layer_texts {
	const char *ids, *max_bytes, *max_entries;
};

struct layer_settings {
	bool range;                      /* owners are a range of ids */
	uint64_t max_bytes, max_entries; /* 0: the defaults */
};

/* Rows of a table, for the offsets of the texts. */
#define LAYER_OPT_IDS(offset)                                                                       \
	{                                                                                           \
		"ids", 0, OPT_TEXT, offset, "one|range",                                            \
			"who owns the files: you alone (the default), or your subordinate ids too", \
			"one range"                                                                 \
	}
#define LAYER_OPT_MAX_BYTES(offset)                                         \
	{                                                                   \
		"max-bytes", 0, OPT_TEXT, offset, "SIZE",                   \
			"refuse a layer that unpacks to more (32GiB)", NULL \
	}
#define LAYER_OPT_MAX_ENTRIES(offset)                                                \
	{                                                                            \
		"max-entries", 0, OPT_TEXT, offset, "N",                             \
			"refuse a layer with more files and folders (1000000)", NULL \
	}

/* Returns 0 or -EINVAL (stage ERR_USAGE). */
must_check int layer_texts_parse(const struct layer_texts *texts, struct layer_settings *ret,
				 struct err *err);

#endif
