/* SPDX-License-Identifier: Apache-2.0 */
/* audit check, audit report: the same report; check also decides the exit status by it. */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/report.h"
#include "runtime/audit_host.h"
#include "runtime/audit_judge.h"
#include "runtime/audit_output.h"
#include "runtime/tool_path.h"
#include "runtime/verb_audit.h"

struct check_options {
	struct audit_judge_options judge;
	struct opt_list outputs;
	const char *format, *fail_on, *baseline;
	bool probe;
};

/* clang-format off */
#define ROW(field) offsetof(struct check_options, field)
#define STANDARD_ROWS \
	{ "standard",         's', OPT_LIST, ROW(judge.standards), "NAME|FILE", "judge by it; may be given several times; all: each that is shipped", "cis-docker-1.6 nist-800-190 immure all" }, \
	{ "key",              'k', OPT_TEXT, ROW(judge.key),       "FILE",      "the run has to be signed by this Ed25519 key", "@files" }
#define REPORT_ROWS \
	{ "output",           'o', OPT_LIST, ROW(outputs),         "FILE",      "write there, in the format of its ending; - is standard output", "@files" }, \
	{ "format",            0,  OPT_TEXT, ROW(format),          "FORMAT",    "format where the ending says nothing", AUDIT_FORMATS }, \
	{ "require-evidence",  0,  OPT_TEXT, ROW(judge.require),   "LEVEL",     "a pass that is known less well is not proven", "E0 E1 E2 E3 E4" }, \
	{ "waivers",           0,  OPT_TEXT, ROW(judge.waivers),   "FILE",      "JSON list of controls that somebody answers for", "@files" }, \
	{ "today",             0,  OPT_TEXT, ROW(judge.today),     "DATE",      "the day by which waivers expire, as YYYY-MM-DD", NULL }

#define GATE_ROWS \
	{ "fail-on",           0,  OPT_TEXT, ROW(fail_on),         "SEVERITY",  "the least severity that decides the exit status (medium)", "low medium high critical" }, \
	{ "baseline",          0,  OPT_TEXT, ROW(baseline),        "FILE",      "an earlier report as JSON: only what is worse now counts", "@files" }

static const struct opt report_opts[] = {
	STANDARD_ROWS,
	REPORT_ROWS,
};

static const struct opt host_opts[] = {
	REPORT_ROWS,
	GATE_ROWS,
};

static const struct opt check_opts[] = {
	STANDARD_ROWS,
	REPORT_ROWS,
	GATE_ROWS,
	{ "probe",             0,  OPT_FLAG, ROW(probe),           NULL,        "first try what the policy allows and refuses, in an identical sandbox", NULL },
};
/* clang-format on */

static int read_gate(const struct check_options *options, struct gate *ret, json_t **ret_baseline,
		     struct err *err)
{
	int severity = severity_find(options->fail_on ? options->fail_on : "medium");

	if (severity < 0) {
		err_set(err, EINVAL, "--fail-on %.20s: expected low, medium, high or critical",
			options->fail_on);
		return err_at(err, ERR_USAGE);
	}
	ret->fail_on = (enum severity)severity;
	if (options->baseline && audit_baseline_read(options->baseline, ret_baseline, err) < 0)
		return -err->code;
	ret->baseline = *ret_baseline;
	return 0;
}

/* Everything that the command line says is checked before anything is written. */
static int report_on(const struct verb_call *call, const json_t *baseline, json_t **ret,
		     struct err *err)
{
	const struct check_options *options = call->options;
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	int r = audit_output_check(&options->outputs, options->format, err);

	if (r == 0)
		r = audit_run_open(call->argc > 0 ? call->argv[0] : NULL, call->arena, &run, err);
	if (r == 0)
		r = audit_judge(&run, &options->judge, call->arena, ret, err);
	if (r == 0 && baseline)
		r = audit_baseline_check(baseline, *ret, err);
	if (r == 0)
		r = audit_output(*ret, &options->outputs, options->format, call->arena, err);
	return r;
}

/* The last line for people: why the exit status is what it is. Files and other formats stay as they
 * are. */
static void tell_gate(const struct check_options *options, enum gate_result result)
{
	const char *fail_on = options->fail_on ? options->fail_on : "medium";
	const char *worse = !options->baseline    ? ""
			    : result == GATE_PASS ? "nothing worse than the baseline, "
						  : "worse than the baseline, ";
	bool is_text = !options->format || strcmp(options->format, "text") == 0;

	if (options->outputs.n > 0 || !is_text)
		return;
	if (result == GATE_BROKEN)
		printf("exit    %u  the record cannot be trusted\n", result);
	else
		printf("exit    %u  %s%sfail-on=%s\n", result,
		       result == GATE_FINDINGS     ? "findings, "
		       : result == GATE_NOT_PROVEN ? "not proven, "
						   : "",
		       worse, fail_on);
}

/* What is found is kept for the policy's digest, where every report finds it. */
static int prove(const struct verb_call *call, const char **ret_run, struct err *err)
{
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	const char *tool = tool_path(call->arena);
	char verb[] = "policy";
	char name[] = "immure";
	char what[] = "prove";
	char *argv[] = { name, verb, what, NULL, NULL };
	posix_spawn_file_actions_t actions;
	const struct policy_source *source;
	pid_t pid = -1;
	int status = 0;
	int r = audit_run_open_sealed(call->argc > 0 ? call->argv[0] : NULL, call->arena, &run,
				      err);

	if (r < 0)
		return r;
	/* The probes are a run, too, and would be the last one. */
	*ret_run = run.id;
	source = run.has_bundle && run.bundle.n_sources > 0 ? run.bundle.sources : NULL;
	if (!source || !tool)
		return err_set(err, EINVAL, "the policy of run %s cannot be read", run.id);
	argv[3] = arena_strdup(call->arena, source->path ? source->path : source->name);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ENOMEM, "out of memory");
	/* Standard output is the report's. */
	r = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(&pid, tool, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return err_sys(err, r, "cannot start %s", tool);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for the probes");
	}
	/* 1: some went otherwise, which the report will say. */
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return 0;
	return err_set(err, EIO, "the policy could not be probed");
}

static int check(const struct verb_call *call, struct err *err)
{
	const struct check_options *options = call->options;
	struct verb_call one = *call;
	char *argv[2] = { NULL, NULL };
	const char *run = NULL;
	json_t *baseline = NULL;
	json_t *report = NULL;
	struct gate gate = { 0 };
	int r = read_gate(call->options, &gate, &baseline, err);

	if (r == 0 && options->probe)
		r = prove(call, &run, err);
	if (r == 0 && run) {
		argv[0] = arena_strdup(call->arena, run);
		one.argc = 1;
		one.argv = argv;
	}
	if (r == 0)
		r = report_on(&one, baseline, &report, err);
	if (r == 0) {
		r = (int)report_gate(report, &gate);
		tell_gate(options, (enum gate_result)r);
	}
	json_decref(report);
	json_decref(baseline);
	return r;
}

static int report(const struct verb_call *call, struct err *err)
{
	const struct gate gate = { .fail_on = SEVERITY_CRITICAL };
	json_t *made = NULL;
	int r = report_on(call, NULL, &made, err);

	if (r == 0 && report_gate(made, &gate) == GATE_BROKEN)
		r = STATUS_INTEGRITY;
	json_decref(made);
	return r;
}

/* The machine itself, by the same rules. */
static int host(const struct verb_call *call, struct err *err)
{
	static const char *standard[] = { "host" };
	struct check_options *options = call->options;
	cleanup_audit_run struct audit_run run = { .dir = -1, .id = "host" };
	json_t *baseline = NULL;
	json_t *made = NULL;
	struct gate gate = { 0 };
	int r = read_gate(options, &gate, &baseline, err);

	options->judge.standards = (struct opt_list){ 1, 1, standard };
	if (r == 0)
		r = audit_output_check(&options->outputs, options->format, err);
	activity_init(&run.activity);
	if (r == 0)
		r = audit_host_read(call->arena, &run.record, err);
	if (r == 0)
		r = audit_judge(&run, &options->judge, call->arena, &made, err);
	if (r == 0 && baseline)
		r = audit_baseline_check(baseline, made, err);
	if (r == 0)
		r = audit_output(made, &options->outputs, options->format, call->arena, err);
	if (r == 0) {
		r = (int)report_gate(made, &gate);
		tell_gate(options, (enum gate_result)r);
	}
	json_decref(made);
	json_decref(baseline);
	return r;
}

const struct verb verb_audit_check = {
	.name = "check",
	.args = "[OPTION...] [RUN]",
	.help = "judge a run by standards; the exit status says what came of it",
	.more = "Exit status: 0 pass, 1 findings, 2 wrong usage, 3 not proven, 4 the record is broken.\n\n"
		"  immure audit check last --standard cis-docker-1.6 --fail-on high\n"
		"  immure audit check -o report.json --baseline before.json\n",
	.opts = check_opts,
	.n_opts = ARRAY_LEN(check_opts),
	.options_size = sizeof(struct check_options),
	.max_args = 1,
	.mixed = true,
	.run = check,
};

const struct verb verb_audit_report = {
	.name = "report",
	.args = "[OPTION...] [RUN]",
	.help = "the same report, whatever it says: exit 0, or 4 if the record is broken",
	.opts = report_opts,
	.n_opts = ARRAY_LEN(report_opts),
	.options_size = sizeof(struct check_options),
	.max_args = 1,
	.mixed = true,
	.run = report,
};

const struct verb verb_audit_host = {
	.name = "host",
	.args = "[OPTION...]",
	.help = "judge the machine itself: what it gives a sandbox, and what it lacks",
	.opts = host_opts,
	.n_opts = ARRAY_LEN(host_opts),
	.options_size = sizeof(struct check_options),
	.run = host,
};
