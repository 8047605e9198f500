/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/learned_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/syscall_args.h"

#define LINE_MAX_BYTES 100
#define MIB 1024U /* in KiB */

int grants_add(struct grants *g, struct grant grant)
{
	struct grant *grown;

	for (size_t i = 0; i < g->n; i++) {
		struct grant *have = &g->items[i];

		if (have->kind == grant.kind && strcmp(have->object, grant.object) == 0 &&
		    strcmp(have->subject, grant.subject) == 0) {
			run_set_add(g->learned, &have->runs, grant.runs);
			return 0;
		}
	}
	grown = arena_grow(g->arena, g->items, &g->cap, g->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	g->items = grown;
	grown[g->n] = grant;
	grown[g->n].runs.words = arena_array(g->arena, g->learned->n_words + 1, sizeof(uint64_t));
	if (!grown[g->n].runs.words)
		return -ENOMEM;
	run_set_add(g->learned, &grown[g->n++].runs, grant.runs);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct grant *x = a;
	const struct grant *y = b;
	int order =
		x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->subject, y->subject);

	return order ? order : strcmp(x->object, y->object);
}

int grants_make(const struct learned *learned, const struct bundle *base, struct arena *arena,
		struct grants *ret, struct err *err)
{
	struct grants g = { .learned = learned, .base = base, .arena = arena };

	if (grants_add_files(&g) < 0 || grants_add_calls(&g) < 0 || grants_add_net(&g) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (g.n > 1)
		qsort(g.items, g.n, sizeof(*g.items), by_place);
	*ret = g;
	return 0;
}

static uint64_t square_root(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit > 0; bit >>= 1) {
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	}
	return root;
}

static uint32_t millionths(uint64_t part, uint64_t all)
{
	return all == 0 || part >= all ? 1000000 : (uint32_t)(part * 1000000 / all);
}

struct estimate estimate_make(const struct grants *g)
{
	struct estimate e = { 1000000, 0, 1000000, 0 };
	uint64_t sum = 0;
	uint64_t twice = 0;
	uint64_t spread;
	uint64_t margin;

	for (size_t i = 0; i < g->n; i++) {
		size_t n = run_set_count(g->learned, g->items[i].runs);

		sum += n;
		e.once += n == 1;
		twice += n == 2;
	}
	if (g->learned->n_runs < 2)
		return e;
	if (sum == 0)
		return (struct estimate){ 0 };
	/* Variance of the share, times sum squared; 1.96 standard deviations, in thousandths. */
	spread = e.once + 2 * twice - (uint64_t)e.once * e.once / sum;
	margin = square_root(spread * 1000000) * 196 / 100;
	if (margin < 3000) /* the rule of three: nothing seen in `sum` trials */
		margin = 3000;
	e.unseen = millionths(e.once, sum);
	e.low = e.once * 1000 > margin ? millionths(e.once * 1000 - margin, sum * 1000) : 0;
	e.high = millionths(e.once * 1000 + margin, sum * 1000);
	return e;
}

static void put_percent(struct strbuf *out, uint32_t ppm)
{
	strbuf_addf(out, "%u.%u %%", ppm / 10000, ppm / 1000 % 10);
}

static void put_head(const struct grants *g, const struct estimate *e, const char *name,
		     struct strbuf *out)
{
	strbuf_addf(
		out,
		"# Learned from %zu run%s. Share of what the next run needs that is not granted here: ",
		g->learned->n_runs, g->learned->n_runs == 1 ? "" : "s");
	if (g->learned->n_runs < 2) {
		strbuf_puts(out, "unknown after one run.\n");
	} else {
		put_percent(out, e->unseen);
		strbuf_puts(out, " (95 %: ");
		put_percent(out, e->low);
		strbuf_puts(out, " to ");
		put_percent(out, e->high);
		strbuf_puts(out, ").\n");
	}
	if (g->learned->lost > 0)
		strbuf_addf(out,
			    "# INCOMPLETE: %llu things that a run did had no room in its record.\n",
			    (unsigned long long)g->learned->lost);
	strbuf_addf(out, "policy: 1\nname: %s\nextends: [%s]\n", name, g->base->name);
}

static bool in_one_line(const struct grants *g, const struct grant *a, const struct grant *b)
{
	if (a->kind != b->kind ||
	    run_set_count(g->learned, a->runs) != run_set_count(g->learned, b->runs))
		return false;
	if (a->kind == GRANT_CALL)
		return strcmp(a->object, b->object) == 0;
	return strcmp(a->subject, b->subject) == 0 && a->note == b->note;
}

static const char *word_of(const struct grant *grant)
{
	return grant->kind == GRANT_CALL ? grant->subject : grant->object;
}

static void put_verb(const struct grant *grant, struct strbuf *out)
{
	switch (grant->kind) {
	case GRANT_FILE:
	case GRANT_NET:
		strbuf_addf(out, "  - %s", grant->subject);
		break;
	case GRANT_CALL:
		strbuf_puts(out, "  - allow");
		break;
	case GRANT_VALUE:
		strbuf_addf(out, "  - allow %s in {", grant->subject);
		break;
	}
}

static void put_tail(const struct grants *g, const struct grant *grant, struct strbuf *out)
{
	if (grant->kind == GRANT_VALUE)
		strbuf_putc(out, '}');
	else if (grant->kind == GRANT_CALL && *grant->object)
		strbuf_addf(out, " if %s", grant->object);
	strbuf_addf(out, "   # why: %zu of %zu runs", run_set_count(g->learned, grant->runs),
		    g->learned->n_runs);
	if ((grant->kind == GRANT_FILE || grant->kind == GRANT_NET) && grant->note)
		strbuf_addf(out, "; %s", grant->note);
	strbuf_putc(out, '\n');
}

/* What stands between two words of a line, blank included. */
static const char *between(const struct grant *grant)
{
	if (grant->kind == GRANT_VALUE)
		return ", ";
	return grant->kind == GRANT_CALL && *grant->object ? ", " : " ";
}

/* The line of grant `from` and of those like it; marks them as done. */
static void put_line(const struct grants *g, size_t from, bool *done, struct strbuf *out)
{
	const struct grant *first = &g->items[from];
	const char *before = first->kind == GRANT_VALUE ? "" : " ";
	size_t start = out->len;

	put_verb(first, out);
	for (size_t i = from; i < g->n; i++) {
		const char *word = word_of(&g->items[i]);

		if (done[i] || !in_one_line(g, first, &g->items[i]))
			continue;
		if (i > from && out->len - start + strlen(word) > LINE_MAX_BYTES)
			break;
		strbuf_addf(out, "%s%s", before, word);
		before = between(first);
		done[i] = true;
	}
	put_tail(g, first, out);
}

static const char *section_of(enum grant_kind kind)
{
	return kind == GRANT_FILE ? "files" : kind == GRANT_NET ? "network" : "syscalls";
}

static void put_section(const struct grants *g, const char *title, bool *done, struct strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(section_of(g->items[i].kind), title) != 0 || done[i])
			continue;
		if (!any)
			strbuf_addf(out, "%s:\n", title);
		any = true;
		put_line(g, i, done, out);
	}
}

/* Twice what was seen, and never so little that the first change breaks it. */
static void put_limits(const struct learned *l, struct strbuf *out)
{
	unsigned long long processes = l->peaks[PEAK_PROCESSES];
	unsigned long long tasks = l->peaks[PEAK_TASKS];
	unsigned long long seen_mib = l->peaks[PEAK_MEMORY] / MIB;
	unsigned long long mib = 64;
	unsigned long long files = 256;

	if (tasks == 0) { /* a log, which says nothing of them */
		strbuf_puts(out, "# limits: memory and tasks were not measured\n");
		return;
	}
	while (mib < (seen_mib + 1) * (processes + 1) * 2 && mib < 1ULL << 30)
		mib *= 2;
	while (files < l->peaks[PEAK_FILES] * 2 && files < 1 << 20)
		files *= 2;
	strbuf_addf(
		out,
		"limits:\n  memory: %lluMiB   # seen: %llu MiB in one process, %llu processes at once\n",
		mib, seen_mib, processes);
	strbuf_addf(out, "  pids: %llu   # seen: %llu at once\n  nofile: %llu\n", tasks * 2 + 8,
		    tasks, files);
}

/* What was seen and is not granted: for the reader to decide. Items that begin with `kind`, without
 * `skip`. */
static void put_seen(const struct grants *g, const char *kind, const char *skip, const char *title,
		     struct strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < g->learned->n_items; i++) {
		const struct learned_item *item = &g->learned->items[i];

		if (strncmp(item->text, kind, strlen(kind)) != 0)
			continue;
		if (!any)
			strbuf_addf(out, "# %s\n", title);
		any = true;
		strbuf_addf(out, "#   %s   (%zu of %zu runs)\n", item->text + strlen(skip),
			    run_set_count(g->learned, item->runs), g->learned->n_runs);
	}
}

void learned_policy_print(const struct grants *g, const struct estimate *estimate, const char *name,
			  struct strbuf *out)
{
	bool *done = arena_array(g->arena, g->n + 1, sizeof(*done));

	if (!done) {
		out->failed = true;
		return;
	}
	put_head(g, estimate, name, out);
	put_section(g, "files", done, out);
	put_section(g, "syscalls", done, out);
	put_section(g, "network", done, out);
	put_limits(g->learned, out);
	strbuf_puts(out, "require: [landlock]   # the rules on files are held by it\n");
	put_seen(g, "file write /proc", "file ",
		 "Opened to be written, and granted only to be read; add a rule if it is needed:",
		 out);
	put_seen(g, "refuse ", "refuse ",
		 "Refused while learning, and not granted; add a rule if it is needed:", out);
	put_seen(g, "volume ", "volume ",
		 "Folders that the command line gave; they are not the policy's to grant:", out);
}
