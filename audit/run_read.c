/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/run_read.h"

#include <string.h>

#include "audit/log_read.h"
#include "base/fd.h"
#include "policies/bundle_format.h"

#define FILE_MAX ((size_t)64 << 20)

json_t *record_file(int dir, const char *name)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	if (fd_read_file(dir, name, FILE_MAX, &text, &ignored) < 0)
		return NULL;
	return json_loadb(strbuf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
}

struct reading {
	struct run_record *record;
	const struct event_taker *taker; /* or NULL */
	struct strbuf last;              /* the line that was read last, if nobody took it */
};

static int parse_line(struct span line, uint64_t number, json_t **ret, struct err *err)
{
	*ret = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	return *ret ? 0
		    : err_set(err, EBADMSG, "record %llu is not JSON", (unsigned long long)number);
}

static void replace(json_t **place, json_t *by)
{
	json_decref(*place);
	*place = json_incref(by);
}

static int take_line(void *data, struct span line, uint64_t number, struct err *err)
{
	struct reading *reading = data;
	struct run_record *record = reading->record;
	bool is_rotation = span_starts(line, "{\"kind\":\"rotated\",");
	json_t *event = NULL;
	int r;

	strbuf_reset(&reading->last);
	if (!reading->taker && number > 0 && !is_rotation) {
		strbuf_add(&reading->last, line.p, line.n);
		return reading->last.failed ? err_set(err, ENOMEM, "out of memory") : 0;
	}
	r = parse_line(line, number, &event, err);
	if (r < 0)
		return r;
	if (number == 0)
		replace(&record->first, event);
	replace(&record->last, event);
	if (is_rotation && json_array_append(record->rotated, event) < 0)
		r = err_set(err, ENOMEM, "out of memory");
	if (reading->taker)
		reading->taker->take(reading->taker->data, record, event);
	json_decref(event);
	return r;
}

/* Nobody took the last line: what it says is needed all the same. */
static int parse_last(struct reading *reading, struct err *err)
{
	struct run_record *record = reading->record;
	json_t *event = NULL;
	int r;

	if (reading->last.len == 0)
		return 0;
	r = parse_line((struct span){ reading->last.p, reading->last.len }, record->n_events - 1,
		       &event, err);
	if (r < 0)
		return r;
	replace(&record->last, event);
	json_decref(event);
	return 0;
}

void run_record_keep_refusals(void *data, const struct run_record *record, json_t *event)
{
	(void)record;
	if (event_is_refusal(event))
		json_array_append_new(data, json_incref(event));
}

static bool digest_fits(int dir, const char *name, const char *expected)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char hex[DIGEST_HEX_LEN];
	struct digest digest;

	if (fd_read_file(dir, name, FILE_MAX, &text, &ignored) < 0)
		return false;
	digest = digest_of(strbuf_str(&text), text.len);
	digest_hex(&digest, hex);
	return strcmp(hex, expected) == 0;
}

/* The plan has the digest of what follows the head of the compiled policy, in every version. */
static int check_policy(int dir, const char *expected, struct err *err)
{
	const size_t head = sizeof(struct bundle_head);
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct err ignored = { 0 };
	char hex[DIGEST_HEX_LEN] = "";
	int r = fd_read_file(dir, "policy.bundle", FILE_MAX, &bytes, &ignored);

	if (r == 0 && bytes.len >= head) {
		struct digest digest = digest_of(bytes.p + head, bytes.len - head);

		digest_hex(&digest, hex);
	}
	if (r == -ENOENT)
		return err_set(err, EBADMSG, "policy.bundle is missing");
	return strcmp(hex, expected) == 0
		       ? 0
		       : err_set(err, EBADMSG, "policy.bundle was changed: its digest is another");
}

/* What the chain says of the files beside it. Each is compared with the sealed record. */
static int check_files(int dir, const struct run_record *record, struct err *err)
{
	const json_t *first = record->first;
	const json_t *last = record->last;
	const char *plan = record_text(first, "plan_sha256", NULL);
	const char *policy = record_text(record->plan, "policy_digest", NULL);
	const char *evidence = record_text(last, "evidence_sha256", NULL);
	char head[DIGEST_HEX_LEN];

	if (plan && !digest_fits(dir, "plan.json", plan))
		return err_set(err, EBADMSG, "plan.json was changed: its digest is another");
	if (policy && check_policy(dir, policy, err) < 0)
		return -EBADMSG;
	if (!record->status)
		return 0;
	digest_hex(&record->head, head);
	if (strcmp(record_text(record->status, "head", ""), head) != 0 ||
	    record_number(record->status, "records", -1) != (int64_t)record->n_events)
		return err_set(err, EBADMSG,
			       "records after %llu were cut off: the sealed head is another",
			       (unsigned long long)record->n_events);
	if (strcmp(record_text(last, "kind", ""), "sealed") != 0)
		return err_set(err, EBADMSG, "the last record does not seal the log");
	if (evidence && !digest_fits(dir, "evidence.json", evidence))
		return err_set(err, EBADMSG, "evidence.json was changed: its digest is another");
	if (record_number(record->status, "exit", -1) != record_number(last, "exit", -1) ||
	    record_number(record->status, "denied", -1) != record_number(last, "denied", -1) ||
	    record_number(record->status, "would_deny", 0) !=
		    record_number(last, "would_deny", 0) ||
	    strcmp(record_text(record->status, "run", ""), record_text(first, "run", "")) != 0)
		return err_set(err, EBADMSG, "status.json was changed: the sealed record differs");
	return 0;
}

static void read_events(int dir, const struct event_taker *taker, struct run_record *record)
{
	struct reading reading = { .record = record, .taker = taker };
	struct log_reader reader = { .fn = take_line, .data = &reading };
	int r = log_read(&reader, dir, &record->chain);

	record->head = reader.head;
	record->n_events = reader.n;
	if (r == 0)
		r = parse_last(&reading, &record->chain);
	if (r == 0 && check_files(dir, record, &record->chain) < 0)
		record->complete = false;
	strbuf_done(&reading.last);
}

int run_record_read(int dir, const struct event_taker *taker, struct run_record *ret,
		    struct err *err)
{
	struct run_record record = { .rotated = json_array() };

	if (!record.rotated)
		return err_set(err, ENOMEM, "out of memory");
	record.plan = record_file(dir, "plan.json");
	record.evidence = record_file(dir, "evidence.json");
	record.status = record_file(dir, "status.json");
	record.life = record_file(dir, "life.json");
	record.complete = record.status != NULL;
	if (!record.plan) {
		run_record_done(&record);
		return err_set(err, EBADMSG, "the record has no readable plan.json");
	}
	read_events(dir, taker, &record);
	*ret = record;
	return 0;
}

void run_record_done(struct run_record *record)
{
	json_decref(record->plan);
	json_decref(record->evidence);
	json_decref(record->status);
	json_decref(record->life);
	json_decref(record->first);
	json_decref(record->last);
	json_decref(record->rotated);
}

const char *record_text(const json_t *object, const char *key, const char *absent)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : absent;
}

const json_t *record_ledger(const json_t *plan, const char *layer)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(plan, "ledger"), i, entry)
	{
		if (strcmp(record_text(entry, "layer", ""), layer) == 0)
			return entry;
	}
	return NULL;
}

int64_t record_number(const json_t *object, const char *key, int64_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

bool record_has_failed(const json_t *event)
{
	return record_number(event, "errno", 0) != 0;
}

const char *record_published(const json_t *port, struct arena *arena)
{
	const char *address = record_text(port, "address", "");
	bool v6 = strchr(address, ':') != NULL;

	return arena_printf(arena, "%s%s%s:%lld", v6 ? "[" : "", address, v6 ? "]" : "",
			    (long long)record_number(port, "outside", 0));
}

bool event_is_refusal_kind(const char *kind)
{
	return strcmp(kind, "denied") == 0 || strcmp(kind, "would-deny") == 0;
}

bool event_is_refusal(const json_t *event)
{
	return event_is_refusal_kind(record_text(event, "kind", ""));
}
