/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/learned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define HEAD "immure learned 1"
#define WORD_BITS 64

static const char *const peak_names[PEAK_COUNT] = { "memory", "files", "processes", "tasks" };

size_t run_set_count(const struct learned *learned, struct run_set set)
{
	size_t n = 0;

	for (size_t i = 0; i < learned->n_words; i++) {
		/* Each step takes the lowest bit away. */
		for (uint64_t word = set.words[i]; word; word &= word - 1)
			n++;
	}
	return n;
}

void run_set_add(const struct learned *learned, struct run_set *to, struct run_set from)
{
	for (size_t i = 0; i < learned->n_words; i++)
		to->words[i] |= from.words[i];
}

static bool has_run(struct run_set set, size_t run)
{
	return set.words[run / WORD_BITS] >> (run % WORD_BITS) & 1;
}

static void set_run(struct run_set set, size_t run)
{
	set.words[run / WORD_BITS] |= (uint64_t)1 << (run % WORD_BITS);
}

struct reader {
	const char *name;
	uint32_t line;
	struct arena *arena;
	struct diags *diags;
	struct learned learned;
	size_t cap_runs, cap_items;
};

static int fault(const struct reader *r, int error, const char *what)
{
	diags_add(r->diags, (struct where){ r->name, r->line, 1 }, "%s", what);
	return error;
}

/* Printable ASCII: what stands here ends in a policy, where YAML knows other line breaks too. */
static bool is_clean(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	}
	return true;
}

/* "cmd=0x5413,type=0x1": arguments that the call has. */
static bool is_class(const char *call, struct span keys)
{
	struct arg_info info[6];
	int n = syscall_args_find(call, info);

	while (keys.n > 0) {
		struct span value = span_cut(&keys, ',');
		struct span key = span_cut(&value, '=');
		bool found = false;

		for (int i = 0; i < n; i++)
			found = found || (info[i].name.n == key.n &&
					  memcmp(info[i].name.p, key.p, key.n) == 0);
		if (!found || value.n < 3 || value.n > 10 || !span_starts(value, "0x"))
			return false;
		for (size_t i = 2; i < value.n; i++) {
			if (!strchr("0123456789abcdef", value.p[i]))
				return false;
		}
	}
	return true;
}

static bool is_call_item(struct span rest)
{
	struct span name = span_word(&rest);
	char call[40];

	if (name.n == 0 || name.n >= sizeof(call))
		return false;
	memcpy(call, name.p, name.n);
	call[name.n] = '\0';
	/* "#450": newer than this version knows. */
	if (call[0] == '#')
		return span_trim(rest).n == 0;
	return syscall_is_known(call) && is_class(call, span_trim(rest));
}

/* Absolute, and no component is empty, "." or ".."; a final '/' says that it is a folder. */
static bool is_path(struct span path)
{
	if (path.p[0] != '/')
		return false;
	span_cut(&path, '/');
	while (path.n > 0) {
		struct span part = span_cut(&path, '/');

		if (part.n == 0 || span_eq(part, ".") || span_eq(part, ".."))
			return false;
	}
	return true;
}

static bool is_file_item(struct span rest)
{
	static const char *const accesses[] = { "read", "write", "exec", "make" };
	struct span access = span_word(&rest);
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(accesses); i++)
		found = found || span_eq(access, accesses[i]);
	return found && rest.n > 1 && rest.p[0] == ' ' &&
	       is_path((struct span){ rest.p + 1, rest.n - 1 });
}

static bool is_item(struct span text)
{
	struct span rest = text;
	struct span kind = span_word(&rest);

	if (!is_clean(text) || text.p[text.n - 1] == ' ')
		return false;
	if (span_eq(kind, "allow") || span_eq(kind, "refuse"))
		return is_call_item(rest);
	if (span_eq(kind, "file"))
		return is_file_item(rest);
	if (span_eq(kind, "net"))
		return span_starts(rest, " connect ") || span_starts(rest, " listen ");
	return span_eq(kind, "volume") && rest.n > 1 &&
	       is_path((struct span){ rest.p + 1, rest.n - 1 });
}

static int read_run(struct reader *r, struct span id)
{
	const char **grown = arena_grow(r->arena, r->learned.runs, &r->cap_runs,
					r->learned.n_runs + 1, sizeof(*grown));
	char *copy = arena_strndup(r->arena, id.p, id.n);

	if (!grown || !copy)
		return -ENOMEM;
	if (r->learned.n_items > 0)
		return fault(r, -EINVAL, "a run behind an item; expected all runs first");
	if (id.n > LEARNED_RUN_MAX || !text_is_id(copy))
		return fault(r, -EINVAL, "expected \"run\" and the id of a run");
	if (r->learned.n_runs == LEARNED_MAX_RUNS)
		return fault(r, -E2BIG, "too many runs");
	if (r->learned.n_runs > 0 && strcmp(grown[r->learned.n_runs - 1], copy) >= 0)
		return fault(r, -EINVAL, "runs out of order; expected them sorted, each once");
	r->learned.runs = grown;
	grown[r->learned.n_runs++] = copy;
	r->learned.n_words = (r->learned.n_runs + WORD_BITS - 1) / WORD_BITS;
	return 0;
}

static int read_numbers(struct reader *r, struct span numbers, struct run_set *set)
{
	while (numbers.n > 0) {
		struct span number = span_cut(&numbers, ',');
		uint64_t run = 0;

		if (r->learned.n_runs == 0 || span_u64(number, r->learned.n_runs - 1, &run) < 0)
			return fault(r, -EINVAL, "expected numbers of runs that are listed above");
		set_run(*set, run);
	}
	return 0;
}

static int read_item(struct reader *r, struct span numbers, struct span text)
{
	struct learned *l = &r->learned;
	struct learned_item *grown =
		arena_grow(r->arena, l->items, &r->cap_items, l->n_items + 1, sizeof(*grown));
	struct learned_item item = { .text = arena_strndup(r->arena, text.p, text.n) };

	item.runs.words = arena_array(r->arena, l->n_words + 1, sizeof(uint64_t));
	if (!grown || !item.text || !item.runs.words)
		return -ENOMEM;
	if (text.n == 0 || !is_item(text))
		return fault(
			r, -EINVAL,
			"expected numbers of runs and an item: allow, refuse, file, net or volume");
	if (l->n_items == LEARNED_MAX_ITEMS)
		return fault(r, -E2BIG, "too many items");
	l->items = grown;
	grown[l->n_items++] = item;
	return read_numbers(r, numbers, &item.runs);
}

static int read_peak(struct reader *r, struct span rest)
{
	struct span name = span_word(&rest);

	for (size_t i = 0; i < PEAK_COUNT; i++) {
		if (span_eq(name, peak_names[i]))
			return span_u64(span_trim(rest), UINT64_MAX >> 16, &r->learned.peaks[i]) < 0
				       ? fault(r, -EINVAL, "expected a number")
				       : 0;
	}
	return fault(r, -EINVAL, "expected memory, files, processes or tasks");
}

static int read_often(struct reader *r, struct span rest)
{
	struct span name = span_word(&rest);

	for (int i = 0; i < CALL_WEIGHTS; i++) {
		if (span_eq(name, call_weights[i].call))
			return span_u64(span_trim(rest), UINT32_MAX, &r->learned.calls_seen[i]) < 0
				       ? fault(r, -EINVAL, "expected a number")
				       : 0;
	}
	return fault(r, -EINVAL, "expected a call whose arguments policies ask for");
}

static int read_line(struct reader *r, struct span line)
{
	struct span word = span_word(&line);

	if (r->line == 1)
		return span_eq(word, "immure") && span_eq(line, " learned 1")
			       ? 0
			       : fault(r, -EINVAL, "not a record; expected \"" HEAD "\"");
	if (span_eq(word, "run"))
		return read_run(r, span_trim(line));
	if (span_eq(word, "peak"))
		return read_peak(r, line);
	if (span_eq(word, "often"))
		return read_often(r, line);
	if (span_eq(word, "lost"))
		return span_u64(span_trim(line), UINT64_MAX, &r->learned.lost) < 0
			       ? fault(r, -EINVAL, "expected a number")
			       : 0;
	if (line.n > 0) {
		line.p++;
		line.n--;
	}
	return read_item(r, word, line);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct learned_item *)a)->text,
		      ((const struct learned_item *)b)->text);
}

/* Sort by text; of equal ones the runs are joined. */
static void tidy(struct learned *l)
{
	size_t kept = 0;

	if (l->n_items > 1)
		qsort(l->items, l->n_items, sizeof(*l->items), by_text);
	for (size_t i = 0; i < l->n_items; i++) {
		if (kept > 0 && strcmp(l->items[kept - 1].text, l->items[i].text) == 0)
			run_set_add(l, &l->items[kept - 1].runs, l->items[i].runs);
		else
			l->items[kept++] = l->items[i];
	}
	l->n_items = kept;
}

int learned_read(struct span text, const char *name, struct arena *arena, struct learned *ret,
		 struct diags *diags)
{
	struct reader r = { .name = name, .arena = arena, .diags = diags };

	if (text.n > LEARNED_MAX_BYTES)
		return fault(&r, -E2BIG, "too long");
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return fault(&r, -EINVAL, "cut short; expected a record that ends in a newline");
	while (text.n > 0) {
		int error;

		r.line++;
		error = read_line(&r, span_cut(&text, '\n'));
		if (error < 0)
			return error;
	}
	if (r.learned.n_runs == 0)
		return fault(&r, -EINVAL, "names no run");
	tidy(&r.learned);
	*ret = r.learned;
	return 0;
}

/* Ids of both, sorted, unique; from[i] is the place of `of`'s run i. */
static void place_runs(const struct learned *all, const struct learned *of, size_t *places)
{
	for (size_t i = 0, k = 0; i < of->n_runs; i++) {
		while (strcmp(all->runs[k], of->runs[i]) != 0)
			k++;
		places[i] = k;
	}
}

static int merge_runs(const struct learned *a, const struct learned *b, struct arena *arena,
		      struct learned *ret)
{
	size_t i = 0;
	size_t k = 0;

	ret->runs = arena_array(arena, a->n_runs + b->n_runs + 1, sizeof(*ret->runs));
	if (!ret->runs)
		return -ENOMEM;
	while (i < a->n_runs || k < b->n_runs) {
		int order = i == a->n_runs   ? 1
			    : k == b->n_runs ? -1
					     : strcmp(a->runs[i], b->runs[k]);

		ret->runs[ret->n_runs++] = order <= 0 ? a->runs[i] : b->runs[k];
		i += order <= 0;
		k += order >= 0;
	}
	ret->n_words = (ret->n_runs + WORD_BITS - 1) / WORD_BITS;
	return 0;
}

static int add_items(const struct learned *from, struct arena *arena, struct learned *to)
{
	size_t *places = arena_array(arena, from->n_runs + 1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	place_runs(to, from, places);
	for (size_t i = 0; i < from->n_items; i++) {
		struct learned_item item = { .text = from->items[i].text };

		item.runs.words = arena_array(arena, to->n_words + 1, sizeof(uint64_t));
		if (!item.runs.words)
			return -ENOMEM;
		for (size_t run = 0; run < from->n_runs; run++) {
			if (has_run(from->items[i].runs, run))
				set_run(item.runs, places[run]);
		}
		to->items[to->n_items++] = item;
	}
	for (size_t i = 0; i < PEAK_COUNT; i++)
		to->peaks[i] = from->peaks[i] > to->peaks[i] ? from->peaks[i] : to->peaks[i];
	for (int i = 0; i < CALL_WEIGHTS; i++) {
		if (from->calls_seen[i] > to->calls_seen[i])
			to->calls_seen[i] = from->calls_seen[i];
	}
	to->lost = from->lost > to->lost ? from->lost : to->lost;
	return 0;
}

int learned_merge(const struct learned *a, const struct learned *b, struct arena *arena,
		  struct learned *ret, struct err *err)
{
	struct learned all = { 0 };

	all.items = arena_array(arena, a->n_items + b->n_items + 1, sizeof(*all.items));
	if (!all.items || merge_runs(a, b, arena, &all) < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (all.n_runs > LEARNED_MAX_RUNS)
		return err_set(err, E2BIG, "more than %d runs", LEARNED_MAX_RUNS);
	if (add_items(a, arena, &all) < 0 || add_items(b, arena, &all) < 0)
		return err_set(err, ENOMEM, "out of memory");
	tidy(&all);
	if (all.n_items > LEARNED_MAX_ITEMS)
		return err_set(err, E2BIG, "more than %d items", LEARNED_MAX_ITEMS);
	*ret = all;
	return 0;
}

void learned_print(const struct learned *l, struct strbuf *out)
{
	strbuf_puts(out, HEAD "\n");
	for (size_t i = 0; i < l->n_runs; i++)
		strbuf_addf(out, "run %s\n", l->runs[i]);
	for (size_t i = 0; i < l->n_items; i++) {
		const char *comma = "";

		for (size_t run = 0; run < l->n_runs; run++) {
			if (!has_run(l->items[i].runs, run))
				continue;
			strbuf_addf(out, "%s%zu", comma, run);
			comma = ",";
		}
		strbuf_addf(out, " %s\n", l->items[i].text);
	}
	for (size_t i = 0; i < PEAK_COUNT; i++)
		strbuf_addf(out, "peak %s %llu\n", peak_names[i], (unsigned long long)l->peaks[i]);
	for (int i = 0; i < CALL_WEIGHTS; i++) {
		if (l->calls_seen[i] > 0)
			strbuf_addf(out, "often %s %llu\n", call_weights[i].call,
				    (unsigned long long)l->calls_seen[i]);
	}
	if (l->lost > 0)
		strbuf_addf(out, "lost %llu\n", (unsigned long long)l->lost);
}
