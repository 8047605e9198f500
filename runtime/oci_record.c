/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an engine's container: the files that `immure audit` reads of any run. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/oci_watch_parts.h"
#include "runtime/status.h"

#define HOST_USERNS 0xEFFFFFFDU /* inode of the first user namespace; linux/proc_ns.h */
#define STAT_FLAGS 9
#define STAT_EXIT_CODE 52
#define FORKNOEXEC 0x40U
#define STATUS_UNKNOWN (-1)
#define EXIT_LOOKS 50

/* Linux 6.15 tells how a process ended, whoever waited for it. Debian 12's header lacks it. */
struct pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT ((uint64_t)1 << 3)

static bool stat_of(pid_t pid, int field, char *ret_state, uint64_t *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) == 0 &&
	       proc_stat_field((struct span){ text.p, text.len }, field, ret_state, ret) == 0;
}

bool oci_has_executed(pid_t pid)
{
	uint64_t flags = 0;
	char state = '?';

	return !stat_of(pid, STAT_FLAGS, &state, &flags) || !(flags & FORKNOEXEC);
}

/* Somebody else is its parent and may have been quicker: look at the zombie, then ask the kernel.
 */
static int exit_status(const struct oci_monitor *m)
{
	for (int i = 0; i < EXIT_LOOKS; i++) {
		struct pidfd_info info = { .mask = PIDFD_INFO_EXIT };
		uint64_t code = 0;
		char state = '?';

		if (stat_of(m->pid, STAT_EXIT_CODE, &state, &code) && state == 'Z')
			return status_of_end((int)code);
		if (ioctl(m->pidfd, PIDFD_GET_INFO, &info) < 0)
			return STATUS_UNKNOWN;
		if (info.mask & PIDFD_INFO_EXIT)
			return status_of_end(info.exit_code);
		if (poll(NULL, 0, 2) < 0)
			return STATUS_UNKNOWN;
	}
	return STATUS_UNKNOWN;
}

static int write_text(struct oci_monitor *m, const char *name, char hex[DIGEST_HEX_LEN],
		      struct err *err)
{
	struct digest hash;

	if (m->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	hash = digest_of(m->text.p, m->text.len);
	digest_hex(&hash, hex);
	return run_folder_write(&m->folder, name, m->text.p, m->text.len, err);
}

int oci_record_start(struct oci_monitor *m, struct err *err)
{
	const struct plan *policy = m->watch->plan->policy;
	struct jsonw j = { .out = &m->text };
	char hex[DIGEST_HEX_LEN];
	int r;

	plan_json(policy, &j);
	r = write_text(m, "plan.json", hex, err);
	if (r == 0)
		r = run_folder_link(&m->folder, m->watch->policy->dir, m->watch->policy->file,
				    "policy.bundle", err);
	if (r == 0)
		r = event_log_open(&m->log, m->folder.dir, err);
	if (r < 0)
		return r;
	strbuf_reset(&m->text);
	j.comma = false;
	jsonw_kstr(&j, "container", m->watch->plan->id);
	jsonw_kstr(&j, "floor", m->watch->plan->floor ? "on" : "off");
	jsonw_ku64(&j, "pid", (uint64_t)m->pid);
	jsonw_kstr(&j, "plan_sha256", hex);
	jsonw_kstr(&j, "policy", policy->bundle->name);
	jsonw_kstr(&j, "run", m->folder.id);
	return event_log_note(&m->log, RECORD_START, &m->text, err);
}

static void read_cgroup(struct oci_monitor *m)
{
	int dir = m->watch->cgroup;

	if (dir < 0 || faccessat(dir, "cgroup.procs", F_OK, 0) < 0)
		return; /* removed meanwhile: what was read before stays */
	strbuf_reset(&m->evidence.cgroup_limits);
	evidence_cgroup(dir, &m->evidence);
}

/*
 * Below an engine of a user's, numbers are those of the engine's user namespace. What the machine
 * knows us and the container by is what counts.
 */
static void tell_outside(struct evidence *evidence)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_idmap maps[16];
	struct err ignored = { 0 };
	uint32_t uid = evidence->status.uid[1];
	int n;

	if (!evidence->has_status ||
	    fd_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &text, &ignored) < 0)
		return;
	n = proc_idmap_parse((struct span){ text.p, text.len }, maps, ARRAY_LEN(maps), &ignored);
	for (int i = 0; i < n; i++) {
		if (uid >= maps[i].inside && uid - maps[i].inside < maps[i].count) {
			evidence->status.uid[1] = maps[i].outside + (uid - maps[i].inside);
			return;
		}
	}
}

/* As its name leads to it; the kernel's word comes once it runs, if it does so for long enough. */
static void name_program(struct oci_monitor *m)
{
	struct oci_page *page = m->watch->page;
	char link[40];
	char target[PATH_MAX] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", page->file);
	if (page->file >= 0 && readlink(link, target, sizeof(target) - 1) < 0)
		target[0] = '\0';
	evidence_exe_named(page->file, &page->file_changed, target, &m->evidence.exe);
	closep(&page->file);
}

void oci_record_confined(struct oci_monitor *m)
{
	struct evidence *evidence = &m->evidence;

	evidence_namespaces(m->pid, evidence);
	evidence_network(m->pid, evidence);
	/* Ours may be one of the engine's: that of the machine is the one not to be in. */
	if (evidence->has_ns[NS_USER])
		evidence->own_ns[NS_USER] = evidence->ns[NS_USER] != HOST_USERNS;
	evidence_mounts(m->watch->page->mountinfo, evidence);
	closep(&m->watch->page->mountinfo); /* it would keep the container's mounts */
	evidence_process(m->pid, evidence);
	tell_outside(evidence);
	name_program(m);
	read_cgroup(m);
}

void oci_record_running(struct oci_monitor *m)
{
	struct proc_status before = m->evidence.status;

	m->evidence.has_status = false;
	evidence_process(m->pid, &m->evidence);
	if (m->evidence.has_status) {
		tell_outside(&m->evidence);
		return;
	}
	m->evidence.status = before; /* it has ended: what was read of it while it waited */
	m->evidence.has_status = before.pid > 0;
}

bool oci_record_entry(struct oci_monitor *m, const struct oci_watch_entry *entry)
{
	struct record record = {
		.kind = RECORD_ENTER,
		.source = SOURCE_SUPERVISOR,
		.has = HAS_PID | HAS_UID | HAS_FLAGS,
		.pid = (uint32_t)entry->pid,
		.argv = { { entry->argv, entry->n }, TRUST_KERNEL },
	};
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err err = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", entry->pid);
	if (fd_read_file(AT_FDCWD, path, 65536, &text, &err) < 0 ||
	    proc_status_parse((struct span){ text.p, text.len }, &status, &err) < 0)
		return false;
	record.uid = status.uid[1]; /* as the machine numbers it */
	record.flags = proc_status_caps(&status);
	if (event_log_add(&m->log, &record, &err) == 0)
		return true;
	if (m->lost.code == 0)
		m->lost = err;
	return false;
}

static int seal(struct oci_monitor *m, int status, struct err *err)
{
	struct jsonw j = { .out = &m->text };
	char hex[DIGEST_HEX_LEN];
	int r;

	read_cgroup(m);
	strbuf_reset(&m->text);
	evidence_json(&m->evidence, &j);
	r = write_text(m, "evidence.json", hex, err);
	if (r < 0)
		return r;
	strbuf_reset(&m->text);
	j.comma = false;
	jsonw_ku64(&j, "denied", m->denials.total);
	jsonw_ku64(&j, "denied_recorded", m->denials.recorded);
	jsonw_ku64(&j, "denied_uncounted", m->denials.overflow);
	jsonw_kstr(&j, "evidence_sha256", hex);
	jsonw_ki64(&j, "exit", status);
	jsonw_kbool(&j, "lost", m->lost.code != 0);
	event_log_losses(&m->log, &j);
	jsonw_kbool(&j, "out_of_time", m->out_of_time);
	r = event_log_note(&m->log, RECORD_SEALED, &m->text, err);
	if (r < 0)
		return r;
	digest_hex(&m->log.chain.head, hex);
	strbuf_reset(&m->text);
	j.comma = false;
	jsonw_object(&j);
	jsonw_ku64(&j, "denied", m->denials.total);
	jsonw_ki64(&j, "exit", status);
	jsonw_kstr(&j, "head", hex);
	jsonw_ku64(&j, "records", m->log.chain.seq);
	jsonw_kstr(&j, "run", m->folder.id);
	jsonw_object_end(&j);
	return write_text(m, "status.json", hex, err);
}

void oci_record_end(struct oci_monitor *m)
{
	struct err err = { 0 };

	if (!m->armed) {
		run_folder_discard(&m->folder);
		return;
	}
	/* A record that cannot be sealed is one that was cut short, and readers say so. */
	if (seal(m, exit_status(m), &err) < 0)
		m->lost = err;
	event_log_close(&m->log);
	run_folder_close(&m->folder);
}
