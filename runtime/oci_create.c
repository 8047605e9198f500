/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create: decide by the bundle, write down what will be made, make it, write down who it is. Killed
 * at any point, what is left is found by `delete --force`; the container's process ends by itself
 * when its creator ends before it was written down.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/oci.h"
#include "runtime/oci_config.h"
#include "runtime/oci_json.h"
#include "runtime/oci_policy.h"
#include "runtime/oci_watch.h"
#include "sandbox/confine.h"
#include "sandbox/oci_cgroup.h"
#include "sandbox/oci_open.h"
#include "sandbox/oci_policy.h"
#include "sandbox/oci_spawn.h"
#include "sandbox/oci_steps.h"

struct creation {
	struct arena arena;
	const struct oci_create_options *options;
	struct strbuf config; /* the text of config.json */
	struct oci_plan plan;
	struct oci_state state;
	struct oci_cgroup cgroup;
	struct scope_hold hold;
	struct oci_child_fds fds;
	struct oci_spawn spawn;
	struct oci_page *page;
	int root, dir;
	int told; /* our end of the pair */
	bool rlimits_left;
	pid_t pid;
	bool made;                   /* ROOT/ID is ours to remove */
	struct policy_loaded policy; /* with the annotation; dir -1: none */
};

static const char *now_text(struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	strbuf_utc(&text, &now);
	return arena_strdup(arena, strbuf_str(&text));
}

static int read_bundle(struct creation *c, const char *id, const struct oci_globals *g,
		       struct err *err)
{
	bool floor = !g->floor || strcmp(g->floor, "off") != 0;
	const char *file = c->options->config ? c->options->config : "config.json";
	cleanup_json json_t *config = NULL;
	char bundle[PATH_MAX];
	cleanup_close int dir = -1;
	cleanup_close int fd = -1;
	int r;

	if (!realpath(c->options->bundle ? c->options->bundle : ".", bundle))
		return err_sys(err, errno, "cannot find the bundle %s",
			       c->options->bundle ? c->options->bundle : ".");
	dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s of the bundle %s", file, bundle);
	r = fd_read_all(fd, OCI_JSON_MAX, &c->config);
	if (r < 0)
		return err_sys(err, -r, "cannot read %s", file);
	r = oci_json_parse(strbuf_str(&c->config), c->config.len, &config, err);
	if (r < 0)
		return err_wrap(err, "%s", file);
	c->state.bundle = arena_strdup(&c->arena, bundle);
	if (!c->state.bundle)
		return err_set(err, ENOMEM, "out of memory");
	r = oci_config_read(config, c->state.bundle, &c->arena, &c->plan, err);
	if (r < 0)
		return r;
	oci_warn_of_caps(&c->plan.process);
	if (!c->plan.has_process)
		return err_set(err, EINVAL, "config.json: process is missing");
	c->plan.id = id;
	c->plan.degraded = c->state.degraded = g->degraded;
	c->plan.new_keyring = !c->options->no_new_keyring;
	r = oci_plan_complete(&c->plan, floor, &c->arena, err);
	c->state.policy = oci_policy_named(&c->plan);
	if (r < 0 || !c->state.policy)
		return r;
	r = oci_policy_load(c->state.policy, &c->arena, &c->policy, err);
	return r < 0 ? r : oci_policy_bind(&c->plan, &c->policy.bundle, &c->arena, err);
}

static int check_console(const struct creation *c, struct err *err)
{
	bool terminal = c->plan.process.terminal;

	if (terminal && !c->options->console_socket)
		return err_set(err, EINVAL,
			       "config.json wants a terminal: --console-socket is needed");
	if (!terminal && c->options->console_socket)
		return err_set(err, EINVAL,
			       "--console-socket without process.terminal in config.json");
	return 0;
}

/* What is to be made: a scope's folder is known only when systemd has made it. */
static int name_cgroup(struct creation *c, const struct oci_globals *g, struct err *err)
{
	if (g->cgroup_manager && strcmp(g->cgroup_manager, "disabled") == 0)
		return 0;
	c->state.scope.user = geteuid() != 0 || !oci_in_host_userns();
	if (g->systemd_cgroup)
		return scope_name(c->plan.cgroups_path, c->plan.id, &c->arena, &c->state.scope,
				  err);
	return oci_cgroup_path(&c->plan, &c->arena, &c->state.cgroup, &c->state.hybrid, err);
}

static int make_folder(struct creation *c, const struct oci_globals *g, struct err *err)
{
	int r;

	c->root = oci_root_open(g->root, true, err);
	if (c->root < 0)
		return c->root;
	c->dir = oci_state_make(c->root, c->plan.id, &c->fds.lock, err);
	if (c->dir < 0)
		return c->dir;
	c->made = true;
	c->state.id = c->plan.id;
	r = name_cgroup(c, g, err);
	if (r < 0)
		return r;
	c->state.version = c->plan.version;
	c->state.rootfs = c->plan.root;
	c->state.created = now_text(&c->arena);
	c->state.owner = geteuid();
	c->state.floor = c->plan.floor;
	c->state.new_keyring = c->plan.new_keyring;
	c->state.poststart = c->plan.hooks[OCI_HOOK_POSTSTART].n > 0;
	c->state.poststop = c->plan.hooks[OCI_HOOK_POSTSTOP].n > 0;
	r = fd_replace_file(c->dir, "config.json", c->config.p, c->config.len, false, err);
	if (r == 0 && c->state.policy)
		r = oci_policy_keep(&c->policy, c->dir, err);
	/* What will be made, so that its remains can be found; who it is follows later. */
	return r < 0 ? r : oci_state_write(c->dir, &c->state, err);
}

/* Without device rules a container of the host's root must not make nodes: it could read disks. */
static void limit_devices(struct creation *c)
{
	struct err failed = { 0 };
	uint64_t mknod = UINT64_C(1) << 27; /* CAP_MKNOD */
	int r = -EPERM;

	if (!c->plan.in_host_userns)
		return;
	if (c->cgroup.dir >= 0 && c->plan.resources.has_devices)
		r = oci_cgroup_allow_devices(c->cgroup.dir, &c->plan.resources, &failed);
	if (r == 0 || !c->plan.floor || !(c->plan.process.caps[OCI_CAP_BOUNDING] & mknod))
		return;
	for (size_t i = 0; i < OCI_CAP_COUNT; i++)
		c->plan.process.caps[i] &= ~mknod;
	c->state.no_mknod = true;
}

static int make_scope(struct creation *c, struct err *err)
{
	const char *below = NULL;
	int r = scope_start(&c->state.scope, &c->plan.resources.files, &c->hold, &c->arena, &below,
			    err);

	if (r == 0)
		r = oci_cgroup_place(below, &c->arena, &c->state.cgroup, &c->state.hybrid, err);
	return r < 0 ? r
		     : oci_cgroup_take(&c->plan, c->state.cgroup, c->state.hybrid, &c->cgroup,
				       &c->state.note, err);
}

static int make_cgroup(struct creation *c, struct err *err)
{
	int r;

	c->cgroup.dir = -1;
	if (c->state.scope.unit) {
		r = make_scope(c, err);
		if (r < 0)
			return r;
	} else if (c->state.cgroup) {
		r = oci_cgroup_make(&c->plan, c->state.cgroup, c->state.hybrid, &c->cgroup,
				    &c->state.note, err);
		if (r < 0)
			return r;
	}
	if (c->cgroup.dir < 0)
		c->state.cgroup = NULL;
	if (c->state.note && c->plan.resources.files.n > 0)
		log_warning("%s", c->state.note);
	limit_devices(c);
	return oci_policy_settle(&c->plan, c->state.cgroup, !c->state.hybrid, &c->arena, err);
}

static int listen_for_start(struct creation *c, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	c->fds.start = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/start.sock", c->dir);
	if (c->fds.start < 0 ||
	    bind(c->fds.start, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(c->fds.start, 4) < 0)
		return err_sys(err, errno, "cannot listen for start");
	return 0;
}

static int open_all(struct creation *c, struct err *err)
{
	const struct oci_seccomp *seccomp = &c->plan.seccomp;
	int r = oci_open_namespaces(&c->plan, c->spawn.join, err);

	c->fds.root = c->fds.cgroup_tree = c->fds.cgroup_ns = -1;
	/* A namespace of another user namespace's is joined with our rights, which are gone then.
	 */
	if (r == 0 && !c->plan.ns[OCI_NS_USER].asked) {
		c->fds.cgroup_ns = c->spawn.join[OCI_NS_CGROUP];
		c->spawn.join[OCI_NS_CGROUP] = -1;
	}
	/* Without rights of our own the child opens what the bundle names, as root of its own. */
	if (r == 0 && (geteuid() == 0 || !c->plan.ns[OCI_NS_USER].asked))
		r = oci_open_all(&c->plan, c->cgroup.dir, &c->arena, &c->fds, err);
	if (r < 0)
		return r;
	c->fds.proc = oci_open_proc(err);
	if (c->fds.proc < 0)
		return c->fds.proc;
	c->fds.console = c->fds.listener = -1;
	if (c->options->console_socket) {
		c->fds.console = oci_connect(c->options->console_socket, SOCK_STREAM, err);
		if (c->fds.console < 0)
			return c->fds.console;
	}
	if (seccomp->bundle.n > 0 && seccomp->listener_path) {
		c->fds.listener = oci_connect(seccomp->listener_path, SOCK_STREAM, err);
		if (c->fds.listener < 0)
			return c->fds.listener;
	}
	return listen_for_start(c, err);
}

/* With a policy there is a monitor, which makes the container's process beside itself. */
static int make_watched(struct creation *c, struct err *err)
{
	const struct oci_watch watch = {
		.plan = &c->plan,
		.policy = &c->policy,
		.fds = &c->fds,
		.spawn = &c->spawn,
		.page = c->page,
		.dir = c->dir,
		.told = c->told,
		.cgroup = c->cgroup.dir,
	};
	int r = oci_watch_start(&watch, &c->pid, err);

	if (r < 0)
		return r;
	c->state.run = arena_strdup(&c->arena, c->page->run);
	return c->state.run ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int make_sibling(struct creation *c, struct err *err)
{
	c->pid = oci_spawn(&c->spawn, c->page, err);
	if (c->pid == 0) {
		close(c->told);
		oci_confine_container(&c->plan, &c->fds, c->page);
		_exit(127);
	}
	return c->pid < 0 ? c->pid : 0;
}

/* The child never returns from here. */
static int make_child(struct creation *c, struct err *err)
{
	int pair[2] = { -1, -1 };
	bool attach;
	int r;

	c->page = oci_page_new();
	if (!c->page || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		const struct oci_ns_plan *ns = &c->plan.ns[i];

		if (ns->asked && !ns->path && i != OCI_NS_CGROUP && i != OCI_NS_TIME)
			c->spawn.new_flags |= oci_ns_rows[i].flag;
	}
	c->spawn.target = -1;
	attach = c->state.scope.unit && !oci_spawn_can_enter(c->cgroup.dir);
	c->spawn.cgroup = attach ? -1 : c->cgroup.dir;
	c->spawn.new_time = c->plan.ns[OCI_NS_TIME].asked && !c->plan.ns[OCI_NS_TIME].path;
	c->spawn.time_offsets = c->plan.time_offsets;
	c->told = pair[0];
	c->fds.creator = pair[1];
	r = c->plan.policy ? make_watched(c, err) : make_sibling(c, err);
	close(pair[1]);
	if (r == 0 && attach)
		r = scope_attach(&c->state.scope, c->pid, err);
	scope_release(&c->hold);
	if (r < 0)
		return r;
	if (c->plan.ns[OCI_NS_USER].asked && !c->plan.ns[OCI_NS_USER].path) {
		r = oci_idmaps_write(&c->plan, c->pid, err);
		if (r < 0)
			return err_wrap(err, "id map");
		confine_page_set(&c->page->mapped);
	}
	return 0;
}

static int run_creator_hooks(const struct creation *c, struct err *err)
{
	cleanup_strbuf struct strbuf state = { 0 };
	int r;

	oci_state_json(&c->plan, "creating", c->pid, &state);
	r = oci_hooks_run(&c->plan.hooks[OCI_HOOK_PRESTART], strbuf_str(&state), false, err);
	if (r == 0)
		r = oci_hooks_run(&c->plan.hooks[OCI_HOOK_CREATE_RUNTIME], strbuf_str(&state),
				  false, err);
	return r;
}

/* Go along with the child until it waits for `start`. */
static int accompany(struct creation *c, struct err *err)
{
	for (;;) {
		struct oci_say say = { 0 };
		int r = oci_hear(c->told, &say);

		if (r < 0)
			return err_set(err, EPROTO, "the container's process died half-way");
		switch ((enum oci_word_kind)say.kind) {
		case OCI_SAY_HOOKS:
			r = run_creator_hooks(c, err);
			if (r == 0 && oci_say(c->told, OCI_SAY_GO, NULL) < 0)
				r = err_set(err, EPROTO, "the container's process died half-way");
			if (r < 0)
				return r;
			break;
		case OCI_SAY_READY:
			c->rlimits_left = say.rlimits_left != 0;
			return 0;
		case OCI_SAY_FAILED:
		case OCI_SAY_GO:
			*err = say.err;
			return err->code > 0 ? -err->code
					     : err_set(err, EPROTO, "the child makes no sense");
		}
	}
}

static int settle(struct creation *c, struct err *err)
{
	int r = c->rlimits_left ? oci_set_rlimits(&c->plan.process, c->pid, err) : 0;

	if (r < 0)
		return r;
	c->state.pid = c->pid;
	c->state.started = oci_started_of(c->pid);
	if (c->state.started == 0)
		return err_set(err, EPROTO, "the container's process died half-way");
	/* What was learned since the folder was made, before anybody can ask for it. */
	if (c->state.note || c->state.no_mknod || c->state.run || c->state.scope.unit)
		r = oci_state_write(c->dir, &c->state, err);
	if (r < 0)
		return r;
	r = oci_state_write_process(c->dir, c->pid, c->state.started, err);
	if (r == 0 && c->options->pid_file)
		r = oci_write_pid(c->options->pid_file, c->pid, err);
	if (r == 0 && c->options->pidfd_socket)
		r = oci_send_pidfd(c->options->pidfd_socket, c->pid, err);
	if (r == 0 && oci_say(c->told, OCI_SAY_GO, NULL) < 0)
		r = err_set(err, EPROTO, "the container's process died half-way");
	return r;
}

static int create_all(struct creation *c, const struct oci_globals *g, struct err *err)
{
	int r = check_console(c, err);

	if (r == 0)
		r = make_folder(c, g, err);
	if (r == 0)
		r = make_cgroup(c, err);
	if (r == 0)
		r = open_all(c, err);
	if (r == 0)
		r = make_child(c, err);
	if (r == 0)
		r = accompany(c, err);
	return r < 0 ? r : settle(c, err);
}

/* Nothing of a creation that failed is left. The error that is told is the first one. */
static void undo(struct creation *c)
{
	struct oci_loaded loaded = {
		.root = c->root, .dir = c->dir, .pidfd = -1, .state = c->state
	};
	struct err ignored = { 0 };

	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	loaded.status = OCI_STOPPED;
	if (!c->state.cgroup) /* systemd has made none, or none that lasts without us */
		loaded.state.scope.unit = NULL;
	if (c->made && oci_destroy(&loaded, &ignored) < 0)
		log_warning("%s", ignored.msg);
	arena_done(&loaded.arena);
}

int oci_create(const struct oci_globals *globals, const struct oci_create_options *o,
	       const char *id, pid_t *ret_pid, struct err *err)
{
	struct creation c = {
		.options = o,
		.root = -1,
		.dir = -1,
		.told = -1,
		.pid = -1,
		.policy = { .dir = -1 },
		.hold = { .fd = -1, .pid = -1 },
	};
	int r = oci_id_check(id, err);

	c.fds.creator = c.fds.start = c.fds.lock = -1;
	if (r == 0)
		r = oci_count_fds(o->preserve_fds, &c.plan.preserve_fds, err);
	if (r == 0) {
		int preserve = c.plan.preserve_fds;

		r = read_bundle(&c, id, globals, err);
		c.plan.preserve_fds = preserve;
	}
	if (r == 0)
		r = create_all(&c, globals, err);
	scope_release(&c.hold);
	if (r < 0)
		undo(&c);
	else
		*ret_pid = c.pid;
	closep(&c.fds.lock);
	closep(&c.fds.start);
	closep(&c.told);
	closep(&c.cgroup.dir);
	closep(&c.policy.dir);
	strbuf_done(&c.config);
	return r;
}
