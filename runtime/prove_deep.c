/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beneath the filter and Landlock is only seen where they are left out: a second
 * sandbox without them, otherwise the same, tries what the layers below must refuse by themselves.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policies/syscall_sets.h"
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
	{ "socket",      { AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1 }, NULL, EPERM, "capabilities", "socket(domain=AF_INET, type=SOCK_RAW)" },
	{ "prctl",       { PR_CAPBSET_DROP, CAP_CHOWN },        NULL, EPERM,  "capabilities", "prctl(option=PR_CAPBSET_DROP)" },
	{ "unshare",     { CLONE_NEWUTS },                      NULL, EPERM,  "capabilities", "unshare(flags=CLONE_NEWUTS)" },
	{ "unshare",     { CLONE_NEWNET },                      NULL, EPERM,  "capabilities", "unshare(flags=CLONE_NEWNET)" },
	{ "unshare",     { CLONE_NEWUSER },                     NULL, ENOSPC, "nslimits",     "unshare(flags=CLONE_NEWUSER)" },
	/* clang-format on */
};

static int no_room(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory, or too many probes");
}

static int add_calls(struct probes *probes, uint32_t arch, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(deep); i++) {
		const struct deep *d = &deep[i];
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

/* A profile of its own, in force, and not only complaining. */
static bool has_profile(const struct subject *s)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(s->record.plan, "ledger"), i, entry)
	{
		if (strcmp(record_text(entry, "layer", ""), "apparmor") == 0)
			return strcmp(record_text(entry, "state", ""), "enforced") == 0;
	}
	return false;
}

/* What Landlock refused, AppArmor refuses too: the same paths without Landlock. */
static int add_files(struct probes *probes, const struct probes *first, struct err *err)
{
	for (size_t i = 1; i < first->n; i++) {
		struct probe probe = first->items[i];

		if (probe.kind != PROBE_FILE || !probe.layer ||
		    strcmp(probe.layer, "landlock") != 0 || probe.outcome != PROBE_AS_PREDICTED)
			continue;
		probe.kind = PROBE_BENEATH;
		probe.layer = "apparmor";
		probe.error = EACCES;
		probe.answered = probe.recorded = false;
		probe.observed = NULL;
		probe.what = arena_printf(probes->arena, "%s beneath landlock", probe.what);
		if (!probe.what || probes_add(probes, &probe) < 0)
			return no_room(err);
	}
	return 0;
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

int probes_run_beneath(struct probes *probes, uint32_t arch, const char *policy,
		       const char *const *options, const char *without, const struct subject *first,
		       struct err *err)
{
	const char *leave_out[] = { "seccomp", "landlock", without, NULL };
	struct probes beneath = { .arena = probes->arena };
	struct subject again = { 0 };
	int r = has_profile(first) ? add_files(&beneath, probes, err) : 0;

	if (without && (strcmp(without, "seccomp") == 0 || strcmp(without, "landlock") == 0))
		leave_out[2] = NULL;
	if (r == 0)
		r = add_calls(&beneath, arch, err);
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
