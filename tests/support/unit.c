/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"

const char *temp_dir_make(void)
{
	static char path[256];
	const char *base = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/immure-unit-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(path));
	return path;
}

void temp_dir_remove(const char *path)
{
	struct err err = { 0 };

	assert_int_equal(fd_remove_tree(AT_FDCWD, path, &err), 0);
}
