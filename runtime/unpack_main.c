/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Should: be confined before the first byte is read, and say one thing at the end.
 * Mustn't: trust any byte but its own arguments and the compiled policy.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "policies/bundle.h"
#include "runtime/options.h"
#include "runtime/unpack.h"
#include "sandbox/worker.h"

#define MEMORY ((uint64_t)512 << 20) /* address space; what is touched is far less */
#define NUMBER_MAX ((uint64_t)1 << 60)

struct arguments {
	const char *compression, *keep, *kind, *signature;
	const char *in_max, *out_max, *entries, *ids, *progress;
};

#define ROW(field) offsetof(struct arguments, field)

static const struct opt opts[] = {
	{ "compression", 0, OPT_TEXT, ROW(compression), "NAME", "", NULL },
	{ "keep", 0, OPT_TEXT, ROW(keep), "NAME", "", NULL },
	{ "kind", 0, OPT_TEXT, ROW(kind), "NAME", "", NULL },
	{ "in-max", 0, OPT_TEXT, ROW(in_max), "N", "", NULL },
	{ "out-max", 0, OPT_TEXT, ROW(out_max), "N", "", NULL },
	{ "entries", 0, OPT_TEXT, ROW(entries), "N", "", NULL },
	{ "ids", 0, OPT_TEXT, ROW(ids), "N", "", NULL },
	{ "progress", 0, OPT_TEXT, ROW(progress), "N", "", NULL },
	{ "signature", 0, OPT_TEXT, ROW(signature), "BASE64", "", NULL },
};

static const struct task {
	const char *name;
	bool writable, over_ids;
	int (*run)(struct unpack *unpack, struct err *err);
} tasks[] = {
	{ "layer", true, true, unpack_layer },
	{ "archive", true, false, unpack_archive },
	{ "json", false, false, unpack_json },
	{ "signature", false, false, unpack_signature },
};

static int number(const char *text, uint64_t fallback, uint64_t *ret, struct err *err)
{
	*ret = fallback;
	if (text && span_u64(span_of(text), NUMBER_MAX, ret) < 0)
		return err_set(err, EINVAL, "%.40s is no number", text);
	return 0;
}

static int read_arguments(int argc, char *argv[], struct arena *arena, struct unpack_options *ret,
			  struct err *err)
{
	struct arguments args = {
		.compression = "auto", .keep = "none", .kind = "", .signature = ""
	};
	int r = options_read(opts, ARRAY_LEN(opts), argc, argv, arena, &args, err);

	if (r >= 0)
		r = number(args.in_max, 0, &ret->in_max, err);
	if (r == 0)
		r = number(args.out_max, 0, &ret->out_max, err);
	if (r == 0)
		r = number(args.entries, 0, &ret->entries, err);
	if (r == 0)
		r = number(args.ids, 0, &ret->ids, err);
	if (r == 0)
		r = number(args.progress, 0, &ret->progress, err);
	ret->compression = args.compression;
	ret->keep = args.keep;
	ret->kind = args.kind;
	ret->signature = args.signature;
	return r;
}

/* Where nothing is to be passed, /dev/null holds the number. */
static int folder_or_none(int fd)
{
	struct stat st = { 0 };

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? fd : -1;
}

static int file_or_none(int fd)
{
	struct stat st = { 0 };

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fd : -1;
}

static int read_policy(struct arena *arena, struct bundle *ret, struct err *err)
{
	void *bytes = arena_alloc(arena, BUNDLE_MAX_BYTES);
	ssize_t n;

	if (!bytes)
		return err_set(err, ENOMEM, "out of memory");
	n = fd_read_full(UNPACK_FD_POLICY, bytes, BUNDLE_MAX_BYTES);
	if (n < 0)
		return err_sys(err, (int)-n, "cannot read the compiled policy");
	close(UNPACK_FD_POLICY);
	return bundle_decode(bytes, (size_t)n, arena, ret, err);
}

static int confine(const struct task *task, struct unpack *unpack, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct bundle bundle = { 0 };
	const struct worker_rules rules = {
		.dir = folder_or_none(UNPACK_FD_DIR),
		.writable = task->writable,
		.over_ids = task->over_ids,
		.threads = 1,
		.file_bytes = unpack->options.out_max,
		.memory = MEMORY,
		.bundle = &bundle,
	};
	int r = read_policy(&arena, &bundle, err);

	if (r == 0)
		r = worker_confine_apply(&rules, &unpack->dir, err);
	return r < 0 ? err_wrap(err, "cannot confine ourselves") : 0;
}

int unpack_flush(struct unpack *unpack, struct err *err)
{
	int r;

	if (unpack->report.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(STDOUT_FILENO, strbuf_str(&unpack->report), unpack->report.len);
	strbuf_reset(&unpack->report);
	return r < 0 ? err_sys(err, -r, "cannot report") : 0;
}

static int work(int argc, char *argv[], struct arena *arena, struct unpack *unpack, struct err *err)
{
	const struct task *task = NULL;
	int r;

	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(tasks); i++) {
		if (strcmp(argv[1], tasks[i].name) == 0)
			task = &tasks[i];
	}
	if (!task)
		return err_set(err, EINVAL, "immure-unpack is started by immure itself");
	r = read_arguments(argc - 1, argv + 1, arena, &unpack->options, err);
	if (r < 0)
		return r;
	unpack->blob = file_or_none(UNPACK_FD_BLOB);
	r = confine(task, unpack, err);
	return r < 0 ? r : task->run(unpack, err);
}

int main(int argc, char *argv[])
{
	cleanup_arena struct arena arena = { 0 };
	struct unpack unpack = { .dir = -1, .blob = -1 };
	struct err err = { 0 };
	int r;

	umask(0);
	r = work(argc, argv, &arena, &unpack, &err);
	if (r < 0) {
		flat_putu(&unpack.report, "error.code", (uint64_t)err.code);
		flat_puts(&unpack.report, "error.text", err.msg);
	} else {
		flat_puts(&unpack.report, "ok", "1");
	}
	r = unpack_flush(&unpack, &err);
	strbuf_done(&unpack.report);
	return r < 0 ? 1 : 0;
}
