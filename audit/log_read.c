/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log_read.h"

#include "audit/event_log.h"
#include "base/fd.h"

/* A segment is closed when it reaches its limit; one record more than that fits. */
#define SEGMENT_MAX ((size_t)EVENT_LOG_SEGMENT + ((size_t)16 << 20))
#define SEGMENTS_MAX 1000

int log_read_segment(struct log_reader *reader, struct span text, struct err *err)
{
	reader->rotated = false;
	while (text.n > 0) {
		bool whole = span_has_byte(text, '\n');
		struct span line = span_cut(&text, '\n');
		int r;

		if (!whole)
			return err_set(err, EBADMSG, "record %llu is cut short",
				       (unsigned long long)reader->n);
		r = chain_check(line, &reader->head, &reader->n, err);
		if (r < 0)
			return r;
		reader->rotated = span_starts(line, "{\"kind\":\"rotated\",");
		if (reader->fn)
			r = reader->fn(reader->data, line, reader->n - 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int log_read(struct log_reader *reader, int dir, struct err *err)
{
	bool more = true;

	uint32_t limit = reader->n_segments > 0 ? reader->n_segments : SEGMENTS_MAX;

	for (uint32_t segment = 0; more && segment < limit; segment++) {
		cleanup_strbuf struct strbuf text = { 0 };
		char name[32];
		int r;

		event_log_name(segment, name);
		r = fd_read_file(dir, name, SEGMENT_MAX, &text, err);
		if (r < 0)
			return r;
		r = log_read_segment(reader, (struct span){ strbuf_str(&text), text.len }, err);
		if (r < 0)
			return err_wrap(err, "%s", name);
		more = reader->rotated;
	}
	return 0;
}
