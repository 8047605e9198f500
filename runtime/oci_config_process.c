/* SPDX-License-Identifier: Apache-2.0 */
/* The "process" object: of config.json, and what exec is given. */
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/oci_config.h"

#define ID_MAX ((int64_t)UINT32_MAX - 1)

struct word {
	const char *name;
	int64_t value;
};

/* Source: capabilities(7), in the order of their numbers */
static const char *const cap_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

/* Source: getrlimit(2) */
static const struct word rlimits[] = {
	{ "AS", RLIMIT_AS },
	{ "CORE", RLIMIT_CORE },
	{ "CPU", RLIMIT_CPU },
	{ "DATA", RLIMIT_DATA },
	{ "FSIZE", RLIMIT_FSIZE },
	{ "LOCKS", RLIMIT_LOCKS },
	{ "MEMLOCK", RLIMIT_MEMLOCK },
	{ "MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "NICE", RLIMIT_NICE },
	{ "NOFILE", RLIMIT_NOFILE },
	{ "NPROC", RLIMIT_NPROC },
	{ "RSS", RLIMIT_RSS },
	{ "RTPRIO", RLIMIT_RTPRIO },
	{ "RTTIME", RLIMIT_RTTIME },
	{ "SIGPENDING", RLIMIT_SIGPENDING },
	{ "STACK", RLIMIT_STACK },
};

static const struct word sched_policies[] = {
	{ "SCHED_OTHER", SCHED_OTHER },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", -1 },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const struct word sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

/* Source: ioprio_set(2) */
static const struct word io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};

static int64_t find_word(const struct word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i].name, name) == 0)
			return words[i].value;
	}
	return -1;
}

int oci_cap_find(const char *name)
{
	if (strncmp(name, "CAP_", 4) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(cap_names); i++) {
		if (strcmp(cap_names[i], name + 4) == 0)
			return (int)i;
	}
	return -1;
}

const char *oci_cap_name(int cap)
{
	return cap >= 0 && (size_t)cap < ARRAY_LEN(cap_names) ? cap_names[cap] : NULL;
}

/*
 * A name that is no capability is skipped, as the specification (1.2) wants: an engine is newer.
 * Whoever makes something by it warns.
 */
static void read_caps(struct oci_json *j, const json_t *process, struct oci_process *ret)
{
	static const char *const sets[OCI_CAP_COUNT] = {
		[OCI_CAP_BOUNDING] = "bounding",       [OCI_CAP_EFFECTIVE] = "effective",
		[OCI_CAP_INHERITABLE] = "inheritable", [OCI_CAP_PERMITTED] = "permitted",
		[OCI_CAP_AMBIENT] = "ambient",
	};
	const json_t *caps = oci_json_object(j, process, "capabilities");

	for (size_t i = 0; caps && i < OCI_CAP_COUNT; i++) {
		size_t n;
		const char *const *names = oci_json_texts(j, caps, sets[i], &n);

		for (size_t k = 0; k < n; k++) {
			int cap = oci_cap_find(names[k]);

			if (cap >= 0)
				ret->caps[i] |= UINT64_C(1) << cap;
			else
				ret->unknown_cap = names[k];
		}
	}
}

static void read_rlimits(struct oci_json *j, const json_t *process, struct oci_process *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, process, "rlimits", &n);
	struct oci_rlimit *items;

	if (!array)
		return;
	items = oci_json_alloc(j, n, sizeof(*items));
	for (size_t i = 0; items && i < n && j->r == 0; i++) {
		const json_t *limit = json_array_get(array, i);
		const char *type = oci_json_need(j, limit, "type");
		int64_t resource = strncmp(type, "RLIMIT_", 7) == 0
					   ? find_word(rlimits, ARRAY_LEN(rlimits), type + 7)
					   : -1;

		if (resource < 0)
			oci_json_fault(j, EINVAL, "rlimits: \"%s\" is no resource limit", type);
		items[i].resource = (int)resource;
		items[i].soft = oci_json_u64(j, limit, "soft", 0);
		items[i].hard = oci_json_u64(j, limit, "hard", 0);
		if (items[i].soft > items[i].hard)
			oci_json_fault(j, EINVAL, "rlimits: %s: soft is above hard", type);
		for (size_t k = 0; k < i; k++) {
			if (items[k].resource == items[i].resource)
				oci_json_fault(j, EINVAL, "rlimits: %s is there twice", type);
		}
	}
	ret->n_rlimits = n;
	ret->rlimits = items;
}

static void read_user(struct oci_json *j, const json_t *process, struct oci_process *ret)
{
	const json_t *user = oci_json_object(j, process, "user");
	size_t n;
	const json_t *groups;
	gid_t *ids;

	ret->uid = (uint32_t)oci_json_int(j, user, "uid", 0, ID_MAX, 0);
	ret->gid = (uint32_t)oci_json_int(j, user, "gid", 0, ID_MAX, 0);
	ret->has_umask = user && oci_json_has(user, "umask");
	ret->umask = (mode_t)oci_json_int(j, user, "umask", 0, 0777, 022);
	groups = oci_json_array(j, user, "additionalGids", &n);
	if (!groups)
		return;
	ids = oci_json_alloc(j, n, sizeof(*ids));
	for (size_t i = 0; ids && i < n; i++) {
		const json_t *id = json_array_get(groups, i);
		int64_t number = json_integer_value(id);

		if (!json_is_integer(id) || number < 0 || number > ID_MAX)
			oci_json_fault(j, EINVAL, "additionalGids: expected group ids");
		ids[i] = (gid_t)number;
	}
	ret->groups = ids;
	ret->n_groups = n;
}

static void read_scheduler(struct oci_json *j, const json_t *process, struct oci_scheduler *ret)
{
	const json_t *s = oci_json_object(j, process, "scheduler");
	const char *policy;
	const char *const *flags;
	int64_t number;
	size_t n;

	if (!s)
		return;
	policy = oci_json_need(j, s, "policy");
	number = find_word(sched_policies, ARRAY_LEN(sched_policies), policy);
	if (number < 0)
		oci_json_fault(j, EINVAL, "scheduler.policy: \"%s\" is none of Linux's", policy);
	ret->set = true;
	ret->policy = (uint32_t)number;
	ret->nice = (int32_t)oci_json_int(j, s, "nice", -20, 19, 0);
	ret->priority = (uint32_t)oci_json_int(j, s, "priority", 0, 99, 0);
	ret->runtime = oci_json_u64(j, s, "runtime", 0);
	ret->deadline = oci_json_u64(j, s, "deadline", 0);
	ret->period = oci_json_u64(j, s, "period", 0);
	flags = oci_json_texts(j, s, "flags", &n);
	for (size_t i = 0; i < n; i++) {
		number = find_word(sched_flags, ARRAY_LEN(sched_flags), flags[i]);
		if (number < 0)
			oci_json_fault(j, EINVAL, "scheduler.flags: \"%s\" is unknown", flags[i]);
		ret->flags |= (uint64_t)number;
	}
}

static int read_ioprio(struct oci_json *j, const json_t *process)
{
	const json_t *io = oci_json_object(j, process, "ioPriority");
	const char *class;
	int64_t number;

	if (!io)
		return -1;
	class = oci_json_need(j, io, "class");
	number = find_word(io_classes, ARRAY_LEN(io_classes), class);
	if (number < 0)
		oci_json_fault(j, EINVAL, "ioPriority.class: \"%s\" is unknown", class);
	return (int)(number * 8192 + oci_json_int(j, io, "priority", 0, 7, 0));
}

void oci_config_process(struct oci_json *j, const json_t *process, struct oci_process *ret)
{
	const json_t *size = oci_json_object(j, process, "consoleSize");
	size_t n_args;
	size_t n_env;

	ret->args = oci_json_texts(j, process, "args", &n_args);
	if (n_args == 0 || (j->r == 0 && ret->args[0][0] == '\0'))
		oci_json_fault(j, EINVAL, "process.args: at least the program is needed");
	ret->env = oci_json_texts(j, process, "env", &n_env);
	if (!ret->env)
		ret->env = oci_json_alloc(j, 1, sizeof(*ret->env));
	ret->cwd = oci_json_need(j, process, "cwd");
	if (j->r == 0 && ret->cwd[0] != '/')
		oci_json_fault(j, EINVAL, "process.cwd: %s is not an absolute path", ret->cwd);
	ret->terminal = oci_json_bool(j, process, "terminal", false);
	ret->rows = (uint16_t)oci_json_int(j, size, "height", 0, UINT16_MAX, 0);
	ret->columns = (uint16_t)oci_json_int(j, size, "width", 0, UINT16_MAX, 0);
	read_user(j, process, ret);
	read_caps(j, process, ret);
	read_rlimits(j, process, ret);
	ret->no_new_privs = oci_json_bool(j, process, "noNewPrivileges", false);
	ret->has_oom_score_adj = oci_json_has(process, "oomScoreAdj");
	ret->oom_score_adj = (int)oci_json_int(j, process, "oomScoreAdj", -1000, 1000, 0);
	ret->apparmor = oci_json_text(j, process, "apparmorProfile");
	ret->selinux = oci_json_text(j, process, "selinuxLabel");
	read_scheduler(j, process, &ret->scheduler);
	ret->ioprio = read_ioprio(j, process);
}
