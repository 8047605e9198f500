/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes in on the sockets between creator, container's process, monitor, `start` and exec. The
 * first byte chooses which kind. Property: a record is taken whole or not at all, its texts end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/oci_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void hear(const uint8_t *data, size_t n)
{
	struct oci_say say = { .kind = 77 };
	cleanup_close int there = -1;
	cleanup_close int here = -1;
	int pair[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	there = pair[0];
	here = pair[1];
	if (send(there, data, n, MSG_NOSIGNAL) != (ssize_t)n)
		return;
	r = oci_hear(here, &say);
	if (r < 0 && say.kind != 77)
		abort();
	if (r == 0 &&
	    (n < sizeof(say) || strnlen(say.err.msg, sizeof(say.err.msg)) == sizeof(say.err.msg)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct oci_watch_entry entry = { .pid = 77 };
	int r;

	if (n < 2)
		return 0;
	if (data[0] & 1) {
		hear(data + 1, n - 1);
		return 0;
	}
	r = oci_watch_entry_read(data + 1, n - 1, &entry);
	if (r < 0 && entry.pid != 77)
		abort();
	if (r == 0 && (entry.pid <= 0 || entry.n > sizeof(entry.argv) ||
		       (entry.n > 0 && entry.argv[entry.n - 1] != '\0')))
		abort();
	return 0;
}
