// SPDX-License-Identifier: Apache-2.0
/* What AppArmor and SELinux are to do: decided from the host's facts, written down in the ledger.
 */
#include "sandbox/plan_lsm.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "policies/to_apparmor.h"
#include "sandbox/plan_parts.h"

#define SETUP "immure setup, once, as root"
#define PROFILE_DEFAULT "immure-0"

/* Absent and not required: other layers stand in. Absent and required: lost. */
static enum ledger_state absent(const struct planner *p, enum layer layer)
{
	return p->bundle->require & 1U << layer ? LEDGER_LOST : LEDGER_NA;
}

static int note_apparmor(struct planner *p, struct err *err)
{
	const struct host_lsm *lsm = &p->host->lsm_facts;
	const char *text = NULL;

	if (lsm->apparmor == APPARMOR_OFF || planner_leaves_out(p, LAYER_APPARMOR))
		return planner_note(p, LAYER_APPARMOR, absent(p, LAYER_APPARMOR),
				    "not enabled here; mounts and landlock stand in",
				    "a kernel booted with apparmor in lsm=", err);
	if (lsm->label && strcmp(lsm->label, "unconfined") != 0)
		return planner_note(
			p, LAYER_APPARMOR, absent(p, LAYER_APPARMOR),
			arena_printf(
				p->arena,
				"immure itself runs under %.200s, which forbids another profile",
				lsm->label),
			"start immure from where nothing confines it", err);
	if (lsm->apparmor == APPARMOR_BARE)
		return planner_note(
			p, LAYER_APPARMOR, absent(p, LAYER_APPARMOR),
			"enabled, but no floor profile is loaded; mounts and landlock stand in",
			SETUP, err);
	if (lsm->apparmor == APPARMOR_FLOOR_ONLY) {
		p->plan->lsm.apparmor = APPARMOR_FLOOR;
		return planner_note(
			p, LAYER_APPARMOR, LEDGER_WEAKENED,
			"the floor profile only: there is no namespace for policies of this user",
			SETUP, err);
	}
	p->plan->lsm.profile = p->request->profile ? p->request->profile : PROFILE_DEFAULT;
	p->plan->lsm.apparmor =
		arena_printf(p->arena, APPARMOR_FLOOR "//&:" APPARMOR_NAMESPACE "%u:%s",
			     p->host->uid, p->plan->lsm.profile);
	p->plan->lsm.complain = p->bundle->audit_only;
	text = arena_printf(p->arena, "profile %s, made of the policy, above %s",
			    p->plan->lsm.profile, APPARMOR_FLOOR);
	if (!p->plan->lsm.apparmor)
		return err_set(err, ENOMEM, "out of memory");
	if (p->plan->lsm.complain)
		return planner_note(p, LAYER_APPARMOR, LEDGER_WEAKENED,
				    arena_printf(p->arena,
						 "mode audit: profile %s only complains, above %s",
						 p->plan->lsm.profile, APPARMOR_FLOOR),
				    "mode: enforce", err);
	return planner_note(p, LAYER_APPARMOR, LEDGER_ENFORCED, text, NULL, err);
}

int plan_lsm(struct planner *p, struct err *err)
{
	int r = note_apparmor(p, err);

	return r < 0 ? r : plan_selinux(p, absent(p, LAYER_SELINUX), err);
}

void plan_drop_profile(struct plan *plan, const char *why)
{
	plan->lsm.profile = NULL;
	plan->lsm.apparmor = APPARMOR_FLOOR;
	for (size_t i = 0; i < plan->n_ledger; i++) {
		if (plan->ledger[i].layer != LAYER_APPARMOR)
			continue;
		plan->ledger[i].state = LEDGER_WEAKENED;
		plan->ledger[i].text = why;
		plan->ledger[i].remedy = NULL;
	}
}

/* Collects paths; a rule on a link is a rule on what it points to as well. */
struct collector {
	const struct plan *plan;
	struct arena *arena;
	int root; /* of the sandbox, as it is on the host */
	const char *root_path;
	struct lsm_path *paths;
	size_t n, cap;
};

static int add(struct collector *c, struct lsm_path path, struct err *err)
{
	struct lsm_path *grown =
		path.path ? arena_grow(c->arena, c->paths, &c->cap, c->n + 1, sizeof(*grown))
			  : NULL;

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	c->paths = grown;
	grown[c->n++] = path;
	return 0;
}

/* AppArmor sees what a path leads to. NULL: nothing there, or no link on the way. */
static const char *resolved(const struct collector *c, const char *path)
{
	struct err ignored = { 0 };
	cleanup_close int fd = path_open_in(c->root, path, O_PATH, 0, &ignored);
	char link[40];
	char target[PATH_MAX];
	size_t prefix = strcmp(c->root_path, "/") == 0 ? 0 : strlen(c->root_path);
	ssize_t n;

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0 || (size_t)n <= prefix)
		return NULL;
	target[n] = '\0';
	if (strncmp(target, c->root_path, prefix) != 0 || strcmp(target + prefix, path) == 0)
		return NULL;
	return arena_strdup(c->arena, target + prefix);
}

static int add_both(struct collector *c, struct lsm_path path, struct err *err)
{
	int r = add(c, path, err);

	if (r < 0)
		return r;
	path.path = resolved(c, path.path);
	return path.path ? add(c, path, err) : 0;
}

/* What can be written and is mounted noexec is refused execution here too. */
static int add_noexec(struct collector *c, struct err *err)
{
	static const char *const always[] = { "/dev", "/proc" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(always); i++)
		r = add(c, (struct lsm_path){ 0, FILE_EXEC, always[i], true }, err);
	for (size_t i = 0; r == 0 && i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];

		if ((m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS) &&
		    !(m->flags & (MOUNT_FLAG_RO | MOUNT_FLAG_EXEC)))
			r = add(c, (struct lsm_path){ 0, FILE_EXEC, m->target, true }, err);
	}
	return r;
}

static int collect(struct collector *c, struct err *err)
{
	const struct bundle *bundle = c->plan->bundle;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->plan->n_fsrules; i++) {
		const struct plan_fsrule *rule = &c->plan->fsrules[i];

		r = add_both(c, (struct lsm_path){ rule->access, 0, rule->path, rule->tree }, err);
	}
	for (size_t i = 0; r == 0 && i < bundle->n_files; i++) {
		const struct bundle_file *file = &bundle->files[i];

		if (file->access & FILE_DENY)
			r = add_both(c,
				     (struct lsm_path){ 0, FILE_READ | FILE_WRITE | FILE_EXEC,
							file->path, file->tree },
				     err);
	}
	return r == 0 ? add_noexec(c, err) : r;
}

int plan_profile_text(const struct plan *plan, struct arena *arena, struct strbuf *out,
		      struct err *err)
{
	struct collector c = { .plan = plan, .arena = arena };
	struct lsm_rules rules = { .bundle = plan->bundle, .complain = plan->lsm.complain };
	cleanup_close int root = -1;
	int r;

	c.root_path = plan->root_kind == ROOT_DIR ? plan->root_dir : "/";
	root = open(c.root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "cannot open the root %s", c.root_path);
	c.root = root;
	r = collect(&c, err);
	if (r < 0)
		return r;
	rules.n = c.n;
	rules.paths = c.paths;
	return to_apparmor(&rules, plan->lsm.profile, out, err);
}
