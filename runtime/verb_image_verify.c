/* SPDX-License-Identifier: Apache-2.0 */
/* immure image verify */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "runtime/image_platform.h"
#include "runtime/pull.h"
#include "runtime/registry_verb.h"
#include "runtime/verb_image.h"

struct verify_options {
	bool any_tag, insecure, json;
	struct opt_list keys;
};

#define ROW(field) offsetof(struct verify_options, field)

static const struct opt verify_opts[] = {
	{ "any-tag", 0, OPT_FLAG, ROW(any_tag), NULL,
	  "with --key: a signature that names the repository alone will do, as cosign makes them",
	  NULL },
	{ "insecure", 0, OPT_FLAG, ROW(insecure), NULL,
	  "take plain HTTP, and certificates that nobody vouches for", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON", NULL },
	{ "key", 0, OPT_LIST, ROW(keys), "FILE",
	  "signed by one of these public keys, instead of what signatures.yaml demands", NULL },
};

/* What the command line demands, in the form of a file. */
static void demand_keys(const struct verify_options *o, struct signature_policies *ret)
{
	ret->n = 1;
	ret->items[0] = (struct signature_policy){
		.file = "--key",
		.fallback = { .demand = SIGNATURE_BY_KEYS,
			      .n_keys = o->keys.n,
			      .keys = o->keys.items,
			      .need = 1,
			      .name = o->any_tag ? SIGNATURE_REPOSITORY : SIGNATURE_SAME_NAME },
	};
}

static int read_request(const struct verb_call *call, struct pull_request *request,
			struct registry_config *config, struct signature_policies *policies,
			struct err *err)
{
	const struct verify_options *o = call->options;
	int r = image_ref_parse(span_of(call->argv[0]), &request->ref, err);

	if (r == 0)
		r = registry_verb_config(call->arena, config, err);
	if (r == 0 && o->keys.n > 0)
		demand_keys(o, policies);
	else if (r == 0)
		r = registry_verb_policies(call->arena, policies, err);
	request->config = config;
	request->policies = policies;
	request->insecure = o->insecure;
	request->platform = image_platform_here();
	return r;
}

static int print(const struct verify_options *o, const char *digest,
		 const struct signatures_taken *taken, struct err *err)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_object(&j);
	jsonw_kstr(&j, "digest", digest);
	jsonw_key(&j, "signatures");
	jsonw_array(&j);
	for (size_t i = 0; i < taken->n; i++) {
		const struct signature_taken *s = &taken->items[i];

		if (!o->json)
			printf("%s %s\n", s->key, s->name);
		jsonw_object(&j);
		jsonw_kstr(&j, "key", s->key);
		jsonw_kstr(&j, "name", s->name);
		jsonw_kstr(&j, "payload", s->payload);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	if (o->json)
		printf("%s\n", strbuf_str(&out));
	return out.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int run_verify(const struct verb_call *call, struct err *err)
{
	struct registry_config config = { 0 };
	struct signature_policies policies = { 0 };
	struct signatures_taken taken = { 0 };
	struct pull_request request = { 0 };
	char digest[STORE_DIGEST_LEN] = "";
	int r = read_request(call, &request, &config, &policies, err);

	if (r != 0)
		return r;
	if (!signatures_are_demanded(&policies, &request.ref)) {
		err_set(err, EACCES,
			"%.120s: signatures.yaml demands no signature of it, and none was looked for",
			call->argv[0]);
		return err_at(err, ERR_TRUST);
	}
	r = pull_verify(&request, call->arena, &taken, digest, err);
	return r < 0 ? r : print(call->options, digest, &taken, err);
}

const struct verb verb_image_verify = {
	.name = "verify",
	.args = "[--key FILE]... [--json] IMAGE",
	.help = "is an image of a registry signed as it should be?",
	.more = "Exit status: 0 it is, 4 it is not.\n"
		"  immure image verify registry.example/team/tool:1\n"
		"  immure image verify --key team.pem registry.example/team/tool:1\n",
	.opts = verify_opts,
	.n_opts = ARRAY_LEN(verify_opts),
	.options_size = sizeof(struct verify_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_verify,
};
