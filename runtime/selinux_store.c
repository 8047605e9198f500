// SPDX-License-Identifier: Apache-2.0
#include "runtime/selinux_store.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/host_selinux.h"

#define SEMODULE "/usr/sbin/semodule"
#define PRIORITY                                                                        \
	"400" /* above the distribution's 100, as semodule itself has it for local ones \
	       */
#define MODULES_MAX 16

int selinux_store_check(struct err *err)
{
	if (host_selinux_read() == SELINUX_OFF)
		return err_set(err, ENOTSUP, "SELinux is not enabled here");
	if (access(SEMODULE, X_OK) < 0)
		return err_set(err, ENOENT, "no " SEMODULE ": install policycoreutils");
	return 0;
}

static int run_semodule(char *argv[], struct err *err)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *envp[] = { path, NULL };
	int status = 0;
	pid_t pid = -1;
	int r = posix_spawn(&pid, SEMODULE, NULL, NULL, argv, envp);

	if (r != 0)
		return err_sys(err, r, "cannot start " SEMODULE);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for " SEMODULE);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, EIO, SEMODULE " failed; see above");
	return 0;
}

/* semodule tells the language by the file's ending, and the name by the rest. */
static int write_module(int dir, const struct selinux_module *module, struct err *err)
{
	char name[128];
	cleanup_close int fd = -1;
	int r;

	snprintf(name, sizeof(name), "%s.cil", module->name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : fd_write_all(fd, module->text.p, module->text.n);
	return r < 0 ? err_sys(err, -r, "cannot write %s", name) : 0;
}

static int install_from(const char *folder, const struct selinux_module *modules, size_t n,
			struct err *err)
{
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char paths[MODULES_MAX][256];
	char words[3][sizeof(SEMODULE)] = { "semodule", "-X", PRIORITY };
	char install[] = "-i";
	char *argv[3 + 2 * MODULES_MAX + 1] = { words[0], words[1], words[2] };

	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", folder);
	for (size_t i = 0; i < n; i++) {
		int r = write_module(dir, &modules[i], err);

		if (r < 0)
			return r;
		snprintf(paths[i], sizeof(paths[i]), "%s/%s.cil", folder, modules[i].name);
		argv[3 + 2 * i] = install;
		argv[4 + 2 * i] = paths[i];
	}
	return run_semodule(argv, err);
}

int selinux_store_install(const struct selinux_module *modules, size_t n, struct err *err)
{
	char folder[] = "/run/immure-selinux-XXXXXX";
	cleanup_close int run = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = { 0 };
	int r;

	if (n > MODULES_MAX)
		return err_set(err, E2BIG, "more than %d policies at once", MODULES_MAX - 1);
	if (run < 0 || !mkdtemp(folder))
		return err_sys(err, errno, "cannot make a folder below /run");
	r = install_from(folder, modules, n, err);
	if (fd_remove_tree(run, folder + strlen("/run/"), &ignored) < 0 && r == 0)
		return err_set(err, ignored.code, "cannot remove %s: %s", folder, ignored.msg);
	return r;
}

int selinux_store_remove(const char *const *names, size_t n, struct err *err)
{
	char words[3][sizeof(SEMODULE)] = { "semodule", "-X", PRIORITY };
	char option[] = "-r";
	char copies[MODULES_MAX][128];
	char *argv[3 + 2 * MODULES_MAX + 1] = { words[0], words[1], words[2] };

	if (n > MODULES_MAX)
		return err_set(err, E2BIG, "more than %d policies at once", MODULES_MAX);
	for (size_t i = 0; i < n; i++) {
		snprintf(copies[i], sizeof(copies[i]), "%s", names[i]);
		argv[3 + 2 * i] = option;
		argv[4 + 2 * i] = copies[i];
	}
	return run_semodule(argv, err);
}

bool selinux_store_has(const char *type)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char context[512];
	struct span rest;
	struct span user;
	struct span role;

	if (fd_read_file(AT_FDCWD, "/proc/self/attr/current", 4096, &text, &ignored) < 0)
		return false;
	rest = span_of(strbuf_str(&text));
	user = span_cut(&rest, ':');
	role = span_cut(&rest, ':');
	snprintf(context, sizeof(context), "%.*s:%.*s:%s:s0", (int)user.n, user.p, (int)role.n,
		 role.p, type);
	return host_selinux_knows(context);
}
