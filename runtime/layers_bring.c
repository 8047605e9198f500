/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/layers_bring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/store_flush.h"

#define SLOTS_MAX 8

struct slot {
	struct layer_feed feed;
	size_t layer;
	bool busy;
};

struct bringer {
	const struct store *store;
	const struct layer_source *sources;
	size_t n, next;
	struct progress *progress;
	struct layer_result *results;
	size_t rows[PROGRESS_MAX];
	size_t n_slots;
	struct slot *slots;
};

/* What is known of a layer that is there already. */
static void take_known(struct bringer *b, size_t i)
{
	const struct layer_source *s = &b->sources[i];

	progress_set(b->progress, b->rows[i], s->size, PROGRESS_THERE);
	if (!b->results || !s->digest || !s->diff_id)
		return;
	b->results[i] = (struct layer_result){ .size = s->size, .media_type = s->media_type };
	memcpy(b->results[i].digest, s->digest, STORE_DIGEST_LEN);
	memcpy(b->results[i].diff_id, s->diff_id, STORE_DIGEST_LEN);
}

static bool is_idle(const struct bringer *b)
{
	for (size_t i = 0; i < b->n_slots; i++) {
		if (b->slots[i].busy)
			return false;
	}
	return true;
}

/* Fill a free place. Returns 0, or 2 if the next layer must wait for another process. */
static int start_next(struct bringer *b, struct slot *slot, struct err *err)
{
	while (b->next < b->n) {
		int r = layer_begin(b->store, &b->sources[b->next], is_idle(b), &slot->feed, err);

		if (r < 0 || r == 2)
			return r;
		if (r == 1) {
			take_known(b, b->next++);
			continue;
		}
		slot->layer = b->next++;
		slot->busy = true;
		progress_set(b->progress, b->rows[slot->layer], 0, PROGRESS_MOVING);
		return 0;
	}
	return 0;
}

static int finish(struct bringer *b, struct slot *slot, struct err *err)
{
	size_t i = slot->layer;
	int r;

	slot->busy = false;
	r = layer_end(b->store, &slot->feed, b->results ? &b->results[i] : NULL, err);
	if (r < 0)
		return err_wrap(err, "layer %zu", i + 1);
	progress_set(b->progress, b->rows[i], b->sources[i].size, PROGRESS_DONE);
	return 0;
}

/* Wait until something is heard of one of them, and end those that have ended. */
static int watch(struct bringer *b, struct err *err)
{
	struct pollfd fds[SLOTS_MAX];

	for (size_t i = 0; i < b->n_slots; i++)
		fds[i] = (struct pollfd){ .fd = b->slots[i].busy ? b->slots[i].feed.job.report : -1,
					  .events = POLLIN };
	if (poll(fds, b->n_slots, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "cannot wait for layers");
	for (size_t i = 0; i < b->n_slots; i++) {
		struct slot *slot = &b->slots[i];
		int r;

		if (!slot->busy || !fds[i].revents)
			continue;
		r = unpack_advance(&slot->feed.job, err);
		if (r == 0 && slot->feed.job.ended)
			r = finish(b, slot, err);
		else
			progress_set(b->progress, b->rows[slot->layer], slot->feed.job.at,
				     PROGRESS_MOVING);
		if (r < 0)
			return r;
	}
	return 0;
}

static int bring_all(struct bringer *b, struct err *err)
{
	int r = 0;

	while (r >= 0 && (b->next < b->n || !is_idle(b))) {
		for (size_t i = 0; r == 0 && i < b->n_slots; i++) {
			if (!b->slots[i].busy)
				r = start_next(b, &b->slots[i], err);
		}
		if (r >= 0 && !is_idle(b))
			r = watch(b, err);
	}
	return r < 0 ? r : 0;
}

int layers_bring(const struct store *store, const struct layer_source *sources, size_t n,
		 struct progress *progress, struct layer_result *ret, struct err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct bringer b = {
		.store = store, .sources = sources, .n = n, .progress = progress, .results = ret
	};
	struct store_flusher flusher;
	int r;

	b.n_slots = processors < 1 ? 1 : processors > SLOTS_MAX ? SLOTS_MAX : (size_t)processors;
	b.slots = calloc(b.n_slots, sizeof(*b.slots));
	if (!b.slots)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < b.n_slots; i++)
		b.slots[i].feed = (struct layer_feed)LAYER_FEED_NONE;
	for (size_t i = 0; i < n && i < PROGRESS_MAX; i++)
		b.rows[i] = progress_add(progress, sources[i].digest ? sources[i].digest : "-",
					 sources[i].size);
	store_flush_start(store, &flusher);
	r = bring_all(&b, err);
	store_flush_stop(&flusher);
	for (size_t i = 0; i < b.n_slots; i++) {
		if (b.slots[i].busy)
			layer_cancel(store, &b.slots[i].feed);
	}
	free(b.slots);
	progress_end(progress);
	return r;
}
