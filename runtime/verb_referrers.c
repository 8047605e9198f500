/* SPDX-License-Identifier: Apache-2.0 */
/* immure referrers: what a registry has about an image, such as signatures and bills of material.
 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "runtime/image_parse.h"
#include "runtime/registry_client.h"
#include "runtime/registry_verb.h"
#include "runtime/store.h"

struct referrers_options {
	bool insecure, json;
	const char *type;
};

#define ROW(field) offsetof(struct referrers_options, field)

static const struct opt referrers_opts[] = {
	{ "insecure", 0, OPT_FLAG, ROW(insecure), NULL,
	  "take plain HTTP, and certificates that nobody vouches for", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON", NULL },
	{ "type", 0, OPT_TEXT, ROW(type), "TYPE", "only those of this artifact type", NULL },
};

static int fetch(struct registry_client *client, enum registry_op op, const struct image_ref *ref,
		 const char *name, struct strbuf *ret, struct err *err)
{
	struct registry_request request = { .op = op };
	struct registry_reply reply = { 0 };

	memcpy(request.repository, ref->path, sizeof(request.repository));
	memcpy(request.name, name, strlen(name) + 1);
	return registry_client_fetch(client, &request, ret, &reply, err);
}

/* The digest that a tag means now. */
static int find_digest(struct registry_client *client, const struct image_ref *ref,
		       char ret[STORE_DIGEST_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	int r;

	if (ref->digest[0]) {
		memcpy(ret, ref->digest, STORE_DIGEST_LEN);
		return 0;
	}
	r = fetch(client, REGISTRY_MANIFEST, ref, ref->tag, &bytes, err);
	if (r == 0)
		store_digest_of(strbuf_str(&bytes), bytes.len, ret);
	return r;
}

static void print_escaped(const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };

	strbuf_escaped(&out, text, strlen(text));
	fputs(strbuf_str(&out), stdout);
}

static const char *type_of(const struct image_descriptor *d)
{
	return d->artifact ? d->artifact : d->media_type ? d->media_type : "-";
}

static int print_all(const struct image_index *index, const struct referrers_options *options,
		     struct err *err)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_array(&j);
	for (size_t i = 0; i < index->n; i++) {
		const struct image_descriptor *d = &index->manifests[i];

		if (options->type && strcmp(type_of(d), options->type) != 0)
			continue;
		if (!options->json) {
			printf("%s %8llu ", d->digest, (unsigned long long)d->size);
			print_escaped(type_of(d));
			putchar('\n');
		}
		jsonw_object(&j);
		jsonw_kstr(&j, "artifact_type", type_of(d));
		jsonw_kstr(&j, "digest", d->digest);
		jsonw_ku64(&j, "size", d->size);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	if (options->json)
		printf("%s\n", strbuf_str(&out));
	return out.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int list(const struct verb_call *call, const struct registry_config *config,
		const struct image_ref *ref, struct err *err)
{
	const struct referrers_options *options = call->options;
	cleanup_registry_client struct registry_client client = REGISTRY_CLIENT_NONE;
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct image_index index = { 0 };
	char digest[STORE_DIGEST_LEN];
	int r = registry_client_connect(config, ref->domain, ref->path, options->insecure, &client,
					err);

	if (r == 0)
		r = find_digest(&client, ref, digest, err);
	if (r == 0)
		r = fetch(&client, REGISTRY_REFERRERS, ref, digest, &bytes, err);
	if (r == 0 && bytes.len > 0)
		r = image_parse_index((struct span){ strbuf_str(&bytes), bytes.len }, call->arena,
				      &index, err);
	return r < 0 ? r : print_all(&index, options, err);
}

static int run_referrers(const struct verb_call *call, struct err *err)
{
	struct registry_config config = { 0 };
	struct image_ref ref = { 0 };
	int r = image_ref_parse(span_of(call->argv[0]), &ref, err);

	if (r == 0)
		r = registry_verb_config(call->arena, &config, err);
	if (r == 0) {
		r = list(call, &config, &ref, err);
		if (r < 0)
			return err_wrap(err, "%.120s", call->argv[0]);
	}
	return r;
}

const struct verb verb_referrers = {
	.name = "referrers",
	.args = "[--json] [--type TYPE] IMAGE",
	.help = "what a registry has about an image: signatures, bills of material",
	.opts = referrers_opts,
	.n_opts = ARRAY_LEN(referrers_opts),
	.options_size = sizeof(struct referrers_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_referrers,
};
