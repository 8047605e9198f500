/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-tracerd: the only part of immure with privilege. It lends two capabilities, CAP_BPF and
 * CAP_PERFMON, to sandboxes of ordinary users: to mark a task of theirs and to hand out what the
 * kernel writes of it. Should: look at every request as an attack. Mustn't: read an event.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/accounts.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "runtime/options.h"
#include "runtime/tracerd_confine.h"
#include "runtime/tracerd_serve.h"

#define BPF_FS 0xcafe4a11 /* statfs(2) */
#define FIRST_PASSED_FD 3 /* sd_listen_fds(3) */
#define RING_KIB_DEFAULT 4096
#define RING_KIB_MAX 65536

struct tracerd_options {
	bool help, verbose;
	const char *socket, *pins, *user, *ring_kib, *idle;
};

/* clang-format off */
#define ROW(field) offsetof(struct tracerd_options, field)
static const struct opt rows[] = {
	{ "socket",   0,   OPT_TEXT, ROW(socket),   "PATH",    "listen there, unless the service manager passes a socket", NULL },
	{ "pins",     0,   OPT_TEXT, ROW(pins),     "DIR",     "folder of a BPF file system (/sys/fs/bpf/immure)", NULL },
	{ "user",     0,   OPT_TEXT, ROW(user),     "NAME",    "become that user (immure-tracerd)", NULL },
	{ "ring-kib", 0,   OPT_TEXT, ROW(ring_kib), "KIB",     "memory for events of each sandbox, a power of two (4096)", NULL },
	{ "idle",     0,   OPT_TEXT, ROW(idle),     "SECONDS", "end after so long without sandboxes (never)", NULL },
	{ "verbose",  'v', OPT_FLAG, ROW(verbose),  NULL,      "say who asks for what", NULL },
	{ "help",     'h', OPT_FLAG, ROW(help),     NULL,      "show this text", NULL },
};
#undef ROW
/* clang-format on */

static int number_of(const char *text, uint64_t max, uint64_t fallback, const char *what,
		     uint64_t *ret, struct err *err)
{
	*ret = fallback;
	if (text && span_u64(span_of(text), max, ret) < 0)
		return err_set(err, EINVAL, "--%s: \"%s\" is not a number up to %llu", what, text,
			       (unsigned long long)max);
	return 0;
}

/* A socket from the service manager. Source: sd_listen_fds(3). */
static int passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *n = getenv("LISTEN_FDS");
	uint64_t value = 0;

	if (!pid || !n || strcmp(n, "1") != 0 || span_u64(span_of(pid), INT32_MAX, &value) < 0 ||
	    value != (uint64_t)getpid())
		return -1;
	if (fcntl(FIRST_PASSED_FD, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(FIRST_PASSED_FD, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	return FIRST_PASSED_FD;
}

static int own_socket(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "--socket: %s is too long", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket");
	unlink(path);
	mask = umask(0111);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0 || listen(fd, 128) < 0)
		return err_sys(err, errno, "cannot listen at %s", path);
	return steal_fd(fd);
}

static int find_user(const char *name, uint32_t *ret_uid, uint32_t *ret_gid, struct err *err)
{
	struct account account = { 0 };
	cleanup_strbuf struct strbuf passwd = { 0 };
	int r = fd_read_file(AT_FDCWD, "/etc/passwd", (size_t)1 << 20, &passwd, err);

	if (r < 0)
		return r;
	if (!account_find((struct span){ strbuf_str(&passwd), passwd.len }, span_of(name),
			  &account))
		return err_set(err, ENOENT, "there is no user %s: immure setup makes it", name);
	if (account.uid == 0)
		return err_set(err, EINVAL, "--user: %s is root", name);
	*ret_uid = account.uid;
	*ret_gid = account.gid;
	return 0;
}

/*
 * Stand in the folder of the pins: from then on they are "./NAME", whatever the rights on the way
 * there. Made and given away while we are root.
 */
static int enter_pins(const char *dir, uint32_t uid, uint32_t gid, struct err *err)
{
	struct statfs fs = { 0 };

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make %s", dir);
	if (chdir(dir) < 0 || statfs(".", &fs) < 0)
		return err_sys(err, errno, "cannot enter %s", dir);
	if ((uint32_t)fs.f_type != BPF_FS)
		return err_set(err, EINVAL,
			       "%s is not in a BPF file system: mount -t bpf bpf /sys/fs/bpf", dir);
	if (geteuid() == 0 && chown(".", uid, gid) < 0)
		return err_sys(err, errno, "cannot give %s away", dir);
	return 0;
}

static int open_signals(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, errno, "cannot wait for signals") : fd;
}

static void close_tracer(struct tracer **tracer)
{
	tracer_close(*tracer);
}

static int serve(const struct tracerd_options *options, int listener, uint64_t ring_kib,
		 uint64_t idle, struct err *err)
{
	cleanup(close_tracer) struct tracer *tracer = NULL;
	cleanup_close int signals = open_signals(err);
	struct serving serving = { .listener = listener,
				   .signals = signals,
				   .ring_bytes = (uint32_t)ring_kib * 1024,
				   .idle_ms = (uint32_t)idle * 1000 };
	uint32_t uid = 0, gid = 0;
	int r = signals;

	if (r >= 0)
		r = find_user(options->user ? options->user : "immure-tracerd", &uid, &gid, err);
	if (r == 0)
		r = enter_pins(options->pins ? options->pins : "/sys/fs/bpf/immure", uid, gid, err);
	if (r == 0)
		r = tracerd_drop_apply(uid, gid, err);
	if (r == 0)
		r = tracer_open(".", &tracer, err);
	if (r == 0)
		r = tracerd_filter_apply(err);
	if (r < 0)
		return r;
	serving.tracer = tracer;
	r = tracerd_serve(&serving, err);
	if (r == 0) {
		tracer_detach(tracer, true);
		tracer_unpin(tracer);
	}
	return r < 0 ? r : 0;
}

static void print_help(void)
{
	puts("Usage: immure-tracerd [OPTION...]\n\n"
	     "Traces sandboxes of ordinary users with two capabilities; see immure-tracerd(8).\n\n"
	     "Options:");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		printf("  --%-9s %-8s %s\n", rows[i].name, rows[i].arg ? rows[i].arg : "",
		       rows[i].help);
}

static int tracerd_main(int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct tracerd_options options = { 0 };
	cleanup_close int listener = -1;
	uint64_t ring_kib = 0, idle = 0;
	int r = fd_ensure_stdio();

	if (r < 0)
		return err_sys(err, -r, "cannot open /dev/null");
	r = options_read(rows, ARRAY_LEN(rows), argc, argv, &arena, &options, err);
	if (r < 0)
		return r;
	log_setup(options.verbose ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, false);
	if (options.help) {
		print_help();
		return 0;
	}
	r = number_of(options.ring_kib, RING_KIB_MAX, RING_KIB_DEFAULT, "ring-kib", &ring_kib, err);
	if (r == 0)
		r = number_of(options.idle, 86400, 0, "idle", &idle, err);
	if (r < 0)
		return r;
	if (ring_kib < 4 || (ring_kib & (ring_kib - 1)) != 0)
		return err_set(err, EINVAL, "--ring-kib: %llu is not a power of two, 4 or more",
			       (unsigned long long)ring_kib);
	listener = passed_socket();
	if (listener < 0)
		listener = own_socket(options.socket ? options.socket : WIRE_SOCKET, err);
	if (listener < 0)
		return listener;
	return serve(&options, listener, ring_kib, idle, err);
}

int main(int argc, char *argv[])
{
	struct err err = { 0 };

	if (tracerd_main(argc, argv, &err) >= 0)
		return 0;
	log_error("%s", err.msg);
	return err.code == EINVAL ? 2 : 1;
}
