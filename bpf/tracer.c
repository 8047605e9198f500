/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open, constants, load, pin; attach while somebody needs it. Libbpf's object is used for loading
 * only: from then on everything goes by descriptors, the same whether we loaded or took over.
 */
#include "bpf/tracer_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "bpf/calls.h"
#include "tracer_object.h"

#define LSM_LIST_MAX 1024

static const char *const map_names[MAP_COUNT] = { "marks", "slots",  "rings", "stats",
						  "rules", "grants", ".bss" };

static void pin_path(const struct tracer *t, const char *kind, const char *name, char ret[PATH_MAX])
{
	/* A BPF file system takes no dots. */
	snprintf(ret, PATH_MAX, "%s/v%d_%s_%s", t->dir, TRACER_VERSION, kind,
		 name + (name[0] == '.'));
}

int tracer_pin(const struct tracer *t, int fd, const char *kind, const char *name, struct err *err)
{
	char path[PATH_MAX];

	pin_path(t, kind, name, path);
	unlink(path); /* of somebody who died half-way */
	if (bpf_obj_pin(fd, path) < 0)
		return err_sys(err, errno, "cannot pin %s", path);
	return 0;
}

int tracer_open_pin(const struct tracer *t, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int fd;

	pin_path(t, kind, name, path);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

void tracer_remove_pin(const struct tracer *t, const char *kind, const char *name)
{
	char path[PATH_MAX];

	pin_path(t, kind, name, path);
	unlink(path);
}

static bool is_vital(enum need need)
{
	return need == NEED_ALWAYS || need == NEED_ENTERS || need == NEED_RETURNS;
}

/* The last thing that is pinned is the map of marks: with it, all the rest is there. */
static bool take_over(struct tracer *t)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		t->maps[i] = tracer_open_pin(t, "map", map_names[i]);
		if (t->maps[i] < 0)
			return false;
	}
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		t->programs[i] = tracer_open_pin(t, "program", tracer_programs[i].name);
		if (t->programs[i] < 0 && is_vital(tracer_programs[i].need))
			return false;
		t->links[i] = tracer_open_pin(t, "link", tracer_programs[i].name);
	}
	return true;
}

static int keep_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Without CAP_SYS_ADMIN the kernel says EPERM for a tracepoint that it does not have: look first.
 */
static bool has_tracepoint(const char *name)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool found = btf && btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;

	btf__free(btf);
	return found;
}

static int keep_fds(struct tracer *t, const struct bpf_object *object, struct err *err)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		const struct bpf_program *p =
			bpf_object__find_program_by_name(object, tracer_programs[i].name);
		int fd = p ? bpf_program__fd(p) : -1;
		int r;

		if (fd < 0)
			continue; /* not on this kernel, and optional, or loading would have failed
				   */
		t->programs[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (t->programs[i] < 0)
			return err_sys(err, errno, "cannot keep program %s",
				       tracer_programs[i].name);
		r = tracer_pin(t, fd, "program", tracer_programs[i].name, err);
		if (r < 0)
			return r;
	}
	for (size_t i = MAP_COUNT; i-- > 0;) {
		int fd = bpf_object__find_map_fd_by_name(object, map_names[i]);
		int r;

		t->maps[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (t->maps[i] < 0)
			return err_sys(err, errno, "cannot keep map %s", map_names[i]);
		r = tracer_pin(t, fd, "map", map_names[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void close_object(struct bpf_object **object)
{
	bpf_object__close(*object);
}

/* The table of calls is all that stands in the programs' constants. */
static int set_constants(const struct bpf_object *object, struct err *err)
{
	struct tracer_call how[TRACER_CALLS] = { 0 };
	struct bpf_map *constants = bpf_object__find_map_by_name(object, ".rodata");

	tracer_calls_fill(how);
	if (!constants || bpf_map__set_initial_value(constants, how, sizeof(how)) < 0)
		return err_set(err, EBADMSG, "the tracing programs are not those of this build");
	return 0;
}

/*
 * Programs can refuse only where the BPF LSM was switched on when the kernel was booted: elsewhere
 * they can be attached, and nobody ever calls them.
 */
static bool has_bpf_lsm(void)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct span rest;

	if (fd_read_file(AT_FDCWD, "/sys/kernel/security/lsm", LSM_LIST_MAX, &text, &ignored) < 0)
		return false;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		if (span_eq(span_trim(span_cut(&rest, ',')), "bpf"))
			return true;
	}
	return false;
}

/* Programs that may be loaded or left out, besides those without which there is no trace. */
enum part {
	PART_HOOKS = 1 << 0,
	PART_GUARDS = 1 << 1,
};

static void choose_programs(const struct tracer *t, const struct bpf_object *object, uint32_t parts)
{
	bool there[TRACER_PROGRAMS] = { false };
	struct btf *kernel = parts ? btf__load_vmlinux_btf() : NULL;

	if (kernel)
		tracer_find_hooks(kernel, object, there);
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		struct bpf_program *p =
			bpf_object__find_program_by_name(object, tracer_programs[i].name);

		if (p && tracer_is_guard(i))
			bpf_program__set_autoload(p, parts & PART_GUARDS && there[i]);
		if (p && tracer_is_hook(i))
			bpf_program__set_autoload(
				p, parts & PART_HOOKS && there[i] &&
					   (tracer_programs[i].nr >= 0 || !t->misses_ia32));
	}
	btf__free(kernel);
}

/* parts: enum part */
static int load(struct tracer *t, uint32_t parts, struct err *err)
{
	cleanup(close_object) struct bpf_object *object = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "immure");
	struct bpf_program *ring_takes;
	int r;

	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(keep_quiet);
	object = bpf_object__open_mem(tracer_object, sizeof(tracer_object), &options);
	if (!object)
		return err_sys(err, errno, "cannot open the tracing programs");
	r = set_constants(object, err);
	if (r < 0)
		return r;
	ring_takes = bpf_object__find_program_by_name(object, "ring_takes");
	if (ring_takes)
		bpf_program__set_autoload(ring_takes,
					  has_tracepoint("btf_trace_io_uring_submit_req"));
	choose_programs(t, object, parts);
	r = bpf_object__load(object);
	if (r < 0)
		return err_sys(err, -r,
			       "cannot load the tracing programs (CAP_BPF and CAP_PERFMON needed)");
	return keep_fds(t, object, err);
}

static void close_all(struct tracer *t)
{
	for (size_t i = 0; i < MAP_COUNT; i++)
		closep(&t->maps[i]);
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		closep(&t->programs[i]);
		closep(&t->links[i]);
	}
}

/* With as much as the kernel takes: some have it, and let nobody load such programs. */
static int load_what_can_be(struct tracer *t, struct err *err)
{
	/* The best first. */
	static const uint32_t choices[] = { PART_HOOKS | PART_GUARDS, PART_HOOKS, PART_GUARDS, 0 };
	const uint32_t hooks = t->no_hooks.code == 0 ? PART_HOOKS : 0;
	const uint32_t guards = has_bpf_lsm() ? PART_GUARDS : 0;
	struct err why = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (choices[i] & ~(hooks | guards))
			continue;
		if (load(t, choices[i], &why) == 0)
			return 0;
		close_all(t);
		/* Those that follow have none. */
		if (choices[i] == PART_HOOKS)
			t->no_hooks = why;
	}
	*err = why;
	return -why.code;
}

/* Programs of an earlier daemon stay as they are, whatever it knew. */
static void look_for_hooks(struct tracer *t)
{
	size_t n = 0;

	for (size_t i = 0; i < TRACER_PROGRAMS; i++)
		n += tracer_is_hook(i) && t->programs[i] >= 0;
	if (n == 0 && t->no_hooks.code == 0)
		err_set(&t->no_hooks, ENOTSUP, "those who loaded the programs had no hooks");
}

/* "v3_stats_7": what another version has pinned. */
static bool is_of_another_version(const char *name)
{
	struct span rest = span_of(name);
	uint64_t version = 0;

	if (!span_starts(rest, "v"))
		return false;
	rest = (struct span){ rest.p + 1, rest.n - 1 };
	return span_u64(span_cut(&rest, '_'), UINT16_MAX, &version) == 0 &&
	       version != TRACER_VERSION;
}

/* Counters begin alike in all versions; what cannot be read may be somebody's. */
static bool has_tasks(const char *path)
{
	cleanup_free struct tracer_stats *stats = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	const uint32_t zero = 0;
	cleanup_close int fd = bpf_obj_get(path);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return true;
	stats = calloc(1, sizeof(*stats) + info.value_size);
	return !stats || bpf_map_lookup_elem(fd, &zero, stats) < 0 || stats->alive > 0;
}

/*
 * A daemon of another version that was ended while sandboxes ran has left its programs attached, so
 * that they stay traced. Once these have ended, everybody would pay for nothing.
 *
 *   remove  else only look
 *
 * Returns   true if a sandbox of theirs goes on.
 */
static bool look_at_others(const struct tracer *t, bool remove)
{
	cleanup_closedir DIR *dir = opendir(t->dir);
	const struct dirent *entry;
	bool goes_on = false;

	while (dir && !goes_on && (entry = readdir(dir)) != NULL) {
		char path[PATH_MAX];

		if (!is_of_another_version(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", t->dir, entry->d_name);
		if (remove)
			unlink(path);
		else if (strstr(entry->d_name, "_stats_"))
			goes_on = has_tasks(path);
	}
	return goes_on;
}

int tracer_open(const char *dir, struct tracer **ret, struct err *err)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!t)
		return err_set(err, ENOMEM, "out of memory");
	memset(t->maps, -1, sizeof(t->maps));
	memset(t->programs, -1, sizeof(t->programs));
	memset(t->links, -1, sizeof(t->links));
	t->dir = strdup(dir);
	if (!t->dir) {
		free(t);
		return err_set(err, ENOMEM, "out of memory");
	}
	tracer_try_hooks(t);
	if (!take_over(t)) {
		close_all(t);
		r = load_what_can_be(t, err);
	}
	if (r < 0) {
		tracer_close(t);
		return r;
	}
	look_for_hooks(t);
	if (!look_at_others(t, false))
		look_at_others(t, true);
	*ret = t;
	return 0;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	close_all(t);
	free(t->dir);
	free(t);
}

bool tracer_can_guard(const struct tracer *t)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		if (tracer_programs[i].need == NEED_TO_GUARD && t->programs[i] < 0)
			return false;
	}
	return true;
}

static bool is_needed(enum need need, uint32_t want)
{
	switch (need) {
	case NEED_TO_GUARD:
	case NEED_IF_HOOK:
		return want & TRACER_WANT_GUARDS;
	case NEED_ENTERS:
		return want & TRACER_WANT_DENIED;
	case NEED_RETURNS:
		return want & TRACER_WANT_RETURNS;
	case NEED_HOOK: /* attached when it is chosen */
		return false;
	case NEED_ALWAYS:
	case NEED_IF_THERE:
		break;
	}
	return true;
}

int tracer_attach_one(struct tracer *t, size_t i, struct err *err)
{
	t->links[i] = bpf_raw_tracepoint_open(NULL, t->programs[i]);
	if (t->links[i] < 0)
		return err_sys(err, errno, "cannot attach %s", tracer_programs[i].name);
	return tracer_pin(t, t->links[i], "link", tracer_programs[i].name, err);
}

int tracer_attach(struct tracer *t, uint32_t want, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < TRACER_PROGRAMS && r == 0; i++) {
		if (t->links[i] < 0 && t->programs[i] >= 0 &&
		    is_needed(tracer_programs[i].need, want))
			r = tracer_attach_one(t, i, err);
	}
	return r;
}

void tracer_detach_one(struct tracer *t, size_t i)
{
	/* In this order: what the last pin held goes later, and we need not wait for it. */
	closep(&t->links[i]);
	tracer_remove_pin(t, "link", tracer_programs[i].name);
}

/* Every task of the machine passes by these two. */
void tracer_spare(struct tracer *t, uint32_t want)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		enum need need = tracer_programs[i].need;

		if ((need == NEED_ENTERS || need == NEED_RETURNS) && t->links[i] >= 0 &&
		    !is_needed(need, want))
			tracer_detach_one(t, i);
	}
}

int tracer_want(struct tracer *t, const struct tracer_slot *all, struct err *err)
{
	uint64_t wanted[TRACER_CALLS / 64 + 1] = { 0 };
	const uint32_t zero = 0;

	memcpy(wanted, all->calls, sizeof(all->calls));
	if (all->want & (TRACER_WANT_ALL | TRACER_WANT_DENIED))
		memset(wanted, -1, sizeof(wanted));
	if (bpf_map_update_elem(t->maps[MAP_WANTED], &zero, wanted, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot say which calls are wanted");
	return 0;
}

void tracer_detach(struct tracer *t, bool hooks)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		if (hooks || !tracer_is_hook(i))
			tracer_detach_one(t, i);
	}
}

void tracer_unpin(struct tracer *t)
{
	for (size_t i = 0; i < MAP_COUNT; i++)
		tracer_remove_pin(t, "map", map_names[i]);
	for (size_t i = 0; i < TRACER_PROGRAMS; i++)
		tracer_remove_pin(t, "program", tracer_programs[i].name);
}

uint64_t tracer_missed(const struct tracer *t)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (t->programs[i] >= 0 &&
		    bpf_obj_get_info_by_fd(t->programs[i], &info, &size) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}
