/* SPDX-License-Identifier: Apache-2.0 */
/* The machine itself: evidence is {"values":{NAME:TEXT},"cpu":{NAME:TEXT},"sockets":[...]}. */
#include <string.h>

#include "audit/check_parts.h"

/* The text of a value, NULL if it could not be read. */
static const char *value_of(const struct judge *j, const char *name)
{
	return record_text(json_object_get(j->evidence, "values"), name, NULL);
}

/* "NAME VALUE" of a control: the name in arena, the value behind the blank. */
static const char *split_param(const struct judge *j, const struct control *control,
			       const char **ret_value)
{
	const char *param = control->param ? control->param : "";
	size_t n = strcspn(param, " ");

	*ret_value = param[n] ? param + n + 1 : "";
	return arena_strndup(j->arena, param, n);
}

/* A number, or -1: nothing here is negative but perf_event_paranoid at its weakest. */
static int64_t number_of(const char *text)
{
	uint64_t value = 0;

	return span_u64(span_of(text), INT64_MAX, &value) < 0 ? -1 : (int64_t)value;
}

static void against(struct judge *j, const struct control *control, struct finding *ret,
		    const char *word, bool at_least)
{
	const char *limit = NULL;
	const char *name = split_param(j, control, &limit);
	const char *value = name ? value_of(j, name) : NULL;
	const char *expected = arena_printf(j->arena, "%s %s", word, limit);
	bool right;

	if (!value) {
		judged_unread(j, ret, expected, name);
		return;
	}
	right = at_least ? number_of(value) >= number_of(limit)
			 : number_of(value) >= 0 && number_of(value) <= number_of(limit);
	judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
	       TEXTS(expected, value, name));
}

void check_host_at_least(struct judge *j, const struct control *control, struct finding *ret)
{
	against(j, control, ret, "at least", true);
}

void check_host_at_most(struct judge *j, const struct control *control, struct finding *ret)
{
	against(j, control, ret, "at most", false);
}

/* Does a list of words, separated by blanks or commas, hold the one that is asked for? */
static bool has_word(const char *text, const char *word)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, " ,");

		if (n == strlen(word) && strncmp(p, word, n) == 0)
			return true;
		p += n + (p[n] != '\0');
	}
	return false;
}

void check_host_word(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *word = NULL;
	const char *name = split_param(j, control, &word);
	const char *value = name ? value_of(j, name) : NULL;

	if (!value)
		judged_unread(j, ret, word, name);
	else
		judged(j, ret, has_word(value, word) ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS(word, value, name));
}

void check_host_mac(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *lsm = value_of(j, "lsm");
	bool right = lsm && (has_word(lsm, "apparmor") || has_word(lsm, "selinux"));

	(void)control;
	if (!lsm)
		judged_unread(j, ret, "apparmor or selinux", "/sys/kernel/security/lsm");
	else
		judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("apparmor or selinux", lsm, "/sys/kernel/security/lsm"));
}

void check_host_cgroup(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *controllers = value_of(j, "cgroup_controllers");
	bool right = controllers && has_word(controllers, "memory") &&
		     has_word(controllers, "pids") && has_word(controllers, "cpu");

	(void)control;
	judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
	       TEXTS("memory, pids and cpu in a delegated cgroup",
		     controllers && *controllers ? controllers : "none delegated to this caller",
		     "cgroup.controllers"));
}

void check_host_core(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *pattern = value_of(j, "kernel.core_pattern");

	(void)control;
	if (!pattern)
		judged_unread(j, ret, "no pipe", "kernel.core_pattern");
	else
		judged(j, ret, pattern[0] == '|' ? FINDING_FAIL : FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("no pipe", pattern, "kernel.core_pattern"));
}

/* Each file says "Not affected", "Mitigation: ..." or "Vulnerable...". */
void check_host_cpu(struct judge *j, const struct control *control, struct finding *ret)
{
	static const char source[] = "/sys/devices/system/cpu/vulnerabilities";
	json_t *cpu = json_object_get(j->evidence, "cpu");
	const char *name;
	json_t *text;

	(void)control;
	if (json_object_size(cpu) == 0) {
		judged_unread(j, ret, "none is vulnerable", source);
		return;
	}
	json_object_foreach(cpu, name, text)
	{
		const char *says = json_string_value(text);

		if (!says || !strstr(says, "Vulnerable"))
			continue;
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("none is vulnerable", arena_printf(j->arena, "%s: %s", name, says),
			     source));
		return;
	}
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS("none is vulnerable",
		     arena_printf(j->arena, "so are all %zu", json_object_size(cpu)), source));
}

void check_host_sockets(struct judge *j, const struct control *control, struct finding *ret)
{
	const json_t *sockets = json_object_get(j->evidence, "sockets");
	const char *first = json_string_value(json_array_get(sockets, 0));

	(void)control;
	if (!json_is_array(sockets))
		judged_unread(j, ret, "none can be written", "/run");
	else
		judged(j, ret, first ? FINDING_FAIL : FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("none can be written",
			     first ? arena_printf(j->arena, "%s", first) : "none", "/run"));
}

void check_host_modules(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *enforce = value_of(j, "module.sig_enforce");
	const char *disabled = value_of(j, "kernel.modules_disabled");
	bool right =
		(enforce && strcmp(enforce, "Y") == 0) || (disabled && strcmp(disabled, "1") == 0);

	(void)control;
	if (!enforce && !disabled)
		judged(j, ret, FINDING_NA, LEVEL_KERNEL,
		       TEXTS("signed modules only", "this kernel has no modules", "/sys/module"));
	else
		judged(j, ret, right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("signed modules only",
			     right ? "so it is" : "any module that root names can be loaded",
			     "module.sig_enforce, kernel.modules_disabled"));
}
