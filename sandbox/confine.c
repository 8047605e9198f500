/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows the order. */
#include "sandbox/confine.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
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

void confine_page_set(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
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
	confine_step_fn apply;
	enum layer layer; /* of which it is all; LAYER_COUNT: it is not */
} steps[] = {
	/* clang-format off */
	{ "deathsig",     ERR_SESSION, deathsig_apply, LAYER_COUNT },
	{ "idmap",        ERR_USERNS,  idmap_apply, LAYER_COUNT },
	{ "scratch",      ERR_MOUNTS,  scratch_apply, LAYER_COUNT },
	{ "root",         ERR_MOUNTS,  rootfs_apply, LAYER_COUNT },
	{ "mounts",       ERR_MOUNTS,  mounts_apply, LAYER_COUNT },
	{ "/dev",         ERR_MOUNTS,  devices_apply, LAYER_COUNT },
	{ "/proc",        ERR_MOUNTS,  procmount_apply, LAYER_COUNT },
	{ "masks",        ERR_MOUNTS,  masks_apply, LAYER_MOUNTS },
	{ "uplink",       ERR_SESSION, uplink_apply, LAYER_COUNT },
	{ "nslimits",     ERR_USERNS,  nslimits_apply, LAYER_NSLIMITS },
	{ "pivot",        ERR_MOUNTS,  pivot_apply, LAYER_COUNT },
	{ "terminal",     ERR_SESSION, terminal_apply, LAYER_COUNT },
	{ "session",      ERR_SESSION, session_apply, LAYER_COUNT },
	{ "network",      ERR_SESSION, network_apply, LAYER_COUNT },
	{ "rlimits",      ERR_LIMITS,  rlimits_apply, LAYER_RLIMITS },
	{ "ids",          ERR_CAPS,    ids_apply, LAYER_COUNT },
	{ "capabilities", ERR_CAPS,    caps_apply, LAYER_COUNT },
	{ "no_new_privs", ERR_CAPS,    nnp_apply, LAYER_COUNT },
	{ "label",        ERR_CAPS,    label_apply, LAYER_COUNT },
	{ "landlock",     ERR_FSRULES, fsrules_apply, LAYER_LANDLOCK },
	{ "workdir",      ERR_SESSION, workdir_apply, LAYER_COUNT },
	{ "deathsig",     ERR_SESSION, deathsig_apply, LAYER_COUNT },
	{ "descriptors",  ERR_SESSION, fds_apply, LAYER_COUNT },
	/* clang-format on */
};

/* After the program was found. */
static const struct step late_steps[] = {
	{ "ready", ERR_SESSION, ready_apply, LAYER_COUNT },
	{ "not dumpable", ERR_SESSION, dumpable_apply, LAYER_COUNT },
	{ "process 1", ERR_SESSION, init_apply, LAYER_COUNT },
};

/* Nothing but the filter stands between us and execve(2). */
static const struct step last_step[] = {
	{ "seccomp", ERR_SECCOMP, filter_apply, LAYER_COUNT },
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

/* Steps that --without can leave out, to see what depends on them. */
static bool is_left_out(const struct plan *plan, confine_step_fn apply)
{
	static const struct {
		confine_step_fn apply;
		enum layer layer;
	} removable[] = {
		{ nslimits_apply, LAYER_NSLIMITS },
		{ rlimits_apply, LAYER_RLIMITS },
		{ fsrules_apply, LAYER_LANDLOCK },
	};

	for (size_t i = 0; i < ARRAY_LEN(removable); i++) {
		if (removable[i].apply == apply)
			return plan->without & 1U << removable[i].layer;
	}
	return false;
}

static int take_steps(struct confine *c, const struct step *table, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool skip = is_left_out(c->plan, table[i].apply) || layer_is_off(table[i].layer);
		int r = skip ? 0 : table[i].apply(c, err);

		if (r < 0) {
			err->stage = (uint16_t)table[i].stage;
			return err_wrap(err, "%s", table[i].name);
		}
		note_step(c->page, table[i].name);
	}
	return 0;
}

static int confine_self(struct confine *c, struct err *err)
{
	const struct plan *plan = c->plan;
	char program[PATH_MAX];
	int r = take_steps(c, steps, ARRAY_LEN(steps), err);

	if (r < 0)
		return r;
	r = lookup_program(plan->argv[0], plan->env, program, err);
	if (r < 0)
		return err_at(err, ERR_EXEC);
	if (strlen(program) < sizeof(c->page->program))
		memcpy(c->page->program, program, strlen(program) + 1);
	r = take_steps(c, late_steps, ARRAY_LEN(late_steps), err);
	if (r == 0)
		r = take_steps(c, last_step, ARRAY_LEN(last_step), err);
	if (r < 0)
		return r;
	execve(program, plan->argv, (char *const *)(uintptr_t)plan->env);
	err->stage = ERR_EXEC;
	return err_sys(err, errno, "cannot execute %s", program);
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
	};
	struct err err = { 0 };

	note_step(page, "start");
	if (confine_self(&c, &err) < 0) {
		page->err = err;
		__atomic_store_n(&page->state, CONFINE_FAILED, __ATOMIC_RELEASE);
	}
}
