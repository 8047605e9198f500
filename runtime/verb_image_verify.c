/* SPDX-License-Identifier: Apache-2.0 */
/* immure image verify: of a registry, or with --local of the store */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "runtime/image_platform.h"
#include "runtime/pull.h"
#include "runtime/registry_verb.h"
#include "runtime/signature_noted.h"
#include "runtime/store_find.h"
#include "runtime/store_image.h"
#include "runtime/verb_image.h"

struct verify_options {
	bool any_tag, insecure, json, local, quiet;
	const char *manifest;
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
	{ "local", 0, OPT_FLAG, ROW(local), NULL,
	  "an image of the store, by what was noted when it came in, as immure run does", NULL },
	{ "manifest", 0, OPT_TEXT, ROW(manifest), "DIGEST",
	  "with --local: this image, whatever the name means by now", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print nothing", NULL },
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
	int r = o->local ? 0 : image_ref_parse(span_of(call->argv[0]), &request->ref, err);

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

		if (!o->json && !o->quiet)
			printf("%s %s\n", s->key, s->name);
		jsonw_object(&j);
		jsonw_kstr(&j, "key", s->key);
		jsonw_kstr(&j, "name", s->name);
		jsonw_kstr(&j, "payload", s->payload);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	if (o->json && !o->quiet)
		printf("%s\n", strbuf_str(&out));
	return out.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* "KEY PAYLOAD NAME" again, as a record has it. */
static int read_noted(const struct image_texts *signed_by, struct arena *arena,
		      struct signatures_taken *ret, struct err *err)
{
	ret->items = arena_array(arena, signed_by->n + 1, sizeof(*ret->items));
	if (!ret->items)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < signed_by->n; i++) {
		struct span rest = span_of(signed_by->items[i]);
		struct span key = span_cut(&rest, ' ');
		struct span payload = span_cut(&rest, ' ');
		struct signature_taken *to = &ret->items[ret->n++];

		to->key = arena_strndup(arena, key.p, key.n);
		to->payload = arena_strndup(arena, payload.p, payload.n);
		to->name = arena_strndup(arena, rest.p, rest.n);
		if (!to->key || !to->payload || !to->name)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

/* What is typed may be a digest: it means what it is called here, if one of its names will do. */
struct naming {
	const struct store *store;
	const struct signature_policies *policies;
	const char *typed, *manifest;
	const struct image_texts *signed_by;
	struct arena *arena;
};

static bool is_digest_of(const char *typed, const char *manifest)
{
	const char *hex = store_digest_hex(manifest);
	const char *start = strncmp(typed, "sha256:", 7) == 0 ? typed + 7 : typed;

	return hex && strlen(start) >= STORE_SHORT_MIN && strncmp(start, hex, strlen(start)) == 0;
}

static int judge_any_name(const struct naming *n, struct err *err)
{
	struct image_name *names = NULL;
	int count = image_names(n->store, n->arena, &names, err);
	bool has_name = false;

	if (count < 0)
		return count;
	for (int i = 0; names && i < count; i++) {
		struct image_ref ref = { 0 };

		if (strcmp(names[i].manifest, n->manifest) != 0)
			continue;
		has_name = true;
		*err = (struct err){ 0 };
		if (image_ref_parse(span_of(names[i].reference), &ref, err) == 0 &&
		    signatures_noted(n->policies, &ref, n->signed_by, err) == 0)
			return 0;
	}
	return has_name ? -err->code : signatures_noted(n->policies, NULL, n->signed_by, err);
}

static int judge_name(const struct naming *n, struct err *err)
{
	struct image_ref ref = { 0 };
	int r;

	if (is_digest_of(n->typed, n->manifest))
		return judge_any_name(n, err);
	r = image_ref_parse(span_of(n->typed), &ref, err);
	return r < 0 ? r : signatures_noted(n->policies, &ref, n->signed_by, err);
}

static int verify_local(const struct verb_call *call, const struct signature_policies *policies,
			struct err *err)
{
	const struct verify_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct signatures_taken noted = { 0 };
	struct image_record record = { 0 };
	char manifest[STORE_DIGEST_LEN];
	struct naming naming = { .store = &store,
				 .policies = policies,
				 .typed = call->argv[0],
				 .manifest = manifest,
				 .signed_by = &record.signed_by,
				 .arena = call->arena };
	int r = store_open(&store, err);

	if (r == 0)
		r = store_find_image(&store, o->manifest ? o->manifest : call->argv[0], manifest,
				     err);
	if (r == 0)
		r = store_read_image(&store, manifest, call->arena, &record, NULL, err);
	if (r == 0)
		r = judge_name(&naming, err);
	if (r == 0)
		r = read_noted(&record.signed_by, call->arena, &noted, err);
	return r < 0 ? err_wrap(err, "%.100s", call->argv[0]) : print(o, manifest, &noted, err);
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
	if (((const struct verify_options *)call->options)->local)
		return verify_local(call, &policies, err);
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
	.args = "[--local | --key FILE...] [--json] IMAGE",
	.help = "is an image of a registry signed as it should be?",
	.more = "Exit status: 0 it is, 4 it is not.\n"
		"  immure image verify registry.example/team/tool:1\n"
		"  immure image verify --local tool:1\n"
		"  immure image verify --key team.pem registry.example/team/tool:1\n",
	.opts = verify_opts,
	.n_opts = ARRAY_LEN(verify_opts),
	.options_size = sizeof(struct verify_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_verify,
};
