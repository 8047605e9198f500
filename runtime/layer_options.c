/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/layer_options.h"

#include <string.h>

#include "base/text.h"
#include "runtime/image_platform.h"

int layer_texts_parse(const struct layer_texts *texts, struct layer_settings *ret, struct err *err)
{
	struct layer_settings settings = { .range = image_ids_are_range(texts->ids) };
	int r = 0;

	if (texts->ids && strcmp(texts->ids, "range") != 0 && strcmp(texts->ids, "one") != 0)
		r = err_set(err, EINVAL, "--ids %.40s: expected one or range", texts->ids);
	else if (texts->max_bytes &&
		 span_bytes(span_of(texts->max_bytes), UINT64_MAX >> 8, &settings.max_bytes) < 0)
		r = err_set(err, EINVAL, "--max-bytes %.40s: expected such as 4GiB",
			    texts->max_bytes);
	else if (texts->max_entries &&
		 span_u64(span_of(texts->max_entries), UINT32_MAX, &settings.max_entries) < 0)
		r = err_set(err, EINVAL, "--max-entries %.40s: expected a number",
			    texts->max_entries);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	*ret = settings;
	return 0;
}
