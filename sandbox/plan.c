/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/plan.h"

#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "sandbox/plan_parts.h"
#include "sandbox/switches.h"

#define HOSTNAME_MAX 64

int planner_add_mount(struct planner *p, struct plan_mount mount, struct err *err)
{
	struct plan_mount *grown = arena_grow(p->arena, p->plan->mounts, &p->cap_mounts,
					      p->plan->n_mounts + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	p->plan->mounts = grown;
	grown[p->plan->n_mounts++] = mount;
	return 0;
}

int planner_add_fsrule(struct planner *p, struct plan_fsrule rule, struct err *err)
{
	struct plan_fsrule *grown = arena_grow(p->arena, p->plan->fsrules, &p->cap_fsrules,
					       p->plan->n_fsrules + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	p->plan->fsrules = grown;
	grown[p->plan->n_fsrules++] = rule;
	return 0;
}

/* Layers that hold what the policy's rules say, and in mode audit only record it. */
static bool is_by_rules(enum layer layer)
{
	return layer == LAYER_SECCOMP || layer == LAYER_LANDLOCK || layer == LAYER_APPARMOR ||
	       layer == LAYER_SELINUX;
}

bool planner_leaves_out(const struct planner *p, enum layer layer)
{
	return layer_is_off(layer) || p->request->without & 1U << layer;
}

int planner_note(struct planner *p, enum layer layer, enum ledger_state state, const char *text,
		 const char *remedy, struct err *err)
{
	struct ledger_entry *grown = arena_grow(p->arena, p->plan->ledger, &p->cap_ledger,
						p->plan->n_ledger + 1, sizeof(*grown));

	if (!grown || !text)
		return err_set(err, ENOMEM, "out of memory");
	p->plan->ledger = grown;
	if (p->request->without & 1U << layer) {
		state = LEDGER_LOST;
		text = "left out by --without";
		remedy = "leave out --without";
	}
	grown[p->plan->n_ledger++] = (struct ledger_entry){
		.layer = layer,
		.state = state,
		.required = (p->bundle->require & 1U << layer) || layer == LAYER_BPF,
		/* The policy asked for it itself: said, recorded, no reason to stop. */
		.degraded =
			((p->request->allow_degraded | p->request->without) & 1U << layer) ||
			(p->bundle->audit_only && state == LEDGER_WEAKENED && is_by_rules(layer)),
		.text = text,
		.remedy = remedy,
	};
	return 0;
}

static bool is_hostname(const char *s)
{
	size_t n = strnlen(s, HOSTNAME_MAX + 1);

	if (n == 0 || n > HOSTNAME_MAX || s[0] == '-' || s[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '.' || c == '_'))
			return false;
	}
	return true;
}

static int plan_names(struct planner *p, struct err *err)
{
	const struct plan_request *request = p->request;
	const char *hostname = request->hostname ? request->hostname : request->name;
	const char *clean = NULL;
	int r;

	if (!is_hostname(hostname))
		return err_set(err, EINVAL,
			       "\"%s\" is no host name: expected 1 to 64 letters, digits, '-', '.'",
			       hostname);
	p->plan->hostname = hostname;
	p->plan->image = request->image;
	p->plan->image_digest = request->image_digest;
	p->plan->image_signed = request->image_signed;
	if (request->workdir) {
		r = path_clean(p->arena, request->workdir, &clean, err);
		if (r < 0)
			return err_wrap(err, "working folder");
		p->plan->cwd = clean;
	} else {
		p->plan->cwd = request->cwd && request->root_kind == ROOT_HOST ? request->cwd : "/";
		p->plan->cwd_optional = true;
	}
	return 0;
}

static int plan_layer(const char *path, struct plan_layer *ret, struct err *err)
{
	struct stat st = { 0 };

	if (lstat(path, &st) < 0)
		return err_sys(err, errno, "cannot use the root %s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(err, ELOOP, "the root %s is a link: name what it points to", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "the root %s is not a directory", path);
	if (strcmp(path, "/") == 0)
		return err_set(err, EINVAL, "the root cannot be /: use --host for a view of it");
	*ret = (struct plan_layer){ .path = path, .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

static int plan_root(struct planner *p, struct err *err)
{
	const struct plan_request *request = p->request;
	struct plan *plan = p->plan;
	bool one = request->root_kind == ROOT_DIR;
	int r = 0;

	if (request->root_kind == ROOT_HOST)
		return 0;
	plan->root_dir = request->root_dir;
	plan->layers_hide = request->layers_hide;
	plan->n_layers = one ? 1 : request->n_layers;
	if (plan->n_layers == 0 || plan->n_layers > PLAN_MAX_LAYERS)
		return err_set(err, E2BIG, "%zu layers: expected 1 to %d", plan->n_layers,
			       PLAN_MAX_LAYERS);
	plan->layers = arena_array(p->arena, plan->n_layers, sizeof(*plan->layers));
	if (!plan->layers)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < plan->n_layers; i++)
		r = plan_layer(one ? request->root_dir : request->layers[i], &plan->layers[i], err);
	if (r == 0 && request->keep)
		r = plan_layer(request->keep, &plan->keep, err);
	return r;
}

/* In place of the policy's filter where that is left out. */
static const struct sock_filter allow_all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

int plan_make(const struct bundle *bundle, const struct host *host,
	      const struct plan_request *request, struct arena *arena, struct plan *ret,
	      struct err *err)
{
	static int (*const parts[])(struct planner *, struct err *) = {
		plan_root,   plan_names,   plan_ids, plan_mounts,
		plan_limits, plan_fsrules, plan_net, plan_ledger,
	};
	struct plan plan = {
		.bundle = bundle,
		.filter = bundle->filter,
		.n_filter = bundle->n_filter,
		.host = host,
		.root_kind = request->root_kind,
		.root_writable = request->root_writable,
		.tty = request->tty,
		.network = request->network,
		.n_ports = request->n_ports,
		.ports = request->ports,
		.n_pins = request->n_pins,
		.pins = request->pins,
		.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			      CLONE_NEWUTS | CLONE_NEWCGROUP,
		.landlock_abi = host->landlock_abi,
		.without = request->without,
		.stop = request->stop,
		.env = request->env,
		.argv = request->argv,
	};
	struct planner p = {
		.bundle = bundle, .host = host, .request = request, .arena = arena, .plan = &plan
	};

	if (request->without & 1U << LAYER_SECCOMP) {
		plan.filter = &allow_all;
		plan.n_filter = 1;
	}
	if (request->network != NETWORK_HOST)
		plan.namespaces |= CLONE_NEWNET;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int r = parts[i](&p, err);

		if (r < 0)
			return r;
	}
	*ret = plan;
	return 0;
}

const char *network_name(enum network_kind network)
{
	static const char *const names[] = { "none", "private", "host", "engine" };

	return names[network];
}

const struct ledger_entry *plan_refusal(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_ledger; i++) {
		const struct ledger_entry *entry = &plan->ledger[i];
		bool short_of = entry->state == LEDGER_WEAKENED || entry->state == LEDGER_LOST;

		if (short_of && entry->required && !entry->degraded)
			return entry;
	}
	return NULL;
}
