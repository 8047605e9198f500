/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_learn.h"

#include <string.h>
#include <unistd.h>

#include "runtime/policy_cache.h"
#include "runtime/tool_call.h"

static int check_file(const char *file, struct arena *arena, struct err *err)
{
	const char *runs = arena_printf(arena, "%s.runs", file);
	const char *slash = strrchr(file, '/');
	const char *folder = slash ? arena_strndup(arena, file, (size_t)(slash - file) + 1) : ".";

	if (!runs || !folder)
		return err_set(err, ENOMEM, "out of memory");
	if (access(folder, W_OK) < 0)
		return err_sys(err, errno, "cannot write %s", file);
	if (access(file, F_OK) == 0 && access(runs, F_OK) < 0)
		return err_set(
			err, EEXIST,
			"%s is there and was not learned (there is no %s.runs): expected another name",
			file, file);
	return 0;
}

int run_learn_prepare(const char *file, const struct bundle *policy, struct arena *arena,
		      struct learn *ret, struct err *err)
{
	struct policy_loaded known = { .dir = -1 };
	int r = check_file(file, arena, err);

	if (r == 0)
		r = policy_load("builtin/start", arena, &known, err);
	if (r == 0)
		r = learn_init(ret, policy, &known.bundle, arena, err);
	closep(&known.dir);
	return r < 0 ? err_wrap(err, "--learn") : 0;
}

int run_learn_record(const struct learn *learn, const struct run_folder *folder, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = recorder_encode(&learn->recorder, folder->id, &text, err);

	return r < 0 ? r : run_folder_write(folder, "learned", text.p, text.len, err);
}

int run_learn_write(const char *file, const struct run_folder *folder, struct err *err)
{
	const char *const argv[] = {
		"immure", "policy", "learn", "--output", file, folder->id, NULL
	};
	int r = tool_call(argv, -1, err);

	if (r > 0)
		return err_set(
			err, EIO,
			"%s was not written; the run's record is kept: immure policy learn --output %s %s",
			file, file, folder->id);
	return r;
}
