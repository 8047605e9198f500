/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows the order for a container of an engine. */
#include "sandbox/oci_confine.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sandbox/lookup.h"
#include "sandbox/oci_steps.h"

struct step {
	const char *name;
	enum err_stage stage;
	oci_step_fn apply;
};

/* Up to here `create` waits. */
static const struct step container_steps[] = {
	/* clang-format off */
	{ "idmap",     ERR_USERNS,  oci_idmap_apply },
	{ "self",      ERR_SESSION, oci_self_apply },
	{ "session",   ERR_SESSION, oci_session_apply },
	{ "sources",   ERR_MOUNTS,  oci_sources_apply },
	{ "root",      ERR_MOUNTS,  oci_root_apply },
	{ "mounts",    ERR_MOUNTS,  oci_mounts_apply },
	{ "/dev",      ERR_MOUNTS,  oci_devices_apply },
	{ "terminal",  ERR_SESSION, oci_console_apply },
	{ "hooks",     ERR_SESSION, oci_hooks_apply },
	{ "masks",     ERR_MOUNTS,  oci_masks_apply },
	{ "sysctl",    ERR_SESSION, oci_sysctl_apply },
	{ "pivot",     ERR_MOUNTS,  oci_pivot_apply },
	{ "nslimits",  ERR_USERNS,  oci_nslimits_apply },
	{ "mountinfo", ERR_MOUNTS,  oci_mountinfo_apply },
	{ "schedule",  ERR_LIMITS,  oci_schedule_apply },
	{ "identity",  ERR_CAPS,    oci_identity_apply },
	/* clang-format on */
};

/* A process of `exec` finds all that in place. */
static const struct step process_steps[] = {
	/* clang-format off */
	{ "self",      ERR_SESSION, oci_self_apply },
	{ "session",   ERR_SESSION, oci_session_apply },
	{ "terminal",  ERR_SESSION, oci_console_apply },
	{ "schedule",  ERR_LIMITS,  oci_schedule_apply },
	{ "identity",  ERR_CAPS,    oci_identity_apply },
	/* clang-format on */
};

static const struct step last_steps[] = {
	{ "descriptors", ERR_SESSION, oci_fds_apply },
	{ "path rules", ERR_FSRULES, oci_fsrules_apply },
	{ "privileges", ERR_SECCOMP, oci_privileges_apply },
	{ "policy", ERR_SECCOMP, oci_filter_apply },
};

static int send_say(int fd, const struct oci_say *say)
{
	ssize_t n;

	do
		n = send(fd, say, sizeof(*say), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*say) ? 0 : -EPIPE;
}

int oci_say(int fd, enum oci_word_kind kind, const struct err *told)
{
	struct oci_say say = { .kind = kind };

	if (told)
		say.err = *told;
	return send_say(fd, &say);
}

int oci_say_ready(int fd, bool rlimits_left)
{
	const struct oci_say say = { .kind = OCI_SAY_READY, .rlimits_left = rlimits_left };

	return send_say(fd, &say);
}

int oci_hear(int fd, struct oci_say *ret)
{
	struct oci_say say = { 0 };
	ssize_t n;

	do
		n = recv(fd, &say, sizeof(say), 0);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return -EPIPE;
	if (n != (ssize_t)sizeof(say))
		return -EPROTO;
	say.err.msg[sizeof(say.err.msg) - 1] = '\0';
	*ret = say;
	return 0;
}

int oci_send_fd(int socket, int fd, const void *text, size_t n)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)text, .iov_len = n };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int take_steps(struct oci_child *c, const struct step *table, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = table[i].apply(c, err);

		if (r < 0) {
			err->stage = (uint16_t)table[i].stage;
			return err_wrap(err, "%s", table[i].name);
		}
	}
	return 0;
}

/* Engines look for these words to tell 127 from 126. */
static int find_program(const struct oci_process *process, char program[PATH_MAX], struct err *err)
{
	int r = lookup_program(process->args[0], process->env, program, err);

	if (r == -ENOENT)
		err_sys(err, ENOENT, "executable file \"%.100s\" not found in $PATH",
			process->args[0]);
	else if (r == -EACCES)
		err_sys(err, EACCES, "cannot execute \"%.100s\"", process->args[0]);
	if (r < 0)
		return err_at(err, ERR_EXEC);
	close(r);
	return 0;
}

/* Say how far we are and wait for the creator's word; its end is ours. */
static int tell_creator(const struct oci_child *c, struct err *err)
{
	struct oci_say answer = { 0 };

	if (oci_say_ready(c->fds->creator, c->rlimits_left) < 0 ||
	    oci_hear(c->fds->creator, &answer) < 0 || answer.kind != OCI_SAY_GO)
		return err_set(err, EOWNERDEAD, "the creator is gone");
	return 0;
}

/* A caller that connects and leaves again (it was killed) does not count. */
static int wait_for_start(const struct oci_child *c, int *ret, struct err *err)
{
	for (;;) {
		cleanup_close int caller = accept4(c->fds->start, NULL, NULL, SOCK_CLOEXEC);
		struct oci_say word = { 0 };

		if (caller < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (caller < 0)
			return err_sys(err, errno, "cannot wait for start");
		if (oci_hear(caller, &word) == 0 && word.kind == OCI_SAY_GO) {
			*ret = steal_fd(caller);
			return 0;
		}
	}
}

static int run_start_hooks(const struct oci_child *c, struct err *err)
{
	cleanup_strbuf struct strbuf state = { 0 };
	const struct oci_hooks *hooks = &c->plan->hooks[OCI_HOOK_START_CONTAINER];

	if (hooks->n == 0)
		return 0;
	oci_state_json(c->plan, "created", 1, &state);
	return oci_hooks_run(hooks, strbuf_str(&state), false, err);
}

/* A container with a policy does not run where nobody writes down what it does. */
static int await_monitor(const struct oci_child *c, int caller, struct err *err)
{
	struct oci_say answer = { 0 };

	if (!c->page || !c->plan->policy)
		return 0;
	c->page->caller = caller;
	if (oci_say(c->fds->monitor, OCI_SAY_READY, NULL) < 0 ||
	    oci_hear(c->fds->monitor, &answer) < 0 || answer.kind != OCI_SAY_GO)
		return err_set(err, EOWNERDEAD, "the monitor of the container is gone");
	return 0;
}

/*
 * Behind the policy's filter nothing can be sent any more: the page is what is left, and the
 * monitor tells.
 */
static void tell_failure(const struct oci_child *c, int to, const struct err *err)
{
	if (c->told && __atomic_load_n(&c->told->filtered, __ATOMIC_ACQUIRE)) {
		c->told->err = *err;
		__atomic_store_n(&c->told->failed, 1, __ATOMIC_RELEASE);
		_exit(127); /* closing nothing: the table is the monitor's, too */
	}
	if (to >= 0 && oci_say(to, OCI_SAY_FAILED, err) < 0 && c->page)
		c->page->err = *err;
}

/* For a monitor that may come too late to ask the kernel which file it was. */
static void show_file(const struct oci_child *c, const char *program)
{
	struct stat st = { 0 };
	int fd = c->page && c->plan->policy ? open(program, O_PATH | O_CLOEXEC) : -1;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		c->page->file_changed = st.st_ctim;
		c->page->file = fd;
	}
}

/* Returns only on failure. */
static int become_program(struct oci_child *c, const char *program, struct err *err)
{
	const struct oci_process *process = c->process;
	int r;

	show_file(c, program);
	r = take_steps(c, last_steps, ARRAY_LEN(last_steps), err);
	if (r < 0)
		return r;
	execve(program, (char *const *)(uintptr_t)process->args,
	       (char *const *)(uintptr_t)process->env);
	err->stage = ERR_EXEC;
	return err_sys(err, errno, "cannot execute \"%.100s\"", program);
}

/*
 * The listener goes with us: a process that was never started and whose creator is gone is found by
 * `start` and `delete` alike, for the listening socket and the lock live as long as we wait.
 */
void oci_confine_container(const struct oci_plan *plan, const struct oci_child_fds *fds,
			   struct oci_page *page)
{
	struct oci_child c = { .plan = plan,
			       .process = &plan->process,
			       .fds = fds,
			       .page = page,
			       .told = plan->policy ? page : NULL,
			       .root = -1,
			       .scratch = -1,
			       .label = -1 };
	cleanup_close int caller = -1;
	char program[PATH_MAX];
	struct err err = { 0 };
	int to = fds->creator;
	int r = take_steps(&c, container_steps, ARRAY_LEN(container_steps), &err);

	if (r == 0)
		r = find_program(c.process, program, &err);
	if (r == 0)
		r = tell_creator(&c, &err);
	if (r == 0 && fds->start >= 0) {
		close(fds->creator);
		r = wait_for_start(&c, &caller, &err);
		to = caller;
	}
	if (r == 0)
		r = run_start_hooks(&c, &err);
	if (r == 0) {
		r = await_monitor(&c, caller, &err);
	}
	if (r == 0) {
		close(fds->lock); /* "running" from here on, not only when our caller knows */
		r = become_program(&c, program, &err);
	}
	if (r < 0)
		tell_failure(&c, to, &err);
}

void oci_confine_process(const struct oci_plan *plan, const struct oci_process *process,
			 const struct oci_child_fds *fds, struct oci_page *page)
{
	struct oci_child c = { .plan = plan,
			       .process = process,
			       .fds = fds,
			       .told = plan->policy ? page : NULL,
			       .root = -1,
			       .scratch = -1,
			       .label = -1 };
	char program[PATH_MAX];
	struct err err = { 0 };
	int r = take_steps(&c, process_steps, ARRAY_LEN(process_steps), &err);

	if (r == 0)
		r = find_program(process, program, &err);
	if (r == 0)
		r = tell_creator(&c, &err);
	if (r == 0)
		r = become_program(&c, program, &err);
	if (r < 0)
		tell_failure(&c, fds->creator, &err);
}
