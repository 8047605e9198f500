/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/sighting.h"

#include <stdlib.h>
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

static bool is_any(const struct run_record *record, const json_t *event)
{
	(void)record;
	return event != NULL;
}

/* It has a capability that the program itself could not have. */
static bool is_privileged(const struct run_record *record, const json_t *event)
{
	const json_t *status = json_object_get(record->evidence, "status");
	const char *bounding = record_text(status, "cap_bnd", "0");

	return ((uint64_t)record_number(event, "flags", 0) & ~strtoull(bounding, NULL, 16)) != 0;
}

static bool is_root(const struct run_record *record, const json_t *event)
{
	(void)record;
	return record_number(event, "uid", -1) == 0;
}

/* It came and went before its owner could be read. */
static bool is_unknown(const struct run_record *record, const json_t *event)
{
	(void)record;
	return record_number(event, "uid", -1) < 0 || !json_object_get(event, "flags");
}

static bool is_foreign(const struct run_record *record, const json_t *event)
{
	return !plan_grants(record->plan, record_text(event, "path", ""), "exec");
}

static bool is_sshd(const struct run_record *record, const json_t *event)
{
	(void)record;
	return ends_with(record_text(event, "path", ""), "/sshd");
}

static bool is_ssh_port(const struct run_record *record, const json_t *event)
{
	(void)record;
	return !record_has_failed(event) && ends_with(record_text(event, "local", ""), ":22");
}

/* A listener on a port that was published is one that was asked for. */
static bool is_unasked(const struct run_record *record, const json_t *event)
{
	const char *colon = strrchr(record_text(event, "local", ""), ':');
	const json_t *port;
	uint64_t number = 0;
	size_t i;

	if (record_has_failed(event))
		return false;
	if (!colon || span_u64(span_of(colon + 1), 65535, &number) < 0)
		return true;
	json_array_foreach(json_object_get(record->plan, "ports"), i, port)
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
static bool is_unnamed(const struct run_record *record, const json_t *event)
{
	(void)record;
	return json_is_null(json_object_get(event, "rule")) && !is_packet(event);
}

static bool is_destination(const struct run_record *record, const json_t *event)
{
	static const char *const calls[] = { "connect", "sendto", "sendmsg" };
	const char *call = record_text(event, "call", "");

	(void)record;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(call, calls[i]) == 0)
			return true;
	}
	return is_packet(event);
}

/* clang-format off */
static const struct {
	const char *kind; /* NULL: a refusal */
	bool (*is_it)(const struct run_record *record, const json_t *event);
} rows[SIGHT_COUNT] = {
	[SIGHT_ENTER_PRIVILEGED] = { "enter",   is_privileged },
	[SIGHT_ENTER_ROOT]       = { "enter",   is_root },
	[SIGHT_ENTER_UNKNOWN]    = { "enter",   is_unknown },
	[SIGHT_ENTER]            = { "enter",   is_any },
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

		if (!fits || !rows[i].is_it(record, event))
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
