/* SPDX-License-Identifier: Apache-2.0 */
/* immure volume: named volumes for those who look after them. Runs use runtime/volume.h. */
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/dirs.h"
#include "runtime/status.h"
#include "runtime/verb.h"
#include "runtime/volume_io.h"
#include "runtime/volume_show.h"

struct volume_options {
	bool json, quiet, force, all;
	const char *output, *size, *inodes;
	struct opt_list labels, filters;
};

#define SIZE_MAX_BYTES ((uint64_t)1 << 60)
#define ROW(field) offsetof(struct volume_options, field)

static const struct opt create_opts[] = {
	{ "inodes", 0, OPT_TEXT, ROW(inodes), "N",
	  "hold at most N files and folders (as root, with project quotas)", NULL },
	{ "size", 0, OPT_TEXT, ROW(size), "SIZE",
	  "hold at most SIZE of disk (as root, with project quotas)", NULL },
	{ "label", 'l', OPT_LIST, ROW(labels), "KEY[=VALUE]", "note this with it", NULL },
};
static const struct opt list_opts[] = {
	{ "filter", 'f', OPT_LIST, ROW(filters), "KEY=VALUE",
	  "only these: label=KEY[=VALUE], name=PATTERN, dangling=true or false", NULL },
	{ "json", 0, OPT_FLAG, ROW(json), NULL, "print JSON", NULL },
	{ "quiet", 'q', OPT_FLAG, ROW(quiet), NULL, "print names only", NULL },
};
static const struct opt remove_opts[] = {
	{ "force", 'f', OPT_FLAG, ROW(force), NULL, "do not mind if there is no such volume",
	  NULL },
};
static const struct opt export_opts[] = {
	{ "output", 'o', OPT_TEXT, ROW(output), "FILE", "write to FILE, not to standard output",
	  "@files" },
};
static const struct opt prune_opts[] = {
	{ "all", 'a', OPT_FLAG, ROW(all), NULL, "every volume that no run uses", NULL },
	{ "filter", 'f', OPT_LIST, ROW(filters), "label=KEY[=VALUE]", "only those with this label",
	  NULL },
};

/* record is what *ret points into. */
static int read_new(const struct volume_options *options, struct strbuf *record,
		    struct volume_new *ret, struct err *err)
{
	struct volume_limits limits = { 0 };

	if (options->size &&
	    (span_bytes(span_of(options->size), SIZE_MAX_BYTES, &limits.bytes) < 0 ||
	     limits.bytes == 0)) {
		err_set(err, EINVAL, "--size %.40s: expected such as 1GiB", options->size);
		return err_at(err, ERR_USAGE);
	}
	if (options->inodes &&
	    (span_u64(span_of(options->inodes), UINT32_MAX, &limits.inodes) < 0 ||
	     limits.inodes == 0)) {
		err_set(err, EINVAL, "--inodes %.40s: expected a number", options->inodes);
		return err_at(err, ERR_USAGE);
	}
	for (size_t i = 0; i < options->labels.n; i++) {
		int r = volume_label(record, options->labels.items[i], err);

		if (r < 0)
			return r;
	}
	if (record->failed)
		return err_set(err, ENOMEM, "out of memory");
	*ret = (struct volume_new){ .record = { strbuf_str(record), record->len },
				    .limits = limits };
	return 0;
}

static int create(const struct verb_call *call, struct err *err)
{
	cleanup_strbuf struct strbuf record = { 0 };
	cleanup_close int volumes = -1;
	struct volume_new how = { 0 };
	int r = read_new(call->options, &record, &how, err);

	if (r < 0)
		return r;
	volumes = volumes_open(err);
	if (volumes < 0)
		return volumes;
	r = volume_make(volumes, call->argv[0], &how, err);
	if (r < 0)
		return r;
	printf("%s\n", call->argv[0]);
	return 0;
}

static bool has_label(const struct volume_info *info, const char *wanted)
{
	for (size_t i = 0; i < info->n_labels; i++) {
		if (text_label_fits(info->labels[i], wanted))
			return true;
	}
	return false;
}

static const char *value_of(const char *filter, const char *key)
{
	size_t n = strlen(key);

	return strncmp(filter, key, n) == 0 && filter[n] == '=' ? filter + n + 1 : NULL;
}

/* "label=KEY" or "label=KEY=VALUE"; where volumes are listed "name=PATTERN", "dangling=BOOL", too.
 */
static int check_filters(const struct opt_list *filters, bool is_list, struct err *err)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *dangling = value_of(filters->items[i], "dangling");

		if (value_of(filters->items[i], "label") ||
		    (is_list && (value_of(filters->items[i], "name") ||
				 (dangling && (strcmp(dangling, "true") == 0 ||
					       strcmp(dangling, "false") == 0)))))
			continue;
		err_set(err, EINVAL, "--filter %.60s: expected label=KEY or label=KEY=VALUE%s",
			filters->items[i],
			is_list ? ", name=PATTERN, dangling=true or dangling=false" : "");
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

static bool matches(const char *name, const struct volume_info *info,
		    const struct opt_list *filters)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *label = value_of(filters->items[i], "label");
		const char *pattern = value_of(filters->items[i], "name");
		const char *dangling = value_of(filters->items[i], "dangling");

		if ((label && !has_label(info, label)) ||
		    (pattern && fnmatch(pattern, name, 0) != 0) ||
		    (dangling && (strcmp(dangling, "true") == 0) == info->in_use))
			return false;
	}
	return true;
}

static const char *data_path(const struct verb_call *call, const char *name, struct err *err)
{
	const char *folder = NULL;
	const char *path = NULL;

	if (dirs_data(call->arena, &folder, err) == 0)
		path = arena_printf(call->arena, "%s/volumes/%s/data", folder, name);
	if (folder && !path)
		err_set(err, ENOMEM, "out of memory");
	return path;
}

static int list(const struct verb_call *call, struct err *err)
{
	const struct volume_options *options = call->options;
	cleanup_strbuf struct strbuf out = { 0 };
	cleanup_close int volumes = -1;
	struct jsonw j = { .out = &out };
	const char **names = NULL;
	int n = check_filters(&options->filters, true, err);

	if (n < 0)
		return n;
	volumes = volumes_open(err);
	if (volumes < 0)
		return volumes;
	n = volumes_names(volumes, call->arena, &names, err);
	if (n < 0)
		return n;
	jsonw_array(&j);
	if (!options->json && !options->quiet)
		volume_show_head();
	for (int i = 0; i < n; i++) {
		struct volume_info info = { 0 };
		int r = volume_info(volumes, names[i], call->arena, &info, err);

		if (r == -ENOENT) {
			*err = (struct err){ 0 };
			continue; /* removed meanwhile */
		}
		if (r < 0)
			return r;
		if (!matches(names[i], &info, &options->filters))
			continue;
		if (options->json)
			volume_show_json(&j, names[i], data_path(call, names[i], err), &info, NULL);
		else if (options->quiet)
			printf("%s\n", names[i]);
		else
			volume_show_line(names[i], &info);
	}
	jsonw_array_end(&j);
	if (options->json)
		printf("%s\n", strbuf_str(&out));
	return out.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int inspect(const struct verb_call *call, struct err *err)
{
	cleanup_close int volumes = volumes_open(err);
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	if (volumes < 0)
		return volumes;
	jsonw_array(&j);
	for (int i = 0; i < call->argc; i++) {
		const char *name = call->argv[i];
		const char *path = data_path(call, name, err);
		struct volume_info info = { 0 };
		struct volume_size size = { 0 };
		int r = path ? volume_info(volumes, name, call->arena, &info, err) : -err->code;

		if (r == 0)
			r = volume_size(volumes, name, &size, err);
		if (r < 0)
			return r;
		volume_show_json(&j, name, path, &info, &size);
	}
	jsonw_array_end(&j);
	printf("%s\n", strbuf_str(&out));
	return out.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int remove_volumes(const struct verb_call *call, struct err *err)
{
	const struct volume_options *options = call->options;
	cleanup_close int volumes = volumes_open(err);

	if (volumes < 0)
		return volumes;
	for (int i = 0; i < call->argc; i++) {
		int r = volume_remove(volumes, call->argv[i], err);

		if (r == -ENOENT && options->force) {
			*err = (struct err){ 0 };
			continue;
		}
		if (r < 0)
			return r;
		printf("%s\n", call->argv[i]);
	}
	return 0;
}

static int export_volume(const struct verb_call *call, struct err *err)
{
	const struct volume_options *options = call->options;
	cleanup_close int volumes = volumes_open(err);
	cleanup_close int file = -1;
	int r;

	if (volumes < 0)
		return volumes;
	if (!options->output && isatty(STDOUT_FILENO)) {
		err_set(err, EINVAL, "an archive is not for a terminal: use -o FILE, or a pipe");
		return err_at(err, ERR_USAGE);
	}
	if (options->output) {
		file = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (file < 0)
			return err_sys(err, errno, "cannot make %s", options->output);
	}
	r = volume_export(volumes, call->argv[0], file < 0 ? STDOUT_FILENO : file, err);
	if (r == 0 && file >= 0 && fsync(file) < 0)
		r = err_sys(err, errno, "cannot write %s", options->output);
	return r;
}

static int import_volume(const struct verb_call *call, struct err *err)
{
	const char *path = call->argc > 1 ? call->argv[1] : "-";
	cleanup_strbuf struct strbuf record = { 0 };
	cleanup_close int volumes = -1;
	cleanup_close int file = -1;
	struct volume_new how = { 0 };
	int r = read_new(call->options, &record, &how, err);

	if (r < 0)
		return r;
	if (strcmp(path, "-") != 0) {
		file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0)
			return err_sys(err, errno, "cannot open %s", path);
	}
	volumes = volumes_open(err);
	if (volumes < 0)
		return volumes;
	r = volume_import(volumes, call->argv[0], file < 0 ? STDIN_FILENO : file, &how, err);
	if (r == 0)
		printf("%s\n", call->argv[0]);
	return r;
}

static int prune_one(int volumes, const char *name, const struct verb_call *call, struct err *err)
{
	const struct volume_options *options = call->options;
	struct volume_info info = { 0 };
	int r = volume_info(volumes, name, call->arena, &info, err);

	/* Named volumes are made to outlive runs: without being told so, none goes. */
	if (r == 0 && !info.in_use && (info.run || options->all || options->filters.n > 0) &&
	    matches(name, &info, &options->filters)) {
		r = volume_remove(volumes, name, err);
		if (r == 0)
			printf("%s\n", name);
	}
	if (r == -ENOENT || r == -EBUSY) { /* somebody else was faster */
		*err = (struct err){ 0 };
		r = 0;
	}
	return r;
}

static int prune(const struct verb_call *call, struct err *err)
{
	const struct volume_options *options = call->options;
	cleanup_close int volumes = -1;
	const char **names = NULL;
	int n = check_filters(&options->filters, false, err);
	int r;

	if (n < 0)
		return n;
	volumes = volumes_open(err);
	if (volumes < 0)
		return volumes;
	n = volumes_names(volumes, call->arena, &names, err);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		r = prune_one(volumes, names[i], call, err);
		if (r < 0)
			return r;
	}
	r = volumes_collect(volumes, err);
	return r < 0 ? r : 0;
}

static const struct verb verb_create = {
	.name = "create",
	.args = "[--size SIZE] [--inodes N] [-l KEY=VALUE]... NAME",
	.help = "make an empty volume",
	.opts = create_opts,
	.n_opts = ARRAY_LEN(create_opts),
	.options_size = sizeof(struct volume_options),
	.min_args = 1,
	.max_args = 1,
	.run = create,
};

static const struct verb verb_list = {
	.name = "ls",
	.args = "[--json|-q] [-f label=KEY[=VALUE]]...",
	.help = "the volumes there are",
	.opts = list_opts,
	.n_opts = ARRAY_LEN(list_opts),
	.options_size = sizeof(struct volume_options),
	.run = list,
};

static const struct verb verb_inspect = {
	.name = "inspect",
	.args = "NAME...",
	.help = "all that is known of a volume, and how much it holds, as JSON",
	.options_size = sizeof(struct volume_options),
	.min_args = 1,
	.max_args = -1,
	.run = inspect,
};

static const struct verb verb_remove = {
	.name = "rm",
	.args = "[-f] NAME...",
	.help = "remove volumes and what they hold; refused while a run uses one",
	.opts = remove_opts,
	.n_opts = ARRAY_LEN(remove_opts),
	.options_size = sizeof(struct volume_options),
	.min_args = 1,
	.max_args = -1,
	.run = remove_volumes,
};

static const struct verb verb_prune = {
	.name = "prune",
	.args = "[-a] [-f label=KEY[=VALUE]]...",
	.help = "remove what a killed command left, anonymous volumes that no run uses, and named ones if told so",
	.opts = prune_opts,
	.n_opts = ARRAY_LEN(prune_opts),
	.options_size = sizeof(struct volume_options),
	.run = prune,
};

static const struct verb verb_export = {
	.name = "export",
	.args = "[-o FILE] NAME",
	.help = "write what a volume holds as a tar archive",
	.opts = export_opts,
	.n_opts = ARRAY_LEN(export_opts),
	.options_size = sizeof(struct volume_options),
	.min_args = 1,
	.max_args = 1,
	.run = export_volume,
};

static const struct verb verb_import = {
	.name = "import",
	.args = "[--size SIZE] [--inodes N] [-l KEY=VALUE]... NAME [FILE|-]",
	.help = "make a volume of a tar archive, compressed or not",
	.opts = create_opts,
	.n_opts = ARRAY_LEN(create_opts),
	.options_size = sizeof(struct volume_options),
	.min_args = 1,
	.max_args = 2,
	.run = import_volume,
};

static const struct verb *const subverbs[] = {
	&verb_create, &verb_list,   &verb_inspect, &verb_export,
	&verb_import, &verb_remove, &verb_prune,   NULL,
};

const struct verb verb_volume = {
	.name = "volume",
	.args = "VERB [ARG...]",
	.help = "folders with a name that outlive runs: create, list, remove",
	.subverbs = subverbs,
};
