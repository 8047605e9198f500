/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-resolve: looks up the names of network rules before a sandbox starts, on the host's
 * network, and tells their addresses.
 * Should: be confined before it hears the first answer, as immure-registry is.
 * Mustn't: decide anything; what it says is checked by whoever asked.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/pins.h"
#include "runtime/registry_confine.h"

static void say(const struct pin_record *record)
{
	if (fd_write_all(PIN_OUT, record, sizeof(*record)) < 0)
		_exit(1);
}

static int confine(struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	void *bytes = arena_alloc(&arena, BUNDLE_MAX_BYTES);
	ssize_t n = bytes ? fd_read_full(PIN_POLICY, bytes, BUNDLE_MAX_BYTES) : -ENOMEM;
	struct bundle bundle = { 0 };
	int r;

	if (n < 0)
		return err_sys(err, (int)-n, "cannot read the policy");
	close(PIN_POLICY);
	r = bundle_decode(bytes, (size_t)n, &arena, &bundle, err);
	return r < 0 ? r : registry_confine_apply(&bundle, err);
}

static bool address_of(const struct addrinfo *info, struct address *ret)
{
	*ret = (struct address){ .v6 = info->ai_family == AF_INET6 };
	if (info->ai_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)info->ai_addr;

		memcpy(ret->bytes, &six->sin6_addr, 16);
		return true;
	}
	if (info->ai_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)info->ai_addr;

		memcpy(ret->bytes, &four->sin_addr, 4);
		return true;
	}
	return false;
}

static int look_up(const char *name, uint32_t number, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	int r = getaddrinfo(name, NULL, &hints, &all);

	if (r != 0)
		return err_set(err, EHOSTUNREACH, "%.100s: %s", name, gai_strerror(r));
	for (const struct addrinfo *i = all; i; i = i->ai_next) {
		struct pin_record record = { .kind = PIN_ADDRESS, .name = number };

		if (address_of(i, &record.address))
			say(&record);
	}
	freeaddrinfo(all);
	return 0;
}

int main(int argc, char *argv[])
{
	struct pin_record last = { .kind = PIN_END };
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = confine(&last.err);
	for (int i = 1; r == 0 && i < argc; i++)
		r = look_up(argv[i], (uint32_t)(i - 1), &last.err);
	if (r < 0)
		last.kind = PIN_FAILED;
	say(&last);
	return r < 0;
}
