/* SPDX-License-Identifier: Apache-2.0 */
/* Tampering: every byte of a log, every record removed, swapped, doubled, cut short. */
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "audit/log_read.h"
#include "audit/record.h"
#include "base/fd.h"

#define RECORDS 12

static void make_log(struct strbuf *ret)
{
	cleanup_close int fd = memfd_create("log", MFD_CLOEXEC);
	cleanup_strbuf struct strbuf members = { 0 };
	struct chain chain;
	struct err err = { 0 };

	chain_init(&chain, fd);
	for (int i = 0; i < RECORDS; i++) {
		const struct record record = { .kind = RECORD_EXEC,
					       .has = HAS_PID,
					       .pid = 100 + (uint32_t)i,
					       .path = { span_of("/bin/\x01\xff\"sh"),
							 TRUST_KERNEL } };

		strbuf_reset(&members);
		record_members(&record, &members);
		assert_int_equal(chain_add(&chain, i == 0 ? "start" : "exec", &members, &err), 0);
	}
	chain_done(&chain);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, 1 << 20, ret), 0);
}

/* Which record is named; RECORDS when all hold. */
static uint64_t first_bad(const char *bytes, size_t n, struct err *err)
{
	struct log_reader reader = { 0 };
	char name[32];
	int r = log_read_lines(&reader, (struct span){ bytes, n }, err);

	if (r == 0)
		return reader.n;
	assert_int_equal(r, -EBADMSG);
	snprintf(name, sizeof(name), "record %llu ", (unsigned long long)reader.n);
	assert_non_null(strstr(err->msg, name));
	return reader.n;
}

static size_t split(const struct strbuf *log, struct span lines[RECORDS])
{
	struct span rest = { log->p, log->len };
	size_t n = 0;

	while (rest.n > 0)
		lines[n++] = span_cut(&rest, '\n');
	return n;
}

static void names_the_record_of_every_changed_byte(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	struct err err = { 0 };
	uint64_t line = 0;

	(void)state;
	make_log(&log);
	assert_int_equal(first_bad(log.p, log.len, &err), RECORDS);
	for (size_t i = 0; i < log.len; i++) {
		static const char masks[] = { 1, 0x20, (char)0x80 };
		char was = log.p[i];

		for (size_t k = 0; k < ARRAY_LEN(masks); k++) {
			log.p[i] = (char)(was ^ masks[k]);
			assert_int_equal(first_bad(log.p, log.len, &err), line);
		}
		log.p[i] = was;
		line += was == '\n';
	}
}

static void put_lines(struct strbuf *out, const struct span *lines, const size_t *order, size_t n)
{
	strbuf_reset(out);
	for (size_t i = 0; i < n; i++) {
		strbuf_span(out, lines[order[i]]);
		strbuf_putc(out, '\n');
	}
}

static void names_the_place_of_a_removed_or_doubled_record(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	cleanup_strbuf struct strbuf changed = { 0 };
	struct span lines[RECORDS];
	struct err err = { 0 };

	(void)state;
	make_log(&log);
	assert_int_equal(split(&log, lines), RECORDS);
	for (size_t which = 0; which < RECORDS; which++) {
		size_t without[RECORDS], doubled[RECORDS + 1];
		size_t n = 0;

		for (size_t i = 0; i < RECORDS; i++) {
			if (i != which)
				without[n++] = i;
			doubled[i + (i > which)] = i;
		}
		doubled[which + 1] = which;
		put_lines(&changed, lines, without, RECORDS - 1);
		/* The last one leaves a shorter log that holds: its head is what tells. */
		assert_int_equal(first_bad(changed.p, changed.len, &err), which);
		put_lines(&changed, lines, doubled, RECORDS + 1);
		assert_int_equal(first_bad(changed.p, changed.len, &err), which + 1);
	}
}

static void names_the_first_of_any_two_swapped(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	cleanup_strbuf struct strbuf changed = { 0 };
	struct span lines[RECORDS];
	struct err err = { 0 };

	(void)state;
	make_log(&log);
	split(&log, lines);
	for (size_t a = 0; a < RECORDS; a++) {
		for (size_t b = a + 1; b < RECORDS; b++) {
			size_t order[RECORDS];

			for (size_t i = 0; i < RECORDS; i++)
				order[i] = i == a ? b : i == b ? a : i;
			put_lines(&changed, lines, order, RECORDS);
			assert_int_equal(first_bad(changed.p, changed.len, &err), a);
		}
	}
}

static void names_the_record_that_is_cut_short(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	struct err err = { 0 };
	uint64_t line = 0;

	(void)state;
	make_log(&log);
	for (size_t n = 0; n < log.len; n++) {
		/* Cut between two records: what is left holds, and the sealed head tells. */
		assert_int_equal(first_bad(log.p, n, &err), line);
		line += log.p[n] == '\n';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_record_of_every_changed_byte),
		cmocka_unit_test(names_the_place_of_a_removed_or_doubled_record),
		cmocka_unit_test(names_the_first_of_any_two_swapped),
		cmocka_unit_test(names_the_record_that_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
