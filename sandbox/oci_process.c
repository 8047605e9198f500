/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container's process is and what it may: the same for the first one and for exec's. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "base/sys.h"
#include "sandbox/confine.h"
#include "sandbox/oci_steps.h"
#include "sandbox/steps.h"

#define CAP_WORDS 2

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[CAP_WORDS] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

static uint64_t permitted_now(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[CAP_WORDS] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* A creator that was killed writes no maps: its end of our pair tells. */
static int await_maps(const struct oci_child *c, struct err *err)
{
	const struct timespec look = { .tv_nsec = 50000000 };
	char byte;

	while (__atomic_load_n(&c->page->mapped, __ATOMIC_ACQUIRE) == 0) {
		syscall(SYS_futex, &c->page->mapped, FUTEX_WAIT, 0, &look, NULL, 0);
		if (recv(c->fds->creator, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0)
			return err_set(err, EOWNERDEAD, "the creator is gone");
	}
	return 0;
}

/* In a new user namespace: the maps are in place, and we become what they call 0. */
int oci_idmap_apply(struct oci_child *c, struct err *err)
{
	const struct oci_ns_plan *ns = &c->plan->ns[OCI_NS_USER];
	int r;

	if (!ns->asked)
		return 0;
	if (!ns->path) {
		r = await_maps(c, err);
		if (r < 0)
			return r;
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, errno, "cannot take the mapped ids");
	return 0;
}

/* Lowering needs CAP_SYS_RESOURCE on the host: who lacks it keeps what there is. */
static int set_oom_score(const struct oci_child *c, struct err *err)
{
	cleanup_strbuf struct strbuf now = { 0 };
	struct err refused = { 0 };
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", c->process->oom_score_adj);

	if (!c->process->has_oom_score_adj)
		return 0;
	if (fd_read_file(c->fds->proc, "self/oom_score_adj", 32, &now, &refused) == 0 &&
	    strcmp(strbuf_str(&now), text) == 0)
		return 0;
	text[n - 1] = '\0';
	if (fd_write_text(c->fds->proc, "self/oom_score_adj", text, &refused) == 0)
		return 0;
	if ((refused.code == EACCES || refused.code == EPERM) && !c->plan->in_host_userns)
		return 0;
	*err = refused;
	return -err->code;
}

static int open_label(struct oci_child *c, struct err *err)
{
	const char *apparmor = c->process->apparmor;
	const char *selinux = c->process->selinux;

	if (apparmor && *apparmor) {
		c->label = openat(c->fds->proc, "self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);
		c->label_text = apparmor;
	} else if (selinux && *selinux) {
		c->label = openat(c->fds->proc, "self/attr/exec", O_WRONLY | O_CLOEXEC);
		c->label_text = selinux;
	}
	if (c->label_text && c->label < 0)
		return err_sys(err, errno, "cannot set the label %s: is the module on?",
			       c->label_text);
	return 0;
}

/* What needs our own files in /proc comes before they are closed to us. */
int oci_self_apply(struct oci_child *c, struct err *err)
{
	int r = set_oom_score(c, err);

	if (r == 0)
		r = open_label(c, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, errno, "cannot become undumpable");
	return 0;
}

static bool is_new(const struct oci_plan *plan, enum oci_ns ns)
{
	return plan->ns[ns].asked && !plan->ns[ns].path;
}

static int set_names(const struct oci_plan *plan, struct err *err)
{
	if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return err_sys(err, errno, "cannot set the host name %s", plan->hostname);
	if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
		return err_sys(err, errno, "cannot set the domain name %s", plan->domainname);
	return 0;
}

/*
 * We were made in our cgroup by clone3(2), which has to see it; where namespaces delegate
 * ("nsdelegate"), a process in the container's cgroup namespace does not see the cgroup that it
 * comes from. So that namespace is joined now, not with the others.
 */
static int join_cgroup_ns(const struct oci_child *c, struct err *err)
{
	if (c->fds->cgroup_ns >= 0 && setns(c->fds->cgroup_ns, CLONE_NEWCGROUP) < 0)
		return err_sys(err, errno, "cannot join the cgroup namespace");
	return 0;
}

/* A process of exec has page NULL: names and interfaces are there already. */
int oci_session_apply(struct oci_child *c, struct err *err)
{
	const struct oci_plan *plan = c->plan;
	int r;

	if (setsid() < 0)
		return err_sys(err, errno, "cannot start a session");
	r = join_cgroup_ns(c, err);
	if (r < 0)
		return r;
	/* Not by clone3(2): the root of its view is where we are when it is made. */
	if (c->page && is_new(plan, OCI_NS_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(err, errno, "cannot make a cgroup namespace");
	if (c->page && is_new(plan, OCI_NS_NETWORK)) {
		r = loopback_apply(err);
		if (r < 0)
			return r;
	}
	if (c->page) {
		r = set_names(plan, err);
		if (r < 0)
			return r;
	}
	if (plan->new_keyring) {
		r = sys_join_session_keyring(NULL);
		if (r < 0 && r != -ENOSYS)
			return err_sys(err, -r, "cannot start a session keyring");
	}
	return signals_apply(err);
}

/* net.ipv4.ip_forward → net/ipv4/ip_forward; a name with a slash is taken as it is. */
static int set_sysctl(int sys, const struct oci_pair *pair, struct err *err)
{
	char path[256];
	size_t n = strlen(pair->key);

	if (n >= sizeof(path) || strstr(pair->key, "..") || pair->key[0] == '/')
		return err_set(err, EINVAL, "\"%.64s\" is no name of a sysctl", pair->key);
	memcpy(path, pair->key, n + 1);
	for (char *dot = path; !strchr(pair->key, '/') && (dot = strchr(dot, '.')) != NULL;)
		*dot = '/';
	return fd_write_text(sys, path, pair->value, err);
}

int oci_sysctl_apply(struct oci_child *c, struct err *err)
{
	cleanup_close int sys = -1;

	if (c->plan->sysctl.n == 0)
		return 0;
	sys = openat(c->fds->proc, "sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sys < 0)
		return err_sys(err, errno, "cannot open /proc/sys");
	for (size_t i = 0; i < c->plan->sysctl.n; i++) {
		int r = set_sysctl(sys, &c->plan->sysctl.items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* struct sched_attr of sched_setattr(2), which glibc 2.36 lacks. */
struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define FDS_NEEDED 64 /* by us, until execve(2) */

/*
 * By ourselves while we have the rights of root; raising above what there is takes the creator's,
 * who then sets all of them.
 */
static void set_rlimits(struct oci_child *c)
{
	for (size_t i = 0; i < c->process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &c->process->rlimits[i];

		if ((limit->resource == RLIMIT_NOFILE && limit->soft < FDS_NEEDED) ||
		    sys_prlimit(0, limit->resource, limit->soft, limit->hard) < 0)
			c->rlimits_left = true;
	}
}

int oci_schedule_apply(struct oci_child *c, struct err *err)
{
	const struct oci_scheduler *s = &c->process->scheduler;
	struct schedule attr = { .size = sizeof(attr),
				 .policy = s->policy,
				 .flags = s->flags,
				 .nice = s->nice,
				 .priority = s->priority,
				 .runtime = s->runtime,
				 .deadline = s->deadline,
				 .period = s->period };

	if (s->set && syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		return err_sys(err, errno, "cannot set the scheduler");
	if (c->process->ioprio >= 0 && syscall(SYS_ioprio_set, 1, 0, c->process->ioprio) < 0)
		return err_sys(err, errno, "cannot set the io priority");
	if (c->plan->has_personality && personality(c->plan->personality) < 0)
		return err_sys(err, errno, "cannot set the personality");
	set_rlimits(c);
	umask(c->process->has_umask ? c->process->umask : 022);
	return 0;
}

static int drop_bounding(uint64_t keep, struct err *err)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep & UINT64_C(1) << cap)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL)
				break; /* the kernel knows no more */
			return err_sys(err, errno, "cannot drop a capability");
		}
	}
	return 0;
}

/* A single id may be mapped without the right to set groups: then there are none to set. */
static int take_groups(const struct oci_process *process, struct err *err)
{
	if (setgroups(process->n_groups, process->groups) == 0)
		return 0;
	if (errno == EPERM && process->n_groups == 0)
		return 0;
	return err_sys(err, errno, "cannot set the supplementary groups");
}

/* CVE-2024-21626: a working folder outside of the root shows as "(unreachable)". */
static int enter_cwd(const struct oci_process *process, struct err *err)
{
	char seen[PATH_MAX];

	if (chdir(process->cwd) < 0)
		return err_sys(err, errno, "cannot enter the working folder %s", process->cwd);
	if (!getcwd(seen, sizeof(seen)) || seen[0] != '/')
		return err_set(err, EXDEV, "the working folder %s leads out of the root",
			       process->cwd);
	return 0;
}

/* A working folder that is not there is made, unless the root is read-only. */
static int make_cwd(const struct oci_process *process)
{
	struct err ignored = { 0 };
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int dir = -1;

	if (root < 0)
		return -errno;
	dir = oci_target_open(root, process->cwd, true, false, &ignored);
	return dir < 0 ? dir : 0;
}

int oci_identity_apply(struct oci_child *c, struct err *err)
{
	const struct oci_process *process = c->process;
	uint64_t all = permitted_now();
	int r = drop_bounding(process->caps[OCI_CAP_BOUNDING], err);

	if (r < 0)
		return r;
	if (access(process->cwd, F_OK) < 0 && make_cwd(process) < 0)
		return err_set(err, ENOENT, "cannot make the working folder %s", process->cwd);
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return err_sys(err, errno, "cannot keep capabilities for a moment");
	r = take_groups(process, err);
	if (r < 0)
		return r;
	if (setresgid(process->gid, process->gid, process->gid) < 0)
		return err_sys(err, errno, "cannot become group %u", process->gid);
	if (setresuid(process->uid, process->uid, process->uid) < 0)
		return err_sys(err, errno, "cannot become user %u", process->uid);
	/* Gone from the effective set with uid 0; the filter needs one of them. */
	r = set_caps(all, all, 0);
	if (r < 0)
		return err_sys(err, -r, "cannot keep capabilities for a moment");
	return enter_cwd(process, err);
}

int oci_fds_apply(struct oci_child *c, struct err *err)
{
	unsigned first = 3 + (unsigned)c->plan->preserve_fds;

	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot mark descriptors close-on-exec");
	for (unsigned fd = 3; fd < first; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		if (flags >= 0 && fcntl((int)fd, F_SETFD, flags & ~FD_CLOEXEC) < 0)
			return err_sys(err, errno, "cannot pass descriptor %u", fd);
	}
	return 0;
}

int oci_program_load(const struct oci_program *program, unsigned flags, struct err *err)
{
	struct sock_fprog prog = {
		.len = (unsigned short)program->n,
		.filter = (struct sock_filter *)(uintptr_t)program->code,
	};
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &prog);

	if (r < 0)
		return err_sys(err, -r, "cannot install the filter");
	return r;
}

/* What the listener's owner is told. Source: config-linux.md, "The Container Process State" */
static void listener_text(const struct oci_child *c, pid_t pid, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "ociVersion", c->plan->version);
	jsonw_key(&j, "fds");
	jsonw_array(&j);
	jsonw_str(&j, "seccompFd");
	jsonw_array_end(&j);
	jsonw_ki64(&j, "pid", pid);
	if (c->plan->seccomp.listener_metadata)
		jsonw_kstr(&j, "metadata", c->plan->seccomp.listener_metadata);
	jsonw_key(&j, "state");
	oci_state_json(c->plan, c->page ? "creating" : "running", pid, out);
	j.comma = true;
	jsonw_object_end(&j);
}

/* Our number as the host's /proc has it. */
static pid_t own_number(const struct oci_child *c)
{
	char text[16] = { 0 };
	uint64_t number = 0;

	if (readlinkat(c->fds->proc, "self", text, sizeof(text) - 1) < 0 ||
	    span_u64(span_of(text), INT32_MAX, &number) < 0)
		return 0;
	return (pid_t)number;
}

static int load_all(const struct oci_child *c, struct err *err)
{
	const struct oci_seccomp *s = &c->plan->seccomp;
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_close int listener = -1;
	int r;

	if (s->floor.n > 0) {
		r = oci_program_load(&s->floor, 0, err);
		if (r < 0)
			return r;
	}
	if (s->bundle.n == 0)
		return 0;
	if (s->listener_path)
		listener_text(c, own_number(c), &text);
	r = oci_program_load(&s->bundle, s->flags, err);
	if (r < 0 || !s->listener_path)
		return r;
	listener = r;
	r = oci_send_fd(c->fds->listener, listener, strbuf_str(&text), text.len);
	return r < 0 ? err_sys(err, -r, "cannot hand over the seccomp listener") : 0;
}

static int write_label(const struct oci_child *c, struct err *err)
{
	char text[512];
	int n;

	if (!c->label_text)
		return 0;
	n = snprintf(text, sizeof(text), "%s%s",
		     c->process->apparmor && *c->process->apparmor ? "exec " : "", c->label_text);
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(err, ENAMETOOLONG, "a label is too long");
	if (write(c->label, text, (size_t)n) != n)
		return err_sys(err, errno, "cannot set the label %s", c->label_text);
	return 0;
}

static int take_caps(const struct oci_process *process, struct err *err)
{
	uint64_t may = permitted_now();
	uint64_t permitted = process->caps[OCI_CAP_PERMITTED] & may;
	uint64_t inheritable = process->caps[OCI_CAP_INHERITABLE] & may;
	uint64_t ambient = process->caps[OCI_CAP_AMBIENT] & permitted & inheritable;
	int r = set_caps(process->caps[OCI_CAP_EFFECTIVE] & permitted, permitted, inheritable);

	if (r < 0)
		return err_sys(err, -r, "cannot set the capabilities");
	for (int cap = 0; cap < 64 && ambient; cap++) {
		if ((ambient & UINT64_C(1) << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(err, errno, "cannot raise an ambient capability");
	}
	return 0;
}

/*
 * Without no_new_privs a filter needs CAP_SYS_ADMIN, so it comes before the capabilities go; what
 * follows are the three calls that every engine's profile lets through.
 */
int oci_privileges_apply(struct oci_child *c, struct err *err)
{
	bool quiet = c->process->no_new_privs;
	int r = write_label(c, err);

	if (r == 0 && !quiet)
		r = load_all(c, err);
	if (r == 0)
		r = take_caps(c->process, err);
	if (r == 0 && quiet && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_sys(err, errno, "cannot set no_new_privs");
	if (r == 0 && quiet)
		r = load_all(c, err);
	return r;
}
