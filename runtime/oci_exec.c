/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: one more process, as confined as the first: the container's namespaces by its pidfd, its
 * cgroup, its filters, the floor. The caller itself never enters (R6).
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/oci.h"
#include "runtime/oci_config.h"
#include "runtime/oci_json.h"
#include "runtime/oci_watch.h"
#include "sandbox/oci_cgroup.h"
#include "sandbox/oci_open.h"
#include "sandbox/oci_policy.h"
#include "sandbox/oci_spawn.h"

struct exec_options {
	const char *process, *console_socket, *pid_file, *cwd, *user, *preserve_fds, *apparmor,
		*label, *pidfd_socket;
	struct opt_list env, caps, groups;
	bool tty, detach, no_new_privs, ignore_paused;
};

#define EXEC(field) offsetof(struct exec_options, field)
static const struct opt exec_opts[] = {
	/* clang-format off */
	{ "process", 'p', OPT_TEXT, EXEC(process), "FILE", "what to run, as config.json's process", "@files" },
	{ "cwd", 0, OPT_TEXT, EXEC(cwd), "DIR", "working folder inside", NULL },
	{ "env", 'e', OPT_LIST, EXEC(env), "NAME=VALUE", "add to the environment", NULL },
	{ "user", 'u', OPT_TEXT, EXEC(user), "UID[:GID]", "run as this user", NULL },
	{ "additional-gids", 'g', OPT_LIST, EXEC(groups), "GID", "and in this group", NULL },
	{ "cap", 'c', OPT_LIST, EXEC(caps), "CAP", "and with this capability of the container's", NULL },
	{ "tty", 't', OPT_FLAG, EXEC(tty), NULL, "with a terminal", NULL },
	{ "console-socket", 0, OPT_TEXT, EXEC(console_socket), "SOCKET", "send the terminal's master there", "@files" },
	{ "pidfd-socket", 0, OPT_TEXT, EXEC(pidfd_socket), "SOCKET", "send a pidfd of the process there", "@files" },
	{ "detach", 'd', OPT_FLAG, EXEC(detach), NULL, "return when the program runs", NULL },
	{ "pid-file", 0, OPT_TEXT, EXEC(pid_file), "FILE", "write the number of the process there", "@files" },
	{ "preserve-fds", 0, OPT_TEXT, EXEC(preserve_fds), "N", "descriptors 3 to 2+N pass", NULL },
	{ "no-new-privs", 0, OPT_FLAG, EXEC(no_new_privs), NULL, "set no_new_privs", NULL },
	{ "apparmor", 0, OPT_TEXT, EXEC(apparmor), "PROFILE", "AppArmor profile", NULL },
	{ "process-label", 0, OPT_TEXT, EXEC(label), "LABEL", "SELinux label", NULL },
	{ "ignore-paused", 0, OPT_FLAG, EXEC(ignore_paused), NULL, "also in a paused container", NULL },
	/* clang-format on */
};

static int join_lists(struct arena *arena, const char *const *own, const struct opt_list *more,
		      const char *const **ret, struct err *err)
{
	size_t n = 0;
	const char **joined;

	while (own && own[n])
		n++;
	joined = arena_array(arena, n + more->n + 1, sizeof(*joined));
	if (!joined)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		joined[i] = own[i];
	for (size_t i = 0; i < more->n; i++)
		joined[n + i] = more->items[i];
	*ret = joined;
	return 0;
}

static int take_user(const char *text, struct oci_process *process, struct err *err)
{
	struct span rest = span_of(text);
	bool has_gid = span_has_byte(rest, ':');
	uint64_t uid = 0;
	uint64_t gid = process->gid;

	if (span_u64(span_cut(&rest, ':'), UINT32_MAX - 1, &uid) < 0 ||
	    (has_gid && span_u64(rest, UINT32_MAX - 1, &gid) < 0))
		return err_set(err, EINVAL, "--user %s: expected UID[:GID]", text);
	process->uid = (uint32_t)uid;
	process->gid = (uint32_t)gid;
	return 0;
}

static int take_groups(const struct exec_options *o, struct arena *arena,
		       struct oci_process *process, struct err *err)
{
	gid_t *groups = arena_array(arena, o->groups.n + 1, sizeof(*groups));

	if (!groups)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < o->groups.n; i++) {
		uint64_t gid = 0;

		if (span_u64(span_of(o->groups.items[i]), UINT32_MAX - 1, &gid) < 0)
			return err_set(err, EINVAL, "--additional-gids %s: expected a number",
				       o->groups.items[i]);
		groups[i] = (gid_t)gid;
	}
	if (o->groups.n > 0) {
		process->groups = groups;
		process->n_groups = o->groups.n;
	}
	return 0;
}

static int take_caps(const struct exec_options *o, struct oci_process *process, struct err *err)
{
	for (size_t i = 0; i < o->caps.n; i++) {
		int cap = oci_cap_find(o->caps.items[i]);

		if (cap < 0)
			return err_set(err, EINVAL, "--cap %s: no capability of that name",
				       o->caps.items[i]);
		for (size_t set = 0; set < OCI_CAP_COUNT; set++)
			process->caps[set] |= UINT64_C(1) << cap;
	}
	return 0;
}

/* The container's own process with other words. */
static int from_words(const struct exec_options *o, char *const words[], struct arena *arena,
		      const struct oci_plan *plan, struct oci_process *ret, struct err *err)
{
	int r;

	*ret = plan->process;
	ret->args = (const char *const *)words;
	ret->rows = ret->columns = 0;
	if (o->cwd)
		ret->cwd = o->cwd;
	if (ret->cwd[0] != '/')
		return err_set(err, EINVAL, "--cwd %s is not an absolute path", ret->cwd);
	r = join_lists(arena, plan->process.env, &o->env, &ret->env, err);
	if (r == 0 && o->user)
		r = take_user(o->user, ret, err);
	if (r == 0)
		r = take_groups(o, arena, ret, err);
	if (r == 0)
		r = take_caps(o, ret, err);
	ret->no_new_privs = ret->no_new_privs || o->no_new_privs;
	if (o->apparmor)
		ret->apparmor = o->apparmor;
	if (o->label)
		ret->selinux = o->label;
	ret->terminal = o->tty;
	return r;
}

static int from_file(const char *path, struct arena *arena, struct oci_process *ret,
		     struct err *err)
{
	struct oci_json j = { .arena = arena, .err = err };
	cleanup_json json_t *json = NULL;
	int r = oci_json_load(AT_FDCWD, path, &json, err);

	if (r < 0)
		return r;
	oci_config_process(&j, json, ret);
	return j.r < 0 ? err_wrap(err, "%s", path) : 0;
}

static int decide(const struct exec_options *o, int n_words, char *const words[],
		  struct oci_loaded *loaded, struct oci_plan *plan, struct oci_process *ret,
		  struct err *err)
{
	uint64_t mknod = UINT64_C(1) << 27;
	int r = oci_load_plan(loaded, plan, err);

	if (r < 0)
		return r;
	if (o->process)
		r = from_file(o->process, &loaded->arena, ret, err);
	else if (n_words == 0)
		r = err_set(err, EINVAL, "exec: a program or --process is missing");
	else
		r = from_words(o, words, &loaded->arena, plan, ret, err);
	if (r == 0)
		oci_warn_of_caps(ret);
	if (r == 0)
		r = oci_floor_check_process(plan, ret, err);
	if (r == 0)
		r = oci_policy_impose_process(plan, &loaded->arena, ret, err);
	if (r < 0)
		return r;
	if (o->tty)
		ret->terminal = true;
	if (ret->terminal && !o->console_socket)
		return err_set(err, EINVAL, "a terminal needs --console-socket");
	/* What the first process had to leave is not to be had here either. */
	for (size_t i = 0; loaded->state.no_mknod && i < OCI_CAP_COUNT; i++)
		ret->caps[i] &= ~mknod;
	return 0;
}

/* Whatever the container has of its own, new or joined, is entered; its cgroup namespace later. */
static uint64_t flags_of(const struct oci_plan *plan)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < OCI_NS_COUNT; i++) {
		if (plan->ns[i].asked && i != OCI_NS_CGROUP)
			flags |= oci_ns_rows[i].flag;
	}
	return flags;
}

/* What it takes to make one process. */
struct entering {
	const struct exec_options *options;
	const struct oci_plan *plan;
	const struct oci_process *process;
	struct oci_child_fds fds;
	struct oci_spawn how;
	struct oci_page *page;
	int told; /* our end of the pair */
	pid_t pid;
};

static int accompany(const struct entering *e, struct err *err)
{
	const struct exec_options *o = e->options;
	struct oci_say say = { 0 };
	int r = oci_hear(e->told, &say);

	if (r == 0 && say.kind == OCI_SAY_READY) {
		r = say.rlimits_left ? oci_set_rlimits(e->process, e->pid, err) : 0;
		if (r == 0 && o->pid_file)
			r = oci_write_pid(o->pid_file, e->pid, err);
		if (r == 0 && o->pidfd_socket)
			r = oci_send_pidfd(o->pidfd_socket, e->pid, err);
		if (r < 0)
			return r;
		if (oci_say(e->told, OCI_SAY_GO, NULL) < 0)
			return err_set(err, EPROTO, "the new process died half-way");
		r = oci_hear(e->told, &say);
		if (r == -EPIPE && !e->page->failed)
			return 0; /* close-on-exec: the program runs */
		if (r == -EPIPE) {
			*err = e->page->err;
			return -err->code;
		}
	}
	if (r < 0)
		return err_set(err, EPROTO, "the new process died half-way");
	if (say.kind != OCI_SAY_FAILED || say.err.code <= 0)
		return err_set(err, EPROTO, "the new process makes no sense");
	*err = say.err;
	return -err->code;
}

static int open_for_child(struct entering *e, struct err *err)
{
	const struct oci_seccomp *seccomp = &e->plan->seccomp;

	e->fds.proc = oci_open_proc(err);
	if (e->fds.proc < 0)
		return e->fds.proc;
	if (e->options->console_socket) {
		e->fds.console = oci_connect(e->options->console_socket, SOCK_STREAM, err);
		if (e->fds.console < 0)
			return e->fds.console;
	}
	if (seccomp->bundle.n > 0 && seccomp->listener_path) {
		e->fds.listener = oci_connect(seccomp->listener_path, SOCK_STREAM, err);
		if (e->fds.listener < 0)
			return e->fds.listener;
	}
	return 0;
}

static int enter(struct entering *e, struct err *err)
{
	e->pid = oci_spawn(&e->how, e->page, err);
	if (e->pid == 0) {
		close(e->told);
		oci_confine_process(e->plan, e->process, &e->fds, e->page);
		_exit(127);
	}
	return e->pid < 0 ? e->pid : 0;
}

/* With a policy the container's monitor is to hear of it. */
static int enter_watched(struct entering *e, int state, struct err *err)
{
	const struct oci_watch watch = {
		.plan = e->plan, .fds = &e->fds, .spawn = &e->how, .page = e->page, .told = e->told
	};
	cleanup_close int to = oci_watch_connect(state, err);

	return to < 0 ? to : oci_watch_enter(&watch, e->process, to, &e->pid, err);
}

static int spawn(struct oci_loaded *loaded, struct entering *e, struct err *err)
{
	cleanup_close int cgroup = oci_cgroup_open(loaded->state.cgroup);
	cleanup_close int told = -1;
	bool attach = loaded->state.scope.unit && !oci_spawn_can_enter(cgroup);
	int pair[2] = { -1, -1 };
	int r = open_for_child(e, err);

	if (r < 0)
		return r;
	e->how = (struct oci_spawn){ .target = loaded->pidfd,
				     .target_flags = flags_of(e->plan),
				     .cgroup = attach ? -1 : cgroup };
	e->fds.cgroup_ns = e->plan->ns[OCI_NS_CGROUP].asked ? loaded->pidfd : -1;
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		e->how.join[i] = -1;
	e->page = oci_page_new();
	if (!e->page || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "cannot make a pair of sockets");
	e->fds.creator = pair[1];
	told = pair[0];
	e->told = told;
	r = e->plan->policy ? enter_watched(e, loaded->dir, err) : enter(e, err);
	close(pair[1]);
	if (r == 0 && attach)
		r = scope_attach(&loaded->state.scope, e->pid, err);
	if (r == 0)
		r = accompany(e, err);
	if (r < 0 && e->pid > 0) {
		kill(e->pid, SIGKILL);
		while (waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return r;
}

static int exec_in(const struct oci_globals *globals, const struct exec_options *o, int n,
		   char *words[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	struct oci_process process = { 0 };
	struct oci_plan plan = { 0 };
	struct entering e = {
		.options = o,
		.plan = &plan,
		.process = &process,
		.fds = { .start = -1, .console = -1, .listener = -1, .monitor = -1, .root = -1 },
		.pid = -1,
	};
	int preserve = 0;
	int r = oci_count_fds(o->preserve_fds, &preserve, err);

	if (r == 0)
		r = oci_load(globals, words[0], &loaded, err);
	if (r < 0)
		return r;
	if (loaded.status == OCI_STOPPED || loaded.status == OCI_CREATING)
		return err_set(err, ESRCH, "container %s is %s: container not running", words[0],
			       oci_status_name(loaded.status));
	if (loaded.status == OCI_PAUSED && !o->ignore_paused)
		return err_set(err, EBUSY, "container %s is paused", words[0]);
	r = decide(o, n - 1, words + 1, &loaded, &plan, &process, err);
	if (r < 0)
		return r;
	plan.preserve_fds = preserve;
	r = spawn(&loaded, &e, err);
	if (r < 0 || o->detach)
		return r;
	return oci_wait(e.pid, err);
}

static int run_exec(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct exec_options options = { 0 };
	int used = options_read(exec_opts, ARRAY_LEN(exec_opts), argc, argv, &arena, &options, err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, -1, err);
	if (r == 0)
		r = oci_protect_self(globals->whole_argv, err);
	return r < 0 ? r : exec_in(globals, &options, argc - used, argv + used, err);
}

const struct oci_verb oci_verb_exec = {
	.name = "exec",
	.args = "[OPTIONS] ID [PROGRAM ARGUMENT...]",
	.help = "start one more process in a container",
	.opts = exec_opts,
	.n_opts = ARRAY_LEN(exec_opts),
	.run = run_exec,
};
