/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tracerd_slots.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bpf/ring.h"

/* What was filled keeps its ring until it is filled anew, or cleared. */
static void make_empty(struct slots *slots, struct slot *slot)
{
	bool stale = slot->state != SLOT_EMPTY;

	if (slot->state == SLOT_TAKEN)
		slots->n_taken--;
	closep(&slot->fds.ring);
	closep(&slot->fds.stats);
	closep(&slot->rules);
	stats_unmap(slot->stats);
	*slot = (struct slot){ .fds = { -1, -1 }, .rules = -1, .stale = stale };
}

static int adopt(struct slots *slots, uint32_t number, const struct tracer_slot *value,
		 struct err *err)
{
	struct slot *slot = &slots->slots[number];
	cleanup_close int stats = tracer_open_stats(slots->tracer, number, err);
	int r;

	if (stats < 0)
		return stats;
	r = stats_map(stats, &slot->stats, err);
	if (r < 0)
		return r;
	slot->state = SLOT_TAKEN;
	slot->value = *value;
	slots->n_taken++;
	if (value->generation >= slots->generation)
		slots->generation = value->generation + 1;
	return 0;
}

/*
 * What is asked for by all sandboxes together, and by one more: calls only of those that are seen
 * where all calls return.
 */
static void unite(const struct slots *slots, const struct tracer_slot *more,
		  struct tracer_slot *ret)
{
	*ret = (struct tracer_slot){ 0 };
	for (size_t i = 0; i <= TRACER_SLOTS; i++) {
		const struct tracer_slot *one = i < TRACER_SLOTS ? &slots->slots[i].value : more;

		if (!one)
			continue;
		ret->want |= one->want;
		for (size_t k = 0; k < ARRAY_LEN(ret->calls); k++)
			ret->calls[k] |= one->want & TRACER_WANT_RETURNS ? one->calls[k] : 0;
	}
}

/* Never one that an earlier daemon may have given away, nor 0, which means nobody. */
static uint32_t first_generation(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec * 64 + 1;
}

int slots_init(struct slots *slots, struct tracer *tracer, uint32_t ring_bytes, struct err *err)
{
	*slots = (struct slots){ .tracer = tracer,
				 .ring_bytes = ring_bytes,
				 .generation = first_generation() };
	for (uint32_t i = 0; i < TRACER_SLOTS; i++) {
		struct tracer_slot value = { 0 };
		int r = tracer_read_slot(tracer, i, &value, err);

		if (r < 0)
			return r;
		slots->slots[i].fds = (struct tracer_fds){ -1, -1 };
		slots->slots[i].rules = -1;
		if (value.generation == 0) {
			slots->slots[i].stale = !tracer_is_clear(tracer, i);
			continue;
		}
		r = adopt(slots, i, &value, err);
		if (r < 0) {
			log_error("%s: its sandbox can be traced no more", err->msg);
			tracer_drop_slot(tracer, i);
			slots->slots[i].stale = true;
		}
	}
	slots_tend(slots);
	return 0;
}

static int find_state(const struct slots *slots, enum slot_state state)
{
	for (int i = 0; i < TRACER_SLOTS; i++) {
		if (slots->slots[i].state == state)
			return i;
	}
	return -1;
}

static size_t count_state(const struct slots *slots, enum slot_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < TRACER_SLOTS; i++)
		n += slots->slots[i].state == state;
	return n;
}

/* Returns the number of a slot that is filled now. */
static int fill_one(struct slots *slots, struct err *err)
{
	int i = find_state(slots, SLOT_EMPTY);
	struct slot *slot;
	int r;

	if (i < 0)
		return err_set(err, EMFILE, "%d sandboxes are traced already", TRACER_SLOTS);
	slot = &slots->slots[i];
	r = tracer_fill_slot(slots->tracer, (uint32_t)i, slots->ring_bytes, &slot->fds, err);
	if (r < 0)
		return r;
	slot->state = SLOT_FILLED;
	slot->stale = false;
	return i;
}

static size_t count_owner(const struct slots *slots, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < TRACER_SLOTS; i++)
		n += slots->slots[i].state == SLOT_TAKEN && slots->slots[i].value.owner == uid;
	return n;
}

static int take(struct slots *slots, uint32_t number, const struct tracer_slot *value, int pidfd,
		struct err *err)
{
	struct slot *slot = &slots->slots[number];
	int r = stats_map(slot->fds.stats, &slot->stats, err);

	if (r == 0)
		r = tracer_take_slot(slots->tracer, number, value, slot->fds.stats, err);
	if (r == 0)
		r = tracer_mark(slots->tracer, pidfd, number, value->generation, err);
	if (r < 0)
		return r;
	slot->state = SLOT_TAKEN;
	slot->connected = true;
	slot->value = *value;
	slots->n_taken++;
	return 0;
}

/* Rules and grants of a filled slot that its sandbox will be asked for; both are empty now. */
static int prepare_guards(struct slots *slots, uint32_t i, uint32_t groups, struct err *err)
{
	static const struct tracer_grants nothing = { 0 };
	struct slot *slot = &slots->slots[i];
	int r;

	if (groups & TRACER_GROUP_PATHS) {
		slot->rules = tracer_make_rules(slots->tracer, i, err);
		if (slot->rules < 0)
			return slot->rules;
	}
	if (groups & TRACER_GROUP_CALLS) {
		r = tracer_set_grants(slots->tracer, i, &nothing, err);
		if (r < 0)
			return r;
		slot->guards_calls = true;
	}
	return 0;
}

/* Attach what the slot will need, then make it the sandbox's. Returns the slot's number. */
static int attach_and_take(struct slots *slots, const struct tracer_slot *value, uint32_t groups,
			   int pidfd, struct err *err)
{
	struct tracer_slot all;
	int r;
	int i;

	unite(slots, value, &all);
	r = tracer_want(slots->tracer, &all, err);
	if (r == 0)
		r = tracer_attach(slots->tracer, all.want, err);
	if (r < 0)
		return r;
	i = find_state(slots, SLOT_FILLED);
	if (i < 0)
		i = fill_one(slots, err);
	if (i < 0)
		return i;
	r = prepare_guards(slots, (uint32_t)i, groups, err);
	if (r == 0)
		r = take(slots, (uint32_t)i, value, pidfd, err);
	if (r < 0) {
		/* Nobody has seen the descriptors: the slot can be filled anew. */
		tracer_drop_slot(slots->tracer, (uint32_t)i);
		make_empty(slots, &slots->slots[i]);
		return r;
	}
	return i;
}

/* A sandbox is gone, or did not come to be: nobody pays for what the others do not want. */
static void spare_others(const struct slots *slots)
{
	struct tracer_slot all;
	struct err ignored = { 0 };

	unite(slots, NULL, &all);
	if (tracer_want(slots->tracer, &all, &ignored) == 0)
		tracer_spare(slots->tracer, all.want);
}

/* Where the sandbox's calls are seen to return. */
static void choose_place(struct slots *slots, struct tracer_slot *value)
{
	struct err err = { 0 };
	int r = tracer_choose_hooks(slots->tracer, value, &err);

	if (r < 0 && r != -ENOTSUP)
		log_warning("%s: calls are seen where all calls return", err.msg);
}

int slots_take(struct slots *slots, const struct wire_request *request, uint32_t uid, uint32_t pid,
	       int pidfd, struct tracer_fds *ret_fds, struct err *err)
{
	struct tracer_slot value = { .generation = slots->generation, .owner = uid, .pid = pid };
	int i;

	if (count_owner(slots, uid) >= SLOTS_PER_UID)
		return err_set(err, EMFILE, "%d sandboxes of yours are traced already",
			       SLOTS_PER_UID);
	if ((request->groups & TRACER_GUARDS) && !tracer_can_guard(slots->tracer))
		return err_set(err, ENOTSUP, "this kernel lets no program refuse (BPF LSM)");
	tracer_calls_select(request->groups, &value);
	memcpy(value.name, request->name, sizeof(value.name));
	choose_place(slots, &value);
	i = attach_and_take(slots, &value, request->groups, pidfd, err);
	if (i < 0) {
		spare_others(slots);
		return i;
	}
	slots->generation++;
	*ret_fds = slots->slots[i].fds;
	return i;
}

void slots_handed_out(struct slots *slots, uint32_t slot)
{
	closep(&slots->slots[slot].fds.ring);
	closep(&slots->slots[slot].fds.stats);
}

int slots_add_rule(struct slots *slots, uint32_t slot, const struct wire_rule *rule,
		   struct err *err)
{
	struct tracer_rule key = { .bits = 8 * rule->length };

	if (slots->slots[slot].rules < 0)
		return err_set(err, EINVAL, "a rule for a sandbox whose paths are not guarded");
	memcpy(key.path, rule->path, rule->length);
	return tracer_add_rule(slots->slots[slot].rules, &key, rule->access, err);
}

int slots_set_grants(struct slots *slots, uint32_t slot, const struct wire_grants *message,
		     struct err *err)
{
	if (!slots->slots[slot].guards_calls)
		return err_set(err, EINVAL, "grants for a sandbox whose calls are not guarded");
	slots->slots[slot].guards_calls = false; /* once: what runs cannot be given more */
	return tracer_set_grants(slots->tracer, slot, &message->grants, err);
}

static bool is_over(const struct slot *slot)
{
	return slot->state == SLOT_TAKEN && !slot->connected &&
	       __atomic_load_n(&slot->stats->alive, __ATOMIC_ACQUIRE) == 0;
}

void slots_tend(struct slots *slots)
{
	struct err err = { 0 };
	bool dropped = false;

	for (uint32_t i = 0; i < TRACER_SLOTS; i++) {
		if (!is_over(&slots->slots[i]))
			continue;
		tracer_drop_slot(slots->tracer, i);
		make_empty(slots, &slots->slots[i]);
		dropped = true;
	}
	if (dropped)
		spare_others(slots);
	while (count_state(slots, SLOT_FILLED) < SLOTS_SPARE) {
		if (fill_one(slots, &err) < 0) {
			log_error("%s", err.msg); /* the next request will try, and tell */
			return;
		}
	}
}

bool slots_clear_one(struct slots *slots)
{
	size_t n = 0;

	for (uint32_t i = 0; i < TRACER_SLOTS; i++) {
		if (!slots->slots[i].stale)
			continue;
		if (++n <= SLOTS_STALE)
			continue;
		tracer_clear_slot(slots->tracer, i);
		slots->slots[i].stale = false;
		return true;
	}
	return false;
}

bool slots_are_waiting(const struct slots *slots)
{
	for (size_t i = 0; i < TRACER_SLOTS; i++) {
		if (slots->slots[i].state == SLOT_TAKEN && !slots->slots[i].connected)
			return true;
	}
	return false;
}

void slots_describe(const struct slots *slots, uint32_t number, struct wire_reply *ret)
{
	const struct slot *slot = &slots->slots[number];
	const struct tracer_stats *stats = slot->stats;

	*ret = (struct wire_reply){
		.magic = WIRE_MAGIC,
		.version = WIRE_VERSION,
		.status = WIRE_ENTRY,
		.pid = slot->value.pid,
		.want = slot->value.want,
		.calls = stats->calls,
		.denied = stats->denied,
		.events = stats->seq,
		.dropped = stats->dropped,
		.tasks = stats->tasks,
		.alive = stats->alive,
		.sent = stats->sent,
		.received = stats->received,
	};
	snprintf(ret->text, sizeof(ret->text), "%.63s", slot->value.name);
}

void slots_done(struct slots *slots)
{
	for (size_t i = 0; i < TRACER_SLOTS; i++)
		make_empty(slots, &slots->slots[i]);
}
