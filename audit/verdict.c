/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/verdict.h"

#include <string.h>

#include "base/procfs.h"

#define MAX_CHECKS 24

struct judge {
	const struct run_record *record;
	struct arena *arena;
	struct check *checks;
	size_t n;
	const json_t *status, *namespaces;
	struct proc_mount *mounts;
	size_t n_mounts;
	bool out_of_memory;
};

static void add(struct judge *j, const char *id, const char *title, enum verdict_status status,
		const char *expected, const char *observed, const char *source)
{
	if (!observed || j->n == MAX_CHECKS) {
		j->out_of_memory = true;
		return;
	}
	j->checks[j->n++] = (struct check){ id, title, status, expected, observed, source };
}

static void not_read(struct judge *j, const char *id, const char *title, const char *expected,
		     const char *source)
{
	add(j, id, title, CHECK_NOT_PROVEN, expected, "could not be read", source);
}

/* A number of /proc/PID/status against the only right value. */
static void status_number(struct judge *j, const char *id, const char *title, const char *key,
			  int64_t right)
{
	const json_t *value = json_object_get(j->status, key);
	const char *expected = arena_printf(j->arena, "%lld", (long long)right);
	const char *source = arena_printf(j->arena, "/proc/PID/status %s", key);

	if (!json_is_integer(value)) {
		not_read(j, id, title, expected, source);
		return;
	}
	add(j, id, title, json_integer_value(value) == right ? CHECK_PASS : CHECK_FAIL, expected,
	    arena_printf(j->arena, "%lld", (long long)json_integer_value(value)), source);
}

static void capabilities(struct judge *j)
{
	static const char *const sets[] = { "cap_eff", "cap_prm", "cap_inh", "cap_bnd", "cap_amb" };
	static const char none[] = "0000000000000000";

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		const char *value = record_text(j->status, sets[i], NULL);

		if (!value) {
			not_read(j, "CIS 5.4", "capabilities", "none in any set",
				 "/proc/PID/status Cap*");
			return;
		}
		if (strcmp(value, none) != 0) {
			add(j, "CIS 5.4", "capabilities", CHECK_FAIL, "none in any set",
			    arena_printf(j->arena, "%s=%s", sets[i], value),
			    "/proc/PID/status Cap*");
			return;
		}
	}
	add(j, "CIS 5.4", "capabilities", CHECK_PASS, "none in any set", "none",
	    "/proc/PID/status Cap*");
}

static void own_namespace(struct judge *j, const char *id, const char *name)
{
	const json_t *ns = json_object_get(j->namespaces, name);
	const char *title = arena_printf(j->arena, "own %s namespace", name);
	const char *source = arena_printf(j->arena, "/proc/PID/ns/%s", name);
	bool own = json_is_true(json_object_get(ns, "own"));

	if (!ns)
		not_read(j, id, title, "own", source);
	else
		add(j, id, title, own ? CHECK_PASS : CHECK_FAIL, "own",
		    own ? arena_printf(j->arena, "own (%lld)",
				       (long long)record_number(ns, "inode", 0))
			: "the host's",
		    source);
}

static bool has_option(const char *options, const char *name)
{
	struct span rest = span_of(options);

	while (rest.n > 0) {
		if (span_eq(span_cut(&rest, ','), name))
			return true;
	}
	return false;
}

static const struct proc_mount *mount_on(const struct judge *j, const char *point)
{
	const struct proc_mount *last = NULL;

	for (size_t i = 0; i < j->n_mounts; i++) {
		if (strcmp(j->mounts[i].point, point) == 0)
			last = &j->mounts[i];
	}
	return last;
}

static void read_mounts(struct judge *j)
{
	const char *text = record_text(j->record->evidence, "mountinfo", NULL);
	struct err ignored = { 0 };

	if (text &&
	    proc_mountinfo_parse(span_of(text), j->arena, &j->mounts, &j->n_mounts, &ignored) < 0)
		j->n_mounts = 0;
}

static void root_mount(struct judge *j)
{
	const struct proc_mount *root = mount_on(j, "/");
	bool asked =
		json_is_true(json_object_get(json_object_get(j->record->plan, "root"), "writable"));

	if (!root)
		not_read(j, "CIS 5.13", "read-only root", "ro", "mountinfo");
	else
		add(j, "CIS 5.13", "read-only root",
		    has_option(root->options, "ro") ? CHECK_PASS : CHECK_FAIL, "ro",
		    has_option(root->options, "ro") ? "ro"
		    : asked                         ? "rw: --writable was asked for"
						    : "rw",
		    "mountinfo");
}

/* Every mount, and the first that is not as it should be. */
static void all_mounts(struct judge *j, const char *id, const char *title, const char *expected,
		       bool (*is_right)(const struct proc_mount *))
{
	if (j->n_mounts == 0) {
		not_read(j, id, title, expected, "mountinfo");
		return;
	}
	for (size_t i = 0; i < j->n_mounts; i++) {
		if (is_right(&j->mounts[i]))
			continue;
		add(j, id, title, CHECK_FAIL, expected,
		    arena_printf(j->arena, "%s: %s %s", j->mounts[i].point, j->mounts[i].options,
				 j->mounts[i].optional),
		    "mountinfo");
		return;
	}
	add(j, id, title, CHECK_PASS, expected, arena_printf(j->arena, "%zu mounts", j->n_mounts),
	    "mountinfo");
}

static bool is_private(const struct proc_mount *m)
{
	return strstr(m->optional, "shared:") == NULL;
}

static bool is_nosuid(const struct proc_mount *m)
{
	return has_option(m->options, "nosuid");
}

static bool is_no_socket(const struct proc_mount *m)
{
	return !strstr(m->root, "docker.sock") && !strstr(m->root, "podman.sock") &&
	       !strstr(m->root, "containerd.sock") && !strstr(m->root, "crio.sock");
}

static void not_root_inside(struct judge *j)
{
	int64_t uid = record_number(j->status, "uid", -1);
	int64_t inside = record_number(json_object_get(j->record->plan, "ids"), "uid", -1);

	if (uid < 0)
		not_read(j, "immure user", "not root for the kernel", "uid not 0",
			 "/proc/PID/status Uid");
	else
		add(j, "immure user", "not root for the kernel", uid != 0 ? CHECK_PASS : CHECK_FAIL,
		    "uid not 0",
		    arena_printf(j->arena, "uid %lld, inside %lld", (long long)uid,
				 (long long)inside),
		    "/proc/PID/status Uid");
}

/* "Max processes             2048                 2048                 processes" */
static const char *limit_of(const struct judge *j, const char *name)
{
	const char *text = record_text(j->record->evidence, "limits", NULL);
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

static void a_limit(struct judge *j, const char *id, const char *title, const char *name)
{
	const char *value = limit_of(j, name);

	if (!value)
		not_read(j, id, title, "a limit", "/proc/PID/limits");
	else
		add(j, id, title, strcmp(value, "unlimited") == 0 ? CHECK_FAIL : CHECK_PASS,
		    "a limit", value, "/proc/PID/limits");
}

/* Only a cgroup limits the sandbox as a whole. */
static void memory(struct judge *j)
{
	const char *cgroup = record_text(j->record->plan, "cgroup", NULL);

	if (cgroup)
		add(j, "CIS 5.11", "memory limit", CHECK_PASS, "a limit of the whole sandbox",
		    cgroup, "plan and cgroup");
	else
		add(j, "CIS 5.11", "memory limit", CHECK_NOT_PROVEN, "a limit of the whole sandbox",
		    "no delegated cgroup: each process is limited", "immure doctor");
}

int verdict_make(const struct run_record *record, struct arena *arena, struct check **ret,
		 struct err *err)
{
	struct judge j = {
		.record = record,
		.arena = arena,
		.checks = arena_array(arena, MAX_CHECKS, sizeof(*j.checks)),
		.status = json_object_get(record->evidence, "status"),
		.namespaces = json_object_get(record->evidence, "namespaces"),
	};

	if (!j.checks)
		return err_set(err, ENOMEM, "out of memory");
	read_mounts(&j);
	capabilities(&j);
	own_namespace(&j, "CIS 5.10", "net");
	root_mount(&j);
	own_namespace(&j, "CIS 5.16", "pid");
	own_namespace(&j, "CIS 5.17", "ipc");
	a_limit(&j, "CIS 5.19", "limit of open files", "Max open files");
	all_mounts(&j, "CIS 5.20", "mount propagation", "no mount is shared", is_private);
	own_namespace(&j, "CIS 5.21", "uts");
	status_number(&j, "CIS 5.22", "seccomp filter", "seccomp", 2);
	status_number(&j, "CIS 5.26", "no new privileges", "no_new_privs", 1);
	a_limit(&j, "CIS 5.29", "limit of processes", "Max processes");
	own_namespace(&j, "CIS 5.31", "user");
	all_mounts(&j, "CIS 5.32", "no socket of a runtime", "none is shown", is_no_socket);
	memory(&j);
	not_root_inside(&j);
	all_mounts(&j, "immure nosuid", "no set-id programs", "every mount is nosuid", is_nosuid);
	own_namespace(&j, "immure mnt", "mnt");
	if (j.out_of_memory)
		return err_set(err, ENOMEM, "out of memory");
	*ret = j.checks;
	return (int)j.n;
}
