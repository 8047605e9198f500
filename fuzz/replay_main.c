/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on files and folders of files: the corpus becomes an ordinary test. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(int dir, const char *name)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };

	if (fd_read_file(dir, name, 1 << 22, &text, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)strbuf_str(&text), text.len);
	return 1;
}

static int run_folder(const char *path)
{
	cleanup_closedir DIR *dir = opendir(path);
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -1;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (run_file(dirfd(dir), entry->d_name) < 0)
			return -1;
		n++;
	}
	return n;
}

int main(int argc, char *argv[])
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		int r = run_folder(argv[i]);

		if (r < 0)
			return 1;
		n += r;
	}
	printf("%d inputs\n", n);
	return n > 0 ? 0 : 1; /* a target without seeds tests nothing */
}
