/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_options.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/signal_name.h"
#include "runtime/image_ports.h"
#include "runtime/port.h"
#include "runtime/run_env.h"
#include "runtime/tracing.h"

#define ROW(field) offsetof(struct run_options, field)
#define STOP_MS_MAX ((uint64_t)86400000)

const struct opt run_opts[N_RUN_OPTS] = {
	/* clang-format off */
	{ "host",           0,  OPT_FLAG, ROW(host),           NULL, "run on a read-only view of this machine's own files", NULL },
	{ "detach",         'd', OPT_FLAG, ROW(detach),        NULL, "go on in the background and print the run's id: see immure ps", NULL },
	{ "rootfs",         0,  OPT_TEXT, ROW(rootfs),         "DIR", "run in the root file system in DIR, read-only", "@dirs" },
	{ "writable",       0,  OPT_FLAG, ROW(writable),       NULL, "let the root be written to; what is written is thrown away", NULL },
	{ "keep",           0,  OPT_FLAG, ROW(keep),           NULL, "let an image's root be written to, and keep what is written: see immure commit", NULL },
	{ "entrypoint",     0,  OPT_TEXT, ROW(entrypoint),     "PROGRAM", "run PROGRAM instead of the image's own", NULL },
	{ "policy",         0,  OPT_TEXT, ROW(policy),         "POLICY", "a file, a bundle, or a builtin such as builtin/strict (builtin/default)", "@policies" },
	{ "require-signature", 0, OPT_TEXT, ROW(require_signature), "KEY", "refuse a policy that this key has not signed: see immure policy sign", "@files" },
	{ "learn",          0,  OPT_TEXT, ROW(learn),          "FILE", "write the policy that the program needs to FILE, merged with earlier runs", "@files" },
	{ "name",           0,  OPT_TEXT, ROW(name),           "NAME", "name of the run, and host name inside", NULL },
	{ "label",          'l', OPT_LIST, ROW(labels),        "KEY[=VALUE]", "a word about the run, for immure ps; the program never sees it", NULL },
	{ "rm",             0,  OPT_FLAG, ROW(remove),         NULL, "keep nothing of the run once it has ended, its record included", NULL },
	{ "restart",        0,  OPT_TEXT, ROW(restart),        "WHEN", "with -d, start the program again: no (the default), on-failure[:N], always, unless-stopped", "no on-failure always unless-stopped" },
	{ "health-cmd",     0,  OPT_TEXT, ROW(health_cmd),     "CMD", "with -d, a command that says whether the program does its work: sh -c CMD inside", NULL },
	{ "health-interval", 0, OPT_TEXT, ROW(health_interval), "TIME", "between two checks (30s)", NULL },
	{ "health-timeout", 0,  OPT_TEXT, ROW(health_timeout), "TIME", "a check that takes longer has failed (30s)", NULL },
	{ "health-retries", 0,  OPT_TEXT, ROW(health_retries), "N", "unhealthy after N failures in a row (3)", NULL },
	{ "health-start-period", 0, OPT_TEXT, ROW(health_start_period), "TIME", "failures so soon after the start do not count (0s)", NULL },
	{ "init",           0,  OPT_FLAG, ROW(init),           NULL, "taken for compatibility: process 1 is always immure's own, which reaps", NULL },
	{ "env",            'e', OPT_LIST, ROW(env),           "NAME[=VALUE]", "set a variable; NAME alone takes yours", NULL },
	{ "env-file",       0,  OPT_LIST, ROW(env_files),      "FILE", "read variables from FILE, one NAME=VALUE a line", "@files" },
	{ "workdir",        'w', OPT_TEXT, ROW(workdir),       "PATH", "working folder inside", NULL },
	{ "user",           'u', OPT_TEXT, ROW(user),          "USER[:GROUP]", "who the program is inside: numbers, or names of the root's own", NULL },
	{ "hostname",       0,  OPT_TEXT, ROW(hostname),       "NAME", "host name inside", NULL },
	{ "volume",         'v', OPT_LIST, ROW(volumes),       "SRC:DST[:ro,exec,z]", "show SRC, a path or the name of a volume, at DST, writable unless ro", "@dirs" },
	{ "read",           0,  OPT_LIST, ROW(reads),          "PATH", "show PATH at its own place, read-only", "@files" },
	{ "write",          0,  OPT_LIST, ROW(writes),         "PATH", "show PATH at its own place, writable", "@files" },
	{ "tmpfs",          0,  OPT_LIST, ROW(tmpfs),          "PATH[:SIZE]", "an empty folder in memory at PATH", NULL },
	{ "memory",         0,  OPT_TEXT, ROW(memory),         "SIZE", "limit memory, such as 512MiB", NULL },
	{ "pids",           0,  OPT_TEXT, ROW(pids),           "N", "limit the number of processes and threads", NULL },
	{ "cpus",           0,  OPT_TEXT, ROW(cpus),           "N", "limit processor time, such as 1.5 (needs a delegated cgroup)", NULL },
	{ "io",             0,  OPT_TEXT, ROW(io),             "SIZE", "limit what is read and written each second, on each disk (needs a delegated cgroup)", NULL },
	{ "wall",           0,  OPT_TEXT, ROW(wall),           "TIME", "end the program after TIME, such as 10m", NULL },
	{ "nofile",         0,  OPT_TEXT, ROW(nofile),         "N", "limit open files of each process", NULL },
	{ "stop-signal",    0,  OPT_TEXT, ROW(stop_signal),    "SIGNAL", "what asks the program to end (the image's, or TERM)", NULL },
	{ "stop-timeout",   0,  OPT_TEXT, ROW(stop_timeout),   "TIME", "how long it may take to end then, before SIGKILL (10s)", NULL },
	{ "interactive",    'i', OPT_FLAG, ROW(interactive),   NULL, "pass a terminal on standard input (pipes and files always pass)", NULL },
	{ "tty",            't', OPT_FLAG, ROW(tty),           NULL, "give the program a terminal of its own", NULL },
	{ "network",        0,  OPT_TEXT, ROW(network),        "none|private|host", "network: none (the default), one of its own with a way out, or the host's, which weakens the sandbox", "none private host" },
	{ "publish",        'p', OPT_LIST, ROW(publish),       "[ADDRESS:]OUTSIDE:INSIDE[/udp]", "lead a port of this machine (127.0.0.1) to one inside; with --network private", NULL },
	{ "publish-all",    'P', OPT_FLAG, ROW(publish_all),   NULL, "lead a free port of 127.0.0.1 to each port that the image exposes; with --network private", NULL },
	{ "ids",            0,  OPT_TEXT, ROW(ids),            "one|range", "map your own id (the default), or your subordinate ids too", "one range" },
	{ "collector",      0,  OPT_TEXT, ROW(collector),      "auto|notify|bpf", "who records: the kernel through immure-tracerd where it is (auto), the filter alone, or the kernel or nothing", "auto notify bpf" },
	{ "sign-by",        0,  OPT_TEXT, ROW(sign_by),        "own|KEY", "sign the record when it is sealed, with your own key or the Ed25519 key in a PEM file", "@files" },
	{ "guard",          0,  OPT_FLAG, ROW(guard),          NULL, "have the policy refused by the kernel's BPF LSM as well, through immure-tracerd", NULL },
	{ "dry-run",        0,  OPT_FLAG, ROW(dry_run),        NULL, "print the plan and what enforces it; start nothing", NULL },
	{ "json",           0,  OPT_FLAG, ROW(json),           NULL, "with --dry-run: the plan as JSON", NULL },
	{ "allow-degraded", 0,  OPT_LIST, ROW(allow_degraded), "LAYER", "start although a required LAYER is weakened or lost; recorded", "userns mounts seccomp capabilities nslimits landlock cgroup rlimits netns apparmor selinux bpf" },
	{ "without",        0,  OPT_LIST, ROW(without),        "LAYER", "leave LAYER out, to see what depends on it; recorded as lost", "seccomp landlock nslimits rlimits apparmor selinux" },
	{ "trace-steps",    0,  OPT_FLAG, ROW(trace_steps),    NULL, "print what each step of confinement cost", NULL },
	{ "verbose",        0,  OPT_FLAG, ROW(verbose),        NULL, "say on standard error what is done", NULL },
	{ "log-format",     0,  OPT_TEXT, ROW(log_format),     "text|json", "how messages on standard error look", "text json" },
	/* clang-format on */
};

struct builder {
	const struct run_options *options;
	const struct run_caller *caller;
	struct arena *arena;
	struct plan_request *request;
	struct plan_mount *mounts;
	size_t cap_mounts;
};

/* What was typed is at fault, unless it is the machine that lacks what was named. */
static int usage(struct err *err, int r)
{
	if (err->stage == ERR_NONE)
		err->stage = ERR_USAGE;
	return r;
}

static int absent(struct err *err, const char *what, const char *typed)
{
	err_sys(err, errno, "cannot find %s%s", what, typed);
	return err_at(err, ERR_HOST);
}

/*
 * A host path as typed: absolute, its folder resolved, the last component kept as it is, so that a
 * link is seen as a link.
 */
static int host_path(struct builder *b, const char *typed, const char **ret, struct err *err)
{
	char resolved[PATH_MAX];
	const char *full = typed;
	const char *slash;
	const char *last;
	const char *dir;

	if (typed[0] == '\0')
		return err_set(err, EINVAL, "an empty path");
	if (typed[0] != '/') {
		if (!b->caller->cwd)
			return err_set(err, EINVAL,
				       "%s is relative, and there is no working folder", typed);
		full = arena_printf(b->arena, "%s/%s", b->caller->cwd, typed);
	}
	if (!full)
		return err_set(err, ENOMEM, "out of memory");
	slash = strrchr(full, '/');
	last = slash + 1;
	if (*last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		if (!realpath(full, resolved))
			return absent(err, "", typed);
		return path_clean(b->arena, resolved, ret, err);
	}
	dir = arena_strndup(b->arena, full, (size_t)(slash - full) + 1);
	if (!dir)
		return err_set(err, ENOMEM, "out of memory");
	if (!realpath(dir, resolved))
		return absent(err, "the folder of ", typed);
	full = arena_printf(b->arena, "%s/%s", resolved, last);
	return full ? path_clean(b->arena, full, ret, err) : err_set(err, ENOMEM, "out of memory");
}

static int add_mount(struct builder *b, struct plan_mount mount, struct err *err)
{
	struct plan_mount *grown = arena_grow(b->arena, b->mounts, &b->cap_mounts,
					      b->request->n_mounts + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, ENOMEM, "out of memory");
	b->mounts = grown;
	grown[b->request->n_mounts++] = mount;
	b->request->mounts = grown;
	return 0;
}

/* "ro", "rw", "exec", "nocopy", and for SELinux "z", "Z", as Docker has them; with commas between.
 */
static int volume_flags(struct span flags, unsigned *ret, struct err *err)
{
	while (flags.n > 0) {
		struct span flag = span_cut(&flags, ',');

		if (span_eq(flag, "ro"))
			*ret |= MOUNT_FLAG_RO;
		else if (span_eq(flag, "exec"))
			*ret |= MOUNT_FLAG_EXEC;
		else if (span_eq(flag, "nocopy"))
			*ret |= MOUNT_FLAG_NOCOPY;
		else if (span_eq(flag, "z"))
			*ret |= MOUNT_FLAG_LABEL;
		else if (span_eq(flag, "Z"))
			*ret |= MOUNT_FLAG_LABEL_OWN;
		else if (!span_eq(flag, "rw"))
			return err_set(err, EINVAL,
				       "\"%.*s\": expected ro, rw, exec, nocopy, z or Z",
				       (int)(flag.n < 40 ? flag.n : 40), flag.p);
	}
	return 0;
}

static int add_volume(struct builder *b, const char *text, struct err *err)
{
	struct plan_mount m = { .kind = MOUNT_BIND };
	struct span rest = span_of(text);
	struct span source = span_cut(&rest, ':');
	struct span target = span_cut(&rest, ':');
	const char *from = arena_strndup(b->arena, source.p, source.n);
	const char *to = arena_strndup(b->arena, target.p, target.n);
	int r;

	if (!from || !to)
		return err_set(err, ENOMEM, "out of memory");
	if (!span_has_byte(span_of(text), ':') && *text == '/') {
		m.flags |= MOUNT_FLAG_ANONYMOUS;
		r = path_clean(b->arena, text, &m.target, err);
		return r < 0 ? r : add_mount(b, m, err);
	}
	if (source.n == 0 || target.n == 0)
		return err_set(err, EINVAL, "expected SRC:DST[:ro,exec,z,Z], or DST alone");
	r = volume_flags(rest, &m.flags, err);
	/* As Docker has it: a word is the name of a volume, a path has a slash or begins with a
	 * dot. */
	if (text_is_id(from)) {
		m.flags |= MOUNT_FLAG_NAMED;
		m.source = from;
	} else if (r == 0) {
		r = host_path(b, from, &m.source, err);
	}
	if (r == 0)
		r = path_clean(b->arena, to, &m.target, err);
	return r < 0 ? r : add_mount(b, m, err);
}

static int add_same_place(struct builder *b, const char *text, unsigned flags, struct err *err)
{
	struct plan_mount m = { .kind = MOUNT_BIND, .flags = flags };
	int r = host_path(b, text, &m.source, err);

	if (r < 0)
		return r;
	m.target = m.source;
	return add_mount(b, m, err);
}

static int add_tmpfs(struct builder *b, const char *text, struct err *err)
{
	struct plan_mount m = { .kind = MOUNT_TMPFS };
	struct span rest = span_of(text);
	struct span path = span_cut(&rest, ':');
	const char *to = arena_strndup(b->arena, path.p, path.n);
	int r = to ? path_clean(b->arena, to, &m.target, err) : -ENOMEM;

	if (r == 0 && rest.n > 0 && span_bytes(rest, 1ULL << 46, &m.size) < 0)
		r = err_set(err, EINVAL, "size \"%.*s\": expected such as 64MiB", (int)rest.n,
			    rest.p);
	return r < 0 ? r : add_mount(b, m, err);
}

typedef int (*add_fn)(struct builder *b, const char *text, struct err *err);

static int add_read(struct builder *b, const char *text, struct err *err)
{
	return add_same_place(b, text, MOUNT_FLAG_RO, err);
}

static int add_write(struct builder *b, const char *text, struct err *err)
{
	return add_same_place(b, text, 0, err);
}

static int build_mounts(struct builder *b, struct err *err)
{
	const struct {
		const char *option;
		const struct opt_list *list;
		add_fn add;
	} kinds[] = {
		{ "--volume", &b->options->volumes, add_volume },
		{ "--read", &b->options->reads, add_read },
		{ "--write", &b->options->writes, add_write },
		{ "--tmpfs", &b->options->tmpfs, add_tmpfs },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (size_t k = 0; k < kinds[i].list->n; k++) {
			const char *text = kinds[i].list->items[k];

			if (kinds[i].add(b, text, err) < 0)
				return err_wrap(err, "%s %s", kinds[i].option, text);
		}
	}
	return 0;
}

static int build_limits(struct builder *b, struct err *err)
{
	const struct {
		const char *key, *value;
	} all[] = {
		{ "memory", b->options->memory }, { "pids", b->options->pids },
		{ "cpus", b->options->cpus },     { "wall", b->options->wall },
		{ "nofile", b->options->nofile }, { "io", b->options->io },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *expected = NULL;

		if (all[i].value && limit_parse(all[i].key, span_of(all[i].value),
						&b->request->limits, &expected) < 0)
			return err_set(err, EINVAL, "--%s %s: expected %s", all[i].key,
				       all[i].value, expected);
	}
	return 0;
}

static int build_stop(struct builder *b, struct err *err)
{
	const struct run_options *o = b->options;
	struct plan_stop *stop = &b->request->stop;

	if (o->stop_signal && (stop->signal = signal_parse(o->stop_signal)) == 0)
		return err_set(err, EINVAL, "--stop-signal %.40s: expected such as TERM or 15",
			       o->stop_signal);
	if (o->stop_timeout &&
	    (span_millis(span_of(o->stop_timeout), STOP_MS_MAX, &stop->ms) < 0 || stop->ms == 0))
		return err_set(err, EINVAL, "--stop-timeout %.40s: expected such as 30s",
			       o->stop_timeout);
	return 0;
}

static int build_layers(const struct opt_list *list, const char *option, uint32_t known,
			uint32_t *ret, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int layer = layer_find(list->items[i]);

		if (layer < 0 || !(known & 1U << layer))
			return err_set(
				err, EINVAL,
				"--%s %s: expected the name of a layer, see --dry-run and --help",
				option, list->items[i]);
		*ret |= 1U << layer;
	}
	return 0;
}

static int build_publish_all(struct builder *b, struct err *err)
{
	if (!b->options->publish_all)
		return 0;
	if (!b->caller->image)
		return err_set(err, EINVAL, "--publish-all goes with an image");
	if (b->request->network != NETWORK_PRIVATE)
		return err_set(err, EINVAL, "--publish-all goes with --network private");
	return image_ports_publish(&b->caller->image->record.ports, b->arena, b->request, err);
}

static int build_network(struct builder *b, struct err *err)
{
	const struct opt_list *list = &b->options->publish;
	struct plan_port *ports = arena_array(b->arena, list->n + 1, sizeof(*ports));
	int kind = b->options->network ? NETWORK_HOST : NETWORK_NONE;

	if (!ports)
		return err_set(err, ENOMEM, "out of memory");
	while (b->options->network && kind >= 0 &&
	       strcmp(b->options->network, network_name((enum network_kind)kind)) != 0)
		kind--;
	if (kind < 0)
		return err_set(err, EINVAL, "--network %s: expected none, private or host",
			       b->options->network);
	if (list->n > 0 && kind != NETWORK_PRIVATE)
		return err_set(err, EINVAL, "--publish %s goes with --network private",
			       list->items[0]);
	for (size_t i = 0; i < list->n; i++) {
		if (port_parse(list->items[i], b->arena, &ports[i], err) < 0)
			return err_wrap(err, "--publish %s", list->items[i]);
	}
	if (image_ports_choose(ports, list->n, err) < 0)
		return err_wrap(err, "--publish");
	b->request->network = (enum network_kind)kind;
	b->request->n_ports = list->n;
	b->request->ports = ports;
	return build_publish_all(b, err);
}

static int build_degraded(struct builder *b, struct err *err)
{
	const uint32_t removable = 1U << LAYER_SECCOMP | 1U << LAYER_LANDLOCK |
				   1U << LAYER_NSLIMITS | 1U << LAYER_RLIMITS |
				   1U << LAYER_APPARMOR | 1U << LAYER_SELINUX;
	int r = build_layers(&b->options->allow_degraded, "allow-degraded", UINT32_MAX,
			     &b->request->allow_degraded, err);

	return r < 0 ? r
		     : build_layers(&b->options->without, "without", removable,
				    &b->request->without, err);
}

static int one_of(const char *option, const char *value, const char *a, const char *z, bool *ret_z,
		  struct err *err)
{
	if (!value || strcmp(value, a) == 0) {
		*ret_z = false;
		return 0;
	}
	*ret_z = strcmp(value, z) == 0;
	return *ret_z ? 0 : err_set(err, EINVAL, "--%s %s: expected %s or %s", option, value, a, z);
}

static int build_root(struct builder *b, char *const argv[], struct err *err)
{
	const struct run_options *o = b->options;
	struct plan_request *request = b->request;

	if (o->host && o->rootfs)
		return err_set(err, EINVAL, "--host and --rootfs exclude each other");
	request->root_writable = o->writable || o->keep;
	if (b->caller->image)
		return run_image_request(b->caller->image, o->entrypoint, argv, b->arena, request,
					 err);
	if (o->entrypoint)
		return err_set(err, EINVAL, "--entrypoint goes with an image");
	if (o->keep)
		return err_set(err, EINVAL, "--keep goes with an image");
	if (!o->host && !o->rootfs)
		return err_set(
			err, EINVAL,
			"nothing to run: expected an image, --rootfs DIR or --host, and a command");
	if (!argv[0])
		return err_set(err, EINVAL, "no command: expected immure run %s -- CMD [ARG...]",
			       o->host ? "--host" : "--rootfs DIR");
	if (o->writable && o->host)
		return err_set(
			err, EINVAL,
			"--writable goes with --rootfs; with --host name folders by --write");
	request->root_kind = o->host ? ROOT_HOST : ROOT_DIR;
	if (o->rootfs && host_path(b, o->rootfs, &request->root_dir, err) < 0)
		return err_wrap(err, "--rootfs");
	return 0;
}

static int build_flags(struct builder *b, struct err *err)
{
	const struct run_options *o = b->options;
	bool json = false;
	bool range = false;
	int r;

	if (o->json && !o->dry_run)
		return err_set(err, EINVAL, "--json goes with --dry-run");
	if (o->name && !text_is_id(o->name))
		return err_set(
			err, EINVAL,
			"--name %.70s: expected 1 to 64 letters, digits, '_', '.', '-', the first a letter or digit",
			o->name);
	r = build_network(b, err);
	if (r == 0)
		r = one_of("ids", o->ids, "one", "range", &range, err);
	if (r == 0)
		r = collector_find(o->collector) >= 0
			    ? 0
			    : err_set(err, EINVAL, "--collector %s: expected auto, notify or bpf",
				      o->collector);
	b->request->ids_range = b->request->ids_range || range;
	if (r == 0)
		r = one_of("log-format", o->log_format, "text", "json", &json, err);
	return r;
}

int run_request(const struct run_options *options, const struct run_caller *caller,
		char *const argv[], struct arena *arena, struct plan_request *ret, struct err *err)
{
	struct plan_request request = { .hostname = options->hostname,
					.cwd = caller->cwd,
					.home = caller->home,
					.workdir = options->workdir,
					.user = options->user,
					.tty = options->tty,
					.read_cwd = options->host,
					.argv = argv };
	struct builder b = {
		.options = options, .caller = caller, .arena = arena, .request = &request
	};
	int r = build_stop(&b, err);

	if (r == 0)
		r = build_root(&b, argv, err);
	if (r == 0)
		r = build_flags(&b, err);
	if (r == 0)
		r = build_mounts(&b, err);
	if (r == 0 && caller->image)
		r = run_image_mounts(caller->image, arena, &request, err);
	if (r == 0)
		r = build_limits(&b, err);
	if (r == 0)
		r = build_degraded(&b, err);
	if (r == 0)
		r = run_env(options, caller, arena, &request, err);
	if (r < 0)
		return usage(err, r);
	*ret = request;
	return 0;
}
