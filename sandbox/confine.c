/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows the order. */
#include "sandbox/confine.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/lookup.h"
#include "sandbox/steps.h"
#include "sandbox/switches.h"

int confine_page_wait(const uint32_t *word, struct err *err)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0) {
		if (syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EINTR)
			return err_sys(err, errno, "cannot wait for the supervisor");
	}
	return 0;
}

static void wake(const void *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void confine_page_set(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	wake(word);
}

/* The way out makes namespaces of its own inside ours, so it comes before their number is 0. */
int uplink_apply(struct confine *c, struct err *err)
{
	if (c->plan->network != NETWORK_PRIVATE)
		return 0;
	__atomic_store_n(&c->page->state, CONFINE_LINKABLE, __ATOMIC_RELEASE);
	return confine_page_wait(&c->page->linked, err);
}

int ready_apply(struct confine *c, struct err *err)
{
	__atomic_store_n(&c->page->state, CONFINE_READY, __ATOMIC_RELEASE);
	return confine_page_wait(&c->page->go, err);
}

/* The order is the security argument; seccomp is last because it forbids the others' calls. */
static const struct step {
	const char *name;
	enum err_stage stage;
	enum layer layer; /* of which it is all; LAYER_COUNT: it is not */
	confine_step_fn apply;
} steps[] = {
	/* clang-format off */
	{ "deathsig",     ERR_SESSION, LAYER_COUNT, deathsig_apply },
	{ "side begins",  ERR_SESSION, LAYER_COUNT, side_begin_apply },
	{ "idmap",        ERR_USERNS,  LAYER_COUNT, idmap_apply },
	{ "scratch",      ERR_MOUNTS,  LAYER_COUNT, scratch_apply },
	{ "root",         ERR_MOUNTS,  LAYER_COUNT, rootfs_apply },
	{ "mounts",       ERR_MOUNTS,  LAYER_COUNT, mounts_apply },
	{ "/dev",         ERR_MOUNTS,  LAYER_COUNT, devices_apply },
	{ "/proc",        ERR_MOUNTS,  LAYER_COUNT, procmount_apply },
	{ "masks",        ERR_MOUNTS,  LAYER_MOUNTS, masks_apply },
	{ "pivot",        ERR_MOUNTS,  LAYER_COUNT, pivot_apply },
	{ "path rules",   ERR_FSRULES, LAYER_LANDLOCK, fsrules_prepare },
	{ "side ends",    ERR_SESSION, LAYER_COUNT, side_join_apply },
	{ "old root",     ERR_MOUNTS,  LAYER_COUNT, settle_apply },
	{ "uplink",       ERR_SESSION, LAYER_COUNT, uplink_apply },
	{ "nslimits",     ERR_USERNS,  LAYER_NSLIMITS, nslimits_apply },
	{ "terminal",     ERR_SESSION, LAYER_COUNT, terminal_apply },
	{ "session",      ERR_SESSION, LAYER_COUNT, session_apply },
	{ "rlimits",      ERR_LIMITS,  LAYER_RLIMITS, rlimits_apply },
	{ "ids",          ERR_CAPS,    LAYER_COUNT, ids_apply },
	{ "capabilities", ERR_CAPS,    LAYER_COUNT, caps_apply },
	{ "no_new_privs", ERR_CAPS,    LAYER_COUNT, nnp_apply },
	{ "label",        ERR_CAPS,    LAYER_COUNT, label_apply },
	{ "landlock",     ERR_FSRULES, LAYER_LANDLOCK, fsrules_apply },
	{ "workdir",      ERR_SESSION, LAYER_COUNT, workdir_apply },
	{ "deathsig",     ERR_SESSION, LAYER_COUNT, deathsig_apply },
	{ "descriptors",  ERR_SESSION, LAYER_COUNT, fds_apply },
	/* clang-format on */
};

/* After the program was found. */
static const struct step late_steps[] = {
	{ "ready", ERR_SESSION, LAYER_COUNT, ready_apply },
	{ "not dumpable", ERR_SESSION, LAYER_COUNT, dumpable_apply },
};

/* In the program's own process; nothing but the filter stands between it and execve(2). */
static const struct step last_step[] = {
	{ "seccomp", ERR_SECCOMP, LAYER_COUNT, filter_apply },
};

/* Of a process that fills a volume (plan->copy); the image is seen by those that have one. */
static const struct step copy_steps[] = {
	{ "deathsig", ERR_SESSION, LAYER_COUNT, deathsig_apply },
	{ "idmap", ERR_USERNS, LAYER_COUNT, idmap_apply },
	{ "deathsig", ERR_SESSION, LAYER_COUNT, deathsig_apply },
	{ "scratch", ERR_MOUNTS, LAYER_COUNT, scratch_apply },
	{ "root", ERR_MOUNTS, LAYER_COUNT, rootfs_apply },
};
static const struct step copy_last[] = {
	{ "copy", ERR_MOUNTS, LAYER_COUNT, copy_up_apply },
};

static void note_step(struct confine_page *page, const char *name)
{
	struct timespec now = { 0 };
	uint32_t n = page->n_steps;

	if (n >= CONFINE_MAX_STEPS)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	page->steps[n].name = name;
	page->steps[n].ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	page->n_steps = n + 1;
}

/* By --without, or in the launcher of a test, to see what depends on it. */
static bool is_left_out(const struct plan *plan, enum layer layer)
{
	return layer != LAYER_COUNT && (plan->without & 1U << layer || layer_is_off(layer));
}

static int take_steps(struct confine *c, const struct step *table, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = is_left_out(c->plan, table[i].layer) ? 0 : table[i].apply(c, err);

		if (r < 0) {
			err->stage = (uint16_t)table[i].stage;
			return err_wrap(err, "%s", table[i].name);
		}
		note_step(c->page, table[i].name);
	}
	return 0;
}

static void report_failure(struct confine_page *page, const struct err *err)
{
	page->err = *err;
	__atomic_store_n(&page->state, CONFINE_FAILED, __ATOMIC_RELEASE);
}

/* In the memory of process 1, which waits: see init_start(). */
static int become_program(void *confine)
{
	struct confine *c = confine;
	const struct plan *plan = c->plan;
	struct err err = { 0 };

	note_step(c->page, "process 1");
	/* Not by clone(2) itself: it tells a number before there is a descriptor of it. */
	__atomic_store_n(&c->page->workload, c->program_pidfd, __ATOMIC_RELEASE);
	wake(&c->page->workload);
	if (take_steps(c, last_step, ARRAY_LEN(last_step), &err) == 0) {
		execve(c->program, plan->argv, (char *const *)(uintptr_t)plan->env);
		err.stage = ERR_EXEC;
		(void)err_sys(&err, errno, "cannot execute %s", c->program);
	}
	report_failure(c->page, &err);
	_exit(127);
}

static int confine_self(struct confine *c, struct err *err)
{
	const struct plan *plan = c->plan;
	struct stat st = { 0 };
	int r = take_steps(c, steps, ARRAY_LEN(steps), err);

	if (r < 0)
		return r;
	r = lookup_program(plan->argv[0], plan->env, c->program, err);
	if (r < 0)
		return err_at(err, ERR_EXEC);
	/* Of a program that ends before the supervisor can look at it, this is what is left. */
	c->page->file = r;
	if (fstat(r, &st) == 0)
		c->page->file_changed = st.st_ctim;
	if (strlen(c->program) < sizeof(c->page->program))
		memcpy(c->page->program, c->program, strlen(c->program) + 1);
	r = take_steps(c, late_steps, ARRAY_LEN(late_steps), err);
	if (r < 0)
		return r;
	r = init_start(c, become_program, err);
	err->stage = ERR_SESSION;
	return r;
}

void confine_and_exec(const struct plan *plan, const struct confine_fds *fds,
		      struct confine_page *page)
{
	struct confine c = {
		.plan = plan,
		.fds = fds,
		.page = page,
		.scratch = -1,
		.root = -1,
		.proc = -1,
		.sys_user = -1,
		.ruleset = -1,
	};
	struct err err = { 0 };

	note_step(page, "start");
	if (confine_self(&c, &err) < 0)
		report_failure(page, &err);
}

int confine_and_copy(const struct plan *plan, const struct confine_fds *fds,
		     struct confine_page *page)
{
	struct confine c = { .plan = plan, .fds = fds, .page = page, .scratch = -1, .root = -1 };
	size_t n = ARRAY_LEN(copy_steps) - (plan->root_kind == ROOT_LAYERS ? 0 : 2);
	struct err err = { 0 };
	int r = take_steps(&c, copy_steps, n, &err);

	if (r == 0)
		r = take_steps(&c, copy_last, ARRAY_LEN(copy_last), &err);
	if (r < 0)
		report_failure(page, &err);
	return r;
}
