/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define REDRAW_MS 100
#define BAR 30

static const char *const state_names[] = {
	[PROGRESS_WAITING] = "waiting",
	[PROGRESS_MOVING] = "unpacking",
	[PROGRESS_THERE] = "already there",
	[PROGRESS_DONE] = "done",
};

void progress_init(struct progress *p, bool quiet, bool json)
{
	*p = (struct progress){ .quiet = quiet, .json = json };
	p->terminal = !json && isatty(STDERR_FILENO);
}

size_t progress_add(struct progress *p, const char *digest, uint64_t total)
{
	const char *colon = strchr(digest, ':');
	struct progress_row *row = &p->rows[p->n < PROGRESS_MAX ? p->n++ : PROGRESS_MAX - 1];

	*row = (struct progress_row){ .total = total };
	snprintf(row->name, sizeof(row->name), "%.12s", colon ? colon + 1 : digest);
	return (size_t)(row - p->rows);
}

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void draw_row(const struct progress_row *row)
{
	static const char full[] = "##############################";
	static const char empty[] = "                              ";
	uint64_t total = row->total ? row->total : 1;
	int filled = (int)(row->state >= PROGRESS_THERE ? BAR
			   : row->at >= total           ? BAR
							: row->at * BAR / total);

	fprintf(stderr, "\r\033[K%s [%.*s%.*s] %7.1f MB %s\n", row->name, filled, full,
		BAR - filled, empty, (double)row->total / 1e6, state_names[row->state]);
}

static void draw(struct progress *p, bool now)
{
	uint64_t ms = now_ms();

	if (!now && ms < p->drawn_ms + REDRAW_MS)
		return;
	p->drawn_ms = ms;
	if (p->drawn > 0)
		fprintf(stderr, "\033[%zuA", p->drawn);
	for (size_t i = 0; i < p->n; i++)
		draw_row(&p->rows[i]);
	p->drawn = p->n;
	fflush(stderr);
}

static void tell(const struct progress *p, const struct progress_row *row)
{
	if (p->json)
		fprintf(stderr, "{\"at\":%llu,\"layer\":\"%s\",\"state\":\"%s\",\"total\":%llu}\n",
			(unsigned long long)row->at, row->name, state_names[row->state],
			(unsigned long long)row->total);
	else if (row->state >= PROGRESS_THERE)
		fprintf(stderr, "layer %s: %s, %.1f MB\n", row->name, state_names[row->state],
			(double)row->total / 1e6);
}

void progress_set(struct progress *p, size_t row, uint64_t at, enum progress_state state)
{
	struct progress_row *r = &p->rows[row < PROGRESS_MAX ? row : PROGRESS_MAX - 1];

	r->at = at;
	r->state = state;
	if (p->quiet)
		return;
	if (p->terminal) {
		draw(p, state >= PROGRESS_THERE);
	} else if (r->told != state) {
		r->told = state;
		tell(p, r);
	}
}

void progress_end(struct progress *p)
{
	if (p->terminal && !p->quiet && p->n > 0)
		draw(p, true);
}
