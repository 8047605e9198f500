/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/attach.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FINISH_MS 2000
#define CREDIT_MAX_US 200000
#define WAIT_MS 10

static const struct attach_client nobody = { .fd = -1 };

void attach_init(struct attach *attach, unsigned flags)
{
	*attach = (struct attach){ .input = -1, .flags = flags };
	for (size_t i = 0; i < ATTACH_CLIENTS; i++)
		attach->clients[i] = nobody;
}

void attach_set_input(struct attach *attach, int input)
{
	attach->input = input;
	attach->start = attach->end = 0;
}

static bool has_pending(const struct attach *attach)
{
	return attach->start < attach->end;
}

static void drop(struct attach_client *client)
{
	frames_done(&client->queue);
	closep(&client->fd);
	*client = nobody;
}

/* No more output; what it has sent is still read, up to its end. */
static void become_deaf(struct attach_client *client)
{
	frames_done(&client->queue);
	client->deaf = true;
}

static bool is_gone(const struct attach_client *client)
{
	struct pollfd end = { .fd = client->fd };

	return client->deaf || (poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)));
}

/* One that is gone and has left input that nobody takes makes room. */
static struct attach_client *free_place(struct attach *attach)
{
	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		if (attach->clients[i].fd < 0)
			return &attach->clients[i];
	}
	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		if (is_gone(&attach->clients[i])) {
			drop(&attach->clients[i]);
			return &attach->clients[i];
		}
	}
	return NULL;
}

int attach_add(struct attach *attach, int *client)
{
	const struct control_answer answer = { .version = CONTROL_VERSION,
					       .result = (int32_t)attach->flags };
	struct attach_client *place = free_place(attach);

	if (!place)
		return -EAGAIN;
	if (send(*client, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	place->fd = *client;
	*client = -1;
	return 0;
}

/* Returns false if there is no room for it now. */
static bool send_now(struct attach_client *client, struct iovec *parts, size_t n)
{
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = n };

	if (sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return true;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return false;
	become_deaf(client);
	return true;
}

static void flush(struct attach_client *client)
{
	const char *bytes;
	size_t n = 0;

	while ((bytes = frames_first(&client->queue, &n)) != NULL) {
		struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };

		if (!send_now(client, &part, 1))
			return;
		if (client->deaf)
			return; /* the queue is gone */
		frames_pop(&client->queue);
	}
}

static void give(struct attach_client *client, struct control_output *head, const void *bytes,
		 size_t n)
{
	struct iovec parts[] = { { head, sizeof(*head) }, { (void *)(uintptr_t)bytes, n } };
	size_t waiting = 0;

	if (client->fd < 0 || client->deaf)
		return;
	if (!frames_first(&client->queue, &waiting) && send_now(client, parts, ARRAY_LEN(parts)))
		return;
	if (!frames_add(&client->queue, ATTACH_QUEUE_MAX, head, bytes, n))
		drop(client);
}

void attach_output(struct attach *attach, enum control_stream stream, const void *bytes, size_t n)
{
	struct control_output head = { .stream = stream };

	for (size_t i = 0; i < ATTACH_CLIENTS; i++)
		give(&attach->clients[i], &head, bytes, n);
}

void attach_fill(const struct attach *attach, struct pollfd *fds)
{
	bool full = has_pending(attach);

	fds[0] = (struct pollfd){ .fd = full ? attach->input : -1, .events = POLLOUT };
	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		const struct attach_client *client = &attach->clients[i];
		size_t n = 0;
		bool waits = frames_first(&client->queue, &n) != NULL;

		/* While nothing is taken from it, its end is not news, and would wake us for ever.
		 */
		fds[1 + i] = (struct pollfd){
			.fd = full && !waits ? -1 : client->fd,
			.events = (short)((full ? 0 : POLLIN) | (waits ? POLLOUT : 0)),
		};
	}
}

static void write_pending(struct attach *attach)
{
	ssize_t n = 0;

	if (has_pending(attach) && attach->input >= 0)
		n = write(attach->input, attach->pending + attach->start,
			  attach->end - attach->start);
	if (n > 0)
		attach->start += (size_t)n;
	else if (attach->input < 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		attach->start = attach->end;
}

static void hear(struct attach *attach, struct attach_client *client)
{
	ssize_t n = recv(client->fd, attach->pending, sizeof(attach->pending),
			 MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n > sizeof(attach->pending)) {
		drop(client);
		return;
	}
	attach->start = 0;
	attach->end = (size_t)n;
	write_pending(attach);
}

void attach_handle(struct attach *attach, const struct pollfd *fds)
{
	if (fds[0].revents)
		write_pending(attach);
	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		struct attach_client *client = &attach->clients[i];
		short events = fds[1 + i].revents;

		if (!events || client->fd < 0 || client->fd != fds[1 + i].fd)
			continue;
		if (events & POLLOUT)
			flush(client);
		if (!has_pending(attach))
			hear(attach, client);
		else if (events & (POLLHUP | POLLERR))
			become_deaf(client);
	}
}

/* Returns true if more than `most` bytes wait for somebody. */
static bool fill_waiting(const struct attach *attach, size_t most, struct pollfd *fds)
{
	bool any = false;

	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		const struct frames *queue = &attach->clients[i].queue;
		bool waits = queue->end - queue->start > most;

		fds[i] = (struct pollfd){ .fd = waits ? attach->clients[i].fd : -1,
					  .events = POLLOUT };
		any = any || waits;
	}
	return any;
}

/* Returns false if nobody took anything in that time. */
static bool wait_and_flush(struct attach *attach, struct pollfd *fds)
{
	if (poll(fds, ATTACH_CLIENTS, WAIT_MS) <= 0)
		return false;
	for (size_t i = 0; i < ATTACH_CLIENTS; i++) {
		if (fds[i].revents)
			flush(&attach->clients[i]);
	}
	return true;
}

static uint64_t now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void attach_catch_up(struct attach *attach)
{
	struct pollfd fds[ATTACH_CLIENTS];
	uint64_t now;
	uint64_t credit;

	if (!fill_waiting(attach, ATTACH_QUEUE_MAX / 4, fds))
		return;
	now = now_us();
	credit = attach->credit_us + (now - attach->looked_us) / 8;
	attach->credit_us = credit < CREDIT_MAX_US ? credit : CREDIT_MAX_US;
	attach->looked_us = now;
	if (attach->credit_us < UINT64_C(1000) * WAIT_MS)
		return;
	wait_and_flush(attach, fds);
	attach->looked_us = now_us();
	now = attach->looked_us - now;
	attach->credit_us -= now < attach->credit_us ? now : attach->credit_us;
}

void attach_finish(struct attach *attach, int status)
{
	struct control_output head = { .stream = CONTROL_ENDED, .status = status };
	struct pollfd fds[ATTACH_CLIENTS];
	int turns = FINISH_MS / WAIT_MS;

	for (size_t i = 0; i < ATTACH_CLIENTS; i++)
		give(&attach->clients[i], &head, NULL, 0);
	/* Who takes nothing for ten milliseconds costs one turn. */
	while (turns > 0 && fill_waiting(attach, 0, fds)) {
		if (!wait_and_flush(attach, fds))
			turns--;
	}
	for (size_t i = 0; i < ATTACH_CLIENTS; i++)
		drop(&attach->clients[i]);
}
