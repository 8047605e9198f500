/* SPDX-License-Identifier: Apache-2.0 */
/* One layer: from a descriptor into a folder, in one pass. */
#include <string.h>

#include "base/flat.h"
#include "runtime/unpack.h"
#include "runtime/unpack_tar.h"

#define STRANGE_MAX 1000

struct layer_task {
	struct unpack *unpack;
	struct tar tar;
	struct tree tree;
	struct stream *stream;
	uint64_t told; /* progress, in compressed bytes */
};

static void task_done(struct layer_task *task)
{
	tar_close(&task->tar);
	tree_done(&task->tree);
	stream_free(task->stream);
}

static int tell_progress(struct layer_task *task, struct err *err)
{
	uint64_t at = stream_position(task->stream);

	if (task->unpack->options.progress == 0 || at < task->told + task->unpack->options.progress)
		return 0;
	task->told = at;
	flat_putu(&task->unpack->report, "at", at);
	return unpack_flush(task->unpack, err);
}

static int set_xattrs(struct layer_task *task, struct archive_entry *e, struct err *err)
{
	const char *name = NULL;
	const void *value = NULL;
	size_t n = 0;

	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &n) == ARCHIVE_OK) {
		int r = name ? tree_xattr(&task->tree, name, value, n, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_bytes(struct layer_task *task, struct err *err)
{
	for (;;) {
		const void *bytes = NULL;
		uint64_t offset = 0;
		size_t n = 0;
		int r = tar_block(&task->tar, &bytes, &n, &offset, err);

		if (r <= 0)
			return r;
		r = tree_write(&task->tree, bytes, n, offset, err);
		if (r == 0)
			r = tell_progress(task, err);
		if (r < 0)
			return r;
	}
}

static int add_entry(struct layer_task *task, struct archive_entry *e, const struct entry *plain,
		     struct err *err)
{
	int r = tree_add(&task->tree, plain, err);

	if (r == 0)
		r = set_xattrs(task, e, err);
	if (r == 0 && plain->type == ENTRY_FILE && plain->size > 0)
		r = copy_bytes(task, err);
	if (r == 0)
		r = tree_close_entry(&task->tree, err);
	return r;
}

/* The name is the image's: it is made harmless before anybody sees it. */
static int blame(const struct entry *entry, struct err *err)
{
	cleanup_strbuf struct strbuf name = { 0 };

	strbuf_escaped(&name, entry->name.p, entry->name.n < 80 ? entry->name.n : 80);
	return err_wrap(err, "entry %s%s", strbuf_str(&name), entry->name.n > 80 ? "..." : "");
}

static int add_entries(struct layer_task *task, struct err *err)
{
	for (;;) {
		struct archive_entry *e = NULL;
		struct entry plain = { 0 };
		int r = tar_next(&task->tar, &e, &plain, err);

		if (r <= 0)
			return r;
		r = add_entry(task, e, &plain, err);
		if (r < 0)
			return blame(&plain, err);
		r = tell_progress(task, err);
		if (r < 0)
			return r;
	}
}

static void report_count(struct strbuf *out, const struct tree_count *count,
			 const struct stream_end *end)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "size", end->in_bytes },
		{ "tar-size", end->out_bytes },
		{ "entries", count->entries },
		{ "files", count->files },
		{ "dirs", count->dirs },
		{ "links", count->links },
		{ "file-bytes", count->bytes },
		{ "whiteouts", count->whiteouts },
		{ "opaques", count->opaques },
		{ "set-ids", count->set_ids },
		{ "devices", count->devices },
		{ "capabilities", count->capabilities },
		{ "xattrs-dropped", count->xattrs },
	};

	flat_puts(out, "digest", end->in_digest);
	flat_puts(out, "diff-id", end->out_digest);
	flat_puts(out, "compression", end->compression);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		flat_putu(out, rows[i].key, rows[i].value);
}

static int run(struct layer_task *task, struct err *err)
{
	struct stream_end end = { 0 };
	int r = tar_open(&task->tar, task->stream, err);

	if (r == 0)
		r = add_entries(task, err);
	if (r == 0)
		r = tree_finish(&task->tree, err);
	/* What follows the end of the archive belongs to the digests. */
	if (r == 0)
		r = stream_finish(task->stream, &end, err);
	if (r == 0)
		report_count(&task->unpack->report, &task->tree.count, &end);
	return r;
}

int unpack_layer(struct unpack *unpack, struct err *err)
{
	cleanup(task_done) struct layer_task task = { .unpack = unpack,
						      .tree = { .at = -1, .file = -1 } };
	const struct tree_limits limits = {
		.entries = unpack->options.entries,
		.bytes = unpack->options.out_max,
		.ids = (uint32_t)unpack->options.ids,
		.strange = STRANGE_MAX,
	};
	struct stream_source source = {
		.fd = 0,
		.blob = unpack->blob,
		.in_max = unpack->options.in_max,
		.out_max = unpack->options.out_max,
	};
	int r = compression_parse(unpack->options.compression, &source.compression, err);

	if (r == 0)
		r = compression_parse(unpack->options.keep, &source.keep, err);
	if (r == 0)
		r = stream_new(&source, &task.stream, err);
	if (r < 0)
		return r;
	tree_init(&task.tree, unpack->dir, &limits, &unpack->report);
	return run(&task, err);
}
