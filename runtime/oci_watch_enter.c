/* SPDX-License-Identifier: Apache-2.0 */
/* exec's side of the monitor: a helper hands over what the new process shares with it. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sys.h"
#include "runtime/oci_watch_parts.h"
#include "sandbox/confine.h"

#define END_LOOKS 200 /* of 5 ms */

static int connect_here(int dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" OCI_WATCH_SOCKET,
		 dir);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(fd);
}

int oci_watch_connect(int dir, struct err *err)
{
	int fd = connect_here(dir);

	return fd < 0 ? err_sys(err, -fd, "the container's monitor is gone") : fd;
}

void oci_watch_await_end(int dir)
{
	for (int i = 0; i < END_LOOKS; i++) {
		cleanup_close int fd = connect_here(dir);

		if (fd < 0 || poll(NULL, 0, 5) < 0)
			return;
	}
}

static void put_words(const struct oci_process *process, struct oci_watch_entry *entry)
{
	for (size_t i = 0; process->args[i]; i++) {
		size_t n = strlen(process->args[i]) + 1;

		if (n > sizeof(entry->argv) - entry->n)
			return;
		memcpy(entry->argv + entry->n, process->args[i], n);
		entry->n += (uint32_t)n;
	}
}

/* Until the process has set a word of the page, or has ended: it may have done both. */
static bool await_word(const uint32_t *word, struct pollfd *end)
{
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE)) {
		if (poll(end, 1, OCI_LOOK_MS) != 0)
			return __atomic_load_n(word, __ATOMIC_ACQUIRE) != 0;
	}
	return true;
}

/*
 * Outside of the container. The entry is on record before the process goes on; then the listener of
 * its filter, which is in our table as well, is handed over.
 */
static int hand_over(const struct oci_watch *w, const struct oci_process *process, pid_t pid,
		     int to)
{
	struct oci_watch_entry entry = { .pid = pid };
	cleanup_close int pidfd = pidfd_open(pid, 0);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	struct oci_say answer = { 0 };

	put_words(process, &entry);
	if (pidfd < 0 || !await_word(&w->page->confined, &end))
		return 1;
	if (send(to, &entry, sizeof(entry), MSG_NOSIGNAL) == (ssize_t)sizeof(entry) &&
	    oci_hear(to, &answer) == 0) {
		confine_page_set(&w->page->go);
		if (!await_word(&w->page->filtered, &end))
			return 1;
		if (oci_send_fd(to, w->page->listener, "listener", 8) == 0)
			return 0;
	}
	/* Where nobody writes down what it does, it does not run. */
	return sys_pidfd_send_signal(pidfd, SIGKILL) < 0 ? 2 : 1;
}

int oci_watch_enter(const struct oci_watch *watch, const struct oci_process *process, int to,
		    pid_t *ret_pid, struct err *err)
{
	struct err told = { 0 };
	pid_t pid;

	watch->spawn->shared = true;
	pid = fork();
	if (pid < 0)
		return err_sys(err, errno, "cannot make a helper");
	if (pid == 0) {
		close(watch->told);
		pid = oci_spawn(watch->spawn, watch->page, &told);
		if (pid == 0) {
			oci_confine_process(watch->plan, process, watch->fds, watch->page);
			_exit(127);
		}
		if (pid < 0)
			watch->page->err = told;
		confine_page_set(&watch->page->made);
		_exit(pid < 0 ? 1 : hand_over(watch, process, pid, to));
	}
	pid = oci_spawn_await(pid, watch->page, err);
	*ret_pid = watch->page->child > 0 ? watch->page->child : -1;
	return pid < 0 ? pid : 0;
}
