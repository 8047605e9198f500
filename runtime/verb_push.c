/* SPDX-License-Identifier: Apache-2.0 */
/* immure push */
#include <stdio.h>
#include <string.h>

#include "runtime/push.h"
#include "runtime/registry_verb.h"
#include "runtime/store_find.h"

struct push_options {
	bool insecure, json, quiet;
	const char *sign_by;
};

#define ROW(field) offsetof(struct push_options, field)

static const struct opt push_opts[] = {
	{ "insecure", 0, OPT_FLAG, ROW(insecure), NULL,
	  "take plain HTTP, and certificates that nobody vouches for", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "say how far it is in JSON, one object a line",
	  NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "do not say how far it is", NULL },
	{ "sign-by", 0, OPT_TEXT, ROW(sign_by), "KEY", "sign it with the private key in a file",
	  NULL },
};

/* What is sent, and where to: under its own name unless another is given. */
static int read_names(const struct verb_call *call, struct push_request *request, struct err *err)
{
	struct err no_name = { 0 };
	int r = 0;

	/* A digest is enough to find it here, but not to name it there. */
	if (image_ref_parse(span_of(call->argv[0]), &request->from, &no_name) < 0 &&
	    call->argc < 2) {
		*err = no_name;
		return -err->code;
	}
	request->to = request->from;
	if (call->argc > 1)
		r = image_ref_parse(span_of(call->argv[1]), &request->to, err);
	if (r == 0 && request->to.digest[0] && call->argc > 1) {
		err_set(err, EINVAL, "%s: the digest follows from what is sent, name a tag",
			call->argv[1]);
		return err_at(err, ERR_USAGE);
	}
	return r;
}

static int run_push(const struct verb_call *call, struct err *err)
{
	const struct push_options *options = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_strbuf struct strbuf name = { 0 };
	struct registry_config config = { 0 };
	struct progress progress;
	char manifest[STORE_DIGEST_LEN];
	struct push_request request = { .manifest = manifest,
					.config = &config,
					.insecure = options->insecure,
					.sign_by = options->sign_by,
					.progress = &progress };
	int r = read_names(call, &request, err);

	if (r == 0)
		r = registry_verb_config(call->arena, &config, err);
	if (r != 0)
		return r;
	progress_init(&progress, options->quiet, options->json);
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0)
		r = store_find_image(&store, call->argv[0], manifest, err);
	if (r == 0)
		r = push_image(&request, &store, err);
	if (r < 0)
		return r;
	request.to.digest[0] = '\0';
	image_ref_print(&request.to, &name);
	printf("%s@%s\n", strbuf_str(&name), manifest);
	return 0;
}

const struct verb verb_push = {
	.name = "push",
	.args = "[OPTION...] IMAGE [NAME]",
	.help = "send an image of the store to a registry",
	.more = "  immure push registry.example/team/tool:1\n"
		"  immure push debian:12 127.0.0.1:5000/debian:12\n"
		"  immure push --sign-by key.pem tool:1 registry.example/team/tool:1\n",
	.opts = push_opts,
	.n_opts = ARRAY_LEN(push_opts),
	.options_size = sizeof(struct push_options),
	.min_args = 1,
	.max_args = 2,
	.run = run_push,
};
