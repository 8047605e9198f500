/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/entries.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/message.h"
#include "base/sys.h"
#include "runtime/control.h"
#include "runtime/launch.h"
#include "runtime/profile.h"
#include "runtime/program_label.h"
#include "runtime/status.h"

#define MAX_ANSWERS_PER_TURN 64

static const struct entry nobody = {
	.client = -1,
	.pidfd = -1,
	.leave = -1,
	.notify = { .listener = -1 },
};

static void clear(struct entry *entry)
{
	closep(&entry->client);
	closep(&entry->pidfd);
	closep(&entry->leave);
	closep(&entry->notify.listener);
	strbuf_done(&entry->argv);
	*entry = nobody;
}

void entries_init(struct entries *entries, const struct plan *plan, int socket,
		  const struct notify *pattern, int profile)
{
	*entries = (struct entries){
		.socket = socket, .plan = plan, .pattern = pattern, .profile = profile
	};
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++)
		entries->all[i] = nobody;
}

static struct entry *free_place(struct entries *entries)
{
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		if (entries->all[i].state == ENTRY_FREE)
			return &entries->all[i];
	}
	return NULL;
}

int entries_add(struct entries *entries, int *client)
{
	struct entry *entry = free_place(entries);

	if (entries->socket < 0)
		return -ENOTSUP;
	if (!entry)
		return -EAGAIN;
	entry->state = ENTRY_ASKING;
	entry->client = *client;
	*client = -1;
	return 0;
}

int entries_probe(struct entries *entries, const char *command)
{
	const char *args[] = { "/bin/sh", "-c", command, NULL };
	const char *env[] = { NULL };
	const struct enter_texts texts = { args, env, "" };
	const struct enter_request request = { .id = ++entries->last_id, .n_args = 3 };
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[] = { null, null, null };
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct entry *entry = free_place(entries);
	struct err err = { 0 };
	int r = enter_encode(&request, &texts, &bytes, &err);

	if (r == 0 && (null < 0 || !entry || entries->socket < 0))
		r = -EAGAIN;
	if (r == 0)
		r = message_send(entries->socket, bytes.p, bytes.len, fds, ARRAY_LEN(fds),
				 MSG_DONTWAIT);
	if (r < 0)
		return r;
	entry->id = request.id;
	entry->probe = true;
	entry->state = ENTRY_STARTING;
	return 0;
}

void entries_kill_probe(const struct entries *entries)
{
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		const struct entry *entry = &entries->all[i];

		if (entry->probe && entry->pidfd >= 0 &&
		    sys_pidfd_send_signal(entry->pidfd, SIGKILL) < 0)
			return; /* it has ended: process 1 will tell */
	}
}

unsigned entries_count(const struct entries *entries)
{
	unsigned n = 0;

	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++)
		n += entries->all[i].state == ENTRY_RUNNING && !entries->all[i].probe;
	return n;
}

static void tell(const struct entry *entry, enum enter_event event, int status,
		 const struct err *err, const int *fds, size_t n_fds)
{
	struct control_report report = { .version = CONTROL_VERSION,
					 .event = event,
					 .status = status };

	if (err)
		report.err = *err;
	/* Who is gone does not hear it. */
	if (entry->client >= 0 &&
	    message_send(entry->client, &report, sizeof(report), fds, n_fds, MSG_DONTWAIT) < 0)
		return;
}

static void refuse(struct entries *entries, struct entry *entry, const struct err *err)
{
	if (entry->probe) {
		entries->probe_ended = true;
		entries->probe_good = false;
	}
	tell(entry, ENTER_FAILED, 0, err, NULL, 0);
	clear(entry);
}

void entries_fill(const struct entries *entries, struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = entries->socket, .events = POLLIN };
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		const struct entry *entry = &entries->all[i];

		fds[1 + 2 * i] = (struct pollfd){
			.fd = entry->state == ENTRY_STARTING ? -1 : entry->client,
			.events = POLLIN,
		};
		fds[2 + 2 * i] = (struct pollfd){
			.fd = entry->deserted ? -1 : entry->notify.listener,
			.events = POLLIN,
		};
	}
}

/* A folder of the host's would be a way out (CVE-2024-21626). */
static int check_fds(const struct message *message, bool tty, struct err *err)
{
	if (message->n_fds != (tty ? 0 : MESSAGE_FDS))
		return err_set(err, EINVAL, "a request with %zu descriptors", message->n_fds);
	for (size_t i = 0; i < message->n_fds; i++) {
		struct stat st = { 0 };

		if (fstat(message->fds[i], &st) < 0 || S_ISDIR(st.st_mode))
			return err_set(err, EINVAL, "descriptor %zu is a folder of the host's", i);
	}
	return 0;
}

/* Process 1 gets the client's own bytes, but for the id. */
static int hand_on(struct entries *entries, struct entry *entry, char *bytes,
		   const struct message *message, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct enter_request request = { 0 };
	struct enter_texts texts = { 0 };
	int r = enter_decode(bytes, (size_t)message->n, &arena, &request, &texts, err);

	if (r == 0)
		r = check_fds(message, request.flags & ENTER_TTY, err);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	for (uint32_t i = 0; i < request.n_args; i++)
		strbuf_add(&entry->argv, texts.args[i], strlen(texts.args[i]) + 1);
	if (entry->argv.failed)
		return err_set(err, ENOMEM, "out of memory");
	request.id = ++entries->last_id;
	memcpy(bytes, &request, sizeof(request));
	r = message_send(entries->socket, bytes, (size_t)message->n, message->fds, message->n_fds,
			 MSG_DONTWAIT);
	if (r < 0)
		return err_sys(err, -r, "cannot ask process 1 of the sandbox");
	entry->id = request.id;
	entry->stays = request.flags & ENTER_STAYS;
	entry->state = ENTRY_STARTING;
	return 0;
}

static void take_request(struct entries *entries, struct entry *entry)
{
	cleanup_free char *bytes = malloc(ENTER_MAX);
	cleanup_message struct message message = { 0 };
	struct err err = { 0 };

	if (!bytes) {
		err_set(&err, ENOMEM, "out of memory");
		refuse(entries, entry, &err);
		return;
	}
	message_receive(entry->client, bytes, ENTER_MAX, MSG_DONTWAIT, &message);
	if (message.n == -EAGAIN)
		return;
	if (message.n <= 0)
		clear(entry);
	else if (hand_on(entries, entry, bytes, &message, &err) < 0)
		refuse(entries, entry, &err);
}

/* Its client sends signals, or is gone: then the program goes, too. */
static void hear_client(struct entry *entry)
{
	struct control_request request = { 0 };
	char bytes[sizeof(request) + 1];
	ssize_t n = recv(entry->client, bytes, sizeof(bytes), MSG_DONTWAIT);
	int signal = SIGKILL;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && control_request_decode(bytes, (size_t)n, &request) &&
	    request.op == CONTROL_SIGNAL)
		signal = (int)request.argument;
	else
		closep(&entry->client);
	if (entry->client < 0 && entry->stays)
		return;
	if (sys_pidfd_send_signal(entry->pidfd, signal) < 0)
		return; /* it has ended: process 1 will tell */
}

/* Who it is on the host, and with which capabilities, as the kernel tells. */
static bool read_owner(struct entry *entry)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", entry->pid);
	if (entry->pid <= 0 || fd_read_file(AT_FDCWD, path, 16384, &text, &ignored) < 0 ||
	    proc_status_parse((struct span){ strbuf_str(&text), text.len }, &status, &ignored) < 0)
		return false;
	entry->uid = status.uid[1];
	entry->caps = proc_status_caps(&status);
	/* Killed and reaped meanwhile, its number may be another's. */
	return launch_pid_of(entry->pidfd) == entry->pid;
}

static int record_entry(const struct entry *entry, struct err *err)
{
	struct record record = {
		.kind = RECORD_ENTER,
		.source = SOURCE_SUPERVISOR,
		.has = HAS_PID | HAS_UID | HAS_FLAGS,
		.pid = (uint32_t)entry->pid,
		.uid = entry->uid,
		.flags = entry->caps,
		.argv = { { strbuf_str(&entry->argv), entry->argv.len }, TRUST_KERNEL },
	};

	return event_log_add(entry->notify.log, &record, err);
}

static int record_end(const struct entry *entry, int wait_status, struct err *err)
{
	const struct record record = {
		.kind = RECORD_EXIT,
		.source = SOURCE_SUPERVISOR,
		.has = HAS_PID | HAS_RET,
		.pid = (uint32_t)entry->pid,
		.ret = wait_status,
	};

	return event_log_add(entry->notify.log, &record, err);
}

/*
 * Process 1 is in the sandbox: what it says of the label counts for nothing. It keeps the program,
 * ended or not, until `leave` is closed. So one that is gone was taken away with the sandbox, or
 * is not what we were told.
 */
static int require_label(const struct plan *plan, const struct entry *entry, struct err *err)
{
	enum program_label state = PROGRAM_LABEL_RIGHT;

	if (program_label_is_planned(plan))
		state = program_label_await(plan, entry->pid);
	if (state == PROGRAM_LABEL_RIGHT)
		return 0;
	err_set(err, EACCES, "the program %s under its label: %s",
		state == PROGRAM_LABEL_GONE ? "ended before it was seen" : "did not run",
		plan->lsm.selinux ? plan->lsm.selinux : plan->lsm.apparmor);
	if (sys_pidfd_send_signal(entry->pidfd, SIGKILL) < 0)
		err_wrap(err, "it could not be killed");
	return -EACCES;
}

/* It waits, and executes only once it is known who it is. */
static void is_ready(struct entries *entries, struct entry *entry, struct message *message)
{
	struct err err = { 0 };

	if (message->n_fds != 2 || entry->pidfd >= 0)
		return; /* closed without an answer: it fails */
	entry->pidfd = steal_fd(message->fds[0]);
	entry->leave = steal_fd(message->fds[1]);
	entry->pid = launch_pid_of(entry->pidfd);
	if (!profile_is_loaded(entries->profile)) {
		err_set(&err, EACCES, "somebody removed the AppArmor profile %s",
			entries->plan->lsm.profile);
		refuse(entries, entry, &err);
		return;
	}
	/* It fails without leave, and may have been killed: process 1 will tell. */
	if (!read_owner(entry) || message_send(entry->leave, "", 1, NULL, 0, MSG_DONTWAIT) < 0)
		closep(&entry->leave);
}

static int is_running(struct entries *entries, struct entry *entry,
		      const struct enter_report *report, struct message *message, struct err *err)
{
	struct err wrong = { 0 };
	size_t at = 0;
	int master = -1;
	int r;

	entry->notify = *entries->pattern;
	entry->notify.listener = -1;
	entry->notify.learn = NULL;
	if (report->has & ENTER_HAS_LISTENER && at < message->n_fds) {
		entry->notify.listener = steal_fd(message->fds[at]);
		at++;
	}
	if (report->has & ENTER_HAS_MASTER && at < message->n_fds)
		master = message->fds[at];
	entry->notify.first = entry->pid;
	entry->state = ENTRY_RUNNING;
	r = entry->probe ? 0 : record_entry(entry, err);
	if (require_label(entries->plan, entry, &wrong) < 0) {
		refuse(entries, entry, &wrong);
		return r;
	}
	closep(&entry->leave);
	tell(entry, ENTER_RUNNING, 0, NULL, &master, master >= 0 ? 1 : 0);
	return r;
}

static int has_ended(struct entries *entries, struct entry *entry, int wait_status, struct err *err)
{
	int r = entry->probe ? 0 : record_end(entry, wait_status, err);

	if (entry->probe) {
		entries->probe_ended = true;
		entries->probe_good = wait_status == 0;
	}

	tell(entry, ENTER_ENDED, status_of_end(wait_status), NULL, NULL, 0);
	clear(entry);
	return r;
}

static int hear_process_1(struct entries *entries, struct err *err)
{
	cleanup_message struct message message = { 0 };
	struct enter_report report = { 0 };

	message_receive(entries->socket, &report, sizeof(report), MSG_DONTWAIT, &message);
	if (message.n == -EAGAIN)
		return 0;
	if (message.n != (ssize_t)sizeof(report)) {
		entries->socket = -1; /* it ends, and the sandbox with it */
		return 0;
	}
	report.err.msg[sizeof(report.err.msg) - 1] = '\0';
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		struct entry *entry = &entries->all[i];

		if (entry->id != report.id || entry->state < ENTRY_STARTING)
			continue;
		if (report.event == ENTER_READY && entry->state == ENTRY_STARTING) {
			is_ready(entries, entry, &message);
			return 0;
		}
		if (report.event == ENTER_RUNNING && entry->state == ENTRY_STARTING &&
		    entry->pidfd >= 0)
			return is_running(entries, entry, &report, &message, err);
		if (report.event == ENTER_ENDED)
			return has_ended(entries, entry, report.wait_status, err);
		refuse(entries, entry, &report.err);
	}
	return 0;
}

static int answer_calls(struct entry *entry, short events, struct err *err)
{
	struct pollfd more = { .fd = entry->notify.listener, .events = POLLIN };

	if (!(events & POLLIN)) {
		entry->deserted = true;
		return 0;
	}
	for (int i = 0; i < MAX_ANSWERS_PER_TURN; i++) {
		int r;

		if (poll(&more, 1, 0) <= 0 || !(more.revents & POLLIN))
			return 0;
		r = notify_answer(&entry->notify, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int entries_handle(struct entries *entries, const struct pollfd *fds, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		struct entry *entry = &entries->all[i];
		int r = 0;

		if (fds[2 + 2 * i].revents && fds[2 + 2 * i].fd == entry->notify.listener)
			r = answer_calls(entry, fds[2 + 2 * i].revents, err);
		if (fds[1 + 2 * i].revents && fds[1 + 2 * i].fd == entry->client) {
			if (entry->state == ENTRY_ASKING)
				take_request(entries, entry);
			else if (entry->state == ENTRY_RUNNING)
				hear_client(entry);
		}
		result = r < 0 ? r : result;
	}
	if (fds[0].revents && entries->socket >= 0) {
		int r = hear_process_1(entries, err);

		result = r < 0 ? r : result;
	}
	return result;
}

void entries_done(struct entries *entries)
{
	for (size_t i = 0; i < ENTER_MAX_PROGRAMS; i++) {
		struct entry *entry = &entries->all[i];

		if (entry->state != ENTRY_FREE)
			tell(entry, ENTER_ENDED, STATUS_SIGNAL + SIGKILL, NULL, NULL, 0);
		clear(entry);
	}
	entries->socket = -1;
}
