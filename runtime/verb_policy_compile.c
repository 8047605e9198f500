/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runtime/policy_bundle.h"
#include "runtime/policy_draft.h"
#include "runtime/policy_fetch.h"
#include "runtime/policy_signature.h"
#include "runtime/verb_policy.h"

struct compile_options {
	const char *output, *bundle;
	struct opt_list signatures;
};

static const struct opt compile_opts[] = {
	{ "bundle", 'b', OPT_TEXT, offsetof(struct compile_options, bundle), "FOLDER",
	  "a new folder for the whole of it: JSON, filters, texts for other tools, digests",
	  "@dirs" },
	{ "output", 'o', OPT_TEXT, offsetof(struct compile_options, output), "FILE",
	  "where the one file goes that a launch reads", "@files" },
	{ "require-signature", 0, OPT_LIST, offsetof(struct compile_options, signatures), "KEY",
	  "refuse it (exit 4) unless it is signed by this key; for several, by each", "@files" },
};

/* A launch looks at what a compiled policy was made of: the signature and its key count too. */
static int add_source(struct bundle *bundle, const char *path, struct arena *arena, struct err *err)
{
	struct policy_source *all = arena_array(arena, bundle->n_sources + 1, sizeof(*all));
	struct policy_source *last = all ? &all[bundle->n_sources] : NULL;
	struct span text = { 0 };
	int r;

	if (!last)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(all, bundle->sources, bundle->n_sources * sizeof(*all));
	r = policy_fetch(NULL, path, NULL, arena, &text, &last->path, err);
	if (r < 0)
		return r;
	last->name = path;
	last->digest = digest_of(text.p, text.n);
	bundle->sources = all;
	bundle->n_sources++;
	return 0;
}

static int check_signature(const char *name, const char *key, const struct policy *policy,
			   struct bundle *bundle, struct arena *arena, struct err *err)
{
	const char *file = policy_signature_file(name, arena);
	const char *id = NULL;
	int r = policy_signature_check(policy, file, key, arena, &id, err);

	if (r == 0)
		r = add_source(bundle, file, arena, err);
	if (r == 0)
		r = add_source(bundle, key, arena, err);
	if (r == -ENOMEM || r == 0)
		return r;
	fprintf(stderr, "%s: not signed by %s, as it has to be: %s\n", name, id ? id : key,
		err->msg);
	return STATUS_BROKEN;
}

static int compile(const struct verb_call *call, struct err *err)
{
	const struct compile_options *options = call->options;
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct policy policy = { 0 };
	struct bundle bundle = { 0 };
	int r;

	if (!options->output && !options->bundle) {
		err_set(err, EINVAL, "expected --bundle FOLDER, or --output FILE");
		return err_at(err, ERR_USAGE);
	}
	if (options->signatures.n > 0) {
		r = policy_refuse_stream(call->argv[0], "its signature stands beside it", err);
		if (r < 0)
			return r;
	}
	r = policy_open_or_tell(call->argv[0], call->arena, &policy, &bundle, err);
	for (size_t i = 0; r == 0 && i < options->signatures.n; i++)
		r = check_signature(call->argv[0], options->signatures.items[i], &policy, &bundle,
				    call->arena, err);
	if (r == 0 && options->bundle)
		r = policy_bundle_write(options->bundle, &policy, &bundle, call->arena, err);
	if (r != 0 || !options->output)
		return r;
	r = bundle_encode(&bundle, &bytes, err);
	if (r < 0)
		return r;
	return policy_write_file(options->output, bytes.p, bytes.len, call->arena, err);
}

const struct verb verb_policy_compile = {
	.name = "compile",
	.args = "[--bundle FOLDER] [--output FILE] [--require-signature KEY] POLICY",
	.help = "compile a policy to what can be signed and sent, or to what a launch reads",
	.more = "  immure policy compile --bundle web.bundle web.yaml\n"
		"  immure policy sign web.bundle\n",
	.opts = compile_opts,
	.n_opts = ARRAY_LEN(compile_opts),
	.options_size = sizeof(struct compile_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = compile,
};
