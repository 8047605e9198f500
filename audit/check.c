/* SPDX-License-Identifier: Apache-2.0 */
/* The list of checks, and what they share. */
#include "audit/check.h"

#include <string.h>

#include "audit/check_parts.h"

/* clang-format off */
static const struct check checks[] = {
	{ "anomaly-call",        check_anomaly_call },
	{ "anomaly-destination", check_anomaly_destination },
	{ "anomaly-process",     check_anomaly_process },
	{ "apparmor",            check_apparmor },
	{ "bound-ports",         check_bound_ports },
	{ "capabilities",        check_capabilities },
	{ "cgroup-cpu",          check_cgroup_cpu },
	{ "cgroup-memory",       check_cgroup_memory },
	{ "cgroup-place",        check_cgroup_place },
	{ "devices",             check_devices },
	{ "egress",              check_egress },
	{ "entered-privileged",  check_entered_privileged },
	{ "entered-root",        check_entered_root },
	{ "events",              check_events },
	{ "flows",               check_flows },
	{ "health",              check_health },
	{ "host-at-least",       check_host_at_least },
	{ "host-at-most",        check_host_at_most },
	{ "host-cgroup",         check_host_cgroup },
	{ "host-core",           check_host_core },
	{ "host-cpu",            check_host_cpu },
	{ "host-mac",            check_host_mac },
	{ "host-modules",        check_host_modules },
	{ "host-sockets",        check_host_sockets },
	{ "host-word",           check_host_word },
	{ "landlock",            check_landlock },
	{ "ledger",              check_ledger },
	{ "low-ports",           check_low_ports },
	{ "mac",                 check_mac },
	{ "manual",              check_manual },
	{ "namespace",           check_namespace },
	{ "no-new-privs",        check_no_new_privs },
	{ "no-sshd",             check_no_sshd },
	{ "noexec",              check_noexec },
	{ "nosuid",              check_nosuid },
	{ "not-applicable",      check_not_applicable },
	{ "not-privileged",      check_not_privileged },
	{ "not-root",            check_not_root },
	{ "on-record",           check_on_record },
	{ "open-ports",          check_open_ports },
	{ "own-folders",         check_own_folders },
	{ "pids",                check_pids },
	{ "pinned-image",        check_pinned_image },
	{ "private-mounts",      check_private_mounts },
	{ "read-only-root",      check_read_only_root },
	{ "restart",             check_restart },
	{ "rlimits",             check_rlimits },
	{ "runtime-sockets",     check_runtime_sockets },
	{ "runtime-version",     check_runtime_version },
	{ "seccomp",             check_seccomp },
	{ "selinux",             check_selinux },
	{ "system-folders",      check_system_folders },
};
/* clang-format on */

const struct check *check_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	}
	return NULL;
}

static const char status_names[FINDING_STATUS_COUNT][16] = { "pass",       "fail",
							     "not-proven", "not-applicable",
							     "manual",     "waived" };

const char *finding_status_name(enum finding_status status)
{
	return (unsigned)status < FINDING_STATUS_COUNT ? status_names[status] : "unknown";
}

int finding_status_find(const char *name)
{
	for (int i = 0; i < FINDING_STATUS_COUNT; i++) {
		if (strcmp(status_names[i], name) == 0)
			return i;
	}
	return -1;
}

static const char level_names[LEVEL_COUNT][4] = { "-", "E0", "E1", "E2", "E3", "E4" };

const char *evidence_level_name(enum evidence_level level)
{
	return (unsigned)level < LEVEL_COUNT ? level_names[level] : "?";
}

int evidence_level_find(const char *name)
{
	for (int i = LEVEL_ASSERTED; i < LEVEL_COUNT; i++) {
		if (strcmp(level_names[i], name) == 0)
			return i;
	}
	return -1;
}

void judged(struct judge *judge, struct finding *ret, enum finding_status status,
	    enum evidence_level level, const char *const texts[3])
{
	for (size_t i = 0; i < 3; i++)
		judge->out_of_memory |= texts[i] == NULL;
	ret->status = status;
	ret->level = level;
	ret->expected = texts[0];
	ret->observed = texts[1];
	ret->source = texts[2];
}

void judged_by_events(struct judge *judge, struct finding *ret, enum finding_status status,
		      const char *const texts[3])
{
	const char *observed = texts[1];

	if (status == FINDING_PASS && !judge->whole) {
		observed =
			arena_printf(judge->arena, "%s so far, but %s", observed, judge->not_whole);
		if (judge->fails)
			judged(judge, ret, FINDING_FAIL, LEVEL_KERNEL,
			       TEXTS(texts[0],
				     arena_printf(judge->arena, "%s (on-loss: fail)", observed),
				     texts[2]));
		else
			judged(judge, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
			       TEXTS(texts[0], observed, texts[2]));
		return;
	}
	judged(judge, ret, status, LEVEL_KERNEL, texts);
}

void judged_unread(struct judge *judge, struct finding *ret, const char *expected,
		   const char *source)
{
	judged(judge, ret, FINDING_NOT_PROVEN, LEVEL_NONE,
	       TEXTS(expected, "it could not be read", source));
}

static bool is_lost(const json_t *entry)
{
	return strcmp(record_text(entry, "state", ""), "lost") == 0;
}

void note_left_out(struct judge *judge, struct finding *ret, const json_t *entry)
{
	if (!is_lost(entry) || !strstr(record_text(entry, "text", ""), "--without"))
		return;
	ret->given = arena_printf(judge->arena, "--without %s", record_text(entry, "layer", "?"));
	judge->out_of_memory |= !ret->given;
}

bool judged_lost(struct judge *judge, struct finding *ret, const char *layer, const char *expected)
{
	const json_t *entry = record_ledger(judge->plan, layer);

	if (!is_lost(entry))
		return false;
	judged(judge, ret, FINDING_FAIL, LEVEL_INSTALLED,
	       TEXTS(expected, arena_printf(judge->arena, "%s", record_text(entry, "text", "lost")),
		     "ledger of the plan"));
	note_left_out(judge, ret, entry);
	return true;
}

const char *evidence_text(const struct judge *judge, const char *key)
{
	return record_text(judge->evidence, key, NULL);
}

const struct sighting *seen(const struct judge *judge, enum sighting_kind kind)
{
	static const struct sighting nothing;

	return judge->seen ? &judge->seen->of[kind] : &nothing;
}
