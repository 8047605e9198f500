/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: what /proc/PID/limits and the sandbox's own cgroup say. */
#include <string.h>

#include "audit/check_parts.h"

#define LIMITS_FILE "/proc/PID/limits"

/* "Max processes             2048                 2048                 processes" */
static const char *rlimit_of(const struct judge *j, const char *name)
{
	const char *text = evidence_text(j, "limits");
	struct span rest = span_of(text ? text : "");

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (!span_starts(line, name))
			continue;
		line.p += strlen(name);
		line.n -= strlen(name);
		line = span_word(&line);
		return arena_strndup(j->arena, line.p, line.n);
	}
	return NULL;
}

/* "memory.max 1024" of the evidence: what stands behind the name, or NULL. */
static const char *cgroup_of(const struct judge *j, const char *name)
{
	const char *text = evidence_text(j, "cgroup_limits");
	struct span rest = span_of(text ? text : "");

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (span_eq(span_cut(&line, ' '), name))
			return arena_strndup(j->arena, line.p, line.n);
	}
	return NULL;
}

/* Is a limit of the kernel's there, and no looser than planned? */
static bool is_within(const char *value, int64_t planned)
{
	uint64_t number = 0;

	if (span_u64(span_of(value), UINT64_MAX, &number) < 0)
		return false; /* "unlimited", "max" */
	return planned < 0 || number <= (uint64_t)planned;
}

static const char *at_most(const struct judge *j, int64_t planned)
{
	return planned < 0 ? "a limit" : arena_printf(j->arena, "at most %lld", (long long)planned);
}

static int64_t planned(const struct judge *j, const char *list, const char *key)
{
	return record_number(json_object_get(j->plan, list), key, -1);
}

void check_rlimits(struct judge *j, const struct control *control, struct finding *ret)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{ "Max open files", "nofile" },
		{ "Max processes", "nproc" },
		{ "Max core file size", "core" },
		{ "Max locked memory", "memlock" },
	};

	(void)control;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *value = rlimit_of(j, rows[i].name);
		int64_t limit = planned(j, "rlimits", rows[i].key);

		if (!value) {
			judged_unread(j, ret, "as planned", LIMITS_FILE);
			return;
		}
		if (!is_within(value, limit)) {
			judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
			       TEXTS(arena_printf(j->arena, "%s: %s", rows[i].key,
						  at_most(j, limit)),
				     value, LIMITS_FILE));
			note_left_out(j, ret, record_ledger(j->plan, "rlimits"));
			return;
		}
	}
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS("as planned",
		     arena_printf(j->arena, "files %s, processes %s",
				  rlimit_of(j, "Max open files"), rlimit_of(j, "Max processes")),
		     LIMITS_FILE));
}

void check_pids(struct judge *j, const struct control *control, struct finding *ret)
{
	int64_t limit = planned(j, "limits", "pids");
	const char *expected = at_most(j, limit);
	const char *max = cgroup_of(j, "pids.max");
	const char *each = rlimit_of(j, "Max processes");

	(void)control;
	if (max && is_within(max, limit))
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL, TEXTS(expected, max, "cgroup pids.max"));
	else if (!each && !max)
		judged_unread(j, ret, expected, "cgroup pids.max, " LIMITS_FILE);
	else if (each && is_within(each, limit))
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS(expected,
			     arena_printf(j->arena, "%s, of all processes in its user namespace",
					  each),
			     LIMITS_FILE));
	else {
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS(expected, each ? each : max, "cgroup pids.max, " LIMITS_FILE));
		note_left_out(j, ret, record_ledger(j->plan, "rlimits"));
	}
}

static void of_whole_sandbox(struct judge *j, struct finding *ret, const char *file,
			     const char *expected, const char *instead)
{
	const char *max = cgroup_of(j, file);
	const char *source = arena_printf(j->arena, "cgroup %s", file);

	if (!max)
		judged(j, ret, FINDING_NOT_PROVEN, LEVEL_NONE, TEXTS(expected, instead, source));
	else
		judged(j, ret, strncmp(max, "max", 3) == 0 ? FINDING_FAIL : FINDING_PASS,
		       LEVEL_KERNEL, TEXTS(expected, max, source));
}

void check_cgroup_memory(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	of_whole_sandbox(j, ret, "memory.max", "a limit of the whole sandbox",
			 "no delegated cgroup on this host: each process is limited");
	if (ret->status == FINDING_PASS &&
	    !is_within(ret->observed, planned(j, "limits", "memory")))
		ret->status = FINDING_FAIL;
}

void check_cgroup_cpu(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	of_whole_sandbox(j, ret, "cpu.max", "a share or a limit of the whole sandbox",
			 "no delegated cgroup on this host");
	/* A weight is a priority too: that is all the control asks for. */
	if (ret->status == FINDING_FAIL && cgroup_of(j, "cpu.weight"))
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("a share or a limit of the whole sandbox",
			     arena_printf(j->arena, "no limit, weight %s",
					  cgroup_of(j, "cpu.weight")),
			     "cgroup cpu.weight"));
}

static const char *v2_path(const struct judge *j, const char *key)
{
	const char *text = evidence_text(j, key);
	struct span path = cgroup_v2_path(span_of(text ? text : ""));

	return path.n > 0 ? arena_strndup(j->arena, path.p, path.n) : NULL;
}

/* A cgroup namespace shows nothing of the place: the supervisor's view from outside is compared. */
void check_cgroup_place(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *dir = record_text(j->plan, "cgroup", NULL);
	const char *own = v2_path(j, "own_cgroup");
	const char *path = v2_path(j, "cgroup");
	const char *source = "/proc/PID/cgroup";
	bool right;

	(void)control;
	if (!path || !own) {
		judged_unread(j, ret, "a cgroup of the caller's", source);
		return;
	}
	/* An engine chooses the place: what the runtime made is what is compared. */
	if (dir && json_object_get(j->plan, "engine")) {
		size_t n = strlen(path);

		right = strlen(dir) >= n && strcmp(dir + strlen(dir) - n, path) == 0;
		judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("the one that the engine named", path, source));
		return;
	}
	right = dir ? strstr(path, "/immure-") != NULL : strcmp(path, own) == 0;
	judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
	       TEXTS(dir ? "its own below the delegated one" : "the caller's", path, source));
}
