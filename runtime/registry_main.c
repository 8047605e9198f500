/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-registry: talks to one registry for immure-tool, see registry_proto.h.
 * Should: be confined before it hears the first byte; end when its caller does.
 * Mustn't: know where the store is, or see any credentials but those for this registry.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/registry_confine.h"
#include "runtime/registry_session.h"

#define SOCKET 0
#define POLICY 3
#define CA_MAX ((size_t)4 << 20)
#define STACK ((size_t)512 << 10)

struct job {
	struct job *next;
	struct registry_request request;
	int fd;
};

/* Jobs that wait for a worker, and workers that wait for a job. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **end;
	unsigned idle, workers;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static struct registry_session session = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* One message of exactly n bytes, and the descriptor beside it or -1. 0 at the end. */
static int receive(void *ret, size_t n, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { ret, n };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;
	ssize_t got;

	do
		got = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return 0;
	if (got != (ssize_t)n || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EPROTO;
	c = CMSG_FIRSTHDR(&message);
	*ret_fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
	return 1;
}

static struct job *take_job(void)
{
	struct job *job;

	pthread_mutex_lock(&queue.lock);
	queue.idle++;
	while (!queue.first)
		pthread_cond_wait(&queue.more, &queue.lock);
	queue.idle--;
	job = queue.first;
	queue.first = job->next;
	if (!queue.first)
		queue.end = &queue.first;
	pthread_mutex_unlock(&queue.lock);
	return job;
}

static void *work(void *unused)
{
	struct registry_worker worker = { .session = &session };
	struct registry_reply failed = { .kind = REGISTRY_FAILED };
	int opened = http_open(&worker.http, &session.settings, &failed.err);

	for (;;) {
		struct job *job = take_job();

		worker.request = job->request;
		worker.told = 0;
		if (opened == 0)
			registry_serve(&worker, job->fd);
		else if (registry_reply(&worker, &failed) < 0)
			_exit(1);
		free(job);
	}
	return unused;
}

/* As many threads as there are jobs at a time, up to a limit. */
static bool add_worker(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool made;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	made = pthread_create(&thread, &attr, work, NULL) == 0;
	pthread_attr_destroy(&attr);
	return made;
}

static int add_job(const struct registry_request *request, int fd)
{
	struct job *job = calloc(1, sizeof(*job));
	bool more;

	if (!job)
		return -ENOMEM;
	job->request = *request;
	job->fd = fd;
	pthread_mutex_lock(&queue.lock);
	*queue.end = job;
	queue.end = &job->next;
	more = queue.idle == 0 && queue.workers < REGISTRY_MAX_WORKERS;
	queue.workers += more;
	pthread_cond_signal(&queue.more);
	pthread_mutex_unlock(&queue.lock);
	if (more && !add_worker() && queue.workers == 1)
		return -EAGAIN;
	return 0;
}

static int read_policy(struct arena *arena, struct bundle *ret, struct err *err)
{
	void *bytes = arena_alloc(arena, BUNDLE_MAX_BYTES);
	ssize_t n = bytes ? fd_read_full(POLICY, bytes, BUNDLE_MAX_BYTES) : -ENOMEM;

	if (n < 0)
		return err_sys(err, (int)-n, "cannot read the policy");
	close(POLICY);
	return bundle_decode(bytes, (size_t)n, arena, ret, err);
}

static int read_ca(int fd, struct strbuf *text, struct err *err)
{
	int r;

	if (fd < 0)
		return 0;
	r = fd_read_all(fd, CA_MAX, text);
	if (r < 0)
		return err_sys(err, -r, "cannot read the CA certificates");
	if (text->len == 0)
		return err_set(err, EINVAL, "the file of CA certificates is empty");
	session.settings.ca = text->p;
	session.settings.ca_length = text->len;
	return 0;
}

static int set_up(struct strbuf *ca_text, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle bundle = { 0 };
	cleanup_close int ca = -1;
	int r = receive(&session.hello, sizeof(session.hello), &ca);

	if (r <= 0 || session.hello.version != REGISTRY_VERSION)
		return err_set(err, EPROTO, "immure-registry is started by immure, not by hand");
	session.socket = SOCKET;
	session.settings.insecure = session.hello.insecure;
	r = read_ca(ca, ca_text, err);
	if (r == 0)
		r = read_policy(&arena, &bundle, err);
	if (r < 0)
		return r;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ENOTSUP, "cannot set up libcurl");
	return registry_confine_apply(&bundle, err);
}

static int answer_all(struct err *err)
{
	for (;;) {
		struct registry_request request;
		int fd = -1;
		int r = receive(&request, sizeof(request), &fd);

		if (r == 0)
			return 0;
		if (r == 1)
			r = add_job(&request, fd);
		if (r < 0)
			return err_sys(err, -r, "cannot take a request");
	}
}

int main(void)
{
	struct registry_reply ready = { .kind = REGISTRY_DONE };
	struct strbuf ca_text = { 0 };
	struct err err = { 0 };

	queue.end = &queue.first;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || set_up(&ca_text, &err) < 0) {
		ready.kind = REGISTRY_FAILED;
		ready.err = err;
	}
	if (send(SOCKET, &ready, sizeof(ready), MSG_NOSIGNAL) != (ssize_t)sizeof(ready) ||
	    err.code != 0)
		return 1;
	_exit(answer_all(&err) < 0); /* other threads use what exit() would take down */
}
