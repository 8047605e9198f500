/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_view.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "runtime/kept_list.h"
#include "runtime/userns_call.h"
#include "runtime/verb_runs.h"
#include "sandbox/overlay.h"

#define LIST_MAX ((size_t)1 << 20)
#define MAPS_MAX 8

/* Descriptors of /proc/PID stand for the process, not for its number (R15). */
static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_child_of(int process, pid_t parent)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct proc_status status = { 0 };
	struct err ignored = { 0 };

	return fd_read_file(process, "status", 65536, &text, &ignored) == 0 &&
	       proc_status_parse((struct span){ strbuf_str(&text), text.len }, &status, &ignored) ==
		       0 &&
	       status.ppid == (uint32_t)parent;
}

/* Did we, or a run of ours, make this namespace? Then nothing in it can be more than we are. */
static bool is_ours(int userns)
{
	uid_t owner = (uid_t)-1;
	struct stat own = { 0 };
	struct stat st = { 0 };

	return ioctl(userns, NS_GET_OWNER_UID, &owner) == 0 && owner == geteuid() &&
	       stat("/proc/self/ns/user", &own) == 0 && fstat(userns, &st) == 0 &&
	       st.st_ino != own.st_ino;
}

/* Process 1 lets nobody look into it; the programs below it have the same root. */
static int try_process(pid_t pid, pid_t parent, struct run_view *view)
{
	cleanup_close int process = open_process(pid);
	cleanup_close int userns = -1;
	cleanup_close int root = -1;

	if (process < 0)
		return -errno;
	userns = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (userns < 0 || root < 0)
		return -EACCES;
	if (!is_child_of(process, parent) || !is_ours(userns))
		return -ESRCH;
	view->root = steal_fd(root);
	view->userns = steal_fd(userns);
	return 0;
}

static int find_process(pid_t first, struct run_view *view, struct err *err)
{
	cleanup_close int process = open_process(first);
	cleanup_strbuf struct strbuf text = { 0 };
	char path[40];
	struct span rest;
	int r = -ESRCH;

	if (process < 0)
		return err_sys(err, errno, "cannot find the process of run %s", view->id);
	snprintf(path, sizeof(path), "task/%d/children", first);
	if (fd_read_file(process, path, LIST_MAX, &text, err) < 0)
		return -err->code;
	rest = (struct span){ strbuf_str(&text), text.len };
	for (;;) {
		struct span word = span_word(&rest);
		uint64_t pid = 0;

		if (word.n == 0)
			break;
		if (span_u64(word, INT32_MAX, &pid) == 0)
			r = try_process((pid_t)pid, first, view);
		if (r == 0)
			return 0;
	}
	return err_sys(err, -r, "cannot look into run %s", view->id);
}

/* The ids of the run as /proc tells them: how many lines, or 0. */
static int read_map(pid_t first, const char *file, struct proc_idmap maps[MAPS_MAX])
{
	cleanup_close int process = open_process(first);
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	int n = -1;

	if (process >= 0 && fd_read_file(process, file, 4096, &text, &ignored) == 0)
		n = proc_idmap_parse((struct span){ strbuf_str(&text), text.len }, maps, MAPS_MAX,
				     &ignored);
	return n < 0 ? 0 : n;
}

static uint32_t outside_of_0(pid_t first, const char *file)
{
	struct proc_idmap maps[MAPS_MAX];
	int n = read_map(first, file, maps);

	for (int i = 0; i < n; i++) {
		if (maps[i].inside == 0 && maps[i].count > 0)
			return maps[i].outside;
	}
	return 0;
}

/* Root needs no namespace, but its own files are nobody's inside. */
static void take_ids(pid_t first, struct run_view *view)
{
	struct proc_idmap maps[MAPS_MAX];
	int n = read_map(first, "uid_map", maps);

	view->info.range = n > 1 || (n == 1 && maps[0].count > 1);
	if (geteuid() != 0)
		return;
	closep(&view->userns);
	view->has_owner = true;
	view->uid = outside_of_0(first, "uid_map");
	view->gid = outside_of_0(first, "gid_map");
}

static int open_running(const struct found_run *found, struct run_view *view, struct err *err)
{
	pid_t first = found_run_first(found->dir);
	int r;

	view->id = found->id;
	if (first <= 0)
		return err_set(err, EAGAIN, "run %s is only just starting", found->id);
	r = find_process(first, view, err);
	if (r < 0)
		return r;
	if (!run_folder_is_live(found->runs, found->id))
		return err_set(err, ESRCH, "run %s has ended meanwhile", found->id);
	take_ids(first, view);
	return 0;
}

static int open_kept(const char *which, struct run_view *view, struct err *err)
{
	enum kept_lock how = view->writable ? KEPT_CHANGE : KEPT_READ;
	struct host host = { 0 };
	struct plan_ids ids = { 0 };
	int r = store_open(&view->store, err);

	if (r == 0)
		r = kept_find(&view->store, which, view->arena, &view->id, err);
	if (r == 0)
		r = kept_open(&view->store, view->id, how, &view->kept, err);
	if (r == 0)
		r = kept_read(view->kept.dir, view->arena, &view->info, err);
	if (r == 0)
		r = run_image_open(view->info.manifest, view->info.range ? "range" : "one",
				   view->arena, &view->image, err);
	if (r < 0 || geteuid() != 0)
		return r;
	r = host_read(view->arena, &host, err);
	if (r == 0)
		r = plan_ids_files(&host, view->info.range, &ids, err);
	view->has_owner = true;
	view->uid = ids.uids[0].outside;
	view->gid = ids.gids[0].outside;
	return r;
}

int run_view_open(const char *which, bool writable, struct arena *arena, struct run_view *ret,
		  struct err *err)
{
	cleanup_found_run struct found_run found = { -1, -1, NULL };
	struct err unknown = { 0 };
	int r = found_run_open(which, arena, &found, &unknown);

	ret->arena = arena;
	ret->writable = writable;
	if (r == 0 && run_folder_is_live(found.runs, found.id))
		return open_running(&found, ret, err);
	return open_kept(r == 0 ? found.id : which, ret, err);
}

void run_view_close(struct run_view *view)
{
	closep(&view->root);
	closep(&view->userns);
	closep(&view->image.lock);
	kept_close(&view->kept);
	store_close(&view->store);
}

struct view_call {
	const struct run_view *view;
	run_view_fn fn;
	void *data;
	struct overlay_view overlay;
};

static int call_running(void *of_call, struct err *err)
{
	const struct view_call *call = of_call;

	return call->fn(call->view->root, call->data, err);
}

static int call_kept(void *of_call, struct err *err)
{
	const struct view_call *call = of_call;
	cleanup_close int root = overlay_view_apply(&call->overlay, err);

	return root < 0 ? err_wrap(err, "the root of run %s", call->view->id)
			: call->fn(root, call->data, err);
}

int run_view_call(struct run_view *view, run_view_fn fn, void *data, struct err *err)
{
	struct view_call call = { .view = view, .fn = fn, .data = data };
	const char *path = NULL;
	int r;

	if (view->root >= 0)
		return view->userns >= 0 ? userns_call_in(view->userns, call_running, &call, err)
					 : call_running(&call, err);
	r = kept_path(view->id, view->arena, &path, err);
	if (r < 0)
		return r;
	call.overlay = (struct overlay_view){
		.n_layers = view->image.n_layers,
		.layers = view->image.layers,
		.kept = path,
		.upper = arena_printf(view->arena, "%s/" OVERLAY_UPPER, path),
		.writable = view->writable,
	};
	if (!call.overlay.upper)
		return err_set(err, ENOMEM, "out of memory");
	return userns_call_files(view->info.range, call_kept, &call, err);
}
