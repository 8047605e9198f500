/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_MAX ((size_t)256 << 20)

/* Each record has a header: length with two flag bits, and an offset that only the kernel needs. */
static uint32_t load_length(const struct ring *ring, uint64_t pos)
{
	const unsigned char *at = ring->body + ring->page + (pos & (ring->size - 1));

	return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

static uint64_t load_position(const unsigned char *page)
{
	return __atomic_load_n((const uint64_t *)(const void *)page, __ATOMIC_ACQUIRE);
}

int ring_open(int fd, size_t size, struct ring *ret, struct err *err)
{
	struct ring ring = { .page = (size_t)sysconf(_SC_PAGESIZE), .size = size };
	void *map;

	if (size < ring.page || size > RING_MAX || (size & (size - 1)) != 0)
		return err_set(err, EBADMSG, "a ring of %zu bytes makes no sense", size);
	map = mmap(NULL, ring.page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, errno, "cannot map the ring of events");
	ring.head = map;
	map = mmap(NULL, ring.page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)ring.page);
	if (map == MAP_FAILED) {
		int code = errno;

		munmap(ring.head, ring.page);
		return err_sys(err, code, "cannot map the events");
	}
	ring.body = map;
	ring.pos = load_position(ring.head);
	*ret = ring;
	return 0;
}

int ring_next(struct ring *ring, struct span *ret, struct err *err)
{
	for (;;) {
		uint64_t end = load_position(ring->body);
		uint32_t word, length;
		uint64_t step;

		if (ring->pos == end)
			return 0;
		/* The kernel writes over nothing that was not released, so this pass ends. */
		if (end - ring->pos > ring->size)
			return err_set(err, EBADMSG, "the ring of events makes no sense");
		word = load_length(ring, ring->pos);
		if (word & BPF_RINGBUF_BUSY_BIT)
			return 0;
		length = word & ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		step = ((uint64_t)length + BPF_RINGBUF_HDR_SZ + 7) & ~(uint64_t)7;
		if (step > end - ring->pos)
			return err_set(err, EBADMSG, "the ring of events makes no sense");
		*ret = (struct span){
			(const char *)ring->body + ring->page + (ring->pos & (ring->size - 1)) +
				BPF_RINGBUF_HDR_SZ,
			length,
		};
		ring->pos += step;
		if (!(word & BPF_RINGBUF_DISCARD_BIT))
			return 1;
	}
}

void ring_release(struct ring *ring)
{
	__atomic_store_n((uint64_t *)(void *)ring->head, ring->pos, __ATOMIC_RELEASE);
}

void ring_close(struct ring *ring)
{
	if (ring->head)
		munmap(ring->head, ring->page);
	if (ring->body)
		munmap(ring->body, ring->page + 2 * ring->size);
	*ring = (struct ring){ 0 };
}

int stats_map(int fd, const struct tracer_stats **ret, struct err *err)
{
	void *map = mmap(NULL, sizeof(**ret), PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return err_sys(err, errno, "cannot map the counters of events");
	*ret = map;
	return 0;
}

void stats_unmap(const struct tracer_stats *stats)
{
	if (stats)
		munmap((void *)(uintptr_t)stats, sizeof(*stats));
}
