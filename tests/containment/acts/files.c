// SPDX-License-Identifier: Apache-2.0
/* Files of the host: read, written, reached by a way round (classes 3, 7, 46). */
#include "act.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum outcome try_fact(const struct act *act)
{
	const char *path = act_fact(act->path);

	if (!path)
		return act_untried("nothing was planted");
	return act_opened(open(path, (int)act->nr | O_CLOEXEC), path);
}

static enum outcome try_path(const struct act *act)
{
	return act_opened(open(act->path, (int)act->nr | O_CLOEXEC), act->path);
}

/* With content: an empty stand-in is no leak. */
static enum outcome see_folder(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir(act->path);

	if (!dir)
		return act_refused("%s: %s", act->path, strerrorname_np(errno));
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] != '.')
			return act_broken("%s/%s", act->path, e->d_name);
	}
	return act_refused("%s is empty", act->path);
}

static enum outcome try_create(const struct act *act)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/immure-created-%d", act->path, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(path);
	return act_opened(fd, path);
}

static enum outcome see_dotdot(const struct act *act)
{
	struct stat root, above;

	(void)act;
	if (stat("/", &root) < 0 || stat("/../../../../..", &above) < 0)
		return act_untried("stat: %s", strerrorname_np(errno));
	if (root.st_ino != above.st_ino || root.st_dev != above.st_dev)
		return act_broken("there is something above the root");
	return act_refused("nothing above the root");
}

/* The volume's folder on the host has a neighbour; the way there leads through "..". */
static enum outcome try_neighbour(const struct act *act)
{
	const char *volume = act_fact("volume");
	const char *name = act_fact("neighbour");
	char path[300];
	cleanup_close int dir = -1;

	(void)act;
	if (!volume || !name)
		return act_untried("no volume");
	dir = open(volume, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return act_untried("%s: %s", volume, strerrorname_np(errno));
	snprintf(path, sizeof(path), "../%s", name);
	return act_opened(openat(dir, path, O_RDONLY | O_CLOEXEC), path);
}

/* A link that the workload makes resolves inside, for itself; the runner looks at it outside. */
static enum outcome try_link(const struct act *act)
{
	const char *volume = act_fact("volume");
	const char *secret = act_fact("secret");
	char path[300];
	enum outcome outcome;

	(void)act;
	if (!volume || !secret)
		return act_untried("no volume");
	snprintf(path, sizeof(path), "%s/immure-link-%d", volume, getpid());
	if (symlink(secret, path) < 0)
		return act_refused("symlink: %s", strerrorname_np(errno));
	outcome = act_opened(open(path, O_RDONLY | O_CLOEXEC), path);
	unlink(path);
	return outcome;
}

static enum outcome try_hard_link(const struct act *act)
{
	const char *volume = act_fact("volume");
	const char *secret = act_fact("secret");
	char path[300];
	int r;

	(void)act;
	if (!volume || !secret)
		return act_untried("no volume");
	snprintf(path, sizeof(path), "%s/immure-hard-%d", volume, getpid());
	r = link(secret, path);
	if (r == 0)
		unlink(path);
	return r < 0 ? act_refused("%s", strerrorname_np(errno))
		     : act_broken("linked %s into the volume", secret);
}

static enum outcome try_write_ro_volume(const struct act *act)
{
	const char *volume = act_fact("volume-ro");
	char path[300];
	int fd;

	(void)act;
	if (!volume)
		return act_untried("no volume");
	snprintf(path, sizeof(path), "%s/immure-created-%d", volume, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(path);
	return act_opened(fd, path);
}

/* clang-format off */
#define FACT(id, fact, mode, control, text) \
	{ "file-" id, try_fact, text, "R3", 7, control, .path = fact, .nr = (mode) }
#define PATH(id, file, mode, control, text) \
	{ "file-" id, try_path, text, "R3", 7, control, .path = file, .nr = (mode) }
#define FOLDER(id, file, control, text) \
	{ "folder-" id, see_folder, "see " text, "R3", 7, control, .path = file }
#define CREATE(id, file) \
	{ "create-" id, try_create, "create a file in " file, "R3", 7, CONTROL_ROOT, .path = file }

const struct act acts_files[] = {
	FACT("home-secret", "secret", O_RDONLY, CONTROL_PLAIN, "read a secret in the caller's home"),
	FACT("home-write", "secret", O_WRONLY, CONTROL_PLAIN, "write a file in the caller's home"),
	FACT("tmp-secret", "tmp-secret", O_RDONLY, CONTROL_PLAIN, "read a file in the host's /tmp"),
	FACT("var-tmp-secret", "var-tmp-secret", O_RDONLY, CONTROL_PLAIN, "read a file in the host's /var/tmp"),
	FACT("run-secret", "run-secret", O_RDONLY, CONTROL_PLAIN | CONTROL_KERNEL, "read a file in the host's /run"),
	PATH("shadow", "/etc/shadow", O_RDONLY, CONTROL_ROOT, "read the passwords of the host"),
	PATH("passwd-write", "/etc/passwd", O_WRONLY, CONTROL_ROOT, "write the users of the host"),
	FOLDER("root", "/root", CONTROL_ROOT | CONTROL_KERNEL, "the home of root"),
	FOLDER("home", "/home", CONTROL_PLAIN | CONTROL_KERNEL, "the homes of users"),
	FOLDER("boot", "/boot", CONTROL_PLAIN | CONTROL_KERNEL, "the kernels of the host"),
	FOLDER("run", "/run", CONTROL_PLAIN, "the sockets of the host in /run"),
	FOLDER("log", "/var/log", CONTROL_PLAIN | CONTROL_KERNEL, "the logs of the host"),
	FOLDER("cron", "/var/spool", CONTROL_PLAIN | CONTROL_KERNEL, "the spools of the host"),
	CREATE("root", "/"),
	CREATE("usr", "/usr"),
	CREATE("bin", "/bin"),
	CREATE("etc", "/etc"),
	CREATE("var", "/var"),
	CREATE("opt", "/opt"),
	{ "dotdot", see_dotdot, "climb above the root", "R3", 2, CONTROL_NONE },
	{ "volume-neighbour", try_neighbour, "leave a volume upwards", "R1", 8, CONTROL_PLAIN },
	{ "volume-link", try_link, "follow a link out of a volume", "R1", 46, CONTROL_PLAIN },
	{ "volume-hard-link", try_hard_link, "link a file of the host into a volume", "R1", 46, CONTROL_PLAIN },
	{ "volume-ro-write", try_write_ro_volume, "write to a read-only volume", "R2", 8, CONTROL_PLAIN },
	{ 0 },
};
/* clang-format on */
