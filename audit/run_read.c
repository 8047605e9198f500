/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/run_read.h"

#include <string.h>

#include "audit/chain.h"
#include "base/fd.h"

#define FILE_MAX ((size_t)64 << 20)

static json_t *read_json(int dir, const char *name)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	if (fd_read_file(dir, name, FILE_MAX, &text, &ignored) < 0)
		return NULL;
	return json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
}

static int read_line(struct run_record *record, struct span line, struct err *err)
{
	json_t *event;
	int r = chain_check(line, &record->head, &record->n_events, err);

	if (r < 0)
		return r;
	event = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!event || json_array_append_new(record->events, event) < 0)
		return err_set(err, EBADMSG, "record %llu is not JSON",
			       (unsigned long long)record->n_events - 1);
	return 0;
}

/* Stops at the first record that does not hold. */
static void read_events(int dir, struct run_record *record)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err *err = &record->chain;
	char head[DIGEST_HEX_LEN];
	struct span rest;

	if (fd_read_file(dir, "events.jsonl", FILE_MAX, &text, err) < 0)
		return;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (rest.n > 0) {
		bool whole = span_has_byte(rest, '\n');
		struct span line = span_cut(&rest, '\n');

		if (!whole) {
			err_set(err, EBADMSG, "the last record is cut short");
			return;
		}
		if (read_line(record, line, err) < 0)
			return;
	}
	if (!record->status)
		return;
	digest_hex(&record->head, head);
	if (strcmp(record_text(record->status, "head", ""), head) != 0 ||
	    record_number(record->status, "records", -1) != (int64_t)record->n_events)
		err_set(err, EBADMSG, "records were cut off: the sealed head is another");
}

int run_record_read(int dir, struct run_record *ret, struct err *err)
{
	struct run_record record = { .events = json_array() };

	if (!record.events)
		return err_set(err, ENOMEM, "out of memory");
	record.plan = read_json(dir, "plan.json");
	record.evidence = read_json(dir, "evidence.json");
	record.status = read_json(dir, "status.json");
	record.complete = record.status != NULL;
	if (!record.plan) {
		run_record_done(&record);
		return err_set(err, EBADMSG, "the record has no readable plan.json");
	}
	read_events(dir, &record);
	*ret = record;
	return 0;
}

void run_record_done(struct run_record *record)
{
	json_decref(record->plan);
	json_decref(record->evidence);
	json_decref(record->status);
	json_decref(record->events);
}

const char *record_text(const json_t *object, const char *key, const char *absent)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : absent;
}

int64_t record_number(const json_t *object, const char *key, int64_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}
