/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/run_read.h"
#include "base/strbuf.h"
#include "runtime/dirs.h"
#include "runtime/kept_list.h"
#include "runtime/run_find.h"
#include "runtime/verb.h"
#include "runtime/verb_runs.h"

struct ps_options {
	bool all, json, quiet;
};

#define ROW(field) offsetof(struct ps_options, field)

static const struct opt ps_opts[] = {
	{ "all", 'a', OPT_FLAG, ROW(all), NULL, "those that have ended, too", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print ids only", NULL },
};

struct row {
	const char *id, *name, *state, *policy;
	char command[64];
	bool detached, kept; /* kept: what it wrote is there */
	int64_t started;     /* seconds since 1970 */
	int64_t exit;        /* -1 while there is none */
};

static void put_command(const json_t *plan, char ret[64])
{
	cleanup_strbuf struct strbuf text = { 0 };
	const json_t *argv = json_object_get(plan, "argv");
	const json_t *word;
	size_t i;

	json_array_foreach(argv, i, word)
	{
		const char *s = json_string_value(word);

		if (i > 0)
			strbuf_putc(&text, ' ');
		strbuf_escaped(&text, s ? s : "", s ? strlen(s) : 0);
	}
	snprintf(ret, 64, "%.60s", strbuf_str(&text));
}

static void print_row(const struct row *row, const struct ps_options *options, bool first)
{
	char when[32] = "";
	struct tm tm = { 0 };
	const time_t started = (time_t)row->started;

	if (options->quiet) {
		printf("%s\n", row->id);
		return;
	}
	if (options->json) {
		json_t *o = json_pack("{s:s, s:b, s:I, s:b, s:s, s:s, s:s, s:I, s:s}", "command",
				      row->command, "detached", row->detached, "exit",
				      (json_int_t)row->exit, "kept", row->kept, "name", row->name,
				      "policy", row->policy, "run", row->id, "started",
				      (json_int_t)row->started, "state", row->state);

		fputs(first ? "" : ",", stdout);
		json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_COMPACT);
		json_decref(o);
		return;
	}
	localtime_r(&started, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	if (row->exit >= 0)
		printf("%s  %-16s %-9s %3lld  %s  %s\n", row->id, row->name, row->state,
		       (long long)row->exit, when, row->command);
	else
		printf("%s  %-16s %-9s   -  %s  %s\n", row->id, row->name, row->state, when,
		       row->command);
}

/* Returns 1 if it was shown. */
static int show(int runs, const char *id, const struct ps_options *options, bool first)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct row row = { .id = id, .exit = -1 };
	struct stat st = { 0 };
	bool live = run_folder_is_live(runs, id);
	json_t *plan;
	json_t *status;

	if (dir < 0 || (!live && !options->all))
		return 0;
	plan = record_file(dir, "plan.json");
	if (!plan)
		return 0; /* only just starting */
	status = record_file(dir, "status.json");
	row.detached = fstatat(dir, "output.log", &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (fstatat(dir, "plan.json", &st, AT_SYMLINK_NOFOLLOW) == 0)
		row.started = st.st_mtim.tv_sec;
	row.exit = record_number(status, "exit", -1);
	row.kept = kept_is_there(id);
	row.state = live ? "running" : row.kept ? "kept" : status ? "done" : "cut short";
	row.name = record_text(plan, "hostname", "");
	row.policy = record_text(plan, "policy", "?");
	put_command(plan, row.command);
	print_row(&row, options, first);
	json_decref(plan);
	json_decref(status);
	return 1;
}

/* Kept layers outlive the records of their runs, of which only so many are there. */
static int show_orphans(int runs, const struct ps_options *options, struct arena *arena, bool first,
			struct err *err)
{
	const char **ids = NULL;
	cleanup_close int folder = kept_look(arena, &ids, err);

	for (size_t i = 0; ids && ids[i]; i++) {
		cleanup_close int dir =
			openat(folder, ids[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		struct row row = { .id = ids[i], .exit = -1, .state = "kept", .kept = true };
		struct kept_info info = { 0 };
		struct err ignored = { 0 };

		if (faccessat(runs, ids[i], F_OK, 0) == 0 || dir < 0 ||
		    kept_read(dir, arena, &info, &ignored) < 0)
			continue;
		row.name = info.name ? info.name : "";
		row.policy = "?";
		row.started = (int64_t)info.created;
		snprintf(row.command, sizeof(row.command), "%.60s",
			 info.argv.n > 0 ? info.argv.items[0] : "");
		print_row(&row, options, first);
		first = false;
	}
	return folder == -ENOENT ? 0 : folder < 0 ? folder : 0;
}

static int ps(const struct verb_call *call, struct err *err)
{
	const struct ps_options *options = call->options;
	cleanup_close int runs = dirs_open_state("runs", err);
	const char **ids = NULL;
	int shown = 0;
	int n;

	if (runs < 0)
		return runs;
	n = run_list(runs, call->arena, &ids, err);
	if (n < 0)
		return n;
	if (options->json)
		putchar('[');
	else if (!options->quiet)
		printf("%-13s  %-16s %-9s exit started              command\n", "run", "name",
		       "state");
	for (int i = n; i-- > 0;)
		shown += show(runs, ids[i], options, shown == 0);
	if (options->all)
		n = show_orphans(runs, options, call->arena, shown == 0, err);
	if (options->json)
		printf("]\n");
	return n < 0 ? n : 0;
}

const struct verb verb_ps = {
	.name = "ps",
	.args = "[OPTION...]",
	.help = "the runs that go on, newest first",
	.opts = ps_opts,
	.n_opts = ARRAY_LEN(ps_opts),
	.options_size = sizeof(struct ps_options),
	.run = ps,
};
