/* SPDX-License-Identifier: Apache-2.0 */
/* immure logs: what a detached program wrote, as it wrote it. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "runtime/verb_runs.h"

struct logs_options {
	bool follow, timestamps;
	const char *tail;
};

#define ROW(field) offsetof(struct logs_options, field)

static const struct opt logs_opts[] = {
	{ "follow", 'f', OPT_FLAG, ROW(follow), NULL, "go on until the run ends", NULL },
	{ "timestamps", 't', OPT_FLAG, ROW(timestamps), NULL, "print when each line was written",
	  NULL },
	{ "tail", 'n', OPT_TEXT, ROW(tail), "N", "only the last N lines", NULL },
};

/* One line of the log: time, stream, F or P, text. Ours, but it may have been cut by a kill. */
static void put_line(struct span line, bool timestamps)
{
	struct span when = span_cut(&line, ' ');
	struct span stream = span_cut(&line, ' ');
	struct span tag = span_cut(&line, ' ');
	FILE *out = span_eq(stream, "stderr") ? stderr : stdout;

	if (timestamps)
		fprintf(out, "%.*s ", (int)when.n, when.p);
	fwrite(line.p, 1, line.n, out);
	if (!span_eq(tag, "P") || timestamps)
		putc('\n', out);
}

struct reader {
	FILE *file;
	char *line; /* of getline(3) */
	size_t room;
	bool timestamps;
};

static void reader_done(struct reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	free(reader->line);
}

static FILE *open_log(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* Lines before the last `keep` are skipped. */
static uint64_t count_lines(struct reader *reader)
{
	uint64_t n = 0;

	while (getline(&reader->line, &reader->room, reader->file) > 0)
		n++;
	rewind(reader->file);
	return n;
}

static void put_lines(struct reader *reader, uint64_t skip)
{
	ssize_t n;

	while ((n = getline(&reader->line, &reader->room, reader->file)) > 0) {
		if (skip > 0) {
			skip--;
			continue;
		}
		if (reader->line[n - 1] == '\n')
			n--;
		put_line((struct span){ reader->line, (size_t)n }, reader->timestamps);
	}
	clearerr(reader->file);
	fflush(stdout);
}

static int put_file(int dir, const char *name, const struct logs_options *options, uint64_t *skip)
{
	cleanup(reader_done) struct reader reader = { .file = open_log(dir, name),
						      .timestamps = options->timestamps };
	uint64_t here = 0;

	if (!reader.file)
		return -ENOENT;
	if (*skip > 0)
		here = count_lines(&reader);
	put_lines(&reader, *skip < here ? *skip : here);
	*skip -= *skip < here ? *skip : here;
	return 0;
}

static uint64_t lines_of(int dir, const char *name)
{
	cleanup(reader_done) struct reader reader = { .file = open_log(dir, name) };

	return reader.file ? count_lines(&reader) : 0;
}

/* Until there is a status: then one more look, for the output comes before it. */
static int follow(const struct found_run *found, bool timestamps, uint64_t skip, struct err *err)
{
	cleanup(reader_done) struct reader reader = { .file = open_log(found->dir, "output.log"),
						      .timestamps = timestamps };
	struct stat seen = { 0 };
	struct stat now = { 0 };
	bool ended = false;

	if (!reader.file || fstat(fileno(reader.file), &seen) < 0)
		return err_set(err, ENOENT, "run %s has no output log", found->id);
	put_lines(&reader, skip);
	while (!ended) {
		struct err ignored = { 0 };

		ended = found_run_status(found, &ignored) != -EAGAIN;
		put_lines(&reader, 0);
		if (fstatat(found->dir, "output.log", &now, AT_SYMLINK_NOFOLLOW) == 0 &&
		    now.st_ino != seen.st_ino) {
			fclose(reader.file);
			reader.file = open_log(found->dir, "output.log");
			if (!reader.file)
				return err_set(err, EIO, "the output log is gone");
			seen = now;
			put_lines(&reader, 0);
		}
		if (!ended)
			poll(NULL, 0, 100);
	}
	return 0;
}

static int logs(const struct verb_call *call, struct err *err)
{
	const struct logs_options *options = call->options;
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	uint64_t keep = UINT64_MAX;
	uint64_t all;
	uint64_t skip;
	int r = found_run_open(call->argv[0], call->arena, &found, err);

	if (r < 0)
		return r;
	if (options->tail && span_u64(span_of(options->tail), INT32_MAX, &keep) < 0) {
		err_set(err, EINVAL, "--tail %.30s: expected a number of lines", options->tail);
		return err_at(err, ERR_USAGE);
	}
	all = lines_of(found.dir, "output.log.1") + lines_of(found.dir, "output.log");
	skip = keep < all ? all - keep : 0;
	if (put_file(found.dir, "output.log.1", options, &skip) < 0)
		r = 0; /* it is not that long */
	if (options->follow)
		return follow(&found, options->timestamps, skip, err);
	if (put_file(found.dir, "output.log", options, &skip) < 0)
		return err_set(err, ENOENT, "run %s is not detached: it has no output log",
			       found.id);
	return r;
}

const struct verb verb_logs = {
	.name = "logs",
	.args = "[OPTION...] RUN",
	.help = "what a detached program wrote to standard output and error",
	.opts = logs_opts,
	.n_opts = ARRAY_LEN(logs_opts),
	.options_size = sizeof(struct logs_options),
	.min_args = 1,
	.max_args = 1,
	.run = logs,
};
