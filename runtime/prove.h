/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_PROVE_H
#define IMMURE_RUNTIME_PROVE_H

/*
 * Probes: what a policy allows and refuses, tried inside a sandbox like the one that it makes. Each
 * is one system call with arguments that do no harm where it is allowed.
 */

#include <linux/seccomp.h>

#include "policies/policy.h"
#include "runtime/why.h"

#define PROBE_MAX 4096

enum probe_kind {
	PROBE_CALL,    /* judged by the filter alone: announced and refused, or not */
	PROBE_FILE,    /* a path and what is done to it */
	PROBE_LIMIT,   /* raising a limit */
	PROBE_NET,     /* a route to somewhere else */
	PROBE_RULE,    /* a destination that network rules tell apart: query */
	PROBE_TOTAL,   /* no call: the table's own count of what it refused */
	PROBE_BENEATH, /* refused by `layer` with `error` where filter and Landlock are left out */
	PROBE_HELPER,  /* its result is another probe's evidence */
};

enum probe_outcome {
	PROBE_AS_PREDICTED,
	PROBE_DIFFERENT,
	PROBE_UNTESTABLE, /* absent, or refused by something that is not immure's */
};

struct probe {
	enum probe_kind kind;
	int nr;
	uint64_t args[6];
	const char *words[6]; /* in place of a number where not NULL; see probe_main.c */
	const char *what;     /* "ioctl(cmd=TIOCSTI)", "read /etc/shadow" */
	const char *path, *op;
	bool in_child;                 /* executed in one that cannot begin it: probe_main.c */
	const char *untried;           /* why it cannot be tried here; NULL: it can */
	const struct net_query *query; /* PROBE_RULE */
	const char *layer;             /* that refuses it, as predicted; NULL: none */
	int error;                     /* positive: what the filter itself answers; 0 otherwise */
	bool answered, recorded;       /* by the probe; as refused, by the supervisor */
	int64_t result;
	enum probe_outcome outcome;
	const char *observed; /* in words */
};

struct probes {
	struct arena *arena; /* borrowed */
	size_t n, cap;
	struct probe *items;
};

must_check int probes_add(struct probes *probes, const struct probe *probe);

/* For each call what the policy allows of it, and what it refuses. */
must_check int probes_add_calls(struct probes *probes, const struct policy *policy,
				const struct bundle *bundle, struct err *err);
/* Paths of the rules, and paths that nobody should have. */
must_check int probes_add_files(struct probes *probes, const struct bundle *bundle,
				struct err *err);
must_check int probes_add_path(struct probes *probes, const struct bundle *bundle, const char *path,
			       const char *op, struct err *err);
must_check int probes_add_others(struct probes *probes, const struct bundle *bundle,
				 struct err *err);
/* One of each kind of destination that the network rules tell apart. */
must_check int probes_add_net(struct probes *probes, const struct bundle *bundle, struct err *err);
/* One call. */
must_check int probes_add_call(struct probes *probes, const struct bundle *bundle,
			       const struct seccomp_data *data, struct err *err);

/*
 * Run them: `immure run OPTIONS -- probe`.
 *
 *   options  of run, without --policy and --without; NULL-terminated
 *   without  layers to leave out, NULL-terminated; or NULL
 *   ret      the run, opened; undone by subject_done() in any case
 *
 * Effects   one run, recorded like any other; results are filled in
 */
must_check int probes_run(struct probes *probes, const char *policy, const char *const *options,
			  const char *const *without, struct subject *ret, struct err *err);

/*
 * Try in a second sandbox, without filter and Landlock, what the layers beneath must refuse:
 * capabilities, limits of namespaces, a profile of AppArmor, a domain of SELinux. Judged probes are
 * added.
 *
 *   probes   run and judged
 *   bundle   of the policy
 *   without  a layer that was left out of the first one too, or NULL
 *   first    the first run
 *
 * Effects   one more run
 */
must_check int probes_run_beneath(struct probes *probes, const struct bundle *bundle,
				  const char *policy, const char *const *options,
				  const char *without, const struct subject *first,
				  struct err *err);

/* The call's own result in words, in arena. */
const char *probe_result_text(struct arena *arena, const struct probe *probe);

/* As the ledger of a run's plan has it: "enforced", "lost"; "" where it has none of the layer. */
const char *probes_layer_state(const struct subject *s, const char *layer);

/* It was not refused: by the filter, or on its path. */
bool probe_went_through(const struct probe *probe);

/* The halves of probes_judge() that prove_net.c has. */
void judge_rule(struct probe *p, const struct subject *s);
void judge_total(struct probe *p, const struct probes *probes, const struct subject *s);

/* Compare with what the run's plan and policy predict. Returns how many are different. */
size_t probes_judge(struct probes *probes, const struct subject *subject);

#endif
