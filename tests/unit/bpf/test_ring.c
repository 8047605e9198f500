/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a ring in ordinary memory: a page of ours, a page of the writer's, the data. */
#include "tests/support/unit.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/ring.h"

#define PAGE 4096

struct memory {
	unsigned char bytes[4 * PAGE];
} __attribute__((aligned(PAGE)));

static struct memory memory;

static struct ring empty(void)
{
	memset(&memory, 0, sizeof(memory));
	return (struct ring){ memory.bytes, memory.bytes + PAGE, PAGE, PAGE, 0 };
}

/* As the kernel writes: twice, for the data is mapped two times in a row. */
static void put(uint64_t at, uint32_t word, const char *text)
{
	for (size_t copy = 0; copy < 2; copy++) {
		unsigned char *to = memory.bytes + 2 * PAGE + at % PAGE + copy * PAGE;

		if (to + 8 + strlen(text) > memory.bytes + sizeof(memory))
			continue;
		memcpy(to, &word, sizeof(word));
		memcpy(to + 8, text, strlen(text));
	}
}

static void written_up_to(uint64_t pos)
{
	memcpy(memory.bytes + PAGE, &pos, sizeof(pos));
}

static void gives_records_in_order(void **state)
{
	struct ring ring = empty();
	struct span got = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ring_next(&ring, &got, &err), 0);
	put(0, 5, "first");
	put(16, 3, "two");
	written_up_to(32);
	assert_int_equal(ring_next(&ring, &got, &err), 1);
	assert_int_equal(got.n, 5);
	assert_memory_equal(got.p, "first", 5);
	assert_int_equal(ring_next(&ring, &got, &err), 1);
	assert_memory_equal(got.p, "two", 3);
	assert_int_equal(ring_next(&ring, &got, &err), 0);
	ring_release(&ring);
	assert_int_equal(*(uint64_t *)(void *)memory.bytes, 32);
}

static void waits_for_a_record_that_is_being_written(void **state)
{
	struct ring ring = empty();
	struct span got = { 0 };
	struct err err = { 0 };

	(void)state;
	put(0, 5 | BPF_RINGBUF_BUSY_BIT, "first");
	written_up_to(16);
	assert_int_equal(ring_next(&ring, &got, &err), 0);
	put(0, 5, "first");
	assert_int_equal(ring_next(&ring, &got, &err), 1);
}

static void skips_what_was_discarded(void **state)
{
	struct ring ring = empty();
	struct span got = { 0 };
	struct err err = { 0 };

	(void)state;
	put(0, 5 | BPF_RINGBUF_DISCARD_BIT, "first");
	put(16, 3, "two");
	written_up_to(32);
	assert_int_equal(ring_next(&ring, &got, &err), 1);
	assert_memory_equal(got.p, "two", 3);
}

static void reads_across_the_end(void **state)
{
	struct ring ring = empty();
	struct span got = { 0 };
	struct err err = { 0 };

	(void)state;
	ring.pos = PAGE - 16;
	put(PAGE - 16, 12, "hello, world");
	memcpy(memory.bytes + 3 * PAGE, "orld", 4);
	written_up_to(PAGE + 8);
	assert_int_equal(ring_next(&ring, &got, &err), 1);
	assert_memory_equal(got.p, "hello, world", 12);
}

static void refuses_lengths_beyond_the_end(void **state)
{
	struct ring ring = empty();
	struct span got = { 0 };
	struct err err = { 0 };

	(void)state;
	put(0, 500, "");
	written_up_to(16);
	assert_int_equal(ring_next(&ring, &got, &err), -EBADMSG);
	put(0, 0x3fffffff, "");
	written_up_to(UINT64_MAX - 7);
	assert_int_equal(ring_next(&ring, &got, &err), -EBADMSG);
}

static void refuses_sizes_that_no_ring_has(void **state)
{
	struct ring ring = { .size = 1 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ring_open(-1, 0, &ring, &err), -EBADMSG);
	assert_int_equal(ring_open(-1, PAGE + 8, &ring, &err), -EBADMSG);
	assert_int_equal(ring_open(-1, (size_t)1 << 40, &ring, &err), -EBADMSG);
	assert_int_equal(ring_open(-1, PAGE, &ring, &err), -EBADF);
	assert_int_equal(ring.size, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_records_in_order),
		cmocka_unit_test(waits_for_a_record_that_is_being_written),
		cmocka_unit_test(skips_what_was_discarded),
		cmocka_unit_test(reads_across_the_end),
		cmocka_unit_test(refuses_lengths_beyond_the_end),
		cmocka_unit_test(refuses_sizes_that_no_ring_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
