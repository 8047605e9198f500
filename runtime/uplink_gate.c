/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Should: load the table before anything runs in the sandbox; tell what was refused.
 * Mustn't: believe a byte of a packet, which the workload made; see nflog.c.
 */
#include "runtime/uplink_gate.h"

#include <fcntl.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/to_nft.h"
#include "runtime/nflog.h"
#include "runtime/uplink_wire.h"

#define MAX_PACKETS 16

static int first_line(const char *text)
{
	size_t n = strcspn(text, "\n");

	return n < 150 ? (int)n : 150;
}

static int load_table(struct nft_ctx *nft, const char *table, struct err *err)
{
	const char *why;

	if (nft_run_cmd_from_buffer(nft, table) == 0)
		return 0;
	why = nft_ctx_get_error_buffer(nft);
	return err_set(err, ENOTSUP, "cannot load the rules of the network (nftables): %.*s",
		       first_line(why), why);
}

static void say(const struct uplink_message *message)
{
	/* Whoever does not listen any more is about to end us. */
	(void)!send(UPLINK_LIFE, message, sizeof(*message), MSG_NOSIGNAL);
}

static void tell_refused(int log)
{
	_Alignas(8) static char bytes[NFLOG_MAX_BYTES];
	struct uplink_message packets[MAX_PACKETS];
	ssize_t n = recv(log, bytes, sizeof(bytes), 0);
	size_t found = n > 0 ? nflog_parse(bytes, (size_t)n, packets, MAX_PACKETS) : 0;

	for (size_t i = 0; i < found; i++)
		say(&packets[i]);
}

/* "r12", "refused_out", "refused_in". */
static bool counter_number(struct span name, uint32_t *ret)
{
	uint64_t number = 0;

	if (span_eq(name, NFT_REFUSED_OUT) || span_eq(name, NFT_REFUSED_IN)) {
		*ret = span_eq(name, NFT_REFUSED_OUT) ? UPLINK_REFUSED_OUT : UPLINK_REFUSED_IN;
		return true;
	}
	if (name.n < 2 || name.p[0] != 'r')
		return false;
	name = (struct span){ name.p + 1, name.n - 1 };
	if (span_u64(name, UPLINK_REFUSED_IN - 1, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* "counter NAME {", then "packets N bytes M", as nft prints it. */
static void tell_counters(struct nft_ctx *nft)
{
	struct uplink_message message = { .kind = UPLINK_COUNTER };
	bool named = false;
	struct span rest;

	if (nft_run_cmd_from_buffer(nft, "list counters table inet immure") != 0)
		return;
	rest = span_of(nft_ctx_get_output_buffer(nft));
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span word = span_word(&line);

		if (span_eq(word, "counter")) {
			named = counter_number(span_word(&line), &message.rule);
		} else if (named && span_eq(word, "packets")) {
			struct span packets = span_word(&line);

			span_word(&line); /* "bytes" */
			if (span_u64(packets, UINT64_MAX, &message.packets) == 0 &&
			    span_u64(span_word(&line), UINT64_MAX, &message.bytes) == 0)
				say(&message);
			named = false;
		}
	}
	message = (struct uplink_message){ .kind = UPLINK_END };
	say(&message);
}

/* Until the launcher has no more to say. */
static void serve(struct nft_ctx *nft, int log)
{
	struct pollfd fds[] = { { .fd = UPLINK_LIFE, .events = POLLIN },
				{ .fd = log, .events = POLLIN } };

	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents & POLLIN)
			tell_refused(log);
		else if (fds[0].revents)
			break;
		else if (fds[1].revents)
			fds[1].fd = -1;
	}
	tell_counters(nft);
}

static int enter(struct nft_ctx **ret, const char *table, struct err *err)
{
	struct nft_ctx *nft;

	if (setns(UPLINK_USERNS, CLONE_NEWUSER) < 0 || setns(UPLINK_NETNS, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "cannot enter the sandbox's network namespace");
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft || nft_ctx_buffer_error(nft) != 0 || nft_ctx_buffer_output(nft) != 0)
		return err_set(err, ENOMEM, "out of memory");
	*ret = nft;
	return load_table(nft, table, err);
}

/* Without announcements the counters still tell how much was refused. */
static int gate(const char *table, int answer_to)
{
	struct nft_ctx *nft = NULL;
	struct err answer = { 0 };
	struct err no_log = { 0 };
	int log = -1;
	int r = enter(&nft, table, &answer);

	if (r == 0)
		log = nflog_open(NFT_LOG_GROUP, &no_log);
	if (fd_write_all(answer_to, &answer, sizeof(answer)) < 0 || r < 0)
		return 1;
	close(answer_to);
	serve(nft, log);
	nft_ctx_free(nft);
	return 0;
}

int uplink_gate_start(const char *table, pid_t *ret, struct err *err)
{
	struct err answer = { 0 };
	int pipe_fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		_exit(gate(table, pipe_fds[1]));
	close(pipe_fds[1]);
	n = fd_read_full(pipe_fds[0], &answer, sizeof(answer));
	close(pipe_fds[0]);
	if (n == (ssize_t)sizeof(answer) && answer.code == 0 && pid > 0) {
		*ret = pid;
		return 0;
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(answer) || answer.code <= 0)
		return err_set(err, EIO, "the process that loads the rules died");
	*err = answer;
	return -answer.code;
}
