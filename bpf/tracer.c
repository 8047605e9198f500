/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open, constants, load, pin; attach while somebody needs it. Libbpf's object is used for loading
 * only: from then on everything goes by descriptors, the same whether we loaded or took over.
 */
#include "bpf/tracer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "bpf/calls.h"
#include "bpf/tracer_programs.h"
#include "tracer_object.h"

/* The same layout as in the programs, which declare it with types of the kernel's side. */
struct mark {
	uint32_t slot, generation;
	int32_t nr;
	uint8_t state, armed;
};

#define MARK_UNHEEDED 2
#define LSM_LIST_MAX 1024

enum map {
	MAP_MARKS,
	MAP_SLOTS,
	MAP_RINGS,
	MAP_STATS,
	MAP_RULES,
	MAP_GRANTS,
	MAP_COUNT
};

static const char *const map_names[MAP_COUNT] = { "marks", "slots", "rings",
						  "stats", "rules", "grants" };

struct tracer {
	char *dir;
	int maps[MAP_COUNT];
	int programs[TRACER_PROGRAMS];
	int links[TRACER_PROGRAMS];
};

static void pin_path(const struct tracer *t, const char *kind, const char *name, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/v%d_%s_%s", t->dir, TRACER_VERSION, kind, name);
}

static int pin(const struct tracer *t, int fd, const char *kind, const char *name, struct err *err)
{
	char path[PATH_MAX];

	pin_path(t, kind, name, path);
	unlink(path); /* of somebody who died half-way */
	if (bpf_obj_pin(fd, path) < 0)
		return err_sys(err, errno, "cannot pin %s", path);
	return 0;
}

static int open_pin(const struct tracer *t, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int fd;

	pin_path(t, kind, name, path);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

static void remove_pin(const struct tracer *t, const char *kind, const char *name)
{
	char path[PATH_MAX];

	pin_path(t, kind, name, path);
	unlink(path);
}

/* The last thing that is pinned is the map of marks: with it, all the rest is there. */
static bool take_over(struct tracer *t)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		t->maps[i] = open_pin(t, "map", map_names[i]);
		if (t->maps[i] < 0)
			return false;
	}
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		t->programs[i] = open_pin(t, "program", tracer_programs[i].name);
		if (t->programs[i] < 0 && tracer_programs[i].need == NEED_ALWAYS)
			return false;
		t->links[i] = open_pin(t, "link", tracer_programs[i].name);
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
		r = pin(t, fd, "program", tracer_programs[i].name, err);
		if (r < 0)
			return r;
	}
	for (size_t i = MAP_COUNT; i-- > 0;) {
		int fd = bpf_object__find_map_fd_by_name(object, map_names[i]);
		int r;

		t->maps[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (t->maps[i] < 0)
			return err_sys(err, errno, "cannot keep map %s", map_names[i]);
		r = pin(t, fd, "map", map_names[i], err);
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

static int load(struct tracer *t, bool guards, struct err *err)
{
	cleanup(close_object) struct bpf_object *object = NULL;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "immure");
	struct bpf_program *ring_takes;
	struct btf *kernel;
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
	kernel = guards ? btf__load_vmlinux_btf() : NULL;
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		struct bpf_program *p =
			tracer_is_guard(i)
				? bpf_object__find_program_by_name(object, tracer_programs[i].name)
				: NULL;

		if (p)
			bpf_program__set_autoload(p, guards && tracer_has_hook(kernel, p));
	}
	btf__free(kernel);
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
	if (!take_over(t)) {
		close_all(t);
		r = has_bpf_lsm() ? load(t, true, err) : -ENOTSUP;
		/* Some kernels have it, and let nobody load such programs. */
		if (r < 0) {
			close_all(t);
			r = load(t, false, err);
		}
	}
	if (r < 0) {
		tracer_close(t);
		return r;
	}
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

int tracer_attach(struct tracer *t, bool guards, struct err *err)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		int r;

		if (t->links[i] >= 0 || t->programs[i] < 0 || (tracer_is_guard(i) && !guards))
			continue;
		t->links[i] = bpf_raw_tracepoint_open(NULL, t->programs[i]);
		if (t->links[i] < 0)
			return err_sys(err, errno, "cannot attach %s", tracer_programs[i].name);
		r = pin(t, t->links[i], "link", tracer_programs[i].name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void tracer_detach(struct tracer *t)
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		remove_pin(t, "link", tracer_programs[i].name);
		closep(&t->links[i]);
	}
}

void tracer_unpin(struct tracer *t)
{
	for (size_t i = 0; i < MAP_COUNT; i++)
		remove_pin(t, "map", map_names[i]);
	for (size_t i = 0; i < TRACER_PROGRAMS; i++)
		remove_pin(t, "program", tracer_programs[i].name);
}

/* alive is 1 before the first task is marked; then only the programs write. */
static int make_stats(struct err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	const struct tracer_stats first = { .alive = 1, .tasks = 1 };
	const uint32_t zero = 0;
	cleanup_close int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "immure_stats", sizeof(uint32_t),
					      sizeof(struct tracer_stats), 1, &options);

	if (fd < 0)
		return err_sys(err, errno, "cannot make counters");
	if (bpf_map_update_elem(fd, &zero, &first, BPF_ANY) < 0 || bpf_map_freeze(fd) < 0)
		return err_sys(err, errno, "cannot prepare counters");
	return steal_fd(fd);
}

int tracer_fill_slot(struct tracer *t, uint32_t slot, uint32_t ring_bytes, struct tracer_fds *ret,
		     struct err *err)
{
	cleanup_close int stats = make_stats(err);
	cleanup_close int ring = -1;

	if (stats < 0)
		return stats;
	ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "immure_ring", 0, 0, ring_bytes, NULL);
	if (ring < 0)
		return err_sys(err, errno, "cannot make a ring of %u bytes", ring_bytes);
	if (bpf_map_update_elem(t->maps[MAP_RINGS], &slot, &ring, BPF_ANY) < 0 ||
	    bpf_map_update_elem(t->maps[MAP_STATS], &slot, &stats, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot fill slot %u", slot);
	*ret = (struct tracer_fds){ steal_fd(ring), steal_fd(stats) };
	return 0;
}

int tracer_take_slot(struct tracer *t, uint32_t slot, const struct tracer_slot *value, int stats,
		     struct err *err)
{
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%u", slot);
	r = pin(t, stats, "stats", name, err);
	if (r < 0)
		return r;
	if (bpf_map_update_elem(t->maps[MAP_SLOTS], &slot, value, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot take slot %u", slot);
	return 0;
}

int tracer_make_rules(struct tracer *t, uint32_t slot, struct err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	cleanup_close int rules =
		bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "immure_rules", sizeof(struct tracer_rule),
			       sizeof(uint32_t), TRACER_GUARD_RULES, &options);

	if (rules < 0)
		return err_sys(err, errno, "cannot make a table of rules");
	if (bpf_map_update_elem(t->maps[MAP_RULES], &slot, &rules, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot give slot %u its rules", slot);
	return steal_fd(rules);
}

int tracer_set_grants(struct tracer *t, uint32_t slot, const struct tracer_grants *grants,
		      struct err *err)
{
	if (bpf_map_update_elem(t->maps[MAP_GRANTS], &slot, grants, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot tell slot %u what is granted", slot);
	return 0;
}

int tracer_add_rule(int rules, const struct tracer_rule *rule, uint32_t access, struct err *err)
{
	if (bpf_map_update_elem(rules, rule, &access, BPF_ANY) < 0)
		return err_sys(err, errno, "cannot add a rule");
	return 0;
}

void tracer_drop_slot(struct tracer *t, uint32_t slot)
{
	const struct tracer_slot empty = { 0 };
	char name[16];

	snprintf(name, sizeof(name), "%u", slot);
	/* ENOENT: it had no rules. */
	bpf_map_delete_elem(t->maps[MAP_RULES], &slot);
	/* Neither can fail for a slot that exists; if it did, the slot would stay taken. */
	if (bpf_map_update_elem(t->maps[MAP_SLOTS], &slot, &empty, BPF_ANY) == 0)
		remove_pin(t, "stats", name);
}

int tracer_read_slot(struct tracer *t, uint32_t slot, struct tracer_slot *ret, struct err *err)
{
	if (bpf_map_lookup_elem(t->maps[MAP_SLOTS], &slot, ret) < 0)
		return err_sys(err, errno, "cannot read slot %u", slot);
	return 0;
}

int tracer_open_stats(struct tracer *t, uint32_t slot, struct err *err)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%u", slot);
	fd = open_pin(t, "stats", name);
	if (fd < 0)
		return err_sys(err, -fd, "cannot find the counters of slot %u", slot);
	return fd;
}

int tracer_mark(struct tracer *t, int pidfd, uint32_t slot, uint32_t generation, struct err *err)
{
	const struct mark mark = {
		.slot = slot,
		.generation = generation,
		.nr = -1,
		.state = MARK_UNHEEDED,
	};

	if (bpf_map_update_elem(t->maps[MAP_MARKS], &pidfd, &mark, BPF_NOEXIST) < 0)
		return err_sys(err, errno, "cannot mark the task");
	return 0;
}

bool tracer_is_marked(struct tracer *t, int pidfd)
{
	struct mark mark = { 0 };

	return bpf_map_lookup_elem(t->maps[MAP_MARKS], &pidfd, &mark) == 0;
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
