/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/event_log.h"

#include <fcntl.h>
#include <stdio.h>

void event_log_name(uint32_t segment, char ret[32])
{
	if (segment == 0)
		snprintf(ret, 32, "events.jsonl");
	else
		snprintf(ret, 32, "events.%u.jsonl", segment);
}

static int open_segment(struct event_log *log, struct err *err)
{
	char name[32];
	int fd;

	event_log_name(log->segment, name);
	fd = openat(log->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot make the event log %s", name);
	closep(&log->fd);
	log->fd = fd;
	log->chain.fd = fd;
	log->segment_bytes = 0;
	return 0;
}

int event_log_open(struct event_log *log, int dir, struct err *err)
{
	*log = (struct event_log){ .dir = dir,
				   .fd = -1,
				   .segment_max = EVENT_LOG_SEGMENT,
				   .budget = EVENT_LOG_BUDGET,
				   .reserve = EVENT_LOG_RESERVE };
	chain_init(&log->chain, -1);
	return open_segment(log, err);
}

static int append(struct event_log *log, enum record_kind kind, const struct strbuf *members,
		  struct err *err)
{
	int r = chain_add(&log->chain, record_kind_name(kind), members, err);

	if (r < 0)
		return r;
	log->segment_bytes += log->chain.written;
	log->bytes += log->chain.written;
	return 0;
}

static int rotate(struct event_log *log, struct err *err)
{
	cleanup_strbuf struct strbuf members = { 0 };
	struct jsonw j = { .out = &members };
	char name[32];
	int r;

	event_log_name(log->segment + 1, name);
	jsonw_kstr(&j, "next", name);
	r = append(log, RECORD_ROTATED, &members, err);
	if (r < 0)
		return r;
	log->segment++;
	r = open_segment(log, err);
	if (r == 0 && log->on_full)
		r = log->on_full(log->data, log->segment - 1, err);
	return r;
}

int event_log_note(struct event_log *log, enum record_kind kind, const struct strbuf *members,
		   struct err *err)
{
	return append(log, kind, members, err);
}

/* What a reader misses most. */
static bool has_reserve(enum record_kind kind)
{
	return kind == RECORD_DENIED || kind == RECORD_WOULD_DENY || kind == RECORD_EXEC ||
	       kind == RECORD_ENTER;
}

int event_log_add(struct event_log *log, const struct record *record, struct err *err)
{
	cleanup_strbuf struct strbuf members = { 0 };
	uint64_t budget = log->budget - (has_reserve(record->kind) ? 0 : log->reserve);
	uint64_t n = record->n_calls > 0 ? record->n_calls : 1;
	int r;

	if (log->bytes >= budget)
		return event_log_lost(log, record->source, n, err);
	record_members(record, &members);
	r = append(log, record->kind, &members, err);
	if (r < 0)
		return r;
	log->loss[record->source].recorded += n;
	return log->segment_bytes >= log->segment_max ? rotate(log, err) : 0;
}

int event_log_lost(struct event_log *log, enum record_source source, uint64_t n, struct err *err)
{
	struct event_loss *loss = &log->loss[source];
	struct record record = { .kind = RECORD_LOST, .source = source, .has = HAS_COUNT };
	cleanup_strbuf struct strbuf members = { 0 };

	loss->dropped += n;
	if (n == 0 || loss->dropped < 2 * loss->told)
		return 0;
	loss->told = loss->dropped;
	record.count = loss->dropped;
	record_members(&record, &members);
	return append(log, RECORD_LOST, &members, err);
}

void event_log_losses(const struct event_log *log, struct jsonw *j)
{
	jsonw_key(j, "losses");
	jsonw_array(j);
	for (int i = 0; i < RECORD_SOURCE_COUNT; i++) {
		const struct event_loss *loss = &log->loss[i];

		if (loss->recorded == 0 && loss->dropped == 0 && !loss->mode)
			continue;
		jsonw_object(j);
		if (loss->mode && loss->absent > 0)
			jsonw_ku64(j, "absent", loss->absent);
		jsonw_ku64(j, "dropped", loss->dropped);
		if (loss->mode)
			jsonw_kstr(j, "mode", loss->mode);
		jsonw_ku64(j, "recorded", loss->recorded);
		jsonw_kstr(j, "source", record_source_name((enum record_source)i));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void event_log_close(struct event_log *log)
{
	closep(&log->fd);
	chain_done(&log->chain);
}
