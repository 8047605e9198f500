/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One child, made in all its namespaces by a single clone3(2). It shares our descriptor table until
 * it executes: a seccomp listener that it gets is ours at that moment, without a call on its side.
 * Should: stay small, for each page touched here is paid at every start.
 * Mustn't: act on anything from the workload.
 */
#include "runtime/launch.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "sandbox/idmap.h"

static void close_fds(struct launch_fds *fds)
{
	closep(&fds->supervisor);
	closep(&fds->kept);
	closep(&fds->enter);
	for (size_t i = 0; i < fds->n; i++)
		closep(&fds->mounts[i]);
	fds->n = 0;
	for (size_t i = 0; i < fds->n_layers; i++)
		closep(&fds->layers[i]);
	fds->n_layers = 0;
}

static int open_verified(const char *path, uint64_t dev, uint64_t ino, struct err *err)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	struct stat st = { 0 };
	cleanup_close int fd = sys_openat2(AT_FDCWD, path, &how);

	if (fd < 0)
		return err_sys(err, -fd, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", path);
	if (st.st_dev != dev || st.st_ino != ino)
		return err_set(err, ESTALE, "%s was exchanged for something else while starting",
			       path);
	return steal_fd(fd);
}

static int clone_plain(int dir, const char *path, struct err *err)
{
	int tree = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	return tree < 0 ? err_sys(err, errno, "cannot clone the mount of %s", path) : tree;
}

/*
 * A volume whose owner on disk appears as the workload, so that root need not chown anything; or
 * one that is the workload's already, by a way that the workload's ids need not be let in.
 */
static int prepare_volume(const struct plan *plan, const struct plan_mount *m, struct err *err)
{
	struct proc_idmap uid = { .count = 1 };
	struct proc_idmap gid = { .count = 1 };
	struct stat st = { 0 };
	cleanup_close int source = open_verified(m->source, m->dev, m->ino, err);
	cleanup_close int userns = -1;
	int tree;

	if (source < 0)
		return source;
	if (!(m->flags & MOUNT_FLAG_IDMAP))
		return clone_plain(source, m->source, err);
	if (fstat(source, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", m->source);
	uid.inside = st.st_uid;
	uid.outside = idmap_outside(plan->ids.uids, plan->ids.n_uid, plan->ids.uid);
	gid.inside = st.st_gid;
	gid.outside = idmap_outside(plan->ids.gids, plan->ids.n_gid, plan->ids.gid);
	userns = idmap_make_userns(&uid, &gid, err);
	if (userns < 0)
		return userns;
	tree = idmap_clone_mount(source, userns, err);
	if (tree == -EINVAL)
		return err_set(
			err, EINVAL,
			"volume %.80s: its file system cannot show other owners (id-mapped mounts): chown it to %u:%u, or keep it on ext4, xfs or btrfs",
			m->source, uid.outside, gid.outside);
	if (tree < 0)
		return err_wrap(err, "volume %s", m->source);
	return tree;
}

static int clone_dir(const struct plan_layer *layer, struct err *err)
{
	cleanup_close int dir = open_verified(layer->path, layer->dev, layer->ino, err);

	return dir < 0 ? dir : clone_plain(dir, layer->path, err);
}

/* Root's store is closed to the ids of root's workloads, whose the files in it are. */
static int open_layers(const struct plan *plan, struct launch_fds *fds, struct err *err)
{
	for (; fds->n_layers < plan->n_layers; fds->n_layers++) {
		int tree = clone_dir(&plan->layers[fds->n_layers], err);

		if (tree < 0)
			return tree;
		fds->layers[fds->n_layers] = tree;
	}
	fds->kept = plan->keep.path ? clone_dir(&plan->keep, err) : -1;
	return plan->keep.path && fds->kept < 0 ? fds->kept : 0;
}

/* Before clone3(): what belongs to the caller's own namespaces. */
static int open_fds(const struct plan *plan, struct launch_fds *fds, struct err *err)
{
	fds->supervisor = pidfd_open(getpid(), 0);
	if (fds->supervisor < 0)
		return err_sys(err, errno, "cannot open a descriptor of ourselves");
	if (plan->ids.how != IDMAP_ROOT)
		return 0;
	if (plan->root_kind == ROOT_LAYERS && open_layers(plan, fds, err) < 0)
		return -err->code;
	if (plan->n_mounts > LAUNCH_MAX_MOUNTS)
		return err_set(err, E2BIG, "more than %d mounts", LAUNCH_MAX_MOUNTS);
	for (; fds->n < plan->n_mounts; fds->n++) {
		const struct plan_mount *m = &plan->mounts[fds->n];

		fds->mounts[fds->n] = -1;
		if (!(m->flags & MOUNT_FLAG_VOLUME))
			continue;
		fds->mounts[fds->n] = prepare_volume(plan, m, err);
		if (fds->mounts[fds->n] < 0)
			return fds->mounts[fds->n];
	}
	return 0;
}

/* The root directory with the child's own map: 0 on disk is 0 inside. Needs the map to be written.
 */
static int prepare_root(const struct plan *plan, pid_t pid, struct err *err)
{
	cleanup_close int dir =
		open_verified(plan->layers[0].path, plan->layers[0].dev, plan->layers[0].ino, err);
	cleanup_close int userns = -1;
	int tree;

	if (dir < 0)
		return dir;
	userns = idmap_open_userns(pid, err);
	if (userns < 0)
		return userns;
	tree = idmap_clone_mount(dir, userns, err);
	if (tree < 0)
		return err_wrap(err, "root %s", plan->root_dir);
	return tree;
}

static int map_child(const struct plan *plan, struct launched *child, struct err *err)
{
	int r = idmap_write(&plan->ids, child->pid, err);

	if (r < 0)
		return err_wrap(err, "id map");
	if (plan->ids.how == IDMAP_ROOT && plan->root_kind == ROOT_DIR && !plan->copy) {
		/* The child reads the number after it saw page->mapped: one table, one memory. */
		r = prepare_root(plan, child->pid, err);
		if (r < 0)
			return r;
		child->page->root = r;
	}
	confine_page_set(&child->page->mapped);
	return 0;
}

static int clone_child(const struct plan *plan, struct launched *child, struct err *err)
{
	struct clone_args args = {
		.flags = plan->namespaces | CLONE_PIDFD | (plan->copy ? 0 : CLONE_FILES),
		.pidfd = (uint64_t)(uintptr_t)&child->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (!plan->copy)
		args.flags &= ~(uint64_t)CLONE_NEWNET; /* made while the steps are taken */
	if (child->cgroup.dir >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)child->cgroup.dir;
	}
	child->pid = sys_clone3(&args);
	if (child->pid == 0) {
		const struct confine_fds fds = {
			.supervisor = child->fds.supervisor,
			.enter = child->fds.enter,
			.mounts = child->fds.n > 0 ? child->fds.mounts : NULL,
			.layers = child->fds.n_layers > 0 ? child->fds.layers : NULL,
			.kept = child->fds.kept,
		};

		if (plan->copy)
			_exit(confine_and_copy(plan, &fds, child->page) < 0 ? 127 : 0);
		confine_and_exec(plan, &fds, child->page);
		_exit(127);
	}
	if (child->pid < 0)
		return err_sys(err, -child->pid, "cannot make a process in new namespaces");
	return 0;
}

static int make_page(struct launched *child, const struct winsize *size, struct err *err)
{
	struct confine_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return err_sys(err, errno, "cannot map a shared page");
	page->listener = page->mountinfo = page->pty = page->file = page->root = page->workload =
		-1;
	page->executing = 1;
	page->size = *size;
	child->page = page;
	return 0;
}

static int open_enter(struct launched *child, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	child->enter = pair[0];
	child->fds.enter = pair[1];
	return 0;
}

static int start(const struct plan *plan, const char *id, bool enter, const struct winsize *size,
		 struct launched *child, struct err *err)
{
	int r = make_page(child, size, err);

	if (r == 0)
		r = open_fds(plan, &child->fds, err);
	if (r == 0 && enter)
		r = open_enter(child, err);
	if (r == 0)
		r = cgroup_make(plan, id, &child->cgroup, err);
	if (r == 0)
		r = clone_child(plan, child, err);
	if (r == 0)
		r = map_child(plan, child, err);
	/* A processor that sleeps deeply is not woken for the child: it waits for this one. */
	if (r == 0)
		sched_yield();
	return r;
}

int launch_start(const struct plan *plan, const char *id, bool enter, const struct winsize *size,
		 struct launched *ret, struct err *err)
{
	int r;

	*ret = (struct launched)LAUNCHED_NONE;
	r = start(plan, id, enter, size, ret, err);
	if (r < 0) {
		err->stage = ERR_USERNS;
		launch_done(ret);
	}
	return r;
}

int launch_copy(const struct plan *plan, struct err *err)
{
	static const struct winsize no_terminal = { 0 };
	struct launched child = LAUNCHED_NONE;
	siginfo_t info = { 0 };
	int r = launch_start(plan, "", false, &no_terminal, &child, err);

	if (r < 0)
		return r;
	while (waitid(P_PIDFD, (id_t)child.pidfd, &info, WEXITED) < 0) {
		if (errno != EINTR) {
			r = err_sys(err, errno, "cannot wait for a process that fills a volume");
			launch_done(&child);
			return r;
		}
	}
	assert(child.page);
	if (__atomic_load_n(&child.page->state, __ATOMIC_ACQUIRE) == CONFINE_FAILED) {
		*err = child.page->err;
		r = -err->code;
	} else if (info.si_code != CLD_EXITED || info.si_status != 0) {
		r = err_set(err, EPROTO, "a process that fills a volume died");
	} else {
		r = child.page->copied ? 1 : 0;
	}
	launch_done(&child);
	return r;
}

bool launch_await_linkable(const struct launched *launched)
{
	struct pollfd child = { .fd = launched->pidfd, .events = POLLIN };
	uint32_t state;

	do
		state = __atomic_load_n(&launched->page->state, __ATOMIC_ACQUIRE);
	while (state == CONFINE_STARTED && poll(&child, 1, 1) == 0);
	return state == CONFINE_LINKABLE;
}

void launch_linked(struct launched *launched)
{
	confine_page_set(&launched->page->linked);
}

void launch_go(struct launched *launched)
{
	confine_page_set(&launched->page->go);
}

bool launch_is_confined(const struct launched *launched)
{
	return __atomic_load_n(&launched->page->filtered, __ATOMIC_ACQUIRE) != 0;
}

pid_t launch_pid_of(int pidfd)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t pid = 0;
	char path[48];
	struct span rest;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0)
		return 0;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (span_eq(span_cut(&line, ':'), "Pid") &&
		    span_u64(span_trim(line), INT32_MAX, &pid) == 0)
			return (pid_t)pid;
	}
	return 0;
}

bool launch_find_program(struct launched *launched)
{
	int pidfd = __atomic_load_n(&launched->page->workload, __ATOMIC_ACQUIRE);

	if (launched->program_pidfd < 0 && pidfd >= 0) {
		launched->program_pidfd = pidfd;
		launched->program = launch_pid_of(pidfd);
	}
	return launched->program_pidfd >= 0;
}

/* Bounded: a child that dies half-way wakes nobody. */
static void wait_while(const void *word, uint32_t value)
{
	const struct timespec look = { .tv_nsec = 2000000 };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &look, NULL, 0);
}

static bool is_on_its_way(const struct launched *launched)
{
	struct pollfd child = { .fd = launched->pidfd, .events = POLLIN };

	return poll(&child, 1, 0) == 0 &&
	       __atomic_load_n(&launched->page->state, __ATOMIC_ACQUIRE) != CONFINE_FAILED;
}

void launch_await_network(const struct launched *launched)
{
	const uint32_t *networked = &launched->page->networked;

	while (__atomic_load_n(networked, __ATOMIC_ACQUIRE) == 0 && is_on_its_way(launched))
		wait_while(networked, 0);
}

void launch_await_program(struct launched *launched)
{
	while (!launch_find_program(launched) && is_on_its_way(launched))
		wait_while(&launched->page->workload, (uint32_t)-1);
}

bool launch_await_exec(const struct launched *launched)
{
	const uint32_t *executing = &launched->page->executing;

	if (__atomic_load_n(executing, __ATOMIC_ACQUIRE) != 0)
		wait_while(executing, 1);
	return __atomic_load_n(executing, __ATOMIC_ACQUIRE) == 0;
}

int launch_failure(const struct launched *launched, struct err *err)
{
	const struct confine_page *page = launched->page;

	if (__atomic_load_n(&page->state, __ATOMIC_ACQUIRE) == CONFINE_FAILED) {
		*err = page->err;
		return -err->code;
	}
	if (!launch_is_confined(launched))
		return err_set(err, EPROTO, "the child died before it was confined");
	return 0;
}

int launch_reap(struct launched *launched, int *ret, struct err *err)
{
	struct rusage used = { 0 };
	int status = 0;

	if (launched->reaped || launched->pid <= 0)
		return 0;
	while (wait4(launched->pid, &status, 0, &used) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot learn how the program ended");
	}
	launched->reaped = true;
	launched->usage = (struct usage){
		.known = launched->ended,
		.largest_kib = (uint64_t)used.ru_maxrss,
		.user_us =
			(uint64_t)used.ru_utime.tv_sec * 1000000 + (uint64_t)used.ru_utime.tv_usec,
		.system_us =
			(uint64_t)used.ru_stime.tv_sec * 1000000 + (uint64_t)used.ru_stime.tv_usec,
	};
	*ret = status;
	return 0;
}

void launch_done(struct launched *launched)
{
	if (launched->pid > 0 && launched->pidfd >= 0 && !launched->reaped) {
		struct err ignored = { 0 };
		int status = 0;

		if (sys_pidfd_send_signal(launched->pidfd, SIGKILL) == 0 &&
		    launch_reap(launched, &status, &ignored) < 0)
			log_debug("%s", ignored.msg);
	}
	closep(&launched->pidfd);
	closep(&launched->program_pidfd);
	closep(&launched->enter);
	close_fds(&launched->fds);
	cgroup_remove(&launched->cgroup);
	if (launched->page) {
		closep(&launched->page->root);
		/* It keeps the mounts of a start that is over. */
		closep(&launched->page->mountinfo);
		closep(&launched->page->file);
		munmap(launched->page, sizeof(*launched->page));
	}
	launched->page = NULL;
	launched->pid = -1;
}
