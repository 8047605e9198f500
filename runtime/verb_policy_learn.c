/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "runtime/launcher_call.h"
#include "runtime/learn_store.h"
#include "runtime/verb_policy.h"

#define MAX_RUNS_DEFAULT 50

struct learn_options {
	const char *output, *until, *max_runs;
};

static const struct opt learn_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct learn_options, output), "FILE",
	  "the policy; what is there already is merged", "@files" },
	{ "until", 0, OPT_TEXT, offsetof(struct learn_options, until), "PERCENT",
	  "repeat a run until at most so much is expected to be missing, such as 1%", NULL },
	{ "max-runs", 0, OPT_TEXT, offsetof(struct learn_options, max_runs), "N",
	  "with --until: give up after N runs (50)", NULL },
};

static int usage(struct err *err, const char *what)
{
	err_set(err, EINVAL, "%s", what);
	return err_at(err, ERR_USAGE);
}

static void tell(const char *file, const struct learn_result *result)
{
	const struct estimate *e = &result->estimate;

	fprintf(stderr, "immure: %s: %zu run%s, %u system calls open; ", file, result->n_runs,
		result->n_runs == 1 ? "" : "s", result->n_allowed);
	if (result->n_runs < 2)
		fprintf(stderr, "how much is missing can be told after a second run\n");
	else
		fprintf(stderr, "expected to be missing: %u.%u %% (95 %%: %u.%u to %u.%u %%)\n",
			e->unseen / 10000, e->unseen / 1000 % 10, e->low / 10000,
			e->low / 1000 % 10, e->high / 10000, e->high / 1000 % 10);
}

/* One more run with --learn FILE. Returns its exit status, or -errno. */
static int run_once(const char *file, char *const args[], int n, struct arena *arena,
		    struct err *err)
{
	const char **argv = arena_array(arena, (size_t)n + 5, sizeof(*argv));

	if (!argv)
		return err_set(err, ENOMEM, "out of memory");
	argv[0] = "immure";
	argv[1] = "run";
	argv[2] = "--learn";
	argv[3] = file;
	for (int i = 0; i < n; i++)
		argv[4 + i] = args[i];
	return launcher_call(argv, -1, -1, arena, err);
}

/* Repeat until the upper end of the interval is low enough: the estimate alone could be luck. */
static int learn_until(const struct verb_call *call, struct err *err)
{
	const struct learn_options *o = call->options;
	struct span number = span_of(o->until);
	uint64_t milli_percent = 0;
	uint64_t max = MAX_RUNS_DEFAULT;

	if (number.n > 0 && number.p[number.n - 1] == '%')
		number.n--;
	if (span_milli(number, 100000, &milli_percent) < 0 || milli_percent == 0)
		return usage(err, "--until: expected a share such as 1% or 0.5%");
	if (o->max_runs && (span_u64(span_of(o->max_runs), LEARNED_MAX_RUNS, &max) < 0 || max < 2))
		return usage(err, "--max-runs: expected a number from 2 to 1024");
	for (uint64_t i = 0; i < max; i++) {
		struct learned none = { 0 };
		struct learn_result result = { 0 };
		int r = run_once(o->output, call->argv, call->argc, call->arena, err);

		if (r < 0)
			return r;
		if (r >= 125 && r <= 127)
			return r; /* the run has said why */
		r = learn_store_write(o->output, &none, call->arena, &result, err);
		if (r < 0)
			return r;
		if (result.n_runs >= 2 && result.estimate.high <= milli_percent * 10)
			return 0;
	}
	log_warning("not reached after %llu runs", (unsigned long long)max);
	return 1;
}

static int learn(const struct verb_call *call, struct err *err)
{
	const struct learn_options *o = call->options;
	struct learned learned = { 0 };
	struct learn_result result = { 0 };
	int r;

	if (!o->output)
		return usage(err, "no --output FILE");
	if (o->max_runs && !o->until)
		return usage(err, "--max-runs goes with --until");
	if (call->argc == 0 && o->until)
		return usage(err, "--until: expected -- and what immure run is to be called with");
	if (o->until)
		return learn_until(call, err);
	for (int i = 0; i < call->argc; i++) {
		r = learn_store_add(call->argv[i], call->arena, &learned, err);
		if (r < 0)
			return r;
	}
	r = learn_store_write(o->output, &learned, call->arena, &result, err);
	if (r < 0)
		return r;
	tell(o->output, &result);
	return 0;
}

const struct verb verb_policy_learn = {
	.name = "learn",
	.args = "--output FILE RUN|FILE.runs... | --output FILE --until PERCENT -- [OPTION...] CMD",
	.help = "make a policy from what learning runs did",
	.more = "  immure policy learn -o web.yaml last               add the last learning run\n"
		"  immure policy learn -o all.yaml a.yaml.runs b.yaml.runs\n"
		"  immure policy learn -o sort.yaml --until 1% -- [run's options] sort /etc/passwd\n",
	.opts = learn_opts,
	.n_opts = ARRAY_LEN(learn_opts),
	.options_size = sizeof(struct learn_options),
	.max_args = -1,
	.mixed = true,
	.run = learn,
};
