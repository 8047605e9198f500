/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_pages.h"

#include <stdlib.h>

int pages_add(json_t **all, struct span page, struct err *err)
{
	json_t *part = json_loadb(page.p, page.n, JSON_REJECT_DUPLICATES, NULL);
	json_t *entries = json_object_get(part, "manifests");
	int r = 0;

	if (!json_is_array(entries)) {
		r = err_set(err, EPROTO, "a part of a list is no index");
	} else if (!*all) {
		*all = part;
		return 0;
	} else if (json_array_extend(json_object_get(*all, "manifests"), entries) < 0) {
		r = err_set(err, ENOMEM, "out of memory");
	}
	json_decref(part);
	return r;
}

int pages_print(const json_t *all, size_t max, struct strbuf *ret, struct err *err)
{
	cleanup_free char *text = json_dumps(all, JSON_COMPACT);

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	strbuf_puts(ret, text);
	if (ret->failed)
		return err_set(err, ENOMEM, "out of memory");
	return ret->len > max ? err_set(err, EFBIG, "a list is longer than 4 MiB") : 0;
}
