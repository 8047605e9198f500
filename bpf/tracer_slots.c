/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, their rings, counters and rules, and the marks of tasks. */
#include <bpf/bpf.h>
#include <stdio.h>

#include "bpf/tracer_parts.h"

/* The same layout as in the programs, which declare it with types of the kernel's side. */
struct mark {
	uint32_t slot, generation;
	int32_t nr;
	uint8_t state, armed, copied, ended;
};

#define MARK_UNHEEDED 2

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
	r = tracer_pin(t, stats, "stats", name, err);
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
		tracer_remove_pin(t, "stats", name);
}

void tracer_clear_slot(struct tracer *t, uint32_t slot)
{
	/* ENOENT: it is clear. */
	bpf_map_delete_elem(t->maps[MAP_RINGS], &slot);
	bpf_map_delete_elem(t->maps[MAP_STATS], &slot);
}

bool tracer_is_clear(struct tracer *t, uint32_t slot)
{
	uint32_t id = 0;

	return bpf_map_lookup_elem(t->maps[MAP_RINGS], &slot, &id) < 0 && errno == ENOENT;
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
	fd = tracer_open_pin(t, "stats", name);
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
