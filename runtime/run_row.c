/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_row.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/run_read.h"
#include "base/strbuf.h"
#include "runtime/control_client.h"
#include "runtime/kept_list.h"
#include "runtime/life.h"
#include "runtime/run_find.h"
#include "runtime/run_name.h"
#include "runtime/tally.h"

#define COMMAND_MAX 60

static const char *const no_labels[] = { NULL };

const char *run_state(bool sealed, bool kept, bool live)
{
	if (live && !sealed)
		return "running";
	return kept ? "kept" : sealed ? "done" : "cut short";
}

static const char *safe(struct arena *arena, const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };

	strbuf_escaped(&out, text, strlen(text));
	return arena_strdup(arena, strbuf_str(&out));
}

static const char *command_of(const json_t *plan, struct arena *arena)
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
	return arena_printf(arena, "%.*s", COMMAND_MAX, strbuf_str(&text));
}

static void take_labels(const json_t *labels, struct arena *arena, struct run_row *row)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const char **list = arena_array(arena, json_object_size(labels) + 1, sizeof(*list));
	const json_t *value;
	const char *key;
	size_t n = 0;

	/* The header's declaration takes no const; nothing is changed. */
	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		const char *s = json_string_value(value);
		const char *label = arena_printf(arena, "%s=%s", key, s ? s : "");

		if (!list || !label)
			return;
		list[n++] = safe(arena, label);
		strbuf_addf(&text, "%s%s", n > 1 ? "," : "", list[n - 1] ? list[n - 1] : "");
	}
	if (n == 0)
		return;
	row->labels = list;
	row->labels_text = arena_strdup(arena, strbuf_str(&text));
}

static const char *ports_of(const json_t *plan, struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(plan, "ports"), i, port)
	{
		const char *outside = record_published(port, arena);

		strbuf_addf(&text, "%s%s->%lld/%s", i > 0 ? "," : "", outside ? outside : "?",
			    (long long)record_number(port, "inside", 0),
			    record_text(port, "protocol", ""));
	}
	return safe(arena, strbuf_str(&text));
}

/* What its monitor knows besides. One that does not answer has nothing to say. */
static void ask_monitor(int dir, struct run_row *row)
{
	struct control_state state = { 0 };
	struct err ignored = { 0 };

	if (control_ask_state(dir, &state, &ignored) < 0)
		return;
	row->health = health_name((enum health_state)state.health);
	row->starts = state.starts;
	if (state.flags & CONTROL_IS_WAITING)
		row->state = "waiting";
	if (state.flags & CONTROL_IS_PAUSED)
		row->state = "paused";
}

/* Of a run that goes on, or was cut short. */
static int64_t denied_so_far(int dir)
{
	uint64_t denied = 0;

	return tally_read(dir, &denied) ? (int64_t)denied : 0;
}

/* Returns 1 if there is such a row. */
static int read_row(int runs, const char *id, enum run_rows_which which,
		    const struct run_names *names, struct arena *arena, struct run_row *ret)
{
	cleanup_close int dir = openat(runs, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct run_row row = {
		.id = id, .exit = -1, .labels = no_labels, .labels_text = "", .health = "none"
	};
	bool live = run_folder_is_live(runs, id);
	struct stat st = { 0 };
	json_t *life;
	json_t *plan;
	json_t *status;

	if (dir < 0 || (which == RUN_ROWS_LIVE && !live))
		return 0;
	plan = record_file(dir, "plan.json");
	if (!plan && (which != RUN_ROWS_DAMAGED || live))
		return 0; /* only just starting */
	status = record_file(dir, "status.json");
	life = record_file(dir, LIFE_FILE);
	row.detached = fstatat(dir, "output.log", &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (fstatat(dir, "plan.json", &st, AT_SYMLINK_NOFOLLOW) == 0)
		row.started = st.st_mtim.tv_sec;
	row.exit = record_number(status, "exit", -1);
	row.denied = record_number(status, "denied", denied_so_far(dir));
	row.kept = kept_is_there(id);
	row.state = plan ? run_state(status, row.kept, live) : "damaged";
	row.name = run_name_of(names, id);
	if (!row.name)
		row.name =
			safe(arena, record_text(life, "name", record_text(plan, "hostname", "")));
	row.policy = safe(arena, record_text(plan, "policy", "?"));
	row.command = command_of(plan, arena);
	row.ports = ports_of(plan, arena);
	take_labels(json_object_get(life, "labels"), arena, &row);
	json_decref(plan);
	json_decref(status);
	json_decref(life);
	if (strcmp(row.state, "running") == 0 && row.detached)
		ask_monitor(dir, &row);
	else if (which == RUN_ROWS_LIVE && strcmp(row.state, "running") != 0)
		return 0;
	*ret = row;
	return 1;
}

/* Kept layers outlive the records of their runs, of which only so many are there. */
static int read_orphans(int runs, const struct run_names *names, struct arena *arena,
			struct run_row **rows, size_t *n, size_t *cap, struct err *err)
{
	const char **ids = NULL;
	cleanup_close int folder = kept_look(arena, &ids, err);

	for (size_t i = 0; ids && ids[i]; i++) {
		cleanup_close int dir =
			openat(folder, ids[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		const char *name = run_name_of(names, ids[i]);
		struct kept_info info = { 0 };
		struct err ignored = { 0 };

		if (faccessat(runs, ids[i], F_OK, 0) == 0 || dir < 0 ||
		    kept_read(dir, arena, &info, &ignored) < 0)
			continue;
		*rows = arena_grow(arena, *rows, cap, *n + 1, sizeof(**rows));
		if (!*rows)
			return err_set(err, ENOMEM, "out of memory");
		(*rows)[(*n)++] = (struct run_row){
			.id = ids[i],
			.name = name ? name : safe(arena, info.name ? info.name : ""),
			.state = "kept",
			.policy = "?",
			.command = safe(arena, info.argv.n > 0 ? info.argv.items[0] : ""),
			.labels = no_labels,
			.labels_text = "",
			.ports = "",
			.health = "none",
			.kept = true,
			.started = (int64_t)info.created,
			.exit = -1,
		};
	}
	return folder == -ENOENT ? 0 : folder < 0 ? folder : 0;
}

int run_rows_read(int runs, enum run_rows_which which, struct arena *arena, struct run_row **ret,
		  struct err *err)
{
	const char **ids = NULL;
	struct run_names names = { 0 };
	int n_ids = run_list(runs, arena, &ids, err);
	size_t cap = n_ids < 0 ? 0 : (size_t)n_ids + 1;
	struct run_row *rows = n_ids < 0 ? NULL : arena_array(arena, cap, sizeof(*rows));
	size_t n = 0;
	int r;

	if (n_ids < 0)
		return n_ids;
	if (!rows)
		return err_set(err, ENOMEM, "out of memory");
	run_names_read(arena, &names);
	for (int i = n_ids; i-- > 0;)
		n += (size_t)read_row(runs, ids[i], which, &names, arena, &rows[n]);
	if (which == RUN_ROWS_KEPT) {
		r = read_orphans(runs, &names, arena, &rows, &n, &cap, err);
		if (r < 0)
			return r;
	}
	*ret = rows;
	return (int)n;
}

static bool has_label(const struct run_row *row, const char *wanted)
{
	for (size_t i = 0; row->labels[i]; i++) {
		if (text_label_fits(row->labels[i], wanted))
			return true;
	}
	return false;
}

static bool has_name(const struct run_row *row, const char *wanted)
{
	return fnmatch(wanted, row->name, 0) == 0;
}

static bool has_status(const struct run_row *row, const char *wanted)
{
	return strcmp(row->state, wanted) == 0;
}

static bool has_health(const struct run_row *row, const char *wanted)
{
	return strcmp(row->health, wanted) == 0;
}

static const struct {
	const char *prefix;
	bool (*fits)(const struct run_row *row, const char *wanted);
} kinds[] = {
	{ "health=", has_health },
	{ "label=", has_label },
	{ "name=", has_name },
	{ "status=", has_status },
};

bool run_row_fits(const struct run_row *row, const char *const *filters, size_t n)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		size_t prefix = strlen(kinds[k].prefix);
		bool asked = false;
		bool fits = false;

		for (size_t i = 0; i < n; i++) {
			if (strncmp(filters[i], kinds[k].prefix, prefix) != 0)
				continue;
			asked = true;
			fits = fits || kinds[k].fits(row, filters[i] + prefix);
		}
		if (asked && !fits)
			return false;
	}
	return true;
}

int run_filters_check(const char *const *filters, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(kinds) &&
		       strncmp(filters[i], kinds[k].prefix, strlen(kinds[k].prefix)) != 0)
			k++;
		if (k == ARRAY_LEN(kinds)) {
			err_set(err, EINVAL,
				"--filter %.60s: expected name=NAME, label=KEY[=VALUE], status=STATE or health=HEALTH",
				filters[i]);
			return err_at(err, ERR_USAGE);
		}
	}
	return 0;
}
