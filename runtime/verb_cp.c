/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure cp: files into and out of the root of a run, which is hostile and may change meanwhile.
 * Should: open what is the caller's before the run's root is looked at, and go by descriptors then.
 * Mustn't: look up a path of the run but below its root, or start a program.
 */
#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/flat.h"
#include "base/log.h"
#include "base/path.h"
#include "base/tree_copy.h"
#include "runtime/run_view.h"
#include "runtime/store_clean.h"
#include "runtime/tar_tree.h"
#include "runtime/unpack_call.h"
#include "runtime/verb.h"

#define STREAM_BYTES_MAX ((uint64_t)1 << 40)
#define STREAM_ENTRIES_MAX 10000000

/* One side of the command line. */
struct place {
	const char *run;  /* NULL: a path of this machine, or a stream */
	const char *path; /* "-": a stream */
	/* What the path says of itself. */
	const char *folder, *base; /* base "" for the folder itself */
	bool contents;             /* all that is in it, not the folder: it ends in "/." */
	bool slash;                /* it ends in '/': it must be a folder */
};

struct copying {
	struct place from, to;
	const struct run_view *view;
	/* Our side, opened: a folder, and a name in it or "" for the folder itself. */
	int at;
	const char *name;
	struct copy_rules rules;
	struct tar_rules tar;
	struct proc_idmap uids, gids;
};

static int usage(struct err *err, const char *why)
{
	err_set(err, EINVAL, "%s", why);
	return err_at(err, ERR_USAGE);
}

/* The folder and the last name of a path; the text alone decides. */
static int split(struct place *p, struct arena *arena, struct err *err)
{
	size_t n = strlen(p->path);
	char *text = arena_strdup(arena, p->path);
	char *base;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	while (n > 1 && text[n - 1] == '/') {
		text[--n] = '\0';
		p->slash = true;
	}
	base = strrchr(text, '/');
	base = base ? base + 1 : text;
	if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
		p->contents = true;
		p->folder = text;
		p->base = "";
		return 0;
	}
	p->base = base;
	p->folder = base == text ? "." : arena_strndup(arena, text, (size_t)(base - text));
	return p->folder ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* As with Docker: RUN:PATH, unless what stands before the colon looks like a path. */
static int parse_place(const char *text, struct arena *arena, struct place *ret, struct err *err)
{
	const char *colon = strchr(text, ':');
	struct place place = { .path = text };
	char *run = NULL;

	if (colon && colon != text && *text != '/' && *text != '.') {
		run = arena_strndup(arena, text, (size_t)(colon - text));
		if (!run)
			return err_set(err, ENOMEM, "out of memory");
		if (text_is_id(run)) {
			place.run = run;
			place.path = colon[1] ? colon + 1 : "/";
		}
	}
	*ret = place;
	return *place.path ? split(ret, arena, err) : usage(err, "an empty path");
}

static bool is_stream(const struct place *p)
{
	assert(p->path);
	return !p->run && strcmp(p->path, "-") == 0;
}

static int open_dir(const char *path, struct err *err)
{
	int fd;

	assert(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot open %s", path) : fd;
}

/* What is copied into a run. */
static int open_source(struct copying *c, struct err *err)
{
	const struct place *p = &c->from;
	struct stat st = { 0 };

	c->at = open_dir(p->folder, err);
	c->name = p->base;
	if (c->at < 0)
		return c->at;
	if (*c->name && fstatat(c->at, c->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot find %s", p->path);
	if (*c->name && p->slash && !S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "%s is no folder", p->path);
	return 0;
}

/* Where a copy goes to: into a folder that is there, else under that name. */
static int open_target(struct copying *c, struct err *err)
{
	const struct place *p = &c->to;
	struct stat st = { 0 };

	if (stat(p->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		c->at = open_dir(p->path, err);
		c->name = c->from.base; /* "": what is in it */
		return c->at < 0 ? c->at : 0;
	}
	if (p->slash || p->contents)
		return err_set(err, ENOTDIR, "%s is no folder", p->path);
	c->at = open_dir(p->folder, err);
	c->name = p->base;
	return c->at < 0 ? c->at : 0;
}

/* All that is in a folder, into one that is made if it is missing. */
static int copy_contents(int from, int to, const char *as, struct copy_rules *rules,
			 struct err *err)
{
	cleanup_close int dir = -1;

	if (*as == '\0')
		return tree_copy_contents(from, to, rules, err);
	if (mkdirat(to, as, 0777) < 0 && errno != EEXIST)
		return err_sys(err, errno, "cannot make %s", as);
	dir = openat(to, as, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", as);
	return tree_copy_contents(from, dir, rules, err);
}

static int count(const struct copy_rules *rules)
{
	return rules->skipped > INT_MAX ? INT_MAX : (int)rules->skipped;
}

/* In the run's root: from there to us. */
static int copy_out(int root, void *of_copying, struct err *err)
{
	struct copying *c = of_copying;
	const struct place *p = &c->from;
	cleanup_close int folder = path_open_in(root, p->folder, O_RDONLY | O_DIRECTORY, 0, err);
	struct stat st = { 0 };
	int r;

	if (folder < 0)
		return folder;
	if (!p->contents && fstatat(folder, p->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "cannot find %s inside the root", p->path);
	if (!p->contents && p->slash && !S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "%s is no folder inside the root", p->path);
	if (is_stream(&c->to))
		return p->contents ? tar_write_tree(folder, c->at, &c->tar, err)
				   : tar_write_one(folder, p->base, p->base, c->at, &c->tar, err);
	r = p->contents ? copy_contents(folder, c->at, c->name, &c->rules, err)
			: tree_copy_entry(folder, p->base, c->at, c->name, &c->rules, err);
	return r < 0 ? r : count(&c->rules);
}

/* A folder of the run, or the folder and the name that something new will have. */
static int find_target(const struct copying *c, int root, const char **ret_name, struct err *err)
{
	const struct place *p = &c->to;
	struct err none = { 0 };
	int fd = path_open_in(root, p->path, O_RDONLY | O_DIRECTORY, 0, &none);

	*ret_name = is_stream(&c->from) ? "" : c->from.base;
	if (fd >= 0)
		return fd;
	if ((fd != -ENOENT && fd != -ENOTDIR) || p->slash || p->contents || is_stream(&c->from)) {
		*err = none;
		return fd;
	}
	*ret_name = p->base;
	return path_open_in(root, p->folder, O_RDONLY | O_DIRECTORY, 0, err);
}

/* Root is nobody in the run: what it makes there belongs to the run's own root. */
static int become_owner(const struct run_view *view, struct err *err)
{
	if (!view->has_owner)
		return 0;
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return err_sys(err, errno, "cannot keep our rights");
	setfsgid(view->gid);
	setfsuid(view->uid);
	return (uid_t)setfsuid((uid_t)-1) == view->uid
		       ? 0
		       : err_set(err, EPERM, "cannot be %u", view->uid);
}

static int copy_in(int root, void *of_copying, struct err *err)
{
	struct copying *c = of_copying;
	const char *name = NULL;
	cleanup_close int folder = find_target(c, root, &name, err);
	int r;

	if (folder < 0)
		return folder;
	r = become_owner(c->view, err);
	if (r < 0)
		return r;
	r = *c->name ? tree_copy_entry(c->at, c->name, folder, name, &c->rules, err)
		     : copy_contents(c->at, folder, name, &c->rules, err);
	return r < 0 ? r : count(&c->rules);
}

static int check_whiteouts(const struct unpack_job *job, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct span rest = { strbuf_str(&job->text), job->text.len };
	struct flat_pair pair = { 0 };
	int r;

	while ((r = flat_next(&rest, &arena, &pair, err)) > 0) {
		bool is_mark = span_eq(pair.key, "whiteouts") || span_eq(pair.key, "opaques");

		if (is_mark && strcmp(pair.value, "0") != 0)
			return err_set(
				err, EINVAL,
				"the archive has names that begin with .wh., which mean removals");
	}
	return r;
}

/* A foreign archive is read by the confined unpacker, into a place of ours. */
static int unpack_stream(const struct run_view *view, int dir, struct err *err)
{
	cleanup_unpack_job struct unpack_job job = UNPACK_JOB_NONE;
	const struct unpack_call call = { .task = "layer",
					  .in_max = STREAM_BYTES_MAX,
					  .out_max = STREAM_BYTES_MAX,
					  .entries = STREAM_ENTRIES_MAX,
					  .range = view->info.range,
					  .input = STDIN_FILENO,
					  .dir = dir,
					  .blob = -1 };
	int r = unpack_own(dir, view->info.range, err);

	if (r == 0)
		r = unpack_start(&call, &job, err);
	if (r == 0)
		r = unpack_wait(&job, err);
	return r < 0 ? r : check_whiteouts(&job, err);
}

static int copy_stream_in(struct copying *c, struct run_view *view, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_close int lock = -1;
	struct err ignored = { 0 };
	char staging[24] = "";
	int r = store_open(&store, err);

	if (r == 0)
		r = store_make_staging(&store, 'c', staging, &lock, err);
	if (r < 0)
		return r;
	c->at = openat(lock, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c->name = "";
	c->rules.keep_owner = view->info.range || geteuid() == 0;
	r = c->at < 0 ? err_sys(err, errno, "cannot open a folder in the store")
		      : unpack_stream(view, c->at, err);
	if (r == 0)
		r = run_view_call(view, copy_in, c, err);
	if (store_remove_tree(store.tmp, staging, view->info.range && geteuid() != 0, &ignored) < 0)
		log_warning("%s", ignored.msg);
	return r;
}

static void set_owners(struct copying *c, const struct run_view *view)
{
	c->uids = (struct proc_idmap){ .outside = view->uid, .count = UINT16_MAX + 1 };
	c->gids = (struct proc_idmap){ .outside = view->gid, .count = UINT16_MAX + 1 };
	c->tar.layer = false;
	if (view->has_owner) {
		c->tar.uids = &c->uids;
		c->tar.gids = &c->gids;
		c->tar.n_uid = c->tar.n_gid = 1;
	}
}

static int copy(struct copying *c, struct run_view *view, struct err *err)
{
	int r;

	c->view = view;
	set_owners(c, view);
	if (is_stream(&c->from))
		return copy_stream_in(c, view, err);
	if (is_stream(&c->to)) {
		c->at = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		r = c->at < 0 ? err_sys(err, errno, "cannot write to standard output") : 0;
	} else {
		r = c->to.run ? open_source(c, err) : open_target(c, err);
	}
	return r < 0 ? r : run_view_call(view, c->to.run ? copy_in : copy_out, c, err);
}

static int check_places(const struct copying *c, struct err *err)
{
	if (!c->from.run == !c->to.run)
		return usage(err, "expected one RUN:PATH, and one path of this machine or -");
	if (is_stream(&c->from) && isatty(STDIN_FILENO))
		return usage(err, "- is a terminal: expected an archive on standard input");
	if (is_stream(&c->to) && isatty(STDOUT_FILENO))
		return usage(err, "- is a terminal: an archive is written to standard output");
	return 0;
}

static int run_cp(const struct verb_call *call, struct err *err)
{
	cleanup_run_view struct run_view view = RUN_VIEW_NONE;
	struct copying c = { .at = -1, .rules = { .replace = true } };
	int r = parse_place(call->argv[0], call->arena, &c.from, err);

	if (r == 0)
		r = parse_place(call->argv[1], call->arena, &c.to, err);
	if (r == 0)
		r = check_places(&c, err);
	if (r == 0)
		r = run_view_open(c.to.run ? c.to.run : c.from.run, c.to.run != NULL, call->arena,
				  &view, err);
	if (r == 0)
		r = copy(&c, &view, err);
	closep(&c.at);
	if (r > 0)
		log_warning("%d devices and sockets were left out", r);
	return r < 0 ? r : 0;
}

const struct verb verb_cp = {
	.name = "cp",
	.args = "RUN:PATH FILE|FOLDER|- | FILE|FOLDER|- RUN:PATH",
	.help = "copy files out of a run and into it, while it goes on or when it was kept",
	.more = "\n  immure cp job:/srv/report.pdf .      out of the root of a run\n"
		"  immure cp ./data job:/srv            into it\n"
		"  immure cp job:/srv - | tar -t        as an archive\n",
	.options_size = 0,
	.min_args = 2,
	.max_args = 2,
	.run = run_cp,
};
