/* SPDX-License-Identifier: Apache-2.0 */
/* immure: runs programs itself, and hands everything else to immure-tool. */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "runtime/run.h"
#include "runtime/status.h"
#include "runtime/tool_path.h"

/* `immure run --help` is a question, not a run; the command's own --help stands behind it. */
static bool wants_help(int argc, char *argv[])
{
	for (int i = 2; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static int hand_over(const char *name, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *tool = helper_path(&arena, name);

	if (!tool)
		return err_set(err, ENOMEM, "out of memory");
	execv(tool, argv);
	return err_sys(err, errno, "cannot start %s", tool);
}

int main(int argc, char *argv[])
{
	struct err err = { 0 };
	int r;

	/* It would do for its caller what only its owner may (class 45). */
	if (sys_is_set_id())
		r = err_set(&err, EPERM, "immure must not be set-user-id or set-group-id");
	else if (argc > 1 && strcmp(argv[1], "run") == 0 && !wants_help(argc, argv))
		r = run_main(argc - 1, argv + 1, argv, &err);
	else if (argc > 1 && strcmp(argv[1], "oci") == 0)
		r = hand_over("immure-oci", argv, &err);
	else
		r = hand_over("immure-tool", argv, &err);
	if (r >= 0)
		return r;
	log_error("%s", err.msg);
	return status_of(&err);
}
