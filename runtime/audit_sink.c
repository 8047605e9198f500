/* SPDX-License-Identifier: Apache-2.0 */
/* Source: RFC 3164; systemd.io/JOURNAL_NATIVE_PROTOCOL; logging to AUTHPRIV as login programs do.
 */
#include "runtime/audit_sink.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"

#define SYSLOG_SOCKET "/dev/log"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FACILITY_AUTHPRIV 10

static int open_socket(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "%.60s: a socket's path is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, errno, "cannot reach %s", path);
	return steal_fd(fd);
}

static const char *path_behind(const char *target, const char *absent)
{
	const char *colon = strchr(target, ':');

	return colon ? colon + 1 : absent;
}

int sink_open(struct sink *sink, const char *target, const char *run, struct err *err)
{
	struct span rest = span_of(target);
	struct span kind = span_cut(&rest, ':');

	*sink = (struct sink){ .kind = SINK_FILE, .fd = -1, .run = run };
	if (strcmp(target, "-") == 0) {
		sink->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	} else if (span_eq(kind, "syslog")) {
		sink->kind = SINK_SYSLOG;
		sink->fd = open_socket(path_behind(target, SYSLOG_SOCKET), err);
	} else if (span_eq(kind, "journald")) {
		sink->kind = SINK_JOURNAL;
		sink->fd = open_socket(path_behind(target, JOURNAL_SOCKET), err);
	} else {
		sink->fd = open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
	if (sink->fd >= 0)
		return 0;
	if (!err->code)
		err_sys(err, errno, "cannot open %s", target);
	err_wrap(err, "--to");
	return err_at(err, ERR_USAGE);
}

static int send_whole(int fd, const struct strbuf *text, struct err *err)
{
	ssize_t n;

	do {
		n = send(fd, text->p, text->len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(err, errno, "cannot send an event") : 0;
}

static int send_syslog(const struct sink *sink, int severity, struct span line, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	time_t now = time(NULL);
	struct tm tm = { 0 };
	char date[32];

	localtime_r(&now, &tm);
	if (strftime(date, sizeof(date), "%b %e %H:%M:%S", &tm) == 0)
		return err_set(err, ERANGE, "no date");
	strbuf_addf(&text, "<%d>%s immure[%d]: ", FACILITY_AUTHPRIV * 8 + severity, date, getpid());
	strbuf_span(&text, line);
	return send_whole(sink->fd, &text, err);
}

/* What is too large for a datagram goes into a sealed memfd, whose descriptor is sent. */
static int send_memfd(int socket, const struct strbuf *text, struct err *err)
{
	cleanup_close int fd = memfd_create("event", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	if (fd < 0 || fd_write_all(fd, text->p, text->len) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return err_sys(err, errno, "cannot make a file for a large event");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0
		       ? err_sys(err, errno, "cannot send a large event")
		       : 0;
}

static int send_journal(const struct sink *sink, int severity, struct span line, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err first = { 0 };
	int r;

	strbuf_addf(&text,
		    "PRIORITY=%d\nSYSLOG_IDENTIFIER=immure\nIMMURE_RUN=%s\nMESSAGE=", severity,
		    sink->run);
	strbuf_span(&text, line);
	strbuf_putc(&text, '\n');
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = send_whole(sink->fd, &text, &first);
	if (r == -EMSGSIZE || r == -ENOBUFS)
		return send_memfd(sink->fd, &text, err);
	if (r < 0)
		*err = first;
	return r;
}

int sink_send(struct sink *sink, int severity, struct span line, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	if (sink->kind == SINK_SYSLOG)
		return send_syslog(sink, severity, line, err);
	if (sink->kind == SINK_JOURNAL)
		return send_journal(sink, severity, line, err);
	strbuf_span(&text, line);
	strbuf_putc(&text, '\n');
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(sink->fd, text.p, text.len);
	return r < 0 ? err_sys(err, -r, "cannot write an event") : 0;
}

void sink_close(struct sink *sink)
{
	closep(&sink->fd);
}
