/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge.h"

#include <string.h>

#include "audit/check_parts.h"

/* Sum of what was dropped, by the counters of the sealed record. */
static uint64_t sum_dropped(const json_t *sealed, struct completeness *c)
{
	const json_t *loss;
	uint64_t dropped = 0;
	size_t i;

	json_array_foreach(json_object_get(sealed, "losses"), i, loss)
	{
		dropped += (uint64_t)record_number(loss, "dropped", 0);
		if (strcmp(record_text(loss, "source", ""), "bpf") == 0) {
			c->has_bpf = true;
			c->mode = record_text(loss, "mode", NULL);
			c->absent = (uint64_t)record_number(loss, "absent", 0);
		}
	}
	return dropped;
}

struct completeness judge_completeness(const struct run_record *record, struct arena *arena)
{
	const json_t *sealed = record->last;
	struct completeness c = { .whole = true };

	c.dropped = sum_dropped(sealed, &c);
	if (record->chain.code)
		c.not_whole =
			arena_printf(arena, "the record does not hold: %s", record->chain.msg);
	else if (!record->complete)
		c.not_whole = record->lives ? "the run goes on: its record is not sealed yet"
					    : "the run was cut short: its record was never sealed";
	else if (json_is_true(json_object_get(sealed, "lost")))
		c.not_whole = "an event could not be recorded";
	else if (c.dropped > 0)
		c.not_whole = arena_printf(arena, "%llu %s lost", (unsigned long long)c.dropped,
					   c.dropped == 1 ? "event was" : "events were");
	else if (c.absent > 0)
		c.not_whole = arena_printf(arena, "the run was not traced at %llu of its starts",
					   (unsigned long long)c.absent);
	c.whole = c.not_whole == NULL;
	c.lost = c.dropped > 0 || c.absent > 0 || json_is_true(json_object_get(sealed, "lost"));
	return c;
}

/* A proof is of one policy on one kernel. */
static bool is_proof_of(const json_t *proof, const json_t *plan)
{
	static const char *const keys[] = { "policy_digest", "kernel" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = record_text(proof, keys[i], NULL);

		if (!text || strcmp(text, record_text(plan, keys[i], "")) != 0)
			return false;
	}
	return true;
}

static void judge_init(struct judge *j, const struct judge_input *in, struct arena *arena)
{
	struct completeness c = judge_completeness(in->record, arena);
	struct err ignored = { 0 };
	const char *mounts;

	*j = (struct judge){
		.record = in->record,
		.seen = in->seen,
		.bundle = in->bundle,
		.arena = arena,
		.evidence = in->record->evidence,
		.plan = in->record->plan,
		.status = json_object_get(in->record->evidence, "status"),
		.namespaces = json_object_get(in->record->evidence, "namespaces"),
		.whole = c.whole,
		.not_whole = c.not_whole,
		.fails = c.lost && in->bundle && in->bundle->loss_fails,
		.sees_all = c.has_bpf,
		.proof = is_proof_of(in->proof, in->record->plan) ? in->proof : NULL,
	};
	mounts = record_text(j->evidence, "mountinfo", NULL);
	if (mounts &&
	    proc_mountinfo_parse(span_of(mounts), arena, &j->mounts, &j->n_mounts, &ignored) < 0)
		j->n_mounts = 0;
}

/* Was the option given that decides the control? The value it gave is in the plan. */
static bool is_option_used(const struct judge *j, const char *option)
{
	const json_t *limits = json_object_get(j->plan, "limits");
	const struct bundle *b = j->bundle;
	const json_t *m;
	size_t i;

	if (json_object_get(j->plan, "engine"))
		return false; /* the bundle's doing */
	if (strcmp(option, "network") == 0)
		return strcmp(record_text(j->plan, "network", "none"), "none") != 0;
	if (strcmp(option, "writable") == 0)
		return json_is_true(json_object_get(json_object_get(j->plan, "root"), "writable"));
	if (strcmp(option, "restart") == 0)
		return strcmp(record_text(j->record->life, "restart", "no"), "no") != 0;
	if (strcmp(option, "volume") == 0) {
		json_array_foreach(json_object_get(j->plan, "mounts"), i, m)
		{
			if (json_is_true(json_object_get(m, "volume")))
				return true;
		}
		return false;
	}
	if (!b)
		return false;
	if (strcmp(option, "pids") == 0)
		return record_number(limits, "pids", 0) != (int64_t)b->limits.pids;
	if (strcmp(option, "memory") == 0)
		return record_number(limits, "memory", 0) != (int64_t)b->limits.memory;
	if (strcmp(option, "nofile") == 0)
		return record_number(limits, "nofile", 0) != (int64_t)b->limits.nofile;
	return strcmp(option, "cpus") == 0 &&
	       record_number(limits, "cpus_milli", 0) != (int64_t)b->limits.cpus_milli;
}

/* "limits.pids" is the rule "limits pids"; "require.landlock" one that has the word; "mode" any. */
static bool is_rule_of(const struct rule *rule, const char *part)
{
	struct span text = span_of(rule->text);
	struct span first = span_word(&text);
	struct span key = span_of(part);
	struct span section = span_cut(&key, '.');

	if (first.n != section.n || memcmp(first.p, section.p, first.n) != 0)
		return false;
	while (key.n > 0 && text.n > 0) {
		struct span word = span_word(&text);

		if (word.n == key.n && memcmp(word.p, key.p, key.n) == 0)
			return true;
	}
	return key.n == 0;
}

static const struct rule *find_rule(const struct bundle *bundle, const char *part)
{
	for (size_t i = 0; i < bundle->n_rules; i++) {
		if (is_rule_of(&bundle->rules[i], part))
			return &bundle->rules[i];
	}
	return NULL;
}

static bool is_in_section(const struct bundle *bundle, size_t rule, const char *section)
{
	struct span text = span_of(bundle->rules[rule].text);
	struct span first = span_word(&text);

	if (strcmp(section, "syscalls") == 0)
		return (span_eq(first, "allow") || span_eq(first, "deny")) &&
		       !is_in_section(bundle, rule, "files") &&
		       !is_in_section(bundle, rule, "network");
	if (strcmp(section, "require") == 0)
		return span_eq(first, "require");
	for (size_t i = 0; strcmp(section, "files") == 0 && i < bundle->n_files; i++) {
		if (bundle->files[i].rule == rule)
			return true;
	}
	for (size_t i = 0; strcmp(section, "network") == 0 && i < bundle->net.n; i++) {
		if (bundle->net.rules[i].rule == &bundle->rules[rule])
			return true;
	}
	return false;
}

/* The first line of a section in the file that was run; 1 if it has no such section. */
static uint32_t line_of_section(const struct bundle *bundle, const char *section)
{
	uint32_t line = 0;

	for (size_t i = 0; i < bundle->n_rules; i++) {
		const struct where *where = &bundle->rules[i].where;

		if (strcmp(where->file, bundle->sources[0].name) == 0 &&
		    (line == 0 || where->line < line) && is_in_section(bundle, i, section))
			line = where->line;
	}
	return line > 0 ? line : 1;
}

/* Where to change something: the option that was given, the rule, or the policy as a whole. */
static void find_place(struct judge *j, struct finding *f)
{
	const struct control *control = f->control;
	const char *part = f->part ? f->part : control->policy;
	const struct rule *rule;

	f->rule = f->given;
	if (!f->given && !f->part && control->option && is_option_used(j, control->option)) {
		f->rule = arena_printf(j->arena, "--%s", control->option);
		j->out_of_memory |= !f->rule;
	}
	if (f->rule) {
		f->file = "command line";
		return;
	}
	if (!part || !j->bundle)
		return;
	rule = strchr(part, '.') || f->part ? find_rule(j->bundle, part) : NULL;
	if (rule) {
		f->file = rule->where.file;
		f->line = rule->where.line;
		f->rule = rule->text;
	} else if (j->bundle->n_sources > 0) {
		f->file = j->bundle->sources[0].name;
		f->line = line_of_section(j->bundle, part);
	}
}

/* "cis-docker" of "cis-docker-1.6"; the whole if no version stands at its end. */
static size_t family_length(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash && dash[1] && dash[1 + strspn(dash + 1, "0123456789.")] == '\0'
		       ? (size_t)(dash - name)
		       : strlen(name);
}

bool waiver_names(const struct waiver *waiver, const struct control *control)
{
	const char *name = control->standard->name;
	const char *rest = waiver->control;
	size_t family = family_length(name);

	if (strncmp(rest, name, strlen(name)) == 0 && rest[strlen(name)] == '-' &&
	    strcmp(rest + strlen(name) + 1, control->id) == 0)
		return true;
	return strncmp(rest, name, family) == 0 && rest[family] == '-' &&
	       strcmp(rest + family + 1, control->id) == 0;
}

static void apply_waivers(const struct judge_input *in, struct finding *f)
{
	for (size_t i = 0; i < in->n_waivers; i++) {
		struct waiver *w = &in->waivers[i];

		if (!waiver_names(w, f->control))
			continue;
		if (f->status != FINDING_WAIVED)
			f->waiver = w;
		if (in->today && strcmp(in->today, w->until) > 0) {
			w->state = WAIVER_EXPIRED;
			continue;
		}
		if (f->status != FINDING_FAIL && f->status != FINDING_NOT_PROVEN &&
		    f->status != FINDING_MANUAL)
			continue;
		w->state = WAIVER_APPLIED;
		f->before_waiver = f->status;
		f->status = FINDING_WAIVED;
	}
}

/* Which layer's probes try what a control is about. */
static const char *layer_of(const struct control *control)
{
	static const char *const rows[][2] = {
		{ "landlock", "landlock" },     { "own-folders", "mounts" },
		{ "apparmor", "apparmor" },     { "capabilities", "capabilities" },
		{ "read-only-root", "mounts" }, { "rlimits", "rlimits" },
		{ "seccomp", "seccomp" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i][0], control->check) == 0)
			return rows[i][1];
	}
	return control->param && strcmp(control->check, "namespace") == 0 &&
			       strcmp(control->param, "net") == 0
		       ? "netns"
		       : NULL;
}

/* Probes in an identical sandbox make a pass certain, or show that it was none. */
static void apply_proof(struct judge *j, struct finding *f)
{
	const char *layer = layer_of(f->control);
	const json_t *tally;
	size_t i;

	json_array_foreach(json_object_get(j->proof, "layers"), i, tally)
	{
		long long n = (long long)record_number(tally, "probes", 0);
		long long different = (long long)record_number(tally, "different", 0);

		if (!layer || n == 0 || f->status != FINDING_PASS ||
		    strcmp(record_text(tally, "layer", ""), layer) != 0)
			continue;
		f->level = LEVEL_PROBED;
		f->status = different > 0 ? FINDING_FAIL : FINDING_PASS;
		f->observed = different > 0
				      ? arena_printf(j->arena, "%lld of %lld probes went otherwise",
						     different, n)
				      : arena_printf(j->arena, "%s; %lld probes as predicted",
						     f->observed, n);
		j->out_of_memory |= !f->observed;
	}
}

/* What a layer holds by the policy's rules it does not hold where nothing is refused by them. */
static void apply_mode(struct judge *j, struct finding *f)
{
	static const char *const by_rules[] = { "apparmor", "egress",  "landlock",
						"mac",      "seccomp", "selinux" };

	if (f->status != FINDING_PASS ||
	    strcmp(record_text(j->plan, "mode", "enforce"), "audit") != 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(by_rules); i++) {
		if (strcmp(f->control->check, by_rules[i]) != 0)
			continue;
		f->status = FINDING_FAIL;
		f->observed = arena_printf(
			j->arena,
			"%s, but mode: audit: what the rules refuse is recorded and goes on",
			f->observed);
		f->part = "mode";
	}
}

static void judge_one(struct judge *j, const struct judge_input *in, struct finding *f)
{
	const struct check *check = check_find(f->control->check);

	check->fn(j, f->control, f);
	apply_proof(j, f);
	apply_mode(j, f);
	/* Evidence that somebody may have changed proves nothing; a failure it shows still counts.
	 */
	if (f->status == FINDING_PASS && in->record->chain.code) {
		f->status = FINDING_NOT_PROVEN;
		f->observed = arena_printf(j->arena, "%s, but %s", f->observed, j->not_whole);
	}
	if (f->status == FINDING_PASS && f->level < in->require) {
		f->status = FINDING_NOT_PROVEN;
		f->observed = arena_printf(j->arena, "%s, but known at %s only", f->observed,
					   evidence_level_name(f->level));
	}
	j->out_of_memory |= !f->observed;
	find_place(j, f);
	f->before_waiver = f->status;
	apply_waivers(in, f);
}

int judge_run(const struct judge_input *in, struct arena *arena, struct finding **ret,
	      struct err *err)
{
	struct finding *findings;
	struct judge judge;
	size_t n = 0;

	for (size_t i = 0; i < in->n_standards; i++)
		n += in->standards[i].n;
	findings = arena_array(arena, n + 1, sizeof(*findings));
	if (!findings)
		return err_set(err, ENOMEM, "out of memory");
	judge_init(&judge, in, arena);
	for (size_t i = 0; i < in->n_waivers; i++)
		in->waivers[i].state = WAIVER_UNUSED;
	n = 0;
	for (size_t i = 0; i < in->n_standards; i++) {
		for (size_t k = 0; k < in->standards[i].n; k++) {
			findings[n].control = &in->standards[i].controls[k];
			judge_one(&judge, in, &findings[n++]);
		}
	}
	if (judge.out_of_memory)
		return err_set(err, ENOMEM, "out of memory");
	*ret = findings;
	return (int)n;
}
