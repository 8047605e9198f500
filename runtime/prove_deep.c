/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beneath the filter and Landlock is only seen where they are left out: a second
 * sandbox without them, otherwise the same, tries what the layers below must refuse by themselves.
 */
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policies/syscall_sets.h"
#include "policies/to_selinux.h"
#include "runtime/prove.h"

/* Harmless where they are done, too. What makes a user namespace comes last: it changes the rest.
 */
static const struct deep {
	const char *call;
	uint64_t args[3];
	const char *word; /* in place of the first argument */
	int error;
	const char *layer, *what;
} deep[] = {
	/* clang-format off */
	{ "chroot",      { 0 },                                 "s/", EPERM,  "capabilities", "chroot(path=/)" },
	{ "sethostname", { 0, 1 },                              "b",  EPERM,  "capabilities", "sethostname()" },
	{ "setgroups",   { 0, 0 },                              NULL, EPERM,  "capabilities", "setgroups(size=0)" },
	{ "setdomainname", { 0, 1 },                            "b",  EPERM,  "capabilities", "setdomainname()" },
	{ "prctl",       { PR_CAPBSET_DROP, CAP_CHOWN },        NULL, EPERM,  "capabilities", "prctl(option=PR_CAPBSET_DROP)" },
	{ "unshare",     { CLONE_NEWUTS },                      NULL, EPERM,  "capabilities", "unshare(flags=CLONE_NEWUTS)" },
	{ "unshare",     { CLONE_NEWNET },                      NULL, EPERM,  "capabilities", "unshare(flags=CLONE_NEWNET)" },
	{ "unshare",     { CLONE_NEWUSER },                     NULL, ENOSPC, "nslimits",     "unshare(flags=CLONE_NEWUSER)" },
	/* clang-format on */
};
static const struct deep raw = { "socket",       { AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP },
				 NULL,           EPERM,
				 "capabilities", "socket(domain=AF_INET, type=SOCK_RAW)" };

static int no_room(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory, or too many probes");
}

static int add_calls(struct probes *probes, uint32_t arch, const struct deep *calls, size_t n,
		     struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct deep *d = &calls[i];
		struct probe probe = {
			.kind = PROBE_BENEATH,
			.nr = syscall_number(d->call, arch),
			.args = { d->args[0], d->args[1], d->args[2] },
			.words = { d->word },
			.what = arena_printf(probes->arena, "%s beneath the filter", d->what),
			.layer = d->layer,
			.error = d->error,
		};

		if (!probe.what || probes_add(probes, &probe) < 0)
			return no_room(err);
	}
	return 0;
}

/* A module asks before anything else does, so what it refuses is not refused by a lack of powers.
 */
static int add_sockets(struct probes *probes, const struct bundle *bundle, const char *layer,
		       struct err *err)
{
	const struct deep sockets[] = {
		{ .args = { AF_INET, SOCK_RAW, IPPROTO_ICMP },
		  .what = "socket(domain=AF_INET, type=SOCK_RAW)" },
		{ .args = { AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
		  .what = "socket(domain=AF_INET6, type=SOCK_RAW)" },
		{ .args = { AF_PACKET, SOCK_DGRAM }, .what = "socket(domain=AF_PACKET)" },
		{ .args = { AF_NETLINK, SOCK_RAW }, .what = "socket(domain=AF_NETLINK)" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sockets); i++) {
		struct deep d = sockets[i];

		if (to_selinux_opens_socket(bundle, (int)d.args[0], (int)d.args[1]))
			continue;
		d.call = "socket";
		d.args[1] |= SOCK_CLOEXEC;
		d.error = EACCES;
		d.layer = layer;
		r = add_calls(probes, bundle->audit_arch, &d, 1, err);
	}
	return r;
}

/* In force with rules of the policy's own, and not only complaining. */
static bool is_enforced(const struct subject *s, const char *layer)
{
	return strcmp(probes_layer_state(s, layer), "enforced") == 0;
}

/* Where the paths are the host's and so have its types; and its modes, which are no module's doing.
 */
static bool selinux_refuses(const struct probe *p, const struct bundle *bundle,
			    const struct subject *first)
{
	const json_t *root = json_object_get(first->record.plan, "root");
	bool reads = strcmp(p->op, "read") == 0; /* names in folders are everybody's */

	return strcmp(record_text(root, "kind", ""), "host") == 0 && p->result == -EACCES &&
	       (reads || strcmp(p->op, "exec") == 0) && access(p->path, reads ? R_OK : X_OK) == 0 &&
	       to_selinux_refuses_path(bundle, p->path, reads ? FILE_READ : FILE_EXEC);
}

/* What Landlock refused, AppArmor refuses too, and SELinux where types can tell: without Landlock.
 */
static int add_files(struct probes *probes, const struct probes *first, const struct bundle *bundle,
		     const char *layer, const struct subject *subject, struct err *err)
{
	bool selinux = strcmp(layer, "selinux") == 0;

	for (size_t i = 1; i < first->n; i++) {
		struct probe probe = first->items[i];

		if (probe.kind != PROBE_FILE || !probe.layer ||
		    strcmp(probe.layer, "landlock") != 0)
			continue;
		if (selinux ? !selinux_refuses(&probe, bundle, subject)
			    : probe.outcome != PROBE_AS_PREDICTED)
			continue;
		probe.kind = PROBE_BENEATH;
		probe.layer = layer;
		probe.error = EACCES;
		probe.answered = probe.recorded = false;
		probe.observed = NULL;
		probe.what = arena_printf(probes->arena, "%s beneath landlock", probe.what);
		if (!probe.what || probes_add(probes, &probe) < 0)
			return no_room(err);
	}
	return 0;
}

/* What is left out on purpose is tried all the same: it must come out otherwise. */
static int add_modules(struct probes *probes, const struct probes *first,
		       const struct bundle *bundle, const char *without,
		       const struct subject *subject, struct err *err)
{
	static const char *const modules[] = { "apparmor", "selinux" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(modules); i++) {
		if (!is_enforced(subject, modules[i]) &&
		    (!without || strcmp(without, modules[i]) != 0))
			continue;
		r = add_files(probes, first, bundle, modules[i], subject, err);
		if (r == 0)
			r = add_sockets(probes, bundle, modules[i], err);
		if (r == 0)
			return 1;
	}
	return r;
}

static void judge(struct probes *probes)
{
	for (size_t i = 0; i < probes->n; i++) {
		struct probe *p = &probes->items[i];

		p->outcome = p->answered && p->result == -p->error ? PROBE_AS_PREDICTED
								   : PROBE_DIFFERENT;
		p->observed = probe_result_text(probes->arena, p);
	}
}

int probes_run_beneath(struct probes *probes, const struct bundle *bundle, const char *policy,
		       const char *const *options, const char *without, const struct subject *first,
		       struct err *err)
{
	const char *leave_out[] = { "seccomp", "landlock", without, NULL };
	struct probes beneath = { .arena = probes->arena };
	struct subject again = { 0 };
	int r = add_modules(&beneath, probes, bundle, without, first, err);

	if (without && (strcmp(without, "seccomp") == 0 || strcmp(without, "landlock") == 0))
		leave_out[2] = NULL;
	/* With a module, raw sockets are its own: see add_sockets(). */
	if (r == 0)
		r = add_calls(&beneath, bundle->audit_arch, &raw, 1, err);
	if (r >= 0)
		r = add_calls(&beneath, bundle->audit_arch, deep, ARRAY_LEN(deep), err);
	if (r == 0)
		r = probes_run(&beneath, policy, options, leave_out, &again, err);
	subject_done(&again);
	if (r < 0)
		return r;
	judge(&beneath);
	for (size_t i = 0; r == 0 && i < beneath.n; i++)
		r = probes_add(probes, &beneath.items[i]);
	return r < 0 ? no_room(err) : 0;
}
