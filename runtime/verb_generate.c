/* SPDX-License-Identifier: Apache-2.0 */
/* immure generate systemd: what starts a run again after the machine has been started again. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/run_read.h"
#include "runtime/life.h"
#include "runtime/tool_path.h"
#include "runtime/unit.h"
#include "runtime/verb_runs.h"

/* From "run" on, as it was typed. */
static int take_words(const json_t *life, struct arena *arena, const char *const **ret,
		      struct err *err)
{
	const json_t *command = json_object_get(life, "command");
	const char **words = arena_array(arena, json_array_size(command) + 1, sizeof(*words));
	const json_t *word;
	size_t n = 0;
	size_t i;

	if (!words)
		return err_set(err, ENOMEM, "out of memory");
	json_array_foreach(command, i, word)
	{
		const char *text = json_string_value(word);

		if (i > 0 && text)
			words[n++] = text;
	}
	if (n == 0 || strcmp(words[0], "run") != 0)
		return err_set(err, EBADMSG, "its command is not on record");
	*ret = words;
	return 0;
}

static int print_unit(const json_t *life, struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const char *restart = record_text(life, "restart", "no");
	struct unit_plan plan = {
		.name = record_text(life, "name", NULL),
		.program = launcher_path(arena),
		.cwd = record_text(life, "cwd", NULL),
		/* The monitor starts the program again; systemd the monitor. */
		.restart = strcmp(restart, "no") == 0 ? "no" : "on-failure",
	};
	int r = take_words(life, arena, &plan.words, err);

	if (r == 0 && !plan.name)
		r = err_set(err, EINVAL, "it has no name to be stopped by: start it with --name");
	if (r == 0 && !plan.program)
		r = err_set(err, ENOMEM, "out of memory");
	if (r == 0)
		r = unit_put(&plan, &text, err);
	if (r == 0)
		fputs(strbuf_str(&text), stdout);
	return r;
}

static int systemd(const struct verb_call *call, struct err *err)
{
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	struct stat st = { 0 };
	json_t *life;
	int r = found_run_open(call->argv[0], call->arena, &found, err);

	if (r < 0)
		return r;
	if (fstatat(found.dir, "output.log", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ENOENT, "run %s is not detached", found.id);
	life = record_file(found.dir, LIFE_FILE);
	r = print_unit(life, call->arena, err);
	json_decref(life);
	return r < 0 ? err_wrap(err, "%s", call->argv[0]) : 0;
}

static const struct verb generate_systemd = {
	.name = "systemd",
	.args = "RUN",
	.help = "a unit that starts a named, detached run as it was started",
	.min_args = 1,
	.max_args = 1,
	.run = systemd,
};

static const struct verb *const subverbs[] = { &generate_systemd, NULL };

const struct verb verb_generate = {
	.name = "generate",
	.args = "systemd RUN",
	.help = "files for other tools, made of a run",
	.subverbs = subverbs,
};
