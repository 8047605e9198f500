/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/chain.h"
#include "base/fd.h"

/* A log of five records in memory. */
static void make_log(struct strbuf *ret, struct digest *head)
{
	cleanup_close int fd = memfd_create("log", MFD_CLOEXEC);
	cleanup_strbuf struct strbuf members = { 0 };
	struct chain chain;
	struct err err = { 0 };

	chain_init(&chain, fd);
	for (int i = 0; i < 5; i++) {
		strbuf_reset(&members);
		strbuf_addf(&members, "\"a\":%d", i);
		assert_int_equal(chain_add(&chain, "denied", &members, &err), 0);
	}
	*head = chain.head;
	chain_done(&chain);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, 1 << 20, ret), 0);
}

/* How many records hold from the start on. */
static int check(const char *bytes, size_t n, struct digest *head)
{
	struct span rest = { bytes, n };
	struct err err = { 0 };
	uint64_t seq = 0;

	*head = (struct digest){ 0 };
	while (rest.n > 0) {
		if (chain_check(span_cut(&rest, '\n'), head, &seq, &err) < 0)
			break;
	}
	return (int)seq;
}

static void holds_as_written(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	struct digest head, seen;

	(void)state;
	make_log(&log, &head);
	assert_int_equal(check(log.p, log.len, &seen), 5);
	assert_memory_equal(head.bytes, seen.bytes, DIGEST_LEN);
}

static void finds_every_changed_byte(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	struct digest head, seen;

	(void)state;
	make_log(&log, &head);
	for (size_t i = 0; i < log.len; i++) {
		log.p[i] = (char)(log.p[i] ^ 1);
		assert_true(check(log.p, log.len, &seen) < 5);
		log.p[i] = (char)(log.p[i] ^ 1);
	}
}

static void finds_removed_and_swapped_records(void **state)
{
	cleanup_strbuf struct strbuf log = { 0 };
	cleanup_strbuf struct strbuf changed = { 0 };
	struct digest head, seen;
	struct span rest, lines[5];

	(void)state;
	make_log(&log, &head);
	rest = (struct span){ log.p, log.len };
	for (size_t i = 0; i < 5; i++)
		lines[i] = span_cut(&rest, '\n');
	for (size_t gone = 0; gone < 4; gone++) {
		strbuf_reset(&changed);
		for (size_t i = 0; i < 5; i++) {
			if (i == gone)
				continue;
			strbuf_span(&changed, lines[i]);
			strbuf_putc(&changed, '\n');
		}
		assert_int_equal(check(changed.p, changed.len, &seen), gone);
	}
	strbuf_reset(&changed);
	for (size_t i = 0; i < 5; i++) {
		strbuf_span(&changed, lines[i == 2 ? 3 : i == 3 ? 2 : i]);
		strbuf_putc(&changed, '\n');
	}
	assert_int_equal(check(changed.p, changed.len, &seen), 2);
	/* One cut off at the end is found by the sealed head. */
	check(log.p, (size_t)(lines[4].p - log.p), &seen);
	assert_memory_not_equal(head.bytes, seen.bytes, DIGEST_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_as_written),
		cmocka_unit_test(finds_every_changed_byte),
		cmocka_unit_test(finds_removed_and_swapped_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
