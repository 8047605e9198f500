/* SPDX-License-Identifier: Apache-2.0 */
/* immure pull */
#include <stdio.h>
#include <string.h>

#include "runtime/image_platform.h"
#include "runtime/layer_options.h"
#include "runtime/pull.h"
#include "runtime/registry_verb.h"

struct pull_options {
	bool insecure, json, quiet;
	const char *platform;
	struct layer_texts layer;
};

#define ROW(field) offsetof(struct pull_options, field)

static const struct opt pull_opts[] = {
	LAYER_OPT_IDS(ROW(layer.ids)),
	{ "insecure", 0, OPT_FLAG, ROW(insecure), NULL,
	  "take plain HTTP, and certificates that nobody vouches for", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "say how far it is in JSON, one object a line",
	  NULL },
	{ "platform", 0, OPT_TEXT, ROW(platform), "OS/ARCH[/VARIANT]",
	  "which image of several (that of this machine)", "linux/amd64 linux/arm64" },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "do not say how far it is", NULL },
};

static int read_options(const struct verb_call *call, struct pull_request *request, struct err *err)
{
	const struct pull_options *o = call->options;
	struct layer_settings settings = { 0 };
	int r = image_ref_parse(span_of(call->argv[0]), &request->ref, err);

	request->insecure = o->insecure;
	progress_init(request->progress, o->quiet, o->json);
	request->platform = image_platform_here();
	if (r == 0 && o->platform)
		r = image_platform_parse(span_of(o->platform), &request->platform, err);
	if (r == 0)
		r = layer_texts_parse(&o->layer, &settings, err);
	request->range = settings.range;
	return r;
}

static int run_pull(const struct verb_call *call, struct err *err)
{
	struct registry_config config = { 0 };
	struct progress progress;
	struct signature_policies policies = { 0 };
	struct pull_request request = { .config = &config,
					.policies = &policies,
					.progress = &progress };
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf name = { 0 };
	char digest[STORE_DIGEST_LEN];
	int r = read_options(call, &request, err);

	if (r == 0)
		r = registry_verb_config(call->arena, &config, err);
	if (r == 0)
		r = registry_verb_policies(call->arena, &policies, err);
	if (r != 0)
		return r;
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0)
		r = pull_image(&request, &store, digest, err);
	if (r < 0)
		return r;
	request.ref.digest[0] = '\0';
	image_ref_print(&request.ref, &name);
	printf("%s@%s\n", strbuf_str(&name), digest);
	return 0;
}

const struct verb verb_pull = {
	.name = "pull",
	.args = "[OPTION...] IMAGE",
	.help = "bring an image from a registry into the store",
	.more = "  immure pull debian:12\n"
		"  immure pull --platform linux/arm64 quay.io/name/image@sha256:...\n",
	.opts = pull_opts,
	.n_opts = ARRAY_LEN(pull_opts),
	.options_size = sizeof(struct pull_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_pull,
};
