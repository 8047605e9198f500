/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/recorder.h"

#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

/* The arguments that make two calls two items, and the bits of them that do. */
static const struct {
	const char *call;
	uint8_t n;
	struct {
		uint8_t index;
		const char *name;
		uint32_t mask;
	} args[3];
} classes[] = {
	/* clang-format off */
	{ "ioctl",         1, { { 1, "cmd", UINT32_MAX } } },
	{ "fcntl",         1, { { 1, "cmd", UINT32_MAX } } },
	{ "prctl",         1, { { 0, "option", UINT32_MAX } } },
	{ "arch_prctl",    1, { { 0, "code", UINT32_MAX } } },
	{ "personality",   1, { { 0, "persona", UINT32_MAX } } },
	{ "memfd_create",  1, { { 1, "flags", UINT32_MAX } } },
	{ "socket",        3, { { 0, "domain", UINT32_MAX }, { 1, "type", 0xf }, { 2, "protocol", UINT32_MAX } } },
	{ "socketpair",    3, { { 0, "domain", UINT32_MAX }, { 1, "type", 0xf }, { 2, "protocol", UINT32_MAX } } },
	{ "mmap",          1, { { 2, "prot", 7 } } },
	{ "mprotect",      1, { { 2, "prot", 7 } } },
	{ "pkey_mprotect", 1, { { 2, "prot", 7 } } },
	{ "clone",         1, { { 0, "flags", CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET } } },
	/* clang-format on */
};

/* FNV-1a. Collisions cost time, and the table is bounded. */
static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261U;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619U;
	return h;
}

/* Where the text is or would be. */
static uint32_t *slot_of(const struct recorder *r, const char *text)
{
	size_t at = hash(text) & (r->n_slots - 1);

	while (r->slots[at] && strcmp(r->items.p + r->slots[at] - 1, text) != 0)
		at = (at + 1) & (r->n_slots - 1);
	return &r->slots[at];
}

static bool grow(struct recorder *r)
{
	size_t n = r->n_slots ? r->n_slots * 2 : 1024;
	uint32_t *bigger = calloc(n, sizeof(*bigger));
	uint32_t *old = r->slots;
	size_t n_old = r->n_slots;

	if (!bigger)
		return false;
	r->slots = bigger;
	r->n_slots = n;
	for (size_t i = 0; i < n_old; i++) {
		if (old[i])
			*slot_of(r, r->items.p + old[i] - 1) = old[i];
	}
	free(old);
	return true;
}

bool recorder_add(struct recorder *r, const char *item)
{
	size_t at = r->items.len;
	uint32_t *slot;

	if (r->n * 2 >= r->n_slots && !grow(r)) {
		r->lost++;
		return false;
	}
	slot = slot_of(r, item);
	if (*slot)
		return false;
	if (r->n >= RECORDER_MAX_ITEMS || at + strlen(item) + 1 > RECORDER_MAX_BYTES) {
		r->lost++;
		return false;
	}
	strbuf_add(&r->items, item, strlen(item) + 1);
	if (r->items.failed) {
		r->lost++;
		return false;
	}
	*slot = (uint32_t)at + 1;
	r->n++;
	return true;
}

void recorder_call_item(const char *call, const struct seccomp_data *data, bool allowed,
			struct strbuf *out)
{
	strbuf_puts(out, allowed ? "allow " : "refuse ");
	strbuf_puts(out, call);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strcmp(classes[i].call, call) != 0)
			continue;
		for (uint8_t k = 0; k < classes[i].n; k++)
			strbuf_addf(out, "%c%s=0x%x", k == 0 ? ' ' : ',', classes[i].args[k].name,
				    (uint32_t)data->args[classes[i].args[k].index] &
					    classes[i].args[k].mask);
	}
}

int recorder_encode(const struct recorder *r, const char *run, struct strbuf *out, struct err *err)
{
	strbuf_addf(out, "immure learned 1\nrun %s\n", run);
	for (size_t at = 0; at < r->items.len; at += strlen(r->items.p + at) + 1)
		strbuf_addf(out, "0 %s\n", r->items.p + at);
	strbuf_addf(out, "peak memory %llu\n", (unsigned long long)r->memory_kib);
	strbuf_addf(out, "peak files %llu\n", (unsigned long long)r->files);
	strbuf_addf(out, "peak processes %llu\n", (unsigned long long)r->processes);
	strbuf_addf(out, "peak tasks %llu\n", (unsigned long long)r->tasks);
	for (int i = 0; i < CALL_WEIGHTS; i++) {
		if (r->calls_seen[i] > 0)
			strbuf_addf(out, "often %s %u\n", call_weights[i].call, r->calls_seen[i]);
	}
	if (r->lost > 0)
		strbuf_addf(out, "lost %llu\n", (unsigned long long)r->lost);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

void recorder_done(struct recorder *r)
{
	strbuf_done(&r->items);
	free(r->slots);
	*r = (struct recorder){ 0 };
}
