/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"

#define TEXT_MAX ((size_t)1 << 20)
#define DEVICES_MAX 64
#define DEVICE_NAME_MAX 64

static const char ns_files[NS_COUNT][12] = { "ns/user", "ns/mnt", "ns/pid",   "ns/net",
					     "ns/ipc",  "ns/uts", "ns/cgroup" };

static int open_proc(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Replaces *to only by something that was read. */
static void read_into(int proc, const char *name, struct strbuf *to)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	if (fd_read_file(proc, name, TEXT_MAX, &text, &ignored) < 0 || text.len == 0)
		return;
	strbuf_reset(to);
	strbuf_add(to, text.p, text.len);
}

/* net/dev has two lines of heading, then "  NAME: counters". */
static void read_interfaces(int proc, struct evidence *evidence)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct span rest;

	if (fd_read_file(proc, "net/dev", TEXT_MAX, &text, &ignored) < 0 || text.len == 0)
		return;
	strbuf_reset(&evidence->interfaces);
	rest = (struct span){ text.p, text.len };
	span_cut(&rest, '\n');
	span_cut(&rest, '\n');
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		strbuf_span(&evidence->interfaces, span_trim(span_cut(&line, ':')));
		strbuf_putc(&evidence->interfaces, '\n');
	}
}

static void read_namespace(int proc, int self, enum evidence_ns kind, struct evidence *evidence)
{
	struct stat inside = { 0 };
	struct stat ours = { 0 };

	if (fstatat(proc, ns_files[kind], &inside, 0) < 0 ||
	    fstatat(self, ns_files[kind], &ours, 0) < 0)
		return;
	evidence->has_ns[kind] = true;
	evidence->ns[kind] = inside.st_ino;
	evidence->own_ns[kind] = inside.st_ino != ours.st_ino;
}

void evidence_namespaces(pid_t pid, struct evidence *evidence)
{
	cleanup_close int proc = open_proc(pid);
	cleanup_close int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < NS_COUNT && proc >= 0 && self >= 0; i++) {
		if (i != NS_NET)
			read_namespace(proc, self, (enum evidence_ns)i, evidence);
	}
	if (self >= 0)
		read_into(self, "cgroup", &evidence->own_cgroup);
}

void evidence_network(pid_t pid, struct evidence *evidence)
{
	cleanup_close int proc = open_proc(pid);
	cleanup_close int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0 || self < 0)
		return;
	read_namespace(proc, self, NS_NET, evidence);
	read_interfaces(proc, evidence);
}

static int by_text(const void *a, const void *b)
{
	return strcmp((const char *)a, (const char *)b);
}

/* Device nodes that the workload sees, sorted: the order of a folder is nobody's promise. */
static void read_devices(int proc, struct evidence *evidence)
{
	int fd = openat(proc, "root/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char names[DEVICES_MAX][DEVICE_NAME_MAX];
	const struct dirent *entry;
	size_t n = 0;

	if (!dir) {
		closep(&fd);
		return;
	}
	while (n < DEVICES_MAX && (entry = readdir(dir)) != NULL) {
		struct stat st = { 0 };

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			snprintf(names[n++], DEVICE_NAME_MAX, "%c %u:%u %.30s",
				 S_ISCHR(st.st_mode) ? 'c' : 'b', major(st.st_rdev),
				 minor(st.st_rdev), entry->d_name);
	}
	qsort(names, n, DEVICE_NAME_MAX, by_text);
	strbuf_reset(&evidence->devices);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&evidence->devices, "%s\n", names[i]);
}

bool evidence_process(pid_t pid, struct evidence *evidence)
{
	cleanup_close int proc = open_proc(pid);
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };
	/* First of all: of a short program it is what goes first. */
	bool executed = proc < 0 || evidence_exe_read(proc, &evidence->exe);

	if (proc < 0 || fd_read_file(proc, "status", TEXT_MAX, &text, &ignored) < 0)
		return executed;
	if (proc_status_parse((struct span){ text.p, text.len }, &status, &ignored) < 0)
		return executed;
	/* Before the filter is on, this would be the launcher's own state. */
	if (status.seccomp != 2)
		return executed;
	evidence->status = status;
	evidence->has_status = true;
	read_into(AT_FDCWD, "/sys/kernel/security/lsm", &evidence->lsm);
	read_into(proc, "limits", &evidence->limits);
	read_into(proc, "cgroup", &evidence->cgroup);
	read_into(proc, "attr/apparmor/current", &evidence->apparmor);
	read_into(proc, "attr/current", &evidence->lsm_label);
	if (status.state == 'Z' || status.state == 'X')
		return executed;
	read_into(proc, "uid_map", &evidence->uid_map);
	read_into(proc, "gid_map", &evidence->gid_map);
	read_interfaces(proc, evidence);
	read_devices(proc, evidence);
	return executed;
}

void evidence_cgroup(int dir, struct evidence *evidence)
{
	static const char files[][20] = { "cpu.max",     "cpu.weight",      "memory.max",
					  "memory.peak", "memory.swap.max", "pids.max",
					  "pids.peak" };

	for (size_t i = 0; dir >= 0 && i < ARRAY_LEN(files); i++) {
		cleanup_strbuf struct strbuf text = { 0 };

		read_into(dir, files[i], &text);
		if (text.len > 0)
			strbuf_addf(&evidence->cgroup_limits, "%s %s", files[i], strbuf_str(&text));
	}
}

void evidence_mounts(int mountinfo, struct evidence *evidence)
{
	char step[8192];
	off_t at = 0;

	strbuf_reset(&evidence->mountinfo);
	for (;;) {
		ssize_t n = pread(mountinfo, step, sizeof(step), at);

		if (n <= 0 || evidence->mountinfo.len > TEXT_MAX)
			return;
		strbuf_add(&evidence->mountinfo, step, (size_t)n);
		at += n;
	}
}

static void json_text(struct jsonw *j, const char *key, const struct strbuf *text)
{
	jsonw_key(j, key);
	if (text->len > 0)
		jsonw_strn(j, text->p, text->len);
	else
		jsonw_null(j);
}

static void json_hex(struct jsonw *j, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)v);
	jsonw_kstr(j, key, text);
}

static void json_status(const struct proc_status *st, struct jsonw *j)
{
	jsonw_key(j, "status");
	jsonw_object(j);
	json_hex(j, "cap_amb", st->cap_amb);
	json_hex(j, "cap_bnd", st->cap_bnd);
	json_hex(j, "cap_eff", st->cap_eff);
	json_hex(j, "cap_inh", st->cap_inh);
	json_hex(j, "cap_prm", st->cap_prm);
	jsonw_ku64(j, "gid", st->gid[1]);
	jsonw_ku64(j, "groups", st->n_groups);
	jsonw_ki64(j, "no_new_privs", st->no_new_privs);
	jsonw_ki64(j, "seccomp", st->seccomp);
	jsonw_ku64(j, "seccomp_filters", st->n_seccomp_filters);
	jsonw_ku64(j, "uid", st->uid[1]);
	jsonw_ku64(j, "vm_hwm_kib", st->vm_hwm_kib);
	jsonw_object_end(j);
}

static void json_counter(struct jsonw *j, const struct evidence_counter *counter)
{
	jsonw_object(j);
	jsonw_ku64(j, "bytes", counter->bytes);
	if (counter->where)
		jsonw_kstr(j, "file", counter->where->file);
	if (counter->where)
		jsonw_ku64(j, "line", counter->where->line);
	jsonw_ku64(j, "packets", counter->packets);
	if (counter->rule)
		jsonw_kstr(j, "rule", counter->rule);
	jsonw_object_end(j);
}

static void json_net(struct jsonw *j, const struct evidence_net *net)
{
	jsonw_key(j, "network");
	if (!net || !net->asked) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kbool(j, "complete", net->complete);
	jsonw_key(j, "refused_in");
	json_counter(j, &net->refused_in);
	jsonw_key(j, "refused_out");
	json_counter(j, &net->refused_out);
	jsonw_key(j, "rules");
	jsonw_array(j);
	for (size_t i = 0; i < net->n; i++)
		json_counter(j, &net->rules[i]);
	jsonw_array_end(j);
	jsonw_kbool(j, "stated", net->stated);
	jsonw_object_end(j);
}

void evidence_json(const struct evidence *evidence, struct jsonw *j)
{
	static const char keys[NS_COUNT][8] = {
		"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"
	};

	jsonw_object(j);
	json_text(j, "apparmor", &evidence->apparmor);
	json_text(j, "cgroup", &evidence->cgroup);
	json_text(j, "cgroup_limits", &evidence->cgroup_limits);
	json_text(j, "devices", &evidence->devices);
	evidence_exe_json(&evidence->exe, j);
	json_text(j, "gid_map", &evidence->gid_map);
	json_text(j, "interfaces", &evidence->interfaces);
	jsonw_kstr(j, "level", "E3");
	json_text(j, "limits", &evidence->limits);
	json_text(j, "lsm", &evidence->lsm);
	json_text(j, "lsm_label", &evidence->lsm_label);
	json_text(j, "mountinfo", &evidence->mountinfo);
	jsonw_key(j, "namespaces");
	jsonw_object(j);
	for (int i = 0; i < NS_COUNT; i++) {
		if (!evidence->has_ns[i])
			continue;
		jsonw_key(j, keys[i]);
		jsonw_object(j);
		jsonw_ku64(j, "inode", evidence->ns[i]);
		jsonw_kbool(j, "own", evidence->own_ns[i]);
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
	json_net(j, evidence->net);
	json_text(j, "own_cgroup", &evidence->own_cgroup);
	if (evidence->has_status)
		json_status(&evidence->status, j);
	json_text(j, "uid_map", &evidence->uid_map);
	jsonw_ku64(j, "version", 1);
	jsonw_object_end(j);
}

void evidence_done(struct evidence *evidence)
{
	strbuf_done(&evidence->uid_map);
	strbuf_done(&evidence->gid_map);
	strbuf_done(&evidence->limits);
	strbuf_done(&evidence->cgroup);
	strbuf_done(&evidence->mountinfo);
	strbuf_done(&evidence->own_cgroup);
	strbuf_done(&evidence->apparmor);
	strbuf_done(&evidence->lsm_label);
	strbuf_done(&evidence->lsm);
	strbuf_done(&evidence->interfaces);
	strbuf_done(&evidence->devices);
	strbuf_done(&evidence->cgroup_limits);
	evidence_exe_done(&evidence->exe);
}
