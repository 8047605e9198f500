/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "base/procfs.h"

#define LINEAGE_MAX 16
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
static void put_lineage(uint32_t pid, pid_t first, struct jsonw *j)
{
	jsonw_key(j, "lineage");
	jsonw_array(j);
	for (int i = 0; i < LINEAGE_MAX && pid > 1; i++) {
		struct proc_status status = { 0 };

		if (read_status(pid, &status) < 0)
			break;
		jsonw_object(j);
		jsonw_kstr(j, "comm", status.name);
		jsonw_ku64(j, "pid", pid);
		jsonw_object_end(j);
		if (pid == (uint32_t)first)
			break;
		pid = status.ppid;
	}
	jsonw_array_end(j);
}

static void put_rule(const struct bundle *bundle, uint16_t index, struct jsonw *j)
{
	jsonw_key(j, "rule");
	if (index == BUNDLE_NO_RULE) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kstr(j, "file", bundle->rules[index].where.file);
	jsonw_ku64(j, "line", bundle->rules[index].where.line);
	jsonw_kstr(j, "text", bundle->rules[index].text);
	jsonw_object_end(j);
}

/* Members in byte order, as all records have them. */
static void put_members(const struct notify *n, const struct seccomp_notif *request,
			const struct denial *denial, uint64_t count, struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = out };

	denial_text(denial, &request->data, (pid_t)request->pid, read_memory, NULL, &text);
	jsonw_key(&j, "args");
	jsonw_array(&j);
	for (size_t i = 0; i < 6; i++)
		jsonw_u64(&j, request->data.args[i]);
	jsonw_array_end(&j);
	jsonw_kstr(&j, "call", denial->call);
	jsonw_ku64(&j, "count", count);
	jsonw_ki64(&j, "errno", denial->error);
	jsonw_kstr(&j, "layer", "seccomp");
	put_lineage(request->pid, n->first, &j);
	jsonw_ki64(&j, "nr", request->data.nr);
	jsonw_ku64(&j, "pid", request->pid);
	put_rule(n->bundle, denial->rule, &j);
	jsonw_kstr(&j, "text", strbuf_str(&text));
	jsonw_kbool(&j, "user_memory", true);
}

static int answer(const struct notify *n, uint64_t id, int error)
{
	struct seccomp_notif_resp response = { .id = id, .error = -error };

	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		return -errno;
	return 0; /* ENOENT: the caller was killed or interrupted meanwhile */
}

int notify_answer(struct notify *n, struct err *err)
{
	cleanup_strbuf struct strbuf members = { 0 };
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
	count = denial_count(n->table, (pid_t)request.pid, request.data.nr, denial.rule);
	if (count > 0) {
		put_members(n, &request, &denial, count, &members);
		recorded = chain_add(n->chain, "denied", &members, err);
	}
	r = answer(n, request.id, denial.error);
	if (r < 0)
		return err_sys(err, -r, "cannot answer a refused call");
	n->answered++;
	return recorded < 0 ? recorded : 1;
}
