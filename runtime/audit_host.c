/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/audit_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/host.h"

#define VALUE_MAX 4096
#define CPU_FOLDER "/sys/devices/system/cpu/vulnerabilities"

/* Name in the report, file. */
static const char *const values[][2] = {
	{ "fs.protected_fifos", "/proc/sys/fs/protected_fifos" },
	{ "fs.protected_symlinks", "/proc/sys/fs/protected_symlinks" },
	{ "fs.suid_dumpable", "/proc/sys/fs/suid_dumpable" },
	{ "kernel.core_pattern", "/proc/sys/kernel/core_pattern" },
	{ "kernel.dmesg_restrict", "/proc/sys/kernel/dmesg_restrict" },
	{ "kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict" },
	{ "kernel.modules_disabled", "/proc/sys/kernel/modules_disabled" },
	{ "kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid" },
	{ "kernel.randomize_va_space", "/proc/sys/kernel/randomize_va_space" },
	{ "kernel.seccomp.actions_avail", "/proc/sys/kernel/seccomp/actions_avail" },
	{ "kernel.unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled" },
	{ "lsm", "/sys/kernel/security/lsm" },
	{ "module.sig_enforce", "/sys/module/module/parameters/sig_enforce" },
	{ "user.max_user_namespaces", "/proc/sys/user/max_user_namespaces" },
	{ "vm.mmap_min_addr", "/proc/sys/vm/mmap_min_addr" },
};

static const char *const sockets[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/podman/podman.sock",
	"/run/buildkit/buildkitd.sock",
	"/run/k3s/containerd/containerd.sock",
};

static json_t *read_text(int dir, const char *path)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	if (fd_read_file(dir, path, VALUE_MAX, &text, &ignored) < 0)
		return NULL;
	return json_stringn(strbuf_str(&text), strcspn(strbuf_str(&text), "\n"));
}

static json_t *read_values(const struct host *host, struct arena *arena)
{
	cleanup_strbuf struct strbuf controllers = { 0 };
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		json_t *text = read_text(AT_FDCWD, values[i][1]);

		if (text)
			json_object_set_new(all, values[i][0], text);
	}
	for (size_t i = 0; host->cgroup.dir && i < CGROUP_CONTROLLERS; i++) {
		if (host->cgroup.controllers & 1U << i)
			strbuf_addf(&controllers, "%s%s", controllers.len > 0 ? " " : "",
				    cgroup_controller_names[i]);
	}
	json_object_set_new(all, "cgroup_controllers", json_string(strbuf_str(&controllers)));
	json_object_set_new(all, "landlock_abi",
			    json_string(arena_printf(arena, "%d", host->landlock_abi)));
	/* Debian's switch forbids them whatever the count says. */
	if (!host->userns_clone && !host->is_root)
		json_object_set_new(all, "user.max_user_namespaces", json_string("0"));
	return all;
}

static json_t *read_cpu(void)
{
	int fd = open(CPU_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	json_t *all = json_object();

	if (!dir)
		closep(&fd);
	while (dir && (entry = readdir(dir)) != NULL) {
		json_t *text =
			entry->d_name[0] == '.' ? NULL : read_text(dirfd(dir), entry->d_name);

		if (text)
			json_object_set_new(all, entry->d_name, text);
	}
	return all;
}

/* Who may write to such a socket is root on this machine. */
static json_t *find_sockets(void)
{
	json_t *found = json_array();

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		if (access(sockets[i], W_OK) == 0)
			json_array_append_new(found, json_string(sockets[i]));
	}
	return found;
}

int audit_host_read(struct arena *arena, struct run_record *ret, struct err *err)
{
	struct host host = { 0 };
	int r = host_read(arena, &host, err);

	if (r < 0)
		return r;
	*ret = (struct run_record){
		.plan = json_pack("{s:[ss], s:s, s:i, s:[], s:s, s:s}", "argv", "audit", "host",
				  "kernel", host.release, "landlock_abi", host.landlock_abi,
				  "ledger", "policy", "none", "user", host.user),
		.evidence = json_pack("{s:o, s:o, s:o}", "cpu", read_cpu(), "sockets",
				      find_sockets(), "values", read_values(&host, arena)),
		.status = json_pack("{s:i, s:i}", "denied", 0, "exit", 0),
		.complete = true,
	};
	if (!ret->plan || !ret->evidence || !ret->status) {
		run_record_done(ret);
		return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}
