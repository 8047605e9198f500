// SPDX-License-Identifier: Apache-2.0
/* Shared memory, semaphores, queues and names of the host (class 39: other users' objects). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static enum outcome judge_id(int id, const char *what)
{
	if (id >= 0)
		return act_broken("found the host's %s", what);
	return act_refused("%s", strerrorname_np(errno));
}

static enum outcome try_find(const struct act *act)
{
	const char *text = act_fact("ipc");
	key_t key;

	if (!text)
		return act_untried("nothing was planted");
	key = (key_t)strtol(text, NULL, 10);
	switch (act->nr) {
	case 's':
		return judge_id(shmget(key, 0, 0), "shared memory");
	case 'q':
		return judge_id(msgget(key, 0), "message queue");
	default:
		return judge_id(semget(key, 0, 0), "semaphores");
	}
}

static enum outcome try_mqueue(const struct act *act)
{
	const char *name = act_fact("mqueue");

	(void)act;
	if (!name)
		return act_untried("nothing was planted");
	return act_opened(mq_open(name, O_RDONLY), name);
}

static enum outcome try_file(const struct act *act)
{
	const char *name = act_fact(act->path);

	if (!name)
		return act_untried("nothing was planted");
	return act_opened(open(name, (int)act->nr | O_CLOEXEC), name);
}

static enum outcome see_hostname(const struct act *act)
{
	const char *outside = act_fact("hostname");
	char here[128] = "";

	(void)act;
	if (!outside || gethostname(here, sizeof(here) - 1) < 0)
		return act_untried("the host's name is not known");
	if (strcmp(outside, here) == 0)
		return act_broken("the host is called %s", here);
	return act_refused("the name is %s", here);
}

/* clang-format off */
const struct act acts_ipc[] = {
	{ "ipc-shm", try_find, "find System V shared memory of the host", "R9", 39, CONTROL_PLAIN, .nr = 's' },
	{ "ipc-msg", try_find, "find a System V message queue of the host", "R9", 39, CONTROL_PLAIN, .nr = 'q' },
	{ "ipc-sem", try_find, "find System V semaphores of the host", "R9", 39, CONTROL_PLAIN, .nr = 'e' },
	{ "ipc-mqueue", try_mqueue, "open a POSIX message queue of the host", "R9", 39, CONTROL_PLAIN | CONTROL_KERNEL },
	{ "ipc-dev-shm", try_file, "open shared memory of the host in /dev/shm", "R3", 39, CONTROL_PLAIN, .path = "shm-file",
	  .nr = O_RDONLY },
	{ "uts-hostname", see_hostname, "learn the host's name", "R9", 49, CONTROL_PLAIN },
	{ 0 },
};
/* clang-format on */
