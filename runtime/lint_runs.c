/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/lint_runs.h"

#include <string.h>

#include "audit/report_parts.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "runtime/audit_run.h"

#define LEFT_OUT_SHOWN 10

int lint_runs_last_policy(struct arena *arena, const char **ret, struct err *err)
{
	const char *run = NULL;
	cleanup_close int dir = audit_run_open_folder("last", arena, &run, err);
	struct bundle bundle = { 0 };

	if (dir < 0)
		return dir;
	if (!audit_run_bundle(dir, arena, &bundle) || bundle.n_sources == 0)
		return err_set(err, EBADMSG, "the policy of run %s cannot be read: name one", run);
	*ret = bundle.sources[0].path ? bundle.sources[0].path : bundle.sources[0].name;
	return 0;
}

static bool belong_together(const struct grant_runs *runs, size_t i, size_t k)
{
	const struct where *a = &runs->grants.items[i].rule->where;
	const struct where *b = &runs->grants.items[k].rule->where;

	return a->line == b->line && strcmp(a->file, b->file) == 0 &&
	       runs->tallies[i].told == runs->tallies[k].told;
}

/* "ptrace, vmsplice in 3 runs": all that belong to the i-th, which is the first. */
static const char *text_of(const struct grant_runs *runs, size_t i, struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };

	for (size_t k = i; k < runs->grants.n; k++) {
		if (!grant_runs_is_unused(runs, k) || !belong_together(runs, i, k))
			continue;
		strbuf_addf(&text, "%s%s%s", k > i ? ", " : "", runs->grants.items[k].text,
			    runs->tallies[k].reads > 0 ? " (files there were read)" : "");
	}
	strbuf_addf(&text, " in %llu run%s", (unsigned long long)runs->tallies[i].told,
		    runs->tallies[i].told == 1 ? "" : "s");
	return text.failed ? NULL : arena_strdup(arena, strbuf_str(&text));
}

static bool is_told_already(const struct grant_runs *runs, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (grant_runs_is_unused(runs, k) && belong_together(runs, k, i))
			return true;
	}
	return false;
}

int lint_runs_find(const struct grant_runs *runs, const struct policy *policy, const char *today,
		   struct lint *lint, struct err *err)
{
	struct lint_unused *list = arena_array(lint->arena, runs->grants.n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < runs->grants.n; i++) {
		if (!grant_runs_is_unused(runs, i) || is_told_already(runs, i))
			continue;
		list[n].rule = runs->grants.items[i].rule;
		list[n].text = text_of(runs, i, lint->arena);
		if (!list[n++].text)
			list = NULL;
	}
	if (!list)
		return err_set(err, ENOMEM, "out of memory");
	return policy_lint_unused(policy, list, n, today, lint, err);
}

static bool is_unknown(const struct grant_runs *runs, size_t i, const char *why)
{
	return grant_is_own(&runs->grants, &runs->grants.items[i]) && runs->tallies[i].told == 0 &&
	       runs->tallies[i].unknown && (!why || strcmp(runs->tallies[i].unknown, why) == 0);
}

/* Each reason once, with the grants that it is about. */
static void put_unknown(const struct grant_runs *runs, struct strbuf *out)
{
	for (size_t i = 0; i < runs->grants.n; i++) {
		const char *why = runs->tallies[i].unknown;
		size_t before = 0;

		for (size_t k = 0; k < i && why; k++)
			before += is_unknown(runs, k, why);
		if (before > 0 || !is_unknown(runs, i, NULL))
			continue;
		strbuf_puts(out, "  not known: ");
		for (size_t k = i; k < runs->grants.n; k++) {
			if (!is_unknown(runs, k, why))
				continue;
			strbuf_puts(out, k > i ? ", " : "");
			put_escaped(out, runs->grants.items[k].text);
		}
		strbuf_puts(out, "\n    ");
		put_escaped(out, why);
		strbuf_putc(out, '\n');
	}
}

static void put_left_out(const struct grant_runs *runs, struct strbuf *out)
{
	for (size_t i = 0; i < runs->n_left_out; i++) {
		if (i == LEFT_OUT_SHOWN) {
			strbuf_addf(out, "  ... and %zu more left out\n", runs->n_left_out - i);
			return;
		}
		strbuf_puts(out, "  left out: run ");
		put_escaped(out, runs->left_out[i].run);
		strbuf_puts(out, ": ");
		put_escaped(out, runs->left_out[i].why);
		strbuf_putc(out, '\n');
	}
}

void lint_runs_text(const struct grant_runs *runs, struct strbuf *out)
{
	strbuf_addf(out, "%llu run%s of ", (unsigned long long)runs->n_read,
		    runs->n_read == 1 ? "" : "s");
	put_escaped(out, runs->grants.bundle->name);
	if (runs->newest)
		strbuf_addf(out, ", the newest %s", runs->newest);
	strbuf_addf(out, ": %zu grants never used, %zu used, %zu not known\n",
		    grant_runs_count(runs, GRANT_UNUSED), grant_runs_count(runs, GRANT_USED),
		    grant_runs_count(runs, GRANT_UNKNOWN));
	put_unknown(runs, out);
	put_left_out(runs, out);
	if (runs->older)
		strbuf_puts(out, "  older runs were not looked at: --runs\n");
}

static void json_grant(const struct grant *grant, const struct grant_tally *tally, struct jsonw *j)
{
	jsonw_object(j);
	jsonw_ku64(j, "column", grant->rule->where.col);
	jsonw_kstr(j, "file", grant->rule->where.file);
	jsonw_kstr(j, "grant", grant->text);
	jsonw_ku64(j, "line", grant->rule->where.line);
	jsonw_ku64(j, "reads", tally->reads);
	jsonw_kstr(j, "rule", grant->rule->text);
	jsonw_ku64(j, "runs_told", tally->told);
	jsonw_ku64(j, "runs_used", tally->used);
	jsonw_kstr(j, "unknown", tally->unknown);
	jsonw_kstr(j, "use", grant_use_name(grant_tally_use(tally)));
	jsonw_ku64(j, "uses", tally->n);
	jsonw_object_end(j);
}

void lint_runs_json(const struct grant_runs *runs, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_key(&j, "grants");
	jsonw_array(&j);
	for (size_t i = 0; i < runs->grants.n; i++) {
		if (grant_is_own(&runs->grants, &runs->grants.items[i]))
			json_grant(&runs->grants.items[i], &runs->tallies[i], &j);
	}
	jsonw_array_end(&j);
	jsonw_key(&j, "left_out");
	jsonw_array(&j);
	for (size_t i = 0; i < runs->n_left_out; i++) {
		jsonw_object(&j);
		jsonw_kstr(&j, "run", runs->left_out[i].run);
		jsonw_kstr(&j, "why", runs->left_out[i].why);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_kstr(&j, "newest", runs->newest);
	jsonw_kbool(&j, "older", runs->older);
	jsonw_kstr(&j, "policy", runs->grants.bundle->name);
	jsonw_ku64(&j, "runs", runs->n_read);
	jsonw_ku64(&j, "runs_told", runs->n_told);
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
}

void lint_runs_explain(const struct grant_runs *runs)
{
	const char *why = NULL;

	for (size_t i = 0; i < runs->grants.n && !why; i++)
		why = grant_is_own(&runs->grants, &runs->grants.items[i]) ? runs->tallies[i].unknown
									  : NULL;
	log_warning("no run on record can tell which grants are used: %s",
		    runs->n_read == 0 ? "none was made with this policy as it is now, and sealed"
		    : why             ? why
				      : "the policy has no grants of its own");
	log_warning("to record them: immure-tracerd (immure setup tracer), in the policy audit: "
		    "record: [all], and a run");
}
