// SPDX-License-Identifier: Apache-2.0
/*
 * The labels of one sandbox. User, role and sensitivity are the launcher's own; the domain is the
 * policy's, if its module is loaded, else the one of all policies; and a pair of categories that no
 * other running sandbox has keeps two of them apart (runtime/categories.h).
 */
#include <string.h>
#include <sys/xattr.h>

#include "policies/to_selinux.h"
#include "sandbox/host_selinux.h"
#include "sandbox/plan_lsm.h"
#include "sandbox/plan_parts.h"

#define SETUP "immure setup selinux, once, as root"
#define STAND_IN "; mounts and landlock stand in"

/* "USER:ROLE:TYPE:LOW[-HIGH]", cut up. */
struct own_label {
	struct span user, role, sensitivity; /* sensitivity: "" without levels */
};

static struct own_label cut_label(const char *text)
{
	struct span rest = span_of(text);
	struct own_label own = { .user = span_cut(&rest, ':'), .role = span_cut(&rest, ':') };

	span_cut(&rest, ':');
	own.sensitivity = span_cut(&rest, '-');
	own.sensitivity = span_cut(&own.sensitivity, ':');
	return own;
}

static const char *make_context(const struct planner *p, const struct own_label *own,
				struct span role, const char *type)
{
	return arena_printf(p->arena, "%.*s:%.*s:%s:%.*s:c%u,c%u", (int)own->user.n, own->user.p,
			    (int)role.n, role.p, type, (int)own->sensitivity.n, own->sensitivity.p,
			    p->request->categories[0], p->request->categories[1]);
}

static const char *make_domain(const struct planner *p, const struct own_label *own,
			       const char *type)
{
	return make_context(p, own, own->role, type);
}

/* The first volume that the sandbox will be refused, whatever its policy says. */
static const char *find_unlabelled(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];
		char label[256] = "";

		if (m->kind != MOUNT_BIND || !(m->flags & MOUNT_FLAG_VOLUME) ||
		    m->flags & (MOUNT_FLAG_NAMED | MOUNT_FLAG_LABEL | MOUNT_FLAG_LABEL_OWN))
			continue;
		if (lgetxattr(m->source, "security.selinux", label, sizeof(label) - 1) <= 0 ||
		    !strstr(label, ":immure_"))
			return m->source;
	}
	return NULL;
}

static int note_labels(struct planner *p, const char *module, bool has_module, struct err *err)
{
	bool audit = p->bundle->audit_only;
	bool permissive = p->host->lsm_facts.selinux == SELINUX_PERMISSIVE;
	const char *unlabelled = find_unlabelled(p->plan);
	const char *text;

	text = arena_printf(p->arena, "%s%s%s%s%s",
			    audit        ? "mode audit: nothing is refused; "
			    : permissive ? "permissive, so nothing is refused; "
					 : "",
			    has_module ? "domain of the module "
				       : "the domain of all policies: no module ",
			    module, unlabelled ? "; refused for want of a label: " : "",
			    unlabelled ? unlabelled : "");
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	return planner_note(p, LAYER_SELINUX,
			    audit || permissive || !has_module ? LEDGER_WEAKENED : LEDGER_ENFORCED,
			    text,
			    audit         ? "mode: enforce"
			    : permissive  ? "setenforce 1, as root"
			    : !has_module ? "immure policy install POLICY, as root"
			    : unlabelled  ? "-v SRC:DST:z"
					  : NULL,
			    err);
}

static int set_labels(struct planner *p, const struct own_label *own, const char *any,
		      enum ledger_state absent, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct plan_lsm *lsm = &p->plan->lsm;
	const char *root = p->plan->root_writable ? SELINUX_SCRATCH : SELINUX_ROOT;
	char name[SELINUX_NAME_MAX];
	const char *domain;
	int r = to_selinux(p->bundle, &text, name, err);

	if (r < 0)
		return r;
	domain = make_domain(p, own, arena_printf(p->arena, "%s_t", name));
	lsm->selinux_root = make_context(p, own, span_of("object_r"), root);
	lsm->selinux_data = make_context(p, own, span_of("object_r"), SELINUX_DATA);
	if (!domain || !lsm->selinux_root || !lsm->selinux_data)
		return err_set(err, ENOMEM, "out of memory");
	lsm->selinux = host_selinux_knows(domain) ? domain : any;
	if (p->bundle->audit_only && lsm->selinux != domain) {
		lsm->selinux = lsm->selinux_root = lsm->selinux_data = NULL;
		return planner_note(p, LAYER_SELINUX, absent,
				    "mode audit, and only a module of its own refuses nothing",
				    "immure policy install POLICY, as root", err);
	}
	return note_labels(p, name, lsm->selinux == domain, err);
}

int plan_selinux(struct planner *p, enum ledger_state absent, struct err *err)
{
	const struct host_lsm *facts = &p->host->lsm_facts;
	const char *label = facts->label ? facts->label : "";
	struct own_label own = cut_label(label);
	const char *any;

	if (facts->selinux == SELINUX_OFF || planner_leaves_out(p, LAYER_SELINUX))
		return planner_note(p, LAYER_SELINUX, absent, "not enabled here" STAND_IN,
				    "a kernel booted with selinux in lsm=", err);
	any = make_domain(p, &own, SELINUX_ANY);
	if (!any)
		return err_set(err, ENOMEM, "out of memory");
	if (own.sensitivity.n == 0 || !host_selinux_knows(any))
		return planner_note(
			p, LAYER_SELINUX, absent,
			arena_printf(p->arena,
				     "enabled, but %.100s has no domain for sandboxes" STAND_IN,
				     label),
			SETUP, err);
	if (!host_selinux_may_become(label, any))
		return planner_note(
			p, LAYER_SELINUX, absent,
			arena_printf(p->arena,
				     "immure itself runs as %.100s, which may not start a sandbox",
				     label),
			"start immure from where nothing confines it", err);
	return set_labels(p, &own, any, absent, err);
}
