/* SPDX-License-Identifier: Apache-2.0 */
/* policy cost: what the filter takes the kernel, call by call. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "policies/filter_cost.h"
#include "policies/syscall_sets.h"
#include "runtime/verb_policy.h"

#define COUNTS_MAX_BYTES ((size_t)1 << 20)

struct cost_options {
	const char *counts;
	bool json, all;
};

static const struct opt cost_opts[] = {
	{ "counts", 0, OPT_TEXT, offsetof(struct cost_options, counts), "FILE",
	  "weigh by how often calls were made: the table of strace -c", "@files" },
	{ "all", 0, OPT_FLAG, offsetof(struct cost_options, all), NULL,
	  "also the calls for which no instruction runs", NULL },
	{ "json", 0, OPT_FLAG, offsetof(struct cost_options, json), NULL, "as JSON", NULL },
};

struct row {
	const char *call;
	struct filter_cost cost;
	uint64_t times;
};

/* Of a line of strace -c ("% time seconds usecs/call calls [errors] syscall"): how often. */
static uint64_t times_in(struct span text, const char *call)
{
	while (text.n > 0) {
		struct span line = span_cut(&text, '\n');
		struct span words[6];
		uint64_t times = 0;
		size_t n = 0;

		while (n < ARRAY_LEN(words)) {
			struct span word = span_word(&line);

			if (word.n == 0)
				break;
			words[n++] = word;
		}
		if (n >= 5 && span_eq(words[n - 1], call) &&
		    span_u64(words[3], UINT64_MAX, &times) == 0)
			return times;
	}
	return 0;
}

static void print_json(const struct row *rows, size_t n)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_array(&j);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&j);
		jsonw_kbool(&j, "cached", rows[i].cost.cached);
		jsonw_kstr(&j, "call", rows[i].call);
		jsonw_ku64(&j, "least", rows[i].cost.least);
		jsonw_ku64(&j, "most", rows[i].cost.most);
		jsonw_ku64(&j, "times", rows[i].times);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&out));
}

static void print_text(const struct row *rows, size_t n, bool all, bool weighed)
{
	uint64_t calls = 0;
	uint64_t run = 0;
	size_t cached = 0;

	printf("%-24s %10s%s\n", "CALL", "INSTRUCTIONS", weighed ? "      TIMES" : "");
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		char range[32];

		cached += row->cost.cached;
		calls += row->times;
		run += row->cost.cached ? 0 : row->times * row->cost.most;
		if (row->cost.cached && !all)
			continue;
		snprintf(range, sizeof(range), row->cost.least == row->cost.most ? "%u" : "%u-%u",
			 row->cost.least, row->cost.most);
		printf("%-24s %12s", row->call, row->cost.cached ? "0 (cached)" : range);
		if (weighed)
			printf(" %10llu", (unsigned long long)row->times);
		printf("\n");
	}
	printf("%zu calls are allowed whatever their arguments: Linux 5.11 and later run nothing for them\n",
	       cached);
	if (calls > 0)
		printf("%llu calls, at most %.2f instructions each\n", (unsigned long long)calls,
		       (double)run / (double)calls);
}

static int run_cost(const struct verb_call *call, struct err *err)
{
	const struct cost_options *options = call->options;
	cleanup_strbuf struct strbuf counts = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	struct row *rows;
	size_t n = 0;
	int r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);

	if (r != 0)
		return r;
	if (options->counts) {
		r = fd_read_file(AT_FDCWD, options->counts, COUNTS_MAX_BYTES, &counts, err);
		if (r < 0)
			return err_wrap(err, "%s", options->counts);
	}
	rows = arena_array(call->arena, bundle.n_calls + 1, sizeof(*rows));
	if (!rows)
		return err_set(err, ENOMEM, "out of memory");
	for (int nr = 0; nr < (int)bundle.n_calls; nr++) {
		const struct filter_code code = { bundle.filter, bundle.n_filter, 0 };
		struct row *row = &rows[n];

		row->call = bundle_call_name(&bundle, nr);
		if (row->call[0] == '\0')
			continue;
		if (filter_cost_of(code, bundle.audit_arch, nr, call->arena, &row->cost) < 0)
			return err_set(err, ENOMEM, "out of memory");
		row->times = times_in((struct span){ strbuf_str(&counts), counts.len }, row->call);
		n++;
	}
	if (options->json)
		print_json(rows, n);
	else
		print_text(rows, n, options->all, options->counts != NULL);
	return 0;
}

const struct verb verb_policy_cost = {
	.name = "cost",
	.args = "[--all] [--json] [--counts FILE] POLICY",
	.help = "print how many instructions of the filter run for each call",
	.opts = cost_opts,
	.n_opts = ARRAY_LEN(cost_opts),
	.options_size = sizeof(struct cost_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_cost,
};
