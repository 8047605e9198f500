// SPDX-License-Identifier: Apache-2.0
/* The network outside, and sockets of the host (classes 25, 33). */
#include "act.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum outcome see_interfaces(const struct act *act)
{
	char buf[4096];
	char *line;
	char *rest = buf;

	(void)act;
	if (act_read("/proc/net/dev", buf, sizeof(buf)) < 0)
		return act_untried("/proc/net/dev: %s", strerrorname_np(errno));
	while ((line = strsep(&rest, "\n"))) {
		char name[32];

		if (sscanf(line, " %31[^: ]:", name) == 1 && strchr(line, ':') &&
		    strcmp(name, "lo") != 0)
			return act_broken("there is %s", name);
	}
	return act_refused("nothing but lo");
}

static enum outcome judge_connect(int r, const char *what)
{
	if (r == 0)
		return act_broken("connected to %s", what);
	return act_refused("%s: %s", what, strerrorname_np(errno));
}

/* The runner listens; `tcp` is its address and port. */
static enum outcome try_tcp(const struct act *act)
{
	const char *where = act_fact(act->path);
	struct sockaddr_in to = { .sin_family = AF_INET };
	char host[64];
	char *colon;
	cleanup_close int fd = -1;

	if (!where)
		return act_untried("nobody listens");
	snprintf(host, sizeof(host), "%s", where);
	colon = strchr(host, ':');
	if (!colon)
		return act_untried("bad address %s", where);
	*colon = '\0';
	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	inet_pton(AF_INET, host, &to.sin_addr);
	fd = socket(AF_INET, (int)act->nr | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return act_refused("socket: %s", strerrorname_np(errno));
	return judge_connect(connect(fd, (const struct sockaddr *)&to, sizeof(to)), where);
}

static enum outcome try_unix(const struct act *act)
{
	const char *name = act_fact(act->path);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len;
	cleanup_close int fd = -1;

	if (!name || strlen(name) >= sizeof(to.sun_path))
		return act_untried("nobody listens");
	memcpy(to.sun_path, name, strlen(name));
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return act_refused("socket: %s", strerrorname_np(errno));
	return judge_connect(connect(fd, (const struct sockaddr *)&to, len), name);
}

/* clang-format off */
const struct act acts_network[] = {
	{ "net-interfaces", see_interfaces, "see a network interface besides lo", "R9", 33, CONTROL_PLAIN },
	{ "net-loopback", try_tcp, "connect to a service on the host's loopback", "R9", 25, CONTROL_PLAIN, .path = "tcp",
	  .nr = SOCK_STREAM },
	{ "net-outside", try_tcp, "connect to the host by its address", "R9", 25, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "tcp-out", .nr = SOCK_STREAM },
	{ "net-metadata", try_tcp, "have a route to the metadata service", "R9", 25, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "udp-metadata", .nr = SOCK_DGRAM },
	{ "net-abstract", try_unix, "connect to an abstract socket of the host", "R9", 25, CONTROL_PLAIN, .path = "abstract" },
	{ "net-unix", try_unix, "connect to a socket file of the host", "R3", 25, CONTROL_PLAIN, .path = "socket" },
	{ 0 },
};
/* clang-format on */
