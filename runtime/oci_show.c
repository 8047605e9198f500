/* SPDX-License-Identifier: Apache-2.0 */
/* state, list, ps: what there is. */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/strbuf.h"
#include "runtime/oci.h"
#include "sandbox/oci_cgroup.h"

static void state_members(struct jsonw *j, const struct oci_loaded *loaded)
{
	bool alive = loaded->status != OCI_STOPPED && loaded->status != OCI_CREATING;

	jsonw_kstr(j, "ociVersion", loaded->state.version);
	jsonw_kstr(j, "id", loaded->state.id);
	jsonw_ki64(j, "pid", alive ? loaded->state.pid : 0);
	jsonw_kstr(j, "status", oci_status_name(loaded->status));
	jsonw_kstr(j, "bundle", loaded->state.bundle);
	jsonw_kstr(j, "rootfs", loaded->state.rootfs);
	jsonw_kstr(j, "created", loaded->state.created);
	jsonw_ku64(j, "owner", loaded->state.owner);
}

static int run_state(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };
	struct oci_plan plan = { 0 };
	int r = oci_want_args(argc, argv, 1, 1, 1, err);

	if (r == 0)
		r = oci_load(globals, argv[1], &loaded, err);
	if (r == 0)
		r = oci_load_plan(&loaded, &plan, err);
	if (r < 0)
		return r;
	jsonw_object(&j);
	state_members(&j, &loaded);
	jsonw_key(&j, "annotations");
	jsonw_object(&j);
	for (size_t i = 0; i < plan.annotations.n; i++)
		jsonw_kstr(&j, plan.annotations.items[i].key, plan.annotations.items[i].value);
	jsonw_object_end(&j);
	jsonw_key(&j, "immure");
	jsonw_object(&j);
	jsonw_kstr(&j, "floor", loaded.state.floor ? "on" : "off");
	jsonw_kbool(&j, "capMknodLeftOut", loaded.state.no_mknod);
	if (loaded.state.policy)
		jsonw_kstr(&j, "policy", loaded.state.policy);
	if (loaded.state.run)
		jsonw_kstr(&j, "run", loaded.state.run);
	if (loaded.state.note)
		jsonw_kstr(&j, "weakened", loaded.state.note);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	strbuf_putc(&out, '\n');
	return oci_print(&out, err);
}

const struct oci_verb oci_verb_state = {
	.name = "state",
	.args = "ID",
	.help = "print a container's state as JSON",
	.run = run_state,
};

struct list_options {
	const char *format;
	bool quiet;
};

#define LIST(field) offsetof(struct list_options, field)
static const struct opt list_opts[] = {
	/* clang-format off */
	{ "format", 'f', OPT_TEXT, LIST(format), "FORMAT", "table or json", "table json" },
	{ "quiet", 'q', OPT_FLAG, LIST(quiet), NULL, "ids only", NULL },
	/* clang-format on */
};

static int check_format(const char *format, bool *ret_json, struct err *err)
{
	*ret_json = format && strcmp(format, "json") == 0;
	if (format && !*ret_json && strcmp(format, "table") != 0) {
		err_set(err, EINVAL, "--format %s: expected table or json", format);
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

static void list_one(const struct oci_loaded *loaded, bool json, struct jsonw *j)
{
	bool alive = loaded->status != OCI_STOPPED && loaded->status != OCI_CREATING;

	if (!json) {
		strbuf_addf(j->out, "%-20s %-8d %-9s %s %s\n", loaded->state.id,
			    alive ? loaded->state.pid : 0, oci_status_name(loaded->status),
			    loaded->state.bundle, loaded->state.created);
		return;
	}
	jsonw_object(j);
	state_members(j, loaded);
	jsonw_object_end(j);
}

static int list_all(const struct oci_globals *globals, DIR *dir, const struct list_options *options,
		    bool json, struct jsonw *j)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
		struct err ignored = { 0 };

		if (entry->d_name[0] == '.' ||
		    oci_load(globals, entry->d_name, &loaded, &ignored) < 0)
			continue; /* not ours, or on its way in or out */
		if (options->quiet)
			strbuf_addf(j->out, "%s\n", loaded.state.id);
		else
			list_one(&loaded, json, j);
	}
	return 0;
}

static int run_list(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_strbuf struct strbuf out = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct jsonw j = { .out = &out };
	struct list_options options = { 0 };
	cleanup_closedir DIR *dir = NULL;
	bool json = false;
	int used = options_read(list_opts, ARRAY_LEN(list_opts), argc, argv, &arena, &options, err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 0, 0, err);
	if (r == 0)
		r = check_format(options.format, &json, err);
	if (r < 0)
		return r;
	if (json)
		jsonw_array(&j);
	else if (!options.quiet)
		strbuf_addf(&out, "%-20s %-8s %-9s %s %s\n", "ID", "PID", "STATUS", "BUNDLE",
			    "CREATED");
	dir = opendir(globals->root);
	if (dir)
		r = list_all(globals, dir, &options, json, &j);
	if (json)
		jsonw_array_end(&j);
	if (json)
		strbuf_putc(&out, '\n');
	if (out.len == 0)
		return r;
	return oci_print(&out, err);
}

const struct oci_verb oci_verb_list = {
	.name = "list",
	.args = "[OPTIONS]",
	.help = "list the containers",
	.opts = list_opts,
	.n_opts = ARRAY_LEN(list_opts),
	.run = run_list,
};

static bool same_namespace(int proc, const char *pid, const char *wanted)
{
	char path[64];
	char text[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%.16s/ns/pid", pid);
	n = readlinkat(proc, path, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strcmp(text, wanted) == 0;
}

/* Without a cgroup: whoever is in the pid namespace of the container's process. */
static int pids_of_namespace(pid_t pid, struct arena *arena, pid_t **ret, size_t *ret_n,
			     struct err *err)
{
	cleanup_closedir DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char wanted[64] = "";
	char path[40];
	size_t cap = 0;
	pid_t *pids = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	if (!dir || readlink(path, wanted, sizeof(wanted) - 1) < 0)
		return err_sys(err, errno, "cannot look at the processes");
	while ((entry = readdir(dir)) != NULL) {
		uint64_t number = 0;

		if (span_u64(span_of(entry->d_name), INT32_MAX, &number) < 0 ||
		    !same_namespace(dirfd(dir), entry->d_name, wanted))
			continue;
		pids = arena_grow(arena, pids, &cap, n + 1, sizeof(*pids));
		if (!pids)
			return err_set(err, ENOMEM, "out of memory");
		pids[n++] = (pid_t)number;
	}
	*ret = pids;
	*ret_n = n;
	return 0;
}

static int find_pids(struct oci_loaded *loaded, pid_t **ret, size_t *ret_n, struct err *err)
{
	cleanup_close int cgroup = oci_cgroup_open(loaded->state.cgroup);

	if (loaded->pidfd < 0)
		return err_set(err, ESRCH, "container not running");
	if (cgroup >= 0)
		return oci_cgroup_pids(cgroup, &loaded->arena, ret, ret_n, err);
	return pids_of_namespace(loaded->state.pid, &loaded->arena, ret, ret_n, err);
}

static const struct opt ps_opts[] = {
	/* clang-format off */
	{ "format", 'f', OPT_TEXT, LIST(format), "FORMAT", "table or json", "table json" },
	/* clang-format on */
};

static int run_ps(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_strbuf struct strbuf out = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct jsonw j = { .out = &out };
	struct list_options options = { 0 };
	pid_t *pids = NULL;
	bool json = false;
	size_t n = 0;
	int used = options_read(ps_opts, ARRAY_LEN(ps_opts), argc, argv, &arena, &options, err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, -1, err);
	if (r == 0)
		r = check_format(options.format, &json, err);
	if (r == 0)
		r = oci_load(globals, argv[used], &loaded, err);
	if (r == 0)
		r = find_pids(&loaded, &pids, &n, err);
	if (r < 0)
		return r;
	if (json)
		jsonw_array(&j);
	else
		strbuf_puts(&out, "PID\n");
	for (size_t i = 0; i < n; i++) {
		if (json)
			jsonw_i64(&j, pids[i]);
		else
			strbuf_addf(&out, "%d\n", pids[i]);
	}
	if (json) {
		jsonw_array_end(&j);
		strbuf_putc(&out, '\n');
	}
	return oci_print(&out, err);
}

const struct oci_verb oci_verb_ps = {
	.name = "ps",
	.args = "[--format FORMAT] ID",
	.help = "the processes of a container",
	.opts = ps_opts,
	.n_opts = ARRAY_LEN(ps_opts),
	.run = run_ps,
};
