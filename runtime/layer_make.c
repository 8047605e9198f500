/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/layer_make.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/userns_call.h"

/* What the writing process says last. */
struct outcome {
	int result;
	struct err err;
};

struct writing {
	const struct layer_tree *tree;
	const struct tar_rules *rules;
	int out;
};

struct writer {
	pid_t pid;
	int verdict; /* read end */
};

static int write_tree(void *of_writing, struct err *err)
{
	const struct writing *writing = of_writing;

	return tar_write_tree(writing->tree->dir, writing->out, writing->rules, err);
}

static _Noreturn void write_and_exit(const struct writing *writing, int to_parent, pid_t parent)
{
	struct outcome verdict = { 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		_exit(1);
	if (writing->tree->foreign)
		verdict.result = userns_call_files(writing->tree->source.range, write_tree,
						   (void *)(uintptr_t)writing, &verdict.err);
	else
		verdict.result = write_tree((void *)(uintptr_t)writing, &verdict.err);
	_exit(fd_write_all(to_parent, &verdict, sizeof(verdict)) < 0);
}

static int start(const struct writing *writing, struct writer *ret, struct err *err)
{
	cleanup_close int ours = -1;
	cleanup_close int its = -1;
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	ours = ends[0];
	its = ends[1];
	pid = fork();
	if (pid < 0)
		return err_sys(err, errno, "cannot make a process");
	if (pid == 0)
		write_and_exit(writing, its, parent);
	*ret = (struct writer){ .pid = pid, .verdict = steal_fd(ours) };
	return 0;
}

/* The unpacker is heard meanwhile: it must not wait for us while the writer waits for it. */
static int hear_both(struct layer_feed *feed, const struct writer *writer, struct outcome *ret,
		     struct err *err)
{
	ssize_t n;

	for (;;) {
		struct pollfd fds[] = { { .fd = writer->verdict, .events = POLLIN },
					{ .fd = feed->job.ended ? -1 : feed->job.report,
					  .events = POLLIN } };
		int r = 0;

		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for a layer");
		if (fds[1].revents)
			r = unpack_advance(&feed->job, err);
		if (r < 0)
			return r;
		if (fds[0].revents)
			break;
	}
	n = fd_read_full(writer->verdict, ret, sizeof(*ret));
	if (n != (ssize_t)sizeof(*ret))
		return err_set(err, EPROTO, "the process that reads the folder ended early");
	return 0;
}

static int finish(const struct store *store, struct layer_feed *feed, const struct writer *writer,
		  struct layer_result *ret, struct err *err)
{
	struct outcome verdict = { 0 };
	int r = hear_both(feed, writer, &verdict, err);

	if (r < 0)
		return r;
	if (verdict.result == 0)
		return layer_end(store, feed, ret, err);
	/* It wrote to an unpacker that had given up: that one knows why. */
	if (verdict.result == -EPIPE)
		r = unpack_wait(&feed->job, err);
	if (r == 0)
		*err = verdict.err;
	return r < 0 ? r : verdict.result;
}

/* Root's images belong to a range of its own; ordinary users see theirs from inside. */
static int set_owners(const struct layer_tree *tree, struct plan_ids *ids, struct tar_rules *rules,
		      struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct host host = { 0 };
	int r;

	if (!tree->foreign || rules->one_owner)
		return 0;
	r = host_read(&arena, &host, err);
	if (r == 0 && host.is_root)
		r = plan_ids_files(&host, tree->source.range, ids, err);
	if (r < 0 || !host.is_root)
		return r;
	rules->uids = ids->uids;
	rules->n_uid = ids->n_uid;
	rules->gids = ids->gids;
	rules->n_gid = ids->n_gid;
	return 0;
}

static int make(const struct store *store, const struct writing *writing, struct layer_feed *feed,
		struct layer_result *ret, struct err *err)
{
	struct writer writer = { .pid = -1, .verdict = -1 };
	int r = start(writing, &writer, err);

	closep(&feed->fd);
	if (r == 0)
		r = finish(store, feed, &writer, ret, err);
	layer_cancel(store, feed);
	closep(&writer.verdict);
	while (writer.pid > 0 && waitpid(writer.pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int layer_make(const struct store *store, const struct layer_tree *tree, struct layer_result *ret,
	       struct err *err)
{
	struct layer_feed feed = LAYER_FEED_NONE;
	struct tar_rules rules = tree->rules;
	struct plan_ids ids = { 0 };
	struct layer_source source = tree->source;
	struct writing writing = { .tree = tree, .rules = &rules };
	int r = set_owners(tree, &ids, &rules, err);

	if (r < 0)
		return r;
	source.digest = source.diff_id = source.media_type = NULL;
	source.size = 0;
	source.input = -1;
	r = layer_begin(store, &source, true, &feed, err);
	if (r < 0)
		return r;
	writing.out = feed.fd;
	return make(store, &writing, &feed, ret, err);
}
