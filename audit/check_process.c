/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of the process itself: namespaces, privileges, filter, labels. */
#include <string.h>

#include "audit/check_parts.h"

#define STATUS_FILE "/proc/PID/status"

void check_namespace(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *name = control->param ? control->param : "user";
	const json_t *ns = json_object_get(j->namespaces, name);
	const char *source = arena_printf(j->arena, "/proc/PID/ns/%s", name);
	bool own = json_is_true(json_object_get(ns, "own"));

	if (!ns)
		judged_unread(j, ret, "its own", source);
	else
		judged(j, ret, own ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("its own",
			     own ? arena_printf(j->arena, "its own, %lld",
						(long long)record_number(ns, "inode", 0))
				 : "the host's",
			     source));
}

static const char *const cap_sets[] = { "cap_eff", "cap_prm", "cap_inh", "cap_bnd", "cap_amb" };

/* The first set that is not empty; "" if all are, NULL if one is unknown. */
static const char *set_with_capability(const struct judge *j)
{
	const char *found = "";

	for (size_t i = 0; i < ARRAY_LEN(cap_sets); i++) {
		const char *value = record_text(j->status, cap_sets[i], NULL);

		if (!value)
			return NULL;
		if (*found == '\0' && strspn(value, "0") != strlen(value))
			found = cap_sets[i];
	}
	return found;
}

void check_capabilities(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *set = set_with_capability(j);

	(void)control;
	if (!set)
		judged_unread(j, ret, "none in any set", STATUS_FILE " Cap*");
	else if (*set == '\0')
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("none in any set", "none", STATUS_FILE " Cap*"));
	else
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("none in any set",
			     arena_printf(j->arena, "%s is %s", set,
					  record_text(j->status, set, "?")),
			     STATUS_FILE " Cap*"));
}

static void status_number(struct judge *j, struct finding *ret, const char *key, int64_t right,
			  const char *source)
{
	const char *expected = arena_printf(j->arena, "%lld", (long long)right);
	int64_t value = record_number(j->status, key, -1);

	if (value < 0)
		judged_unread(j, ret, expected, source);
	else
		judged(j, ret, value == right ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS(expected, arena_printf(j->arena, "%lld", (long long)value), source));
}

void check_seccomp(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	/* Without the policy's filter one is there that lets every call pass. */
	if (judged_lost(j, ret, "seccomp", "2, a filter"))
		return;
	status_number(j, ret, "seccomp", 2, STATUS_FILE " Seccomp");
	if (ret->status == FINDING_PASS)
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("2, a filter",
			     arena_printf(j->arena, "2, %lld filter, policy digest %.12s",
					  (long long)record_number(j->status, "seccomp_filters", 1),
					  record_text(j->plan, "policy_digest", "?")),
			     STATUS_FILE " Seccomp"));
}

void check_no_new_privs(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	status_number(j, ret, "no_new_privs", 1, STATUS_FILE " NoNewPrivs");
}

void check_not_root(struct judge *j, const struct control *control, struct finding *ret)
{
	int64_t uid = record_number(j->status, "uid", -1);

	(void)control;
	if (uid < 0)
		judged_unread(j, ret, "not 0 for the kernel", STATUS_FILE " Uid");
	else
		judged(j, ret, uid != 0 ? FINDING_PASS : FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("not 0 for the kernel",
			     arena_printf(j->arena, "%lld, inside %lld", (long long)uid,
					  (long long)record_number(json_object_get(j->plan, "ids"),
								   "uid", -1)),
			     STATUS_FILE " Uid"));
}

/* The text without the newline at its end, and without what stands behind a blank: the mode. */
static const char *label_of(const struct judge *j, const char *key)
{
	const char *text = evidence_text(j, key);

	return text ? arena_strndup(j->arena, text, strcspn(text, "\n")) : NULL;
}

#define INSTEAD "; mounts, Landlock, the filter and the empty capability sets stand in"

void check_apparmor(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *label = label_of(j, "apparmor");

	(void)control;
	if (!label)
		judged(j, ret, FINDING_NA, LEVEL_KERNEL,
		       TEXTS("a profile in enforce mode", "this kernel has no AppArmor" INSTEAD,
			     "/proc/PID/attr/apparmor/current"));
	else if (strcmp(label, "unconfined") == 0)
		judged(j, ret, FINDING_NA, LEVEL_KERNEL,
		       TEXTS("a profile in enforce mode", "unconfined" INSTEAD,
			     "/proc/PID/attr/apparmor/current"));
	else
		judged(j, ret, strstr(label, "(enforce)") ? FINDING_PASS : FINDING_FAIL,
		       LEVEL_KERNEL,
		       TEXTS("a profile in enforce mode", label,
			     "/proc/PID/attr/apparmor/current"));
}

/* An SELinux context has at least three colons: user:role:type:level. */
void check_selinux(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *label = label_of(j, "lsm_label");
	size_t colons = 0;

	(void)control;
	for (const char *p = label ? label : ""; *p; p++)
		colons += *p == ':';
	if (colons < 2)
		judged(j, ret, FINDING_NA, LEVEL_KERNEL,
		       TEXTS("a confined type", "this kernel has no SELinux" INSTEAD,
			     "/proc/PID/attr/current"));
	else
		judged(j, ret, strstr(label, ":unconfined_t") ? FINDING_FAIL : FINDING_PASS,
		       LEVEL_KERNEL, TEXTS("a confined type", label, "/proc/PID/attr/current"));
}

/* Either module will do. */
void check_mac(struct judge *j, const struct control *control, struct finding *ret)
{
	struct finding other = *ret;

	check_apparmor(j, control, ret);
	check_selinux(j, control, &other);
	if (ret->status != FINDING_PASS && other.status != FINDING_NA)
		*ret = other;
}

/* What docker calls privileged: all capabilities, all devices, no filter. */
void check_not_privileged(struct judge *j, const struct control *control, struct finding *ret)
{
	const struct control user = { .param = "user" };
	static const struct {
		const char *name;
		check_fn fn;
	} parts[] = {
		{ "capabilities", check_capabilities },   { "devices", check_devices },
		{ "seccomp filter", check_seccomp },      { "user namespace", check_namespace },
		{ "new privileges", check_no_new_privs },
	};

	(void)control;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		parts[i].fn(j, &user, ret);
		if (ret->status == FINDING_PASS)
			continue;
		ret->expected = "no capability, no device, filter, own user namespace";
		ret->observed = arena_printf(j->arena, "%s: %s", parts[i].name, ret->observed);
		j->out_of_memory |= !ret->observed;
		return;
	}
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS("no capability, no device, filter, own user namespace", "so it is",
		     STATUS_FILE ", ns/user, mountinfo"));
}

void check_landlock(struct judge *j, const struct control *control, struct finding *ret)
{
	int64_t abi = record_number(j->plan, "landlock_abi", 0);

	(void)control;
	if (judged_lost(j, ret, "landlock", "path rules in force"))
		return;
	/* The kernel shows nobody a process's Landlock domain: that the call succeeded is all. */
	if (abi > 0)
		judged(j, ret, FINDING_PASS, LEVEL_INSTALLED,
		       TEXTS("path rules in force",
			     arena_printf(j->arena, "ABI %lld", (long long)abi),
			     "landlock_restrict_self(2) succeeded"));
	else
		judged(j, ret, FINDING_FAIL, LEVEL_INSTALLED,
		       TEXTS("path rules in force", "this kernel has no Landlock", "plan"));
}
