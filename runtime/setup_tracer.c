/* SPDX-License-Identifier: Apache-2.0 */
/* A user for immure-tracerd, and units with which systemd starts it when somebody asks. */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/accounts.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "bpf/wire.h"
#include "runtime/setup.h"
#include "runtime/tool_path.h"

#define USER "immure-tracerd"
#define UNITS "/etc/systemd/system"
#define SOCKET_UNIT UNITS "/immure-tracerd.socket"
#define SERVICE_UNIT UNITS "/immure-tracerd.service"
#define SYSTEMD_RUNS "/run/systemd/system"
#define PASSWD_MAX ((size_t)16 << 20)

static const char socket_text[] = "# Made by immure setup: see immure-setup(1).\n"
				  "[Unit]\n"
				  "Description=Where immure asks for the tracing of sandboxes\n"
				  "Documentation=man:immure-tracerd(8)\n"
				  "\n"
				  "[Socket]\n"
				  "ListenSequentialPacket=" WIRE_SOCKET "\n"
				  "SocketMode=0666\n"
				  "DirectoryMode=0755\n"
				  "\n"
				  "[Install]\n"
				  "WantedBy=sockets.target\n";

/* The capabilities beyond CAP_BPF and CAP_PERFMON are for the way to its own user; it drops them.
 */
static const char service_text[] =
	"# Made by immure setup: see immure-setup(1).\n"
	"[Unit]\n"
	"Description=Traces the sandboxes of immure\n"
	"Documentation=man:immure-tracerd(8)\n"
	"Requires=immure-tracerd.socket\n"
	"RequiresMountsFor=/sys/fs/bpf\n"
	"\n"
	"[Service]\n"
	"ExecStart=%s --idle 600\n"
	"Restart=on-failure\n"
	"CapabilityBoundingSet=CAP_BPF CAP_PERFMON CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_CHOWN "
	"CAP_DAC_READ_SEARCH\n"
	"NoNewPrivileges=yes\n"
	"ProtectSystem=strict\n"
	"ReadWritePaths=/sys/fs/bpf\n"
	"ProtectHome=yes\n"
	"PrivateTmp=yes\n"
	"PrivateDevices=yes\n"
	"ProtectKernelModules=yes\n"
	"ProtectKernelLogs=yes\n"
	"ProtectClock=yes\n"
	"ProtectHostname=yes\n"
	"RestrictAddressFamilies=AF_UNIX\n"
	"RestrictNamespaces=yes\n"
	"RestrictRealtime=yes\n"
	"RestrictSUIDSGID=yes\n"
	"LockPersonality=yes\n"
	"MemoryDenyWriteExecute=yes\n"
	"SystemCallArchitectures=native\n"
	"KeyringMode=private\n"
	"LimitMEMLOCK=infinity\n"
	"UMask=0077\n";

/* Run a program to its end. Failure is told with its name and status. */
static int call(const char *const argv[], struct err *err)
{
	static char *const environment[] = {
		(char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	pid_t pid = -1;
	int status = 0;
	int r = posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environment);

	if (r != 0)
		return err_sys(err, r, "cannot start %s", argv[0]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for %s", argv[0]);
	}
	if (status != 0)
		return err_set(err, EPROTO, "%s %s failed", argv[0], argv[1]);
	return 0;
}

static int has_user(bool *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct account account = { 0 };
	int r = fd_read_file(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &text, err);

	if (r < 0)
		return r;
	*ret = account_find((struct span){ strbuf_str(&text), text.len }, span_of(USER), &account);
	return 0;
}

static int change_user(const struct setup *setup, struct err *err)
{
	static const char *const add[] = { "/usr/sbin/useradd",
					   "--system",
					   "--user-group",
					   "--no-create-home",
					   "--home-dir",
					   "/nonexistent",
					   "--shell",
					   "/usr/sbin/nologin",
					   USER,
					   NULL };
	static const char *const del[] = { "/usr/sbin/userdel", USER, NULL };
	bool has = false;
	int r = has_user(&has, err);

	if (r < 0 || has != setup->remove)
		return r;
	if (!setup_say(setup, "%s the user " USER, setup->remove ? "remove" : "make"))
		return 0;
	return call(setup->remove ? del : add, err);
}

static int systemctl(const struct setup *setup, const char *verb, struct err *err)
{
	const char *argv[6] = { "/usr/bin/systemctl", verb, NULL };

	if (access(SYSTEMD_RUNS, F_OK) < 0 || access(argv[0], X_OK) < 0)
		return 0; /* another service manager, or none: the units wait for theirs */
	if (strcmp(verb, "daemon-reload") != 0) {
		argv[2] = "--now";
		argv[3] = "immure-tracerd.socket";
		argv[4] = setup->remove ? "immure-tracerd.service" : NULL;
	}
	if (!setup_say(setup, "systemctl %s%s", verb, argv[2] ? " --now immure-tracerd" : ""))
		return 0;
	return call(argv, err);
}

static int install(const struct setup *setup, const char *program, struct err *err)
{
	const char *service = arena_printf(setup->arena, service_text, program);
	int r = service ? change_user(setup, err) : err_set(err, ENOMEM, "out of memory");

	if (r < 0)
		return r;
	if (access(UNITS, F_OK) < 0) {
		setup_say(setup, "no systemd here: have %s started by root at boot", program);
		return 0;
	}
	r = setup_write(setup, SOCKET_UNIT, socket_text, err);
	if (r == 0)
		r = setup_write(setup, SERVICE_UNIT, service, err);
	if (r == 0)
		r = systemctl(setup, "daemon-reload", err);
	return r < 0 ? r : systemctl(setup, "enable", err);
}

/* Sandboxes that are traced stay so until they end: what traces them is pinned. */
static int undo(const struct setup *setup, struct err *err)
{
	int r = 0;

	if (access(SOCKET_UNIT, F_OK) == 0)
		r = systemctl(setup, "disable", err);
	if (r == 0)
		r = setup_unlink(setup, SOCKET_UNIT, err);
	if (r == 0)
		r = setup_unlink(setup, SERVICE_UNIT, err);
	if (r == 0)
		r = systemctl(setup, "daemon-reload", err);
	return r < 0 ? r : change_user(setup, err);
}

static int run(const struct setup *setup, struct err *err)
{
	const char *own = own_path(setup->arena);
	const char *slash = own ? strrchr(own, '/') : NULL;
	const char *program =
		slash ? arena_printf(setup->arena, "%.*s/immure-tracerd", (int)(slash - own), own)
		      : NULL;

	if (setup->remove)
		return undo(setup, err);
	if (!program || access(program, X_OK) < 0)
		return err_set(err, ENOTSUP, "this build has no immure-tracerd");
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return err_set(err, ENOTSUP, "this kernel does not describe itself (no BTF)");
	return install(setup, program, err);
}

const struct setup_part setup_tracer = {
	.name = "tracer",
	.help = "immure-tracerd, with which runs are recorded by the kernel",
	.run = run,
};
