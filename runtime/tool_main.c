/* SPDX-License-Identifier: Apache-2.0 */
/* immure-tool: every verb but run. Started by immure; `immure VERB` is how people call it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "build_id.h"
#include "runtime/status.h"
#include "runtime/tool_verbs.h"

const struct verb *const tool_verbs[] = {
	/* clang-format off */
	&verb_run,
	&verb_policy,
	&verb_why,
	&verb_audit,
	&verb_load,
	&verb_save,
	&verb_commit,
	&verb_cp,
	&verb_image_import,
	&verb_ps,
	&verb_logs,
	&verb_exec,
	&verb_attach,
	&verb_stop,
	&verb_restart,
	&verb_kill,
	&verb_pause,
	&verb_unpause,
	&verb_stats,
	&verb_rename,
	&verb_wait,
	&verb_run_rm,
	&verb_run_inspect,
	&verb_generate,
	&verb_images,
	&verb_image,
	&verb_tag,
	&verb_rmi,
	&verb_volume,
	&verb_pull,
	&verb_push,
	&verb_referrers,
	&verb_login,
	&verb_logout,
	&verb_top,
	&verb_setup,
	&verb_doctor,
	&verb_completion,
	NULL,
	/* clang-format on */
};

static void print_options(const struct verb *verb)
{
	if (verb->n_opts > 0)
		printf("\nOptions:\n");
	for (size_t i = 0; i < verb->n_opts; i++) {
		const struct opt *o = &verb->opts[i];
		char left[80];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-34s %s\n", left, o->help);
	}
}

static void print_verb_help(const char *prefix, const struct verb *verb)
{
	printf("Usage: immure %s%s %s\n\n%s\n", prefix, verb->name, verb->args, verb->help);
	for (size_t i = 0; verb->subverbs && verb->subverbs[i]; i++)
		printf("%s  %-10s %s\n", i == 0 ? "\nVerbs:\n" : "", verb->subverbs[i]->name,
		       verb->subverbs[i]->help);
	print_options(verb);
	if (verb->more)
		printf("\n%s", verb->more);
	/* The page of a verb tells of its own verbs, too. */
	printf("\nManual: immure-%.*s(1)\n", (int)strcspn(*prefix ? prefix : verb->name, " "),
	       *prefix ? prefix : verb->name);
}

static void print_help(void)
{
	printf("Usage: immure VERB [OPTION...] [ARG...]\n\n"
	       "Runs programs that nobody trusts, confined by policy, and says what they did.\n\nVerbs:\n");
	for (size_t i = 0; tool_verbs[i]; i++)
		printf("  %-12s %s\n", tool_verbs[i]->name, tool_verbs[i]->help);
	printf("\n  immure VERB --help      more on a verb\n"
	       "  immure --version [--json]\n\nManual: immure(1)\n");
}

static void print_version(bool json)
{
	if (json)
		printf("{\"build\":\"%s\",\"name\":\"immure\",\"version\":\"%s\"}\n",
		       IMMURE_BUILD_ID, IMMURE_VERSION);
	else
		printf("immure %s\n", IMMURE_VERSION);
}

static const struct verb *find_verb(const struct verb *const *list, const char *name)
{
	for (size_t i = 0; list[i]; i++) {
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	}
	return NULL;
}

/* prefix: "policy ", or empty. */
static int unknown_verb(const struct verb *const *list, const char *prefix, const char *name,
			struct err *err)
{
	const char *near = NULL;

	for (size_t i = 0; list[i]; i++) {
		if (text_distance(name, list[i]->name) <= 2)
			near = list[i]->name;
	}
	if (near)
		err_set(err, EINVAL, "unknown verb %s%.60s; did you mean %s?", prefix, name, near);
	else
		err_set(err, EINVAL, "unknown verb %s%.60s; see immure %s--help", prefix, name,
			prefix);
	return err_at(err, ERR_USAGE);
}

static bool is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

static bool asks_help(int argc, char *const argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (is_help(argv[i]))
			return true;
	}
	return false;
}

/* Arguments are gathered at the front; what stands behind each is read as options again. */
static int read_mixed(const struct verb *verb, int argc, char *argv[], struct verb_call *call,
		      struct err *err)
{
	char **arguments = arena_array(call->arena, (size_t)argc + 1, sizeof(*arguments));
	int at = 0;

	if (!arguments)
		return err_set(err, ENOMEM, "out of memory");
	while (at < argc) {
		int used = options_read(verb->opts, verb->n_opts, argc - at, argv + at, call->arena,
					call->options, err);

		if (used < 0)
			return used;
		at += used;
		if (!verb->mixed || strcmp(argv[at - 1], "--") == 0)
			break;
		if (at < argc)
			arguments[call->argc++] = argv[at];
	}
	while (at < argc)
		arguments[call->argc++] = argv[at++];
	call->argv = arguments;
	return 0;
}

static int call_verb(const char *prefix, const struct verb *verb, int argc, char *argv[],
		     struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct verb_call call = { .verb = verb, .arena = &arena };
	int r;

	call.options = arena_alloc(&arena, verb->options_size + 1);
	if (!call.options)
		return err_set(err, ENOMEM, "out of memory");
	r = read_mixed(verb, argc, argv, &call, err);
	if (r < 0)
		return r;
	if (call.argc < verb->min_args || (verb->max_args >= 0 && call.argc > verb->max_args)) {
		err_set(err, EINVAL, "wrong number of arguments: expected immure %s%s %s", prefix,
			verb->name, verb->args);
		return err_at(err, ERR_USAGE);
	}
	return verb->run(&call, err);
}

static int dispatch(int argc, char *argv[], struct err *err)
{
	const struct verb *verb = find_verb(tool_verbs, argv[1]);
	const struct verb *sub;
	char prefix[32] = "";

	if (!verb)
		return unknown_verb(tool_verbs, "", argv[1], err);
	if (verb->subverbs && argc > 2 && !is_help(argv[2])) {
		snprintf(prefix, sizeof(prefix), "%s ", verb->name);
		sub = find_verb(verb->subverbs, argv[2]);
		if (!sub)
			return unknown_verb(verb->subverbs, prefix, argv[2], err);
		verb = sub;
		argc--;
		argv++;
	}
	if (asks_help(argc - 1, argv + 1) || verb->subverbs || !verb->run) {
		print_verb_help(prefix, verb);
		return asks_help(argc - 1, argv + 1) ? 0 : STATUS_USAGE;
	}
	return call_verb(prefix, verb, argc - 1, argv + 1, err);
}

static int answer(int argc, char *argv[], struct err *err)
{
	if (argc < 2) {
		print_help();
		return STATUS_USAGE;
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		print_help();
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		print_version(argc > 2 && strcmp(argv[2], "--json") == 0);
		return 0;
	}
	return dispatch(argc, argv, err);
}

int main(int argc, char *argv[])
{
	struct err err = { 0 };
	int r = answer(argc, argv, &err);
	bool told = r < 0;

	if (told) {
		log_error("%s", err.msg);
		r = status_of(&err);
	}
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return r;
	if (!told)
		log_error("cannot write to standard output%s%s", errno ? ": " : "",
			  errno ? strerror(errno) : "");
	return STATUS_FAILED;
}
