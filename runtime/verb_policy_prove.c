/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/dirs.h"
#include "runtime/policy_draft.h"
#include "runtime/prove.h"
#include "runtime/verb_policy.h"

struct prove_options {
	const char *output, *without;
	bool json, verbose;
};

static const struct opt prove_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct prove_options, output), "FILE",
	  "write the result as JSON", "@files" },
	{ "json", 0, OPT_FLAG, offsetof(struct prove_options, json), NULL,
	  "print the result as JSON", NULL },
	{ "without", 0, OPT_TEXT, offsetof(struct prove_options, without), "LAYER",
	  "leave LAYER out: its probes must differ, and no others",
	  "seccomp landlock nslimits rlimits apparmor selinux" },
	{ "verbose", 0, OPT_FLAG, offsetof(struct prove_options, verbose), NULL,
	  "print every probe", NULL },
};

static const char *const outcomes[] = { "as predicted", "DIFFERENT", "untestable" };
static const char *const layers[] = { "seccomp",      "landlock", "mounts",   "rlimits", "netns",
				      "capabilities", "nslimits", "apparmor", "selinux" };

struct tally {
	size_t n, different, untestable;
};

static bool is_of(const struct probe *p, const char *layer)
{
	return p->kind != PROBE_HELPER && p->layer && strcmp(p->layer, layer) == 0;
}

static struct tally count(const struct probes *probes, const char *layer)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *p = &probes->items[i];

		if (p->kind == PROBE_HELPER || (layer && !is_of(p, layer)) || (!layer && p->layer))
			continue;
		t.n++;
		t.different += p->outcome == PROBE_DIFFERENT;
		t.untestable += p->outcome == PROBE_UNTESTABLE;
	}
	return t;
}

static void put_time(struct jsonw *j)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };
	char text[32];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	jsonw_kstr(j, "time", text);
}

static void json_tally(struct jsonw *j, const char *layer, struct tally t)
{
	jsonw_object(j);
	jsonw_ku64(j, "different", t.different);
	jsonw_kstr(j, "layer", layer);
	jsonw_ku64(j, "probes", t.n);
	jsonw_ku64(j, "untestable", t.untestable);
	jsonw_object_end(j);
}

static void json_probes(struct jsonw *j, const struct probes *probes)
{
	jsonw_key(j, "probes");
	jsonw_array(j);
	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *p = &probes->items[i];

		if (p->kind == PROBE_HELPER)
			continue;
		jsonw_object(j);
		jsonw_kstr(j, "layer", p->layer);
		jsonw_kstr(j, "observed", p->observed);
		jsonw_kstr(j, "outcome", outcomes[p->outcome]);
		jsonw_ki64(j, "result", p->result);
		jsonw_kstr(j, "what", p->what);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void to_json(const struct probes *probes, const struct subject *s, const char *without,
		    size_t different, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_ku64(&j, "different", different);
	jsonw_kstr(&j, "kernel", record_text(s->record.plan, "kernel", NULL));
	jsonw_key(&j, "layers");
	jsonw_array(&j);
	for (size_t i = 0; i < ARRAY_LEN(layers); i++)
		json_tally(&j, layers[i], count(probes, layers[i]));
	json_tally(&j, NULL, count(probes, NULL));
	jsonw_array_end(&j);
	jsonw_kstr(&j, "policy", record_text(s->record.plan, "policy", NULL));
	jsonw_kstr(&j, "policy_digest", record_text(s->record.plan, "policy_digest", NULL));
	json_probes(&j, probes);
	jsonw_kstr(&j, "run", s->id);
	put_time(&j);
	jsonw_ku64(&j, "version", 1);
	jsonw_kstr(&j, "without", without);
	jsonw_object_end(&j);
	strbuf_putc(out, '\n');
}

static void print_line(const struct probe *p)
{
	printf("  %-12s %-9s ", outcomes[p->outcome], p->layer ? p->layer : "allowed");
	why_print_escaped(p->what);
	printf("  (observed: %s)\n", p->observed);
}

static void print(const struct probes *probes, const struct subject *s, bool verbose)
{
	for (size_t i = 0; i < probes->n; i++) {
		const struct probe *p = &probes->items[i];

		if (p->kind != PROBE_HELPER && (verbose || p->outcome == PROBE_DIFFERENT))
			print_line(p);
	}
	for (size_t i = 0; i <= ARRAY_LEN(layers); i++) {
		const char *layer = i < ARRAY_LEN(layers) ? layers[i] : NULL;
		struct tally t = count(probes, layer);

		if (t.n > 0)
			printf("%-12s %4zu probes, %zu different, %zu untestable\n",
			       layer ? layer : "allowed", t.n, t.different, t.untestable);
	}
	printf("run %s\n", s->id);
}

/* Evidence E4, found by the digest of the policy: the last proof counts. */
static int keep(const struct subject *s, const struct strbuf *json, struct arena *arena,
		struct err *err)
{
	const char *digest = record_text(s->record.plan, "policy_digest", "");
	cleanup_close int dir = dirs_open_state("proofs", err);
	const char *name = arena_printf(arena, "%s.json", digest);

	if (dir < 0)
		return dir;
	if (!name)
		return err_set(err, ENOMEM, "out of memory");
	return fd_replace_file(dir, name, json->p, json->len, true, err);
}

static int derive(struct probes *probes, const struct policy *policy, const struct bundle *bundle,
		  struct err *err)
{
	int r = probes_add_calls(probes, policy, bundle, err);

	if (r == 0)
		r = probes_add_files(probes, bundle, err);
	if (r == 0)
		r = probes_add_others(probes, bundle, err);
	return r < 0 ? r : probes_add_net(probes, bundle, err);
}

/* What stands behind the policy, without a "--" between. */
static const char *const *run_options(const struct verb_call *call)
{
	static const char *const host[] = { "--host", NULL };
	int at = call->argc > 1 && strcmp(call->argv[1], "--") == 0 ? 2 : 1;

	return call->argc > at ? (const char *const *)(uintptr_t)(call->argv + at) : host;
}

static int prove(const struct verb_call *call, struct err *err)
{
	const struct prove_options *o = call->options;
	const char *const *options = run_options(call);
	cleanup(subject_done) struct subject subject = { 0 };
	cleanup_strbuf struct strbuf json = { 0 };
	struct probes probes = { .arena = call->arena };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	size_t different;
	int r = policy_refuse_stream(call->argv[0], "the sandboxes read it too", err);

	if (r == 0)
		r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);
	if (r != 0)
		return r;
	r = derive(&probes, &policy, &bundle, err);
	if (r == 0)
		r = probes_run(&probes, call->argv[0], options,
			       o->without ? (const char *const[]){ o->without, NULL } : NULL,
			       &subject, err);
	if (r < 0)
		return r;
	different = probes_judge(&probes, &subject);
	r = probes_run_beneath(&probes, &bundle, call->argv[0], options, o->without, &subject, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < probes.n; i++)
		different += probes.items[i].kind == PROBE_BENEATH &&
			     probes.items[i].outcome == PROBE_DIFFERENT;
	to_json(&probes, &subject, o->without, different, &json);
	if (json.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (!o->without)
		r = keep(&subject, &json, call->arena, err);
	if (r == 0 && o->output)
		r = policy_write_file(o->output, json.p, json.len, call->arena, err);
	if (r < 0)
		return r;
	if (o->json)
		fputs(strbuf_str(&json), stdout);
	else
		print(&probes, &subject, o->verbose);
	return different > 0;
}

const struct verb verb_policy_prove = {
	.name = "prove",
	.args = "[OPTION...] POLICY [RUN-OPTION...]",
	.help = "try what a policy allows and refuses, in a sandbox like the one it makes",
	.more = "  immure policy prove builtin/default\n"
		"  immure policy prove web.yaml -- with the options of immure run, if not --host\n",
	.opts = prove_opts,
	.n_opts = ARRAY_LEN(prove_opts),
	.options_size = sizeof(struct prove_options),
	.min_args = 1,
	.max_args = -1,
	.mixed = true,
	.run = prove,
};
