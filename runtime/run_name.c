/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_name.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "runtime/dirs.h"

static int read_name(int names, const char *name, char ret[RUN_ID_LEN])
{
	ssize_t n = text_is_id(name) ? readlinkat(names, name, ret, RUN_ID_LEN) : -1;

	if (n != RUN_ID_LEN - 1)
		return -ENOENT;
	ret[n] = '\0';
	return 0;
}

int run_name_claim(const struct run_folder *folder, const char *name, struct err *err)
{
	cleanup_close int names = dirs_open_state("names", err);
	char holder[RUN_ID_LEN];

	if (names < 0)
		return names;
	/* Two that want one name come one after the other. */
	if (flock(names, LOCK_EX) < 0)
		return err_sys(err, errno, "cannot lock the names of runs");
	if (read_name(names, name, holder) == 0) {
		if (run_folder_is_live(folder->runs, holder))
			return err_set(err, EEXIST, "the name %s is in use by run %s", name,
				       holder);
		if (unlinkat(names, name, 0) < 0)
			return err_sys(err, errno, "cannot take over the name %s", name);
	}
	if (symlinkat(folder->id, names, name) < 0)
		return err_sys(err, errno, "cannot make the name %s", name);
	return 0;
}

int run_name_find(const char *name, char ret[RUN_ID_LEN])
{
	struct err ignored = { 0 };
	cleanup_close int names = dirs_open_state("names", &ignored);

	return names < 0 ? -ENOENT : read_name(names, name, ret);
}

void run_name_drop(const char *name, const char *id)
{
	struct err ignored = { 0 };
	cleanup_close int names = dirs_open_state("names", &ignored);
	char holder[RUN_ID_LEN];

	if (names >= 0 && flock(names, LOCK_EX) == 0 && read_name(names, name, holder) == 0 &&
	    strcmp(holder, id) == 0)
		unlinkat(names, name, 0);
}
