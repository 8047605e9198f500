/* SPDX-License-Identifier: Apache-2.0 */
/* immure commit, import: new images. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/image_commit.h"
#include "runtime/kept_list.h"
#include "runtime/layer_options.h"
#include "runtime/registry_verb.h"
#include "runtime/signature_noted.h"
#include "runtime/verb.h"

#define SECONDS_MAX ((uint64_t)1 << 40)

struct commit_options {
	struct opt_list changes;
	struct layer_texts layer;
	const char *message, *author, *timestamp, *compression;
	bool json;
};

#define ROW(field) offsetof(struct commit_options, field)
/* clang-format off */
#define COMMON_OPTS                                                                                                                              \
	{ "change",      'c', OPT_LIST, ROW(changes),     "INSTRUCTION", "change the image's configuration, such as 'CMD [\"sh\"]' or 'ENV A=b'", \
	  NULL },                                                                                                                                \
	{ "message",     'm', OPT_TEXT, ROW(message),     "TEXT", "a comment for the history", NULL },                                           \
	{ "author",      'a', OPT_TEXT, ROW(author),      "TEXT", "who made it", NULL },                                                         \
	{ "timestamp",   0,   OPT_TEXT, ROW(timestamp),   "SECONDS", "when it was made, since 1970; no file is newer (SOURCE_DATE_EPOCH, or now)", \
	  NULL },                                                                                                                                \
	{ "compression", 0,   OPT_TEXT, ROW(compression), "none|gzip|zstd", "how the layer is compressed (gzip)", "none gzip zstd" },              \
	LAYER_OPT_MAX_BYTES(ROW(layer.max_bytes)), \
	LAYER_OPT_MAX_ENTRIES(ROW(layer.max_entries)), \
	{ "json",        0,   OPT_FLAG, ROW(json),        NULL, "print the result as JSON", NULL }

static const struct opt commit_opts[] = {
	COMMON_OPTS,
};

static const struct opt import_opts[] = {
	COMMON_OPTS,
	LAYER_OPT_IDS(ROW(layer.ids)),
};
/* clang-format on */

/* A fixed time makes the same bytes of the same files; see reproducible-builds.org. */
static int read_time(const struct commit_options *o, struct commit_request *request,
		     struct err *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	const char *text = o->timestamp ? o->timestamp : epoch && *epoch ? epoch : NULL;
	uint64_t seconds = (uint64_t)time(NULL);

	if (text && span_u64(span_of(text), SECONDS_MAX, &seconds) < 0)
		return err_set(err, EINVAL, "%s %.40s: expected seconds since 1970",
			       o->timestamp ? "--timestamp" : "SOURCE_DATE_EPOCH", text);
	request->is_fixed = text != NULL;
	request->created = (int64_t)seconds;
	return 0;
}

static int read_options(const struct commit_options *o, const char *name, struct image_ref *ref,
			struct commit_request *request, struct err *err)
{
	struct layer_settings settings = { 0 };
	int r = read_time(o, request, err);

	if (r == 0)
		r = layer_texts_parse(&o->layer, &settings, err);
	request->compression = o->compression ? o->compression : "gzip";
	if (r == 0 && strcmp(request->compression, "gzip") != 0 &&
	    strcmp(request->compression, "zstd") != 0 && strcmp(request->compression, "none") != 0)
		r = err_set(err, EINVAL, "--compression %.20s: expected none, gzip or zstd",
			    request->compression);
	if (r == 0)
		r = image_ref_parse(span_of(name), ref, err);
	if (r == 0 && *ref->digest)
		r = err_set(err, EINVAL, "%.100s: a digest is not given, but found", name);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	request->name = ref;
	request->range = settings.range;
	request->max_bytes = settings.max_bytes;
	request->max_entries = settings.max_entries;
	request->message = o->message;
	request->author = o->author;
	request->changes = &o->changes;
	return 0;
}

static int print_made(const struct commit_options *o, const struct image_ref *ref,
		      const char *digest, struct err *err)
{
	cleanup_strbuf struct strbuf name = { 0 };

	image_ref_print(ref, &name);
	if (name.failed)
		return err_set(err, ENOMEM, "out of memory");
	if (o->json)
		printf("{\"digest\":\"%s\",\"name\":\"%s\"}\n", digest, name.p);
	else
		printf("%s %s\n", name.p, digest);
	return 0;
}

static int run_commit(const struct verb_call *call, struct err *err)
{
	const struct commit_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	struct commit_request request = { 0 };
	struct image_ref name = { 0 };
	char digest[STORE_DIGEST_LEN];
	const char *id = NULL;
	int r = read_options(o, call->argv[1], &name, &request, err);

	if (r == 0)
		r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0)
		r = kept_find(&store, call->argv[0], call->arena, &id, err);
	if (r == 0)
		r = image_commit(&store, id, &request, digest, err);
	return r < 0 ? r : print_made(o, &name, digest, err);
}

static int open_input(const char *path, struct err *err)
{
	int fd;

	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO)) {
		err_set(err, EINVAL, "- is a terminal: expected an archive on standard input");
		return err_at(err, ERR_USAGE);
	}
	fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? err_sys(err, errno, "cannot open %s", path) : fd;
}

static int run_import(const struct verb_call *call, struct err *err)
{
	const struct commit_options *o = call->options;
	cleanup_store struct store store = STORE_CLOSED;
	static const struct image_texts nobody = { 0 };
	struct signature_policies policies = { 0 };
	struct commit_request request = { 0 };
	struct image_ref name = { 0 };
	char digest[STORE_DIGEST_LEN];
	cleanup_close int input = -1;
	int r = read_options(o, call->argv[1], &name, &request, err);

	if (r == 0)
		r = registry_verb_policies(call->arena, &policies, err);
	if (r != 0)
		return r;
	if (signatures_noted(&policies, &name, &nobody, err) < 0)
		return err_wrap(err, "%.100s", call->argv[1]);
	input = open_input(call->argv[0], err);
	r = input < 0 ? input : store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	if (r == 0 && image_import(&store, input, &request, digest, err) < 0)
		r = err->stage == ERR_USAGE ? -err->code : err_wrap(err, "%.100s", call->argv[0]);
	return r < 0 ? r : print_made(o, &name, digest, err);
}

const struct verb verb_commit = {
	.name = "commit",
	.args = "[OPTION...] RUN NAME",
	.help = "make an image of what a run with --keep has written",
	.more = "Prints the name and the digest of the image on standard output.\n"
		"\n"
		"  immure run --keep -u 0 debian apt-get install -y tool\n"
		"  immure commit -c 'CMD [\"tool\"]' last tool:1\n",
	.opts = commit_opts,
	.n_opts = ARRAY_LEN(commit_opts),
	.options_size = sizeof(struct commit_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_commit,
};

const struct verb verb_image_import = {
	.name = "import",
	.args = "[OPTION...] FILE|FOLDER|- NAME",
	.help = "make an image of a root file system: a tar archive, compressed or not, or a folder",
	.more = "Prints the name and the digest of the image on standard output.\n"
		"\n"
		"  mmdebstrap bookworm - | immure import - debian:12\n",
	.opts = import_opts,
	.n_opts = ARRAY_LEN(import_opts),
	.options_size = sizeof(struct commit_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_import,
};
