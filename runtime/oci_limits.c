/* SPDX-License-Identifier: Apache-2.0 */
/* pause, resume, update, events: what a cgroup can do. */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/oci.h"
#include "runtime/oci_config.h"
#include "sandbox/oci_cgroup.h"

#define INTERVAL_MS 5000

/* The cgroup of a container that lives. Returns a descriptor. */
static int open_cgroup(const struct oci_loaded *loaded, struct err *err)
{
	int dir;

	if (loaded->pidfd < 0)
		return err_set(err, ESRCH, "container not running");
	dir = oci_cgroup_open(loaded->state.cgroup);
	if (dir < 0)
		return err_set(err, ENOTSUP,
			       "container %s has no cgroup of its own: none could be made here",
			       loaded->state.id);
	return dir;
}

static int freeze(const struct oci_globals *globals, int argc, char *argv[], bool on,
		  struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_close int dir = -1;
	int r = oci_want_args(argc, argv, 1, 1, 1, err);

	if (r == 0)
		r = oci_load(globals, argv[1], &loaded, err);
	if (r < 0)
		return r;
	dir = open_cgroup(&loaded, err);
	if (dir < 0)
		return dir;
	if (!on && loaded.status != OCI_PAUSED)
		return err_set(err, EINVAL, "container %s is not paused", argv[1]);
	return oci_cgroup_freeze(dir, on, err);
}

static int run_pause(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	return freeze(globals, argc, argv, true, err);
}

static int run_resume(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	return freeze(globals, argc, argv, false, err);
}

const struct oci_verb oci_verb_pause = { .name = "pause",
					 .args = "ID",
					 .help = "stop all of a container's processes",
					 .run = run_pause };

const struct oci_verb oci_verb_resume = {
	.name = "resume", .args = "ID", .help = "let them go on", .run = run_resume
};

struct update_options {
	const char *resources, *memory, *memory_swap, *memory_reservation, *cpu_shares, *cpu_quota,
		*cpu_period, *cpuset_cpus, *cpuset_mems, *pids_limit;
};

#define UPDATE(field) offsetof(struct update_options, field)
static const struct opt update_opts[] = {
	/* clang-format off */
	{ "resources", 'r', OPT_TEXT, UPDATE(resources), "FILE", "linux.resources as JSON; - for standard input", "@files" },
	{ "memory", 0, OPT_TEXT, UPDATE(memory), "BYTES", "memory.limit", NULL },
	{ "memory-swap", 0, OPT_TEXT, UPDATE(memory_swap), "BYTES", "memory.swap: memory and swap together", NULL },
	{ "memory-reservation", 0, OPT_TEXT, UPDATE(memory_reservation), "BYTES", "memory.reservation", NULL },
	{ "cpu-share", 0, OPT_TEXT, UPDATE(cpu_shares), "N", "cpu.shares", NULL },
	{ "cpu-quota", 0, OPT_TEXT, UPDATE(cpu_quota), "US", "cpu.quota", NULL },
	{ "cpu-period", 0, OPT_TEXT, UPDATE(cpu_period), "US", "cpu.period", NULL },
	{ "cpuset-cpus", 0, OPT_TEXT, UPDATE(cpuset_cpus), "LIST", "cpu.cpus", NULL },
	{ "cpuset-mems", 0, OPT_TEXT, UPDATE(cpuset_mems), "LIST", "cpu.mems", NULL },
	{ "pids-limit", 0, OPT_TEXT, UPDATE(pids_limit), "N", "pids.limit", NULL },
	/* clang-format on */
};

static int add_number(json_t *resources, const char *part, const char *key, const char *text,
		      struct err *err)
{
	json_t *object = json_object_get(resources, part);
	const char *digits = text && text[0] == '-' ? text + 1 : text;
	uint64_t n = 0;

	if (!text)
		return 0;
	if (span_u64(span_of(digits), INT64_MAX, &n) < 0)
		return err_set(err, EINVAL, "%s.%s: \"%s\" is no number", part, key, text);
	if (!object && json_object_set_new(resources, part, json_object()) == 0)
		object = json_object_get(resources, part);
	if (!object ||
	    json_object_set_new(object, key,
				json_integer(digits == text ? (json_int_t)n : -(json_int_t)n)) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int add_text(json_t *resources, const char *part, const char *key, const char *text,
		    struct err *err)
{
	json_t *object = json_object_get(resources, part);

	if (!text)
		return 0;
	if (!object && json_object_set_new(resources, part, json_object()) == 0)
		object = json_object_get(resources, part);
	if (!object || json_object_set_new(object, key, json_string(text)) < 0)
		return err_set(err, EINVAL, "%s.%s: cannot be taken", part, key);
	return 0;
}

/* The single options are the same members of one document. */
static int gather(const struct update_options *o, json_t **ret, struct err *err)
{
	const struct {
		const char *part, *key, *text;
	} numbers[] = {
		{ "memory", "limit", o->memory },
		{ "memory", "swap", o->memory_swap },
		{ "memory", "reservation", o->memory_reservation },
		{ "cpu", "shares", o->cpu_shares },
		{ "cpu", "quota", o->cpu_quota },
		{ "cpu", "period", o->cpu_period },
		{ "pids", "limit", o->pids_limit },
	};
	cleanup_json json_t *json = NULL;
	int r = 0;

	if (o->resources) {
		r = oci_json_load(AT_FDCWD, o->resources, &json, err);
	} else {
		json = json_object();
		if (!json)
			r = err_set(err, ENOMEM, "out of memory");
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(numbers); i++)
		r = add_number(json, numbers[i].part, numbers[i].key, numbers[i].text, err);
	if (r == 0)
		r = add_text(json, "cpu", "cpus", o->cpuset_cpus, err);
	if (r == 0)
		r = add_text(json, "cpu", "mems", o->cpuset_mems, err);
	if (r == 0)
		*ret = steal_ptr(json);
	return r;
}

static int apply(struct oci_loaded *loaded, const json_t *json, struct err *err)
{
	struct oci_json j = { .arena = &loaded->arena, .err = err };
	struct oci_resources resources = { 0 };
	cleanup_close int dir = -1;

	oci_config_resources(&j, json, &resources);
	if (j.r < 0)
		return err_wrap(err, "resources");
	if (resources.has_devices)
		return err_set(err, ENOTSUP, "resources.devices: rules are set by create alone");
	if (resources.files.n == 0)
		return 0;
	dir = open_cgroup(loaded, err);
	if (dir < 0)
		return dir;
	if (loaded->state.scope.unit && scope_set(&loaded->state.scope, &resources.files, err) < 0)
		return -err->code;
	return oci_cgroup_set(dir, &resources.files, err);
}

static int run_update(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_arena struct arena arena = { 0 };
	cleanup_json json_t *json = NULL;
	struct update_options options = { 0 };
	int used = options_read(update_opts, ARRAY_LEN(update_opts), argc, argv, &arena, &options,
				err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 1, err);
	if (r == 0)
		r = gather(&options, &json, err);
	if (r == 0)
		r = oci_load(globals, argv[used], &loaded, err);
	return r < 0 ? r : apply(&loaded, json, err);
}

const struct oci_verb oci_verb_update = {
	.name = "update",
	.args = "[OPTIONS] ID",
	.help = "change a container's limits",
	.opts = update_opts,
	.n_opts = ARRAY_LEN(update_opts),
	.run = run_update,
};

struct events_options {
	bool stats;
	const char *interval;
};

#define EVENTS(field) offsetof(struct events_options, field)
static const struct opt events_opts[] = {
	/* clang-format off */
	{ "stats", 0, OPT_FLAG, EVENTS(stats), NULL, "print the numbers once", NULL },
	{ "interval", 0, OPT_TEXT, EVENTS(interval), "TIME", "between two lines: \"5s\"", NULL },
	/* clang-format on */
};

/* One number of a file, or of the line "key number" in it; 0 when it is not there. */
static uint64_t number_in(int dir, const char *file, const char *key)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t n = 0;
	struct span rest;

	if (fd_read_file(dir, file, 65536, &text, &ignored) < 0)
		return 0;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (key && !span_eq(span_word(&line), key))
			continue;
		if (span_u64(span_word(&line), UINT64_MAX, &n) < 0)
			return 0;
		return n;
	}
	return 0;
}

static void print_stats(int dir, const char *id, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "type", "stats");
	jsonw_kstr(&j, "id", id);
	jsonw_key(&j, "data");
	jsonw_object(&j);
	jsonw_key(&j, "cpu");
	jsonw_object(&j);
	jsonw_key(&j, "usage");
	jsonw_object(&j);
	jsonw_ku64(&j, "total", number_in(dir, "cpu.stat", "usage_usec") * 1000);
	jsonw_ku64(&j, "kernel", number_in(dir, "cpu.stat", "system_usec") * 1000);
	jsonw_ku64(&j, "user", number_in(dir, "cpu.stat", "user_usec") * 1000);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	jsonw_key(&j, "memory");
	jsonw_object(&j);
	jsonw_key(&j, "usage");
	jsonw_object(&j);
	jsonw_ku64(&j, "usage", number_in(dir, "memory.current", NULL));
	jsonw_ku64(&j, "limit", number_in(dir, "memory.max", NULL));
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	jsonw_key(&j, "pids");
	jsonw_object(&j);
	jsonw_ku64(&j, "current", number_in(dir, "pids.current", NULL));
	jsonw_ku64(&j, "limit", number_in(dir, "pids.max", NULL));
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
}

static int run_events(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_arena struct arena arena = { 0 };
	struct events_options options = { 0 };
	uint64_t wait_ms = INTERVAL_MS;
	cleanup_close int dir = -1;
	int used = options_read(events_opts, ARRAY_LEN(events_opts), argc, argv, &arena, &options,
				err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 1, err);
	if (r == 0 && options.interval &&
	    span_millis(span_of(options.interval), INT32_MAX, &wait_ms) < 0)
		r = err_set(err, EINVAL, "--interval %s: expected a time", options.interval);
	if (r == 0)
		r = oci_load(globals, argv[used], &loaded, err);
	if (r < 0)
		return r;
	dir = open_cgroup(&loaded, err);
	if (dir < 0)
		return dir;
	for (;;) {
		cleanup_strbuf struct strbuf out = { 0 };
		struct pollfd end = { .fd = loaded.pidfd, .events = POLLIN };

		print_stats(dir, loaded.state.id, &out);
		r = oci_print(&out, err);
		if (r < 0 || options.stats || poll(&end, 1, (int)wait_ms) != 0)
			return r;
	}
}

const struct oci_verb oci_verb_events = {
	.name = "events",
	.args = "[OPTIONS] ID",
	.help = "print numbers of a container's use",
	.opts = events_opts,
	.n_opts = ARRAY_LEN(events_opts),
	.run = run_events,
};
