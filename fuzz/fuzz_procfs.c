/* SPDX-License-Identifier: Apache-2.0 */
/* Property: results are touched on success only, and a mount's texts are always there. */
#include <stdlib.h>

#include "base/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { (const char *)data, size };
	cleanup_arena struct arena arena = { 0 };
	struct proc_status status = { .pid = 77 };
	struct proc_mount *mounts = NULL;
	struct proc_idmap maps[4];
	struct err err = { 0 };
	size_t n = 0;
	uint64_t number = 7;
	char state = '?';

	if (proc_status_parse(text, &status, &err) < 0 && status.pid != 77)
		abort();
	if (proc_mountinfo_parse(text, &arena, &mounts, &n, &err) < 0 && (mounts || n))
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!mounts[i].point || !mounts[i].options || !mounts[i].super_options)
			abort();
	}
	if (proc_idmap_parse(text, maps, 4, &err) > 4)
		abort();
	if (proc_stat_field(text, 22, &state, &number) < 0 && (state != '?' || number != 7))
		abort();
	if (cgroup_v2_path(text).n > size)
		abort();
	return 0;
}
