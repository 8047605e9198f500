/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confirm a prediction: the operation is repeated by a probe in a sandbox like the run's, and again
 * with one layer less each time. The layer without which it goes through is the one that refused
 * it.
 */
#include <string.h>

#include "base/fd.h"
#include "policies/bundle_manifest.h"
#include "runtime/dirs.h"
#include "runtime/prove.h"
#include "runtime/why.h"

#define MAX_OPTIONS 200

static const char *const removable[] = { "seccomp", "landlock", "nslimits", "rlimits" };

struct options {
	const char *items[MAX_OPTIONS + 4];
	size_t n;
	struct arena *arena;
};

static bool add(struct options *o, const char *option, const char *value)
{
	if (!value || o->n + 2 > MAX_OPTIONS)
		return false;
	o->items[o->n++] = option;
	o->items[o->n++] = value;
	return true;
}

static bool add_volume(struct options *o, const json_t *mount)
{
	const char *source = record_text(mount, "source", NULL);
	const char *target = record_text(mount, "target", NULL);

	if (!json_is_true(json_object_get(mount, "volume")) || !source || !target)
		return true;
	return add(o, "--volume",
		   arena_printf(o->arena, "%s:%s:%s%s", source, target,
				json_is_true(json_object_get(mount, "readonly")) ? "ro" : "rw",
				json_is_true(json_object_get(mount, "exec")) ? ",exec" : ""));
}

/* The options of run that lead to the same sandbox, from the plan of the run. */
static int options_of(const struct subject *s, struct options *o, struct err *err)
{
	const json_t *plan = s->record.plan;
	const json_t *root = json_object_get(plan, "root");
	const json_t *mount;
	size_t i;
	bool fits = true;

	if (strcmp(record_text(root, "kind", ""), "host") == 0)
		o->items[o->n++] = "--host";
	else
		fits = add(o, "--rootfs", record_text(root, "path", NULL));
	if (json_is_true(json_object_get(root, "writable")))
		o->items[o->n++] = "--writable";
	fits = fits && add(o, "--network", record_text(plan, "network", "none"));
	json_array_foreach(json_object_get(plan, "mounts"), i, mount)
	{
		fits = fits && add_volume(o, mount);
	}
	/* A call that waits must not keep us. */
	fits = fits && add(o, "--wall", "20s");
	return fits ? 0 : err_set(err, E2BIG, "--bisect: the run's sandbox cannot be made again");
}

/* The probe's run has told what it had to tell: "last" stays what it was. */
static int forget(const struct subject *again, struct err *err)
{
	cleanup_close int runs = dirs_open_state("runs", err);

	return runs < 0 ? runs : fd_remove_tree(runs, again->id, err);
}

/* Whether the operation went through, with `without` left out. */
static int try_once(const struct subject *s, const struct probe_wish *wish, const char *policy,
		    const struct options *o, const char *without, bool *ret, struct err *err)
{
	cleanup(subject_done) struct subject again = { 0 };
	struct probes probes = { .arena = o->arena };
	const struct probe *p;
	int r = wish->path ? probes_add_path(&probes, &s->bundle, wish->path, wish->op, err)
			   : probes_add_call(&probes, &s->bundle, &wish->data, err);

	if (r < 0)
		return r;
	if (probes.n == 0)
		return err_set(err, EINVAL,
			       "--bisect: the policy refuses the calls that a probe would need");
	p = &probes.items[probes.n - 1];
	if (p->untried)
		return err_set(err, ENOTSUP, "--bisect: %s", p->untried);
	r = probes_run(&probes, policy, o->items,
		       without ? (const char *const[]){ without, NULL } : NULL, &again, err);
	if (r < 0)
		return r;
	if (!p->answered)
		return err_set(err, EIO, "--bisect: the probe gave no answer");
	*ret = probe_went_through(p);
	return forget(&again, err);
}

/* What the run's policy is called by; a bundle by its folder, not by what lists its files. */
static const char *policy_of(const struct subject *s, struct arena *arena)
{
	const struct policy_source *source = &s->bundle.sources[0];
	const char *slash = source->path ? strrchr(source->path, '/') : NULL;

	if (slash && strcmp(slash + 1, BUNDLE_MANIFEST) == 0)
		return arena_strndup(arena, source->path, (size_t)(slash - source->path));
	return source->path ? source->path : source->name;
}

int why_bisect(const struct subject *s, const struct probe_wish *wish, struct arena *arena,
	       struct why_answer *answer, struct err *err)
{
	const char *policy = policy_of(s, arena);
	struct options options = { .arena = arena };
	bool through = false;
	int r;

	if (!wish->wanted) {
		answer->bisect = "no layer that could be left out has a part in it";
		return 0;
	}
	r = options_of(s, &options, err);
	if (!policy)
		return err_set(err, ENOMEM, "out of memory");
	if (r == 0)
		r = try_once(s, wish, policy, &options, NULL, &through, err);
	if (r < 0)
		return r;
	if (through) {
		answer->bisect =
			"it goes through in a sandbox like the run's: nothing refuses it now";
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(removable); i++) {
		r = try_once(s, wish, policy, &options, removable[i], &through, err);
		if (r < 0)
			return r;
		if (!through)
			continue;
		answer->confirmed = removable[i];
		answer->bisect = "it goes through without it, and not with it";
		return 0;
	}
	answer->bisect =
		"no single one of seccomp, landlock, nslimits, rlimits: it is refused without each; "
		"mounts, the network, the file's own mode, or several layers";
	return 0;
}
