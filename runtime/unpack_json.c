/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/fd.h"
#include "runtime/image_json.h"
#include "runtime/unpack.h"

int unpack_json(struct unpack *unpack, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = fd_read_all(STDIN_FILENO, IMAGE_JSON_MAX, &text);

	if (r < 0)
		return err_sys(err, -r, "cannot read the JSON");
	return image_json_flatten(unpack->options.kind, strbuf_str(&text), text.len,
				  &unpack->report, err);
}
