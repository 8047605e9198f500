/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "base/fd.h"
#include "base/procfs.h"

#define LINEAGE_MAX 16
/* Debian 12's header ends before these. */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define NOTIF_SYNC_WAKE_UP 1UL
#define STATUS_MAX 16384

static ssize_t read_memory(void *data, pid_t pid, uint64_t address, void *bytes, size_t n)
{
	struct iovec to = { bytes, n };
	struct iovec from = { (void *)(uintptr_t)address, n };
	ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

	(void)data;
	return got < 0 ? -errno : got;
}

static int read_status(uint32_t pid, struct proc_status *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char path[40];
	int r;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	r = fd_read_file(AT_FDCWD, path, STATUS_MAX, &text, &ignored);
	return r < 0 ? r : proc_status_parse((struct span){ text.p, text.len }, ret, &ignored);
}

/* From the caller up to the sandbox's first process, names as they are now. */
static void find_lineage(uint32_t pid, pid_t first, struct record *record)
{
	while (record->n_lineage < RECORD_LINEAGE_MAX && pid > 1) {
		struct record_process *process = &record->lineage[record->n_lineage];
		struct proc_status status = { 0 };

		if (read_status(pid, &status) < 0)
			break;
		process->pid = pid;
		memcpy(process->comm, status.name, sizeof(process->comm));
		record->n_lineage++;
		if (pid == (uint32_t)first)
			break;
		pid = status.ppid;
	}
}

/* file: of what mode audit looked at and no rule grants: its path and access; else NULL */
struct file_seen {
	const char *access, *path;
};

static int record_denial(const struct notify *n, const struct seccomp_notif *request,
			 const struct denial *denial, const struct file_seen *file, uint64_t count,
			 struct err *err)
{
	const struct rule *rules = n->bundle->rules;
	cleanup_strbuf struct strbuf text = { 0 };
	struct record record = {
		.kind = denial->audited ? RECORD_WOULD_DENY : RECORD_DENIED,
		.source = SOURCE_NOTIFY,
		.has = HAS_CALL | HAS_COUNT | HAS_ERROR | HAS_PID | HAS_RULE,
		.pid = request->pid,
		.call = denial->call,
		.nr = request->data.nr,
		.error = denial->error,
		.layer = file ? "landlock" : "seccomp",
		.count = count,
		.user_memory = true,
	};

	static_assert(sizeof(record.args) == sizeof(request->data.args), "six arguments");
	memcpy(record.args, request->data.args, sizeof(record.args));
	if (file) {
		record.path = (struct record_text){ span_of(file->path), TRUST_USER };
		strbuf_addf(&text, "%s %s by ", file->access, file->path);
	}
	denial_text(denial, &request->data, (pid_t)request->pid, read_memory, NULL, &text);
	record.text = (struct span){ strbuf_str(&text), text.len };
	if (denial->rule != BUNDLE_NO_RULE) {
		record.rule_file = rules[denial->rule].where.file;
		record.rule_line = rules[denial->rule].where.line;
		record.rule_text = rules[denial->rule].text;
	}
	find_lineage(request->pid, n->first, &record);
	return event_log_add(n->log, &record, err);
}

static int answer(const struct notify *n, uint64_t id, int error)
{
	struct seccomp_notif_resp response = { .id = id, .error = -error };

	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		return -errno;
	return 0; /* ENOENT: the caller was killed or interrupted meanwhile */
}

static int go_on(const struct notify *n, uint64_t id, struct err *err)
{
	struct seccomp_notif_resp response = { .id = id,
					       .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		return err_sys(err, errno, "cannot let an allowed call go on");
	return 1;
}

void notify_wake_here(int listener)
{
	/* Linux 6.6; without it everything is as before, only slower. */
	if (ioctl(listener, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP) < 0)
		return;
}

/* What a look found, until it is recorded. */
struct looking {
	const struct notify *n;
	const struct seccomp_notif *request;
	const struct denial *denial;
	int result;
	struct err *err;
};

static void found_file(void *data, const char *access, const char *path)
{
	struct looking *l = data;
	struct denial denial = *l->denial;
	const struct file_seen file = { access, path };
	uint64_t count;

	denial.audited = true;
	denial.error = EACCES;
	denial.rule = BUNDLE_NO_RULE;
	count = denial_count_audited(l->n->table, (pid_t)l->request->pid, l->request->data.nr,
				     denial.rule, path);
	if (count > 0 && l->result == 0)
		l->result = record_denial(l->n, l->request, &denial, &file, count, l->err);
}

/* Mode audit: recorded, and let through. */
static int audit(struct notify *n, const struct seccomp_notif *request, const struct denial *denial,
		 struct err *err)
{
	struct looking looking = { n, request, denial, 0, err };
	uint64_t count = 0;
	int r;

	if (denial->audited)
		count = denial_count_audited(n->table, (pid_t)request->pid, request->data.nr,
					     denial->rule, NULL);
	if (count > 0)
		looking.result = record_denial(n, request, denial, NULL, count, err);
	if (n->look)
		look_at(n->look, request, denial->call, found_file, &looking);
	/* What could not be recorded must not be done: the record is all that this mode has. */
	if (looking.result < 0) {
		r = answer(n, request->id, denial->error);
		return r < 0 ? err_sys(err, -r, "cannot answer a call") : looking.result;
	}
	n->answered++;
	return go_on(n, request->id, err);
}

int notify_answer(struct notify *n, struct err *err)
{
	struct seccomp_notif request;
	struct denial denial;
	uint64_t count;
	int recorded = 0;
	int r;

	memset(&request, 0, sizeof(request)); /* the kernel insists, padding included */
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return errno == ENOENT || errno == EINTR || errno == EAGAIN
			       ? 0
			       : err_sys(err, errno, "cannot receive a refused call");
	denial_decide(n->bundle, &request.data, &denial);
	if (n->learn)
		learn_note(n->learn, &request, denial.call, denial.allowed || denial.audited);
	if (denial.audited || denial.look)
		return audit(n, &request, &denial, err);
	if (n->learn && denial.allowed)
		return go_on(n, request.id, err);
	if (n->refused && request.data.nr >= 0 && request.data.nr < TRACER_CALLS)
		n->refused[request.data.nr]++;
	count = denial_count(n->table, (pid_t)request.pid, request.data.nr, denial.rule);
	if (count > 0)
		recorded = record_denial(n, &request, &denial, NULL, count, err);
	r = answer(n, request.id, denial.error);
	if (r < 0)
		return err_sys(err, -r, "cannot answer a refused call");
	n->answered++;
	return recorded < 0 ? recorded : 1;
}
