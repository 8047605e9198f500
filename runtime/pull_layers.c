/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an image: immure-registry writes into pipes that immure-unpack reads; we only say
 * what goes where, and when.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "runtime/pull_parts.h"
#include "runtime/store_flush.h"
#include "runtime/store_layer.h"

enum state {
	LAYER_TO_DO,
	LAYER_ELSEWHERE, /* another process is bringing it */
	LAYER_OPEN,
	LAYER_DONE,
};

struct coming {
	enum state state;
	uint32_t request; /* id, while it is open */
	bool sent;        /* no more bytes come: all of them did, or nobody takes them */
	size_t row;       /* of the progress */
	struct layer_feed feed;
};

struct layers {
	struct pull *pull;
	size_t n, n_open, max_open;
	struct coming *all;
};

static int ask_for(struct layers *l, size_t i, struct err *err)
{
	const struct image_descriptor *blob = &l->pull->manifest.layers[i];
	struct registry_request request = { .op = REGISTRY_BLOB,
					    .offset = l->all[i].feed.offset,
					    .size = blob->size };
	int r;

	memcpy(request.repository, l->pull->request->ref.path, sizeof(request.repository));
	memcpy(request.name, blob->digest, strlen(blob->digest) + 1);
	r = registry_client_send(&l->pull->client, &request, l->all[i].feed.fd, err);
	l->all[i].request = request.id;
	/* The helper has its own copy: the end of it is the end of the layer. */
	closep(&l->all[i].feed.fd);
	return r;
}

static void show(struct layers *l, size_t i, uint64_t at, enum progress_state state)
{
	progress_set(l->pull->request->progress, l->all[i].row, at, state);
}

static int finish(struct layers *l, size_t i, struct err *err)
{
	struct coming *layer = &l->all[i];
	int r = layer_end(l->pull->store, &layer->feed, NULL, err);

	layer->state = LAYER_DONE;
	l->n_open--;
	if (r == 0)
		show(l, i, l->pull->manifest.layers[i].size, PROGRESS_DONE);
	return r < 0 ? err_wrap(err, "layer %zu", i + 1) : 0;
}

static int start(struct layers *l, size_t i, bool wait, struct err *err)
{
	const struct pull_request *request = l->pull->request;
	const struct image_descriptor *blob = &l->pull->manifest.layers[i];
	const struct layer_source source = { .digest = blob->digest,
					     .size = blob->size,
					     .media_type = blob->media_type,
					     .diff_id = l->pull->config.diff_ids[i],
					     .range = request->range,
					     .max_bytes = request->config->max_unpacked,
					     .max_entries = request->config->max_entries,
					     .input = -1 };
	struct coming *layer = &l->all[i];
	int r = layer_begin(l->pull->store, &source, wait, &layer->feed, err);

	if (r < 0)
		return r;
	if (r == 1) {
		layer->state = LAYER_DONE;
		show(l, i, blob->size, PROGRESS_THERE);
		return 0;
	}
	if (r == 2) {
		layer->state = LAYER_ELSEWHERE;
		return 0;
	}
	layer->state = LAYER_OPEN;
	l->n_open++;
	show(l, i, layer->feed.offset, PROGRESS_MOVING);
	/* The blob is there, in the store or as an earlier try left it, and is being unpacked. */
	layer->sent = layer->feed.fd < 0 || layer->feed.offset == blob->size;
	if (!layer->sent)
		return ask_for(l, i, err);
	closep(&layer->feed.fd);
	return 0;
}

/* One reply; which of the layers it is about is checked, for nobody trusts the helper. */
static int hear(struct layers *l, struct err *err)
{
	struct registry_reply reply;
	size_t i = 0;
	int r = registry_client_receive(&l->pull->client, &reply, err);

	if (r < 0)
		return r;
	while (i < l->n &&
	       (l->all[i].state != LAYER_OPEN || l->all[i].sent || l->all[i].request != reply.id))
		i++;
	if (i == l->n)
		return err_set(err, EPROTO, "immure-registry answers what nobody asked");
	switch ((enum registry_reply_kind)reply.kind) {
	case REGISTRY_PROGRESS:
		show(l, i, reply.bytes, PROGRESS_MOVING);
		return 0;
	case REGISTRY_NOTE:
		log_warning("%s; trying again", reply.err.msg);
		return 0;
	case REGISTRY_DONE:
		l->all[i].sent = true;
		return 0;
	case REGISTRY_FAILED:
		l->all[i].sent = reply.err.code == EPIPE; /* the unpacker gave up, and knows why */
		*err = l->all[i].sent ? (struct err){ 0 } : reply.err;
		return -err->code;
	}
	return err_set(err, EPROTO, "immure-registry says what makes no sense");
}

/* Wait for the helper, or for one of the unpackers to end. */
static int wait_for_news(struct layers *l, struct err *err)
{
	struct pollfd fds[REGISTRY_MAX_WORKERS + 1];
	size_t which[REGISTRY_MAX_WORKERS];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < l->n && n < REGISTRY_MAX_WORKERS; i++) {
		if (l->all[i].state != LAYER_OPEN)
			continue;
		which[n] = i;
		fds[n++] =
			(struct pollfd){ .fd = l->all[i].feed.job.ended ? -1
									: l->all[i].feed.job.report,
					 .events = POLLIN };
	}
	fds[n] = (struct pollfd){ .fd = l->pull->client.socket, .events = POLLIN };
	if (poll(fds, n + 1, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "cannot wait for layers");
	for (size_t k = 0; r == 0 && k < n; k++) {
		struct coming *layer = &l->all[which[k]];

		if (fds[k].revents)
			r = unpack_advance(&layer->feed.job, err);
	}
	return r == 0 && fds[n].revents ? hear(l, err) : r;
}

/* Those that are unpacked, and of which no more will be heard. */
static int finish_some(struct layers *l, struct err *err)
{
	int r = wait_for_news(l, err);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		if (l->all[i].state == LAYER_OPEN && l->all[i].sent && l->all[i].feed.job.ended)
			r = finish(l, i, err);
	}
	return r;
}

static bool find(const struct layers *l, enum state state, size_t *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->all[i].state == state) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int bring_all(struct layers *l, struct err *err)
{
	size_t i = 0;
	int r = 0;

	while (r == 0) {
		if (l->n_open < l->max_open && find(l, LAYER_TO_DO, &i))
			r = start(l, i, false, err);
		else if (l->n_open > 0)
			r = finish_some(l, err);
		else if (find(l, LAYER_ELSEWHERE, &i))
			r = start(l, i, true,
				  err); /* with nothing open: no two wait for one another */
		else
			return 0;
	}
	return r;
}

int pull_layers(struct pull *p, struct err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct store_flusher flusher;
	struct layers l = { .pull = p,
			    .n = p->manifest.n_layers,
			    .max_open = cores > 1 ? (size_t)cores : 2 };
	int r;

	if (l.max_open > REGISTRY_MAX_WORKERS)
		l.max_open = REGISTRY_MAX_WORKERS;
	l.all = arena_array(p->arena, l.n + 1, sizeof(*l.all));
	if (!l.all)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < l.n; i++) {
		l.all[i].feed = (struct layer_feed)LAYER_FEED_NONE;
		l.all[i].row = progress_add(p->request->progress, p->manifest.layers[i].digest,
					    p->manifest.layers[i].size);
	}
	store_flush_start(p->store, &flusher);
	r = bring_all(&l, err);
	store_flush_stop(&flusher);
	progress_end(p->request->progress);
	if (r < 0)
		registry_client_close(&p->client); /* so that it writes no more */
	for (size_t i = 0; i < l.n; i++) {
		if (l.all[i].state == LAYER_OPEN)
			layer_cancel(p->store, &l.all[i].feed);
	}
	return r;
}
