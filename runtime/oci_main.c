/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-oci: what engines call to make, start and end containers. A program of its own, small and
 * static, for it is started several times for each container.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/oci.h"

#define STATUS_ERROR 1

static const struct oci_verb *const verbs[] = {
	&oci_verb_create, &oci_verb_delete, &oci_verb_events, &oci_verb_exec,  &oci_verb_features,
	&oci_verb_kill,   &oci_verb_list,   &oci_verb_pause,  &oci_verb_ps,    &oci_verb_resume,
	&oci_verb_run,    &oci_verb_spec,   &oci_verb_start,  &oci_verb_state, &oci_verb_update,
};

#define GLOBAL(field) offsetof(struct oci_globals, field)
static const struct opt global_opts[] = {
	/* clang-format off */
	{ "root", 0, OPT_TEXT, GLOBAL(root), "DIR", "folder of the containers' states", "@dirs" },
	{ "log", 0, OPT_TEXT, GLOBAL(log), "FILE", "append errors to FILE as well", "@files" },
	{ "log-format", 0, OPT_TEXT, GLOBAL(log_format), "FORMAT", "text or json", "text json" },
	{ "cgroup-manager", 0, OPT_TEXT, GLOBAL(cgroup_manager), "HOW", "cgroupfs, systemd or disabled", "cgroupfs systemd disabled" },
	{ "systemd-cgroup", 0, OPT_FLAG, GLOBAL(systemd_cgroup), NULL, "cgroupsPath is SLICE:PREFIX:NAME", NULL },
	{ "floor", 0, OPT_TEXT, GLOBAL(floor), "on|off", "immure's floor beneath what bundles ask for", "on off" },
	{ "allow-degraded", 0, OPT_LIST, GLOBAL(allow_degraded), "LAYER", "start although a LAYER that immure.policy requires is weakened or lost; recorded", "userns mounts seccomp capabilities nslimits landlock cgroup rlimits netns apparmor selinux" },
	{ "rootless", 0, OPT_TEXT, GLOBAL(rootless), "BOOL", "accepted: found out from the caller's rights", NULL },
	{ "debug", 0, OPT_FLAG, GLOBAL(debug), NULL, "say more", NULL },
	{ "version", 'v', OPT_FLAG, GLOBAL(version), NULL, "print the version", NULL },
	{ "help", 'h', OPT_FLAG, GLOBAL(help), NULL, "print this", NULL },
	/* clang-format on */
};

static void print_options(const struct opt *opts, size_t n)
{
	if (n > 0)
		printf("\nOptions:\n");
	for (size_t i = 0; i < n; i++) {
		char name[48];

		snprintf(name, sizeof(name), "--%s%s%s", opts[i].name, opts[i].arg ? " " : "",
			 opts[i].arg ? opts[i].arg : "");
		printf("  %-26s %s\n", name, opts[i].help);
	}
}

static void print_help(void)
{
	printf("Usage: immure oci [OPTIONS] VERB ...\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->help);
	print_options(global_opts, ARRAY_LEN(global_opts));
}

static void print_verb_help(const struct oci_verb *verb)
{
	printf("Usage: immure oci %s %s\n\n%s\n", verb->name, verb->args, verb->help);
	print_options(verb->opts, verb->n_opts);
}

static void print_version(void)
{
	printf("immure-oci version %s\nspec: 1.3.0\n", IMMURE_VERSION);
}

static void append(const struct oci_globals *g, const char *level, const char *text)
{
	cleanup_close int fd = open(g->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	cleanup_strbuf struct strbuf line = { 0 };
	struct jsonw j = { .out = &line };
	struct tm tm = { 0 };
	time_t now = time(NULL);
	char when[32] = "";

	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (g->log_format && strcmp(g->log_format, "json") == 0) {
		jsonw_object(&j);
		jsonw_kstr(&j, "level", level);
		jsonw_kstr(&j, "msg", text);
		jsonw_kstr(&j, "time", when);
		jsonw_object_end(&j);
	} else {
		strbuf_addf(&line, "%s %s: %s", when, level, text);
	}
	strbuf_putc(&line, '\n');
	if (fd < 0 || line.failed || fd_write_all(fd, line.p, line.len) < 0)
		log_error("cannot write to %s", g->log);
}

/*
 * An engine hands our stderr to the container's own log, so that warnings go to --log. An error
 * stands alone there: Podman reads the file as one message.
 */
static void append_warnings(const struct oci_globals *g, const struct strbuf *held)
{
	cleanup_arena struct arena arena = { 0 };
	struct span rest = { strbuf_str(held), held->len };

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		const char *text = arena_strndup(&arena, line.p, line.n);

		if (text)
			append(g, "warning", text);
	}
}

static int check_globals(struct oci_globals *g, struct err *err)
{
	for (size_t i = 0; i < g->allow_degraded.n; i++) {
		int layer = layer_find(g->allow_degraded.items[i]);

		if (layer < 0)
			err_set(err, EINVAL, "--allow-degraded %s: no layer of that name",
				g->allow_degraded.items[i]);
		else
			g->degraded |= 1U << layer;
	}
	if (err->code)
		return err_at(err, ERR_USAGE);
	if (g->floor && strcmp(g->floor, "on") != 0 && strcmp(g->floor, "off") != 0)
		err_set(err, EINVAL, "--floor %s: expected on or off", g->floor);
	else if (g->log_format && strcmp(g->log_format, "text") != 0 &&
		 strcmp(g->log_format, "json") != 0)
		err_set(err, EINVAL, "--log-format %s: expected text or json", g->log_format);
	else if (g->cgroup_manager && strcmp(g->cgroup_manager, "cgroupfs") != 0 &&
		 strcmp(g->cgroup_manager, "systemd") != 0 &&
		 strcmp(g->cgroup_manager, "disabled") != 0)
		err_set(err, EINVAL, "--cgroup-manager %s: expected cgroupfs, systemd or disabled",
			g->cgroup_manager);
	return err->code ? err_at(err, ERR_USAGE) : 0;
}

static const struct oci_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

static bool wants_help(int argc, char *const argv[])
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

static int run_verb(struct oci_globals *g, int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const struct oci_verb *verb = argc > 0 ? find_verb(argv[0]) : NULL;

	if (!verb) {
		err_set(err, EINVAL, "%s%.40s: see immure oci --help",
			argc > 0 ? "unknown verb " : "a verb is missing", argc > 0 ? argv[0] : "");
		return err_at(err, ERR_USAGE);
	}
	if (wants_help(argc, argv)) {
		print_verb_help(verb);
		return 0;
	}
	if (!g->root)
		g->root = oci_root_default(&arena);
	if (!g->root)
		return err_set(err, ENOMEM, "out of memory");
	if (g->cgroup_manager && strcmp(g->cgroup_manager, "systemd") == 0)
		g->systemd_cgroup = true;
	return verb->run(g, argc, argv, err);
}

/*
 * The system's text as Go has it, "no such file or directory": Docker and others tell by it what
 * became of a start, and so which exit status their user gets.
 */
static void spell_as_engines_do(struct err *err)
{
	const char *text = strerrordesc_np(err->code);
	size_t n = text ? strlen(text) : 0;
	char *tail = err->msg + err->len - n;

	if (n > 0 && n <= err->len && strcmp(tail, text) == 0 && tail[0] >= 'A' && tail[0] <= 'Z' &&
	    (n == 1 || tail[1] < 'A' || tail[1] > 'Z'))
		tail[0] = (char)(tail[0] - 'A' + 'a');
}

/* "immure oci VERB" and "immure-oci VERB" are the same. */
int main(int argc, char *argv[])
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf held = { 0 };
	struct oci_globals g = { .whole_argv = argv };
	struct err err = { 0 };
	int skip = argc > 1 && strcmp(argv[1], "oci") == 0 ? 1 : 0;
	int used = 0;
	int r = fd_ensure_stdio();

	if (r < 0)
		return STATUS_ERROR;
	if (sys_is_set_id()) {
		log_error("immure-oci must not be set-user-id or set-group-id");
		return STATUS_ERROR;
	}
	argc -= skip;
	argv += skip;
	used = options_read(global_opts, ARRAY_LEN(global_opts), argc, argv, &arena, &g, &err);
	r = used < 0 ? used : 0;
	if (r == 0)
		r = check_globals(&g, &err);
	if (r == 0 && (g.help || g.version)) {
		if (g.help)
			print_help();
		else
			print_version();
		return 0;
	}
	if (r == 0 && g.log)
		log_hold_warnings(&held);
	if (r == 0)
		r = run_verb(&g, argc - used, argv + used, &err);
	if (r >= 0) {
		append_warnings(&g, &held);
		return r;
	}
	spell_as_engines_do(&err);
	if (g.log)
		append(&g, "error", err.msg);
	log_error("%s", err.msg);
	return STATUS_ERROR;
}
