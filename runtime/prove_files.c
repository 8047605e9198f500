/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, limits and the network to probe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policies/audit_mode.h"
#include "policies/bpf_eval.h"
#include "policies/syscall_sets.h"
#include "runtime/prove.h"

#define CWD 0xffffff9cU /* AT_FDCWD, as an unsigned argument */
#define BAD_ADDRESS 1
/* UDP: connect(2) looks for a route and sends nothing. 203.0.113.1, port 9 (RFC 5737). */
#define FAR_AWAY "w103865138435588098,0"

static int no_room(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory, or too many probes");
}

static bool filter_allows(const struct bundle *bundle, const struct probe *p)
{
	struct seccomp_data data = { .nr = p->nr, .arch = bundle->audit_arch };

	for (int i = 0; i < 6; i++)
		data.args[i] = p->args[i];
	return verdict_goes_on(
		(enum verdict)EXPLAIN_ACTION(bpf_eval(bundle->explain, bundle->n_explain, &data)));
}

static bool can_stand_in_a_line(const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return strlen(path) < 1024;
}

/*
 * An execve(2) with a bad address for its arguments opens the file and goes no further, from Linux
 * 6.9 on. Earlier ones look at the arguments first.
 */
static bool execve_opens_first(void)
{
	return syscall(SYS_execve, "/proc/self/none", BAD_ADDRESS, NULL) < 0 && errno == ENOENT;
}

static bool can_have_child(const struct bundle *bundle)
{
	const struct probe calls[] = {
		{ .nr = syscall_number("clone", bundle->audit_arch), .args = { SIGCHLD } },
		{ .nr = syscall_number("prlimit64", bundle->audit_arch),
		  .args = { 0, RLIMIT_AS, BAD_ADDRESS } },
		{ .nr = syscall_number("wait4", bundle->audit_arch), .args = { 1, BAD_ADDRESS } },
	};
	bool can = true;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		can = can && filter_allows(bundle, &calls[i]);
	return can;
}

static void make_exec(struct probe *probe, const struct bundle *bundle, const char *word)
{
	probe->nr = syscall_number("execve", bundle->audit_arch);
	probe->args[0] = 0;
	probe->args[1] = BAD_ADDRESS;
	probe->args[2] = 0;
	probe->words[0] = word;
	probe->words[1] = NULL;
	if (execve_opens_first())
		return;
	probe->in_child = can_have_child(bundle);
	if (!probe->in_child)
		probe->untried =
			"before Linux 6.9 only a child can try it, and the policy allows none";
}

/* access(2) knows the file's mode and the mount, and not Landlock; then the operation itself. */
int probes_add_path(struct probes *probes, const struct bundle *bundle, const char *path,
		    const char *op, struct err *err)
{
	uint64_t mode = strcmp(op, "read") == 0 || strcmp(op, "list") == 0 ? R_OK
			: strcmp(op, "write") == 0                         ? W_OK
									   : X_OK;
	const char *word = arena_printf(probes->arena, "s%s", path);
	struct probe access = {
		.kind = PROBE_HELPER,
		.nr = syscall_number("faccessat", bundle->audit_arch),
		.args = { CWD, 0, mode },
		.words = { NULL, word },
		.what = "access",
	};
	struct probe probe = {
		.kind = PROBE_FILE,
		.nr = syscall_number("openat", bundle->audit_arch),
		.args = { CWD, 0,
			  (mode == W_OK ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY |
				  O_CLOEXEC },
		.words = { NULL, word },
		.what = arena_printf(probes->arena, "%s %s", op, path),
		.path = arena_strdup(probes->arena, path),
		.op = op,
	};

	if (!can_stand_in_a_line(path))
		return 0;
	if (mode == X_OK)
		make_exec(&probe, bundle, word);
	if (!filter_allows(bundle, &probe) || !filter_allows(bundle, &access))
		return 0; /* the calls themselves are probed as calls */
	if (!word || !probe.what || !probe.path || probes_add(probes, &access) < 0 ||
	    probes_add(probes, &probe) < 0)
		return no_room(err);
	return 0;
}

static int add_ops(struct probes *probes, const struct bundle *bundle, const char *path,
		   bool is_file, struct err *err)
{
	int r = probes_add_path(probes, bundle, path, is_file ? "read" : "list", err);

	if (r == 0)
		r = probes_add_path(probes, bundle, path, "write", err);
	if (r == 0 && is_file)
		r = probes_add_path(probes, bundle, path, "exec", err);
	return r;
}

int probes_add_files(struct probes *probes, const struct bundle *bundle, struct err *err)
{
	static const struct {
		const char *path;
		bool is_file;
	} usual[] = {
		{ "/bin/sh", true },
		{ "/usr/bin/env", true },
		{ "/usr/bin/id", true },
		{ "/etc/passwd", true },
		{ "/etc/hostname", true },
		{ "/etc/shadow", true },
		{ "/etc/ld.so.cache", true },
		{ "/dev/null", true },
		{ "/dev/full", true },
		{ "/proc/self/status", true },
		{ "/proc/kcore", true },
		{ "/proc/sysrq-trigger", true },
		{ "/", false },
		{ "/etc", false },
		{ "/usr/share", false },
		{ "/usr/lib", false },
		{ "/home", false },
		{ "/root", false },
		{ "/tmp", false },
		{ "/var", false },
		{ "/sys", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (add_ops(probes, bundle, usual[i].path, usual[i].is_file, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < bundle->n_files && i < 256; i++) {
		const struct bundle_file *file = &bundle->files[i];
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(usual); k++)
			known = known || strcmp(usual[k].path, file->path) == 0;
		for (size_t k = 0; k < i; k++)
			known = known || strcmp(bundle->files[k].path, file->path) == 0;
		if (!known && add_ops(probes, bundle, file->path, !file->tree, err) < 0)
			return -err->code;
	}
	return 0;
}

/* A limit that is below ours can be raised by nobody inside; where it is ours, that tells nothing.
 */
static int add_limits(struct probes *probes, const struct bundle *bundle, struct err *err)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = { { "core", RLIMIT_CORE },
		       { "nofile", RLIMIT_NOFILE },
		       { "nproc", RLIMIT_NPROC },
		       { "memlock", RLIMIT_MEMLOCK },
		       { "data", RLIMIT_DATA } };

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit have = { 0 };
		struct probe probe = {
			.kind = PROBE_LIMIT,
			.nr = syscall_number("prlimit64", bundle->audit_arch),
			.args = { 0, (uint64_t)limits[i].resource },
			.op = limits[i].name,
			.what = arena_printf(probes->arena, "raise the limit of %s",
					     limits[i].name),
		};

		if (getrlimit((enum __rlimit_resource)limits[i].resource, &have) < 0 ||
		    have.rlim_max == 0 || !filter_allows(bundle, &probe))
			continue;
		/* Our own hard limit: more than the plan's wherever the plan has one below it. */
		probe.words[2] =
			arena_printf(probes->arena, "w%llu,%llu", (unsigned long long)have.rlim_max,
				     (unsigned long long)have.rlim_max);
		if (!probe.what || !probe.words[2] || probes_add(probes, &probe) < 0)
			return no_room(err);
	}
	return 0;
}

int probes_add_others(struct probes *probes, const struct bundle *bundle, struct err *err)
{
	struct probe open = {
		.kind = PROBE_HELPER,
		.nr = syscall_number("socket", bundle->audit_arch),
		.args = { AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0 },
		.what = "socket",
	};
	struct probe probe = {
		.kind = PROBE_NET,
		.nr = syscall_number("connect", bundle->audit_arch),
		.args = { 0, 0, 16 },
		.words = { "r", FAR_AWAY },
		.what = "a route to 203.0.113.1",
	};

	if (filter_allows(bundle, &open) && filter_allows(bundle, &probe) &&
	    (probes_add(probes, &open) < 0 || probes_add(probes, &probe) < 0))
		return no_room(err);
	return add_limits(probes, bundle, err);
}
