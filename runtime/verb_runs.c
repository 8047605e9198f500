/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/verb_runs.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/run_read.h"
#include "base/fd.h"
#include "runtime/dirs.h"
#include "runtime/run_find.h"
#include "runtime/run_name.h"

#define FIRST_LINE_MAX 8192

int found_run_open(const char *which, struct arena *arena, struct found_run *ret, struct err *err)
{
	char named[RUN_ID_LEN];
	int r;

	*ret = (struct found_run){ .runs = dirs_open_state("runs", err), .dir = -1 };
	if (ret->runs < 0)
		return ret->runs;
	/* A name is looked up as the id that it stands for. */
	if (run_name_find(which, named) == 0)
		which = named;
	r = run_find(ret->runs, which, arena, &ret->id, err);
	if (r < 0)
		return r;
	ret->dir = openat(ret->runs, ret->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->dir < 0)
		return err_sys(err, errno, "cannot open the record of run %s", ret->id);
	return 0;
}

void found_run_close(struct found_run *found)
{
	closep(&found->dir);
	closep(&found->runs);
}

int found_run_status(const struct found_run *found, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err absent = { 0 };
	const json_t *exit;
	json_t *status = NULL;
	int r;

	if (fd_read_file(found->dir, "status.json", 1 << 16, &text, &absent) == 0)
		status = json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	exit = json_object_get(status, "exit");
	if (json_is_integer(exit))
		r = (int)json_integer_value(exit) & 0xff;
	else if (run_folder_is_live(found->runs, found->id))
		r = err_set(err, EAGAIN, "run %s has not ended", found->id);
	else
		r = err_set(err, ENODATA,
			    "run %s was cut short: its monitor was killed, or the machine stopped",
			    found->id);
	json_decref(status);
	return r;
}

pid_t found_run_first(int dir)
{
	cleanup_close int fd = openat(dir, "events.jsonl", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char line[FIRST_LINE_MAX];
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line)) : -1;
	const char *end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;
	json_t *record = end ? json_loadb(line, (size_t)(end - line), 0, NULL) : NULL;
	pid_t pid = (pid_t)record_number(record, "pid", 0);

	json_decref(record);
	return pid;
}

int found_run_each(const struct verb_call *call, run_act_fn act, const void *data,
		   run_absent_fn absent, struct err *err)
{
	int result = 0;

	for (int i = 0; i < call->argc; i++) {
		cleanup_found_run struct found_run found = { -1, -1, NULL };
		struct err one = { 0 };
		int r = found_run_open(call->argv[i], call->arena, &found, &one);

		if (r == 0)
			r = act(&found, data, &one);
		else if (r == -ENOENT && absent)
			r = absent(call->argv[i], call->arena, &found.id, &one);
		if (r == 0) {
			printf("%s\n", found.id);
		} else if (result == 0) {
			*err = one;
			result = err_wrap(err, "%s", call->argv[i]);
		}
	}
	return result;
}
