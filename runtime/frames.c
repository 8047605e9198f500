/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/frames.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 65536

/* Move what waits to the front, or take twice the memory: each byte is moved a few times at most.
 */
static bool make_room(struct frames *frames, size_t need)
{
	size_t live = frames->end - frames->start;
	size_t cap = frames->cap ? frames->cap : FIRST_ROOM;
	char *p;

	if (frames->cap - frames->end >= need)
		return true;
	if (live + need > frames->cap / 2) {
		while (cap < 2 * (live + need))
			cap *= 2;
		p = malloc(cap);
		if (!p)
			return false;
		if (live > 0)
			memcpy(p, frames->p + frames->start, live);
		free(frames->p);
		frames->p = p;
		frames->cap = cap;
	} else {
		memmove(frames->p, frames->p + frames->start, live);
	}
	frames->start = 0;
	frames->end = live;
	return true;
}

bool frames_add(struct frames *frames, size_t max, const struct control_output *head,
		const void *bytes, size_t n)
{
	size_t size = sizeof(*head) + n;
	size_t need = sizeof(size) + size;

	if (frames->end - frames->start + need > max || !make_room(frames, need))
		return false;
	memcpy(frames->p + frames->end, &size, sizeof(size));
	memcpy(frames->p + frames->end + sizeof(size), head, sizeof(*head));
	if (n > 0)
		memcpy(frames->p + frames->end + sizeof(size) + sizeof(*head), bytes, n);
	frames->end += need;
	return true;
}

const char *frames_first(const struct frames *frames, size_t *ret_n)
{
	if (frames->start == frames->end)
		return NULL;
	memcpy(ret_n, frames->p + frames->start, sizeof(*ret_n));
	return frames->p + frames->start + sizeof(*ret_n);
}

void frames_pop(struct frames *frames)
{
	size_t size = 0;

	if (!frames_first(frames, &size))
		return;
	frames->start += sizeof(size) + size;
	if (frames->start == frames->end)
		frames_done(frames);
}

void frames_done(struct frames *frames)
{
	free(frames->p);
	*frames = (struct frames){ 0 };
}
