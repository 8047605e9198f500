/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/sighting.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"

/* Is path granted for an access ("read", "write", "exec") by the plan's path rules? */
static bool plan_grants(const json_t *plan, const char *path, const char *access)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(plan, "files"), i, rule)
	{
		const char *where = record_text(rule, "path", "");
		bool covers = json_is_true(json_object_get(rule, "tree"))
				      ? path_is_below(path, where)
				      : strcmp(path, where) == 0;

		if (covers && json_is_true(json_object_get(rule, access)))
			return true;
	}
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text);
	size_t k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

static bool is_any(const json_t *plan, const json_t *event)
{
	(void)plan;
	return event != NULL;
}

/* flags are the capabilities that it was given. */
static bool is_privileged(const json_t *plan, const json_t *event)
{
	(void)plan;
	return record_number(event, "flags", 0) != 0;
}

static bool is_root(const json_t *plan, const json_t *event)
{
	(void)plan;
	return record_number(event, "uid", 0) == 0;
}

static bool is_foreign(const json_t *plan, const json_t *event)
{
	return !plan_grants(plan, record_text(event, "path", ""), "exec");
}

static bool is_sshd(const json_t *plan, const json_t *event)
{
	(void)plan;
	return ends_with(record_text(event, "path", ""), "/sshd");
}

static bool is_ssh_port(const json_t *plan, const json_t *event)
{
	(void)plan;
	return ends_with(record_text(event, "local", ""), ":22");
}

/* A listener on a port that was published is one that was asked for. */
static bool is_unasked(const json_t *plan, const json_t *event)
{
	const char *colon = strrchr(record_text(event, "local", ""), ':');
	const json_t *port;
	uint64_t number = 0;
	size_t i;

	if (!colon || span_u64(span_of(colon + 1), 65535, &number) < 0)
		return true;
	json_array_foreach(json_object_get(plan, "ports"), i, port)
	{
		if (record_number(port, "inside", 0) == (int64_t)number)
			return false;
	}
	return true;
}

static bool is_packet(const json_t *event)
{
	return strcmp(record_text(event, "layer", ""), "netns") == 0;
}

/* A rule that denies on purpose is part of the policy; what no rule names is not. */
static bool is_unnamed(const json_t *plan, const json_t *event)
{
	(void)plan;
	return json_is_null(json_object_get(event, "rule")) && !is_packet(event);
}

static bool is_destination(const json_t *plan, const json_t *event)
{
	static const char *const calls[] = { "connect", "sendto", "sendmsg" };
	const char *call = record_text(event, "call", "");

	(void)plan;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(call, calls[i]) == 0)
			return true;
	}
	return is_packet(event);
}

/* clang-format off */
static const struct {
	const char *kind; /* NULL: a refusal */
	bool (*is_it)(const json_t *plan, const json_t *event);
} rows[SIGHT_COUNT] = {
	[SIGHT_ENTER_PRIVILEGED] = { "enter",   is_privileged },
	[SIGHT_ENTER_ROOT]       = { "enter",   is_root },
	[SIGHT_EXEC]             = { "exec",    is_any },
	[SIGHT_EXEC_FOREIGN]     = { "exec",    is_foreign },
	[SIGHT_EXEC_SSHD]        = { "exec",    is_sshd },
	[SIGHT_LISTEN_SSH]       = { "listen",  is_ssh_port },
	[SIGHT_LISTEN_UNASKED]   = { "listen",  is_unasked },
	[SIGHT_CONNECT]          = { "connect", is_any },
	[SIGHT_CALL_UNNAMED]     = { NULL,      is_unnamed },
	[SIGHT_CONNECT_DENIED]   = { NULL,      is_destination },
};
/* clang-format on */

void sightings_take(struct sightings *sightings, const struct run_record *record, json_t *event)
{
	const char *kind = record_text(event, "kind", "");

	for (size_t i = 0; i < SIGHT_COUNT; i++) {
		struct sighting *sighting = &sightings->of[i];
		bool fits = rows[i].kind ? strcmp(rows[i].kind, kind) == 0
					 : event_is_refusal_kind(kind);

		if (!fits || !rows[i].is_it(record->plan, event))
			continue;
		if (!sighting->first)
			sighting->first = json_incref(event);
		sighting->n++;
	}
}

void sightings_done(struct sightings *sightings)
{
	for (size_t i = 0; i < SIGHT_COUNT; i++)
		json_decref(sightings->of[i].first);
}
