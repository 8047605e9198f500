/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "runtime/oci_watch_parts.h"
#include "sandbox/confine.h"

#define ANSWERS_PER_TURN 64

enum {
	POLL_CHILD,
	POLL_WORD,
	POLL_SOCKET,
	POLL_TIMER,
	POLL_LISTENERS,
	POLL_MAX = POLL_LISTENERS + OCI_LISTENERS_MAX
};

static void add_listener(struct oci_monitor *m, int fd, pid_t first)
{
	if (m->n_listeners == OCI_LISTENERS_MAX) {
		close(fd); /* its refused calls get ENOSYS, and nobody writes them down */
		if (m->lost.code == 0)
			err_set(&m->lost, EMFILE, "too many processes entered at once");
		return;
	}
	m->listeners[m->n_listeners++] = (struct notify){
		.listener = fd,
		.bundle = m->watch->plan->policy->bundle,
		.log = &m->log,
		.table = &m->denials,
		.first = first,
	};
}

static void drop_listener(struct oci_monitor *m, size_t i)
{
	close(m->listeners[i].listener);
	m->listeners[i] = m->listeners[--m->n_listeners];
}

static void answer_all(struct oci_monitor *m, struct notify *notify)
{
	struct pollfd more = { .fd = notify->listener, .events = POLLIN };

	for (int i = 0; i < ANSWERS_PER_TURN && poll(&more, 1, 0) > 0; i++) {
		struct err err = { 0 };

		if (!(more.revents & POLLIN))
			return;
		if (notify_answer(notify, &err) < 0 && m->lost.code == 0)
			m->lost = err;
	}
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * From here on the table is ours alone: keep what we need of it. What the container's process has
 * of its own closes when it executes.
 */
static int leave_table(struct oci_monitor *m, struct err *err)
{
	int keep[] = { m->folder.runs,
		       m->folder.dir,
		       m->log.fd,
		       m->pidfd,
		       m->from_child,
		       m->socket,
		       m->timer,
		       m->watch->cgroup,
		       m->watch->page->listener,
		       m->watch->page->caller,
		       evidence_exe_fd(&m->evidence.exe) };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int next = 3;

	if (null < 0 || unshare(CLONE_FILES) < 0)
		return err_sys(err, errno, "cannot have descriptors of our own");
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(null, fd) < 0)
			return err_sys(err, errno, "cannot leave descriptor %d", fd);
	}
	qsort(keep, ARRAY_LEN(keep), sizeof(keep[0]), by_number);
	for (size_t i = 0; i < ARRAY_LEN(keep); i++) {
		if (keep[i] < next)
			continue;
		if (keep[i] > next && close_range((unsigned)next, (unsigned)keep[i] - 1, 0) < 0)
			return err_sys(err, errno, "cannot close what is not ours");
		next = keep[i] + 1;
	}
	if (close_range((unsigned)next, ~0U, 0) < 0)
		return err_sys(err, errno, "cannot close what is not ours");
	return 0;
}

static void start_timer(struct oci_monitor *m)
{
	const struct limits *limits = &m->watch->plan->policy->limits;
	struct itimerspec when = { 0 };

	if (!(limits->set & LIMIT_WALL))
		return;
	when.it_value.tv_sec = (time_t)(limits->wall_ms / 1000);
	when.it_value.tv_nsec = (long)(limits->wall_ms % 1000) * 1000000;
	if (timerfd_settime(m->timer, 0, &when, NULL) < 0)
		err_sys(&m->lost, errno, "cannot start the timer of the time limit");
}

static void end_container(const struct oci_monitor *m)
{
	if (sys_pidfd_send_signal(m->pidfd, SIGKILL) < 0)
		return; /* ESRCH: it has ended */
}

/* `start`: the container's process asks whether we are here. */
static void hear_child(struct oci_monitor *m)
{
	struct oci_say say = { 0 };

	if (oci_hear(m->from_child, &say) < 0 || say.kind != OCI_SAY_READY)
		return;
	m->armed = oci_say(m->from_child, OCI_SAY_GO, NULL) == 0;
}

/* The caller of `start` learns from the end of its connection that the program runs. */
static void tell_caller(struct oci_monitor *m, const struct err *failure)
{
	int *caller = &m->watch->page->caller;

	if (failure && *caller >= 0 && oci_say(*caller, OCI_SAY_FAILED, failure) < 0)
		m->lost = *failure;
	closep(caller);
	m->started = true;
}

/* Between the call of `start` and the program: a few milliseconds of looking. */
static void follow_start(struct oci_monitor *m)
{
	struct oci_page *page = m->watch->page;
	struct err err = { 0 };

	if (__atomic_load_n(&page->confined, __ATOMIC_ACQUIRE) && !page->go) {
		oci_record_confined(m);
		confine_page_set(&page->go);
	}
	if (m->n_listeners == 0 && __atomic_load_n(&page->filtered, __ATOMIC_ACQUIRE)) {
		if (leave_table(m, &err) < 0) {
			m->lost = err;
			end_container(m);
			return;
		}
		add_listener(m, page->listener, m->pid);
		start_timer(m);
	}
	if (m->n_listeners == 0)
		return;
	/* In this order: one that failed says so before it goes. */
	if (oci_has_executed(m->pid) && !__atomic_load_n(&page->failed, __ATOMIC_ACQUIRE)) {
		oci_record_running(m);
		tell_caller(m, NULL);
		evidence_exe_finish(&m->evidence.exe);
	} else if (__atomic_load_n(&page->failed, __ATOMIC_ACQUIRE)) {
		evidence_exe_done(&m->evidence.exe);
		tell_caller(m, &page->err);
	}
}

int oci_watch_entry_read(const void *bytes, size_t n, struct oci_watch_entry *ret)
{
	struct oci_watch_entry entry;

	if (n != sizeof(entry))
		return -EPROTO;
	memcpy(&entry, bytes, sizeof(entry));
	if (entry.pid <= 0 || entry.n > sizeof(entry.argv) ||
	    (entry.n > 0 && entry.argv[entry.n - 1] != '\0'))
		return -EPROTO;
	*ret = entry;
	return 0;
}

/* Returns a descriptor, or -1. */
static int take_listener(int from)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char text[16];
	struct iovec part = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) <= 0)
		return -1;
	c = CMSG_FIRSTHDR(&message);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/*
 * A process that exec adds, then the listener of its filter. A caller that only looks whether we
 * live, or was killed, is gone; one that stays silent is not waited for.
 */
static void take_entry(struct oci_monitor *m)
{
	cleanup_close int from = accept4(m->socket, NULL, NULL, SOCK_CLOEXEC);
	const struct timeval patience = { .tv_sec = 1 };
	struct oci_watch_entry entry = { 0 };
	ssize_t n = -1;
	int fd;

	if (from >= 0 &&
	    setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0)
		n = recv(from, &entry, sizeof(entry), 0);
	if (n <= 0 || oci_watch_entry_read(&entry, (size_t)n, &entry) < 0)
		return;
	if (!oci_record_entry(m, &entry) || oci_say(from, OCI_SAY_GO, NULL) < 0)
		return;
	fd = take_listener(from);
	if (fd >= 0)
		add_listener(m, fd, entry.pid);
}

static void turn(struct oci_monitor *m, const struct pollfd *fds, size_t n_listeners)
{
	if (fds[POLL_WORD].revents & POLLIN)
		hear_child(m);
	if (fds[POLL_TIMER].revents) {
		m->out_of_time = true;
		end_container(m);
	}
	/* Downwards: what is dropped is replaced by the last one. */
	for (size_t i = n_listeners; i-- > 0;) {
		short what = fds[POLL_LISTENERS + i].revents;

		if (what & POLLIN)
			answer_all(m, &m->listeners[i]);
		else if (i > 0 && (what & (POLLHUP | POLLERR)))
			drop_listener(m, i);
	}
	if (fds[POLL_SOCKET].revents)
		take_entry(m);
}

static void watch_to_the_end(struct oci_monitor *m)
{
	for (;;) {
		struct pollfd fds[POLL_MAX] = {
			[POLL_CHILD] = { .fd = m->pidfd, .events = POLLIN },
			[POLL_WORD] = { .fd = m->armed ? -1 : m->from_child, .events = POLLIN },
			[POLL_SOCKET] = { .fd = m->socket, .events = POLLIN },
			[POLL_TIMER] = { .fd = m->timer, .events = POLLIN },
		};
		size_t n = m->n_listeners;

		for (size_t i = 0; i < n; i++)
			fds[POLL_LISTENERS + i] =
				(struct pollfd){ .fd = m->listeners[i].listener, .events = POLLIN };
		if (poll(fds, POLL_LISTENERS + n, m->armed && !m->started ? OCI_LOOK_MS : -1) < 0 &&
		    errno != EINTR)
			return;
		turn(m, fds, n);
		if (m->armed && !m->started)
			follow_start(m);
		if (fds[POLL_CHILD].revents)
			return;
	}
}

/* It died between the call of `start` and its program. */
static void tell_early_end(struct oci_monitor *m)
{
	const struct oci_page *page = m->watch->page;
	struct err err = { 0 };

	if (!m->armed || m->started)
		return;
	if (page->failed)
		err = page->err;
	else
		err_set(&err, EPROTO, "the container's process died before its program ran");
	tell_caller(m, &err);
}

static int prepare(struct oci_monitor *m, struct err *err)
{
	int r = run_folder_create(&m->folder, err);

	if (r < 0)
		return r;
	memcpy(m->watch->page->run, m->folder.id, sizeof(m->folder.id));
	m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->timer < 0)
		return err_sys(err, errno, "cannot make the timer of the time limit");
	return 0;
}

static int make_child(struct oci_monitor *m, struct err *err)
{
	const struct oci_watch *w = m->watch;

	m->pid = oci_spawn(w->spawn, w->page, err);
	if (m->pid == 0) {
		oci_confine_container(w->plan, w->fds, w->page);
		_exit(127);
	}
	if (m->pid < 0)
		return m->pid;
	m->pidfd = pidfd_open(m->pid, 0);
	if (m->pidfd < 0)
		return err_sys(err, errno, "cannot watch the container's process");
	return oci_record_start(m, err);
}

/* A child of the creator until that ends; then of whoever collects processes for the engine. */
static int monitor(struct oci_monitor *m)
{
	struct oci_page *page = m->watch->page;
	struct err err = { 0 };
	sigset_t all;
	int r = setsid() < 0 ? err_sys(&err, errno, "cannot start a session") : prepare(m, &err);

	if (r == 0)
		r = make_child(m, &err);
	if (r < 0)
		page->err = err;
	confine_page_set(&page->made);
	if (r < 0) {
		if (m->pidfd >= 0)
			end_container(m);
		run_folder_discard(&m->folder);
		return 1;
	}
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0 || chdir("/") < 0 ||
	    prctl(PR_SET_NAME, "immure-watch") < 0)
		m->lost = (struct err){ .code = EPERM };
	watch_to_the_end(m);
	tell_early_end(m);
	oci_record_end(m);
	return 0;
}

static int listen_here(int dir, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" OCI_WATCH_SOCKET,
		 dir);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 16) < 0)
		return err_sys(err, errno, "cannot listen for exec");
	return steal_fd(fd);
}

int oci_watch_start(const struct oci_watch *watch, pid_t *ret_pid, struct err *err)
{
	cleanup_close int socket = listen_here(watch->dir, err);
	int pair[2] = { -1, -1 };
	struct oci_monitor *m;
	pid_t pid;

	if (socket < 0)
		return socket;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	watch->fds->monitor = pair[1];
	watch->spawn->shared = true;
	watch->page->mountinfo = watch->page->listener = watch->page->caller = -1;
	watch->page->file = -1;
	pid = fork();
	if (pid == 0) {
		close(watch->told);
		m = calloc(1, sizeof(*m));
		if (!m)
			_exit(1);
		m->watch = watch;
		m->folder = (struct run_folder){ .runs = -1, .dir = -1 };
		m->log.fd = m->pidfd = m->timer = -1;
		m->from_child = pair[0];
		m->socket = socket;
		_exit(monitor(m));
	}
	close(pair[0]);
	close(pair[1]);
	if (pid < 0)
		return err_sys(err, errno, "cannot make the monitor");
	pid = oci_spawn_await(pid, watch->page, err);
	*ret_pid = watch->page->child > 0 ? watch->page->child : -1;
	return pid < 0 ? pid : 0;
}
