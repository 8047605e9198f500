/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_image.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/signal_name.h"
#include "runtime/image_platform.h"
#include "runtime/store_find.h"

#define VOLUMES_MAX 64

static const char *folder_of(const char *diff_id, bool range, struct arena *arena)
{
	const char *hex = store_digest_hex(diff_id);

	return hex ? arena_printf(arena, "%s.%s", hex, range ? "range" : "one") : NULL;
}

static bool is_unpacked(const struct store *store, const struct image_record *record, bool range,
			struct arena *arena)
{
	struct stat st = { 0 };

	for (size_t i = 0; i < record->n_layers; i++) {
		const char *folder = folder_of(record->layers[i].diff_id, range, arena);

		if (!folder || fstatat(store->layers, folder, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
	}
	return true;
}

/* As --ids says, else as the layers are there: one owner if both. */
static void choose_ids(const struct store *store, struct run_image *image, const char *ids,
		       struct arena *arena)
{
	bool range = image_ids_are_range(ids);

	image->range = range;
	if (is_unpacked(store, &image->record, range, arena))
		return;
	image->range = !range;
	if (!ids && geteuid() != 0 && is_unpacked(store, &image->record, image->range, arena))
		return;
	image->range = range;
	image->packed = true;
}

/* Whatever a layer has is hidden by the same layer above: overlayfs takes no folder twice. */
static bool comes_again(const struct image_record *record, size_t index)
{
	for (size_t i = index + 1; i < record->n_layers; i++) {
		if (strcmp(record->layers[i].diff_id, record->layers[index].diff_id) == 0)
			return true;
	}
	return false;
}

static int find_layers(const struct store *store, struct run_image *image, struct arena *arena,
		       struct err *err)
{
	const struct image_record *record = &image->record;

	image->layers = arena_array(arena, record->n_layers + 1, sizeof(*image->layers));
	if (!image->layers)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < record->n_layers; i++) {
		const char *folder = folder_of(record->layers[i].diff_id, image->range, arena);
		const char *path =
			arena_printf(arena, "%s/layers/%s/root", store->path, folder ? folder : "");

		if (!path)
			return err_set(err, ENOMEM, "out of memory");
		image->hides = image->hides || record->layers[i].marks > 0;
		if (!comes_again(record, i))
			image->layers[image->n_layers++] = path;
	}
	return 0;
}

int run_image_open(const char *name, const char *ids, struct arena *arena, struct run_image *ret,
		   struct err *err)
{
	struct run_image image = { .name = name, .lock = -1 };
	cleanup_store struct store store = STORE_CLOSED;
	char manifest[STORE_DIGEST_LEN];
	int r = store_open(&store, err);

	if (r == 0) {
		r = store_find_image(&store, name, manifest, err);
		/* Who forgot --host gets here with the name of a program. */
		if (r == -ENOENT)
			r = err_set(
				err, ENOENT,
				"no image %.150s in the store: immure pull or immure load it first, or use --host or --rootfs DIR",
				name);
	}
	if (r == 0)
		r = store_read_image(&store, manifest, arena, &image.record, &image.lock, err);
	if (r == 0)
		choose_ids(&store, &image, ids, arena);
	if (r == 0)
		r = find_layers(&store, &image, arena, err);
	if (r < 0) {
		closep(&image.lock);
		return r;
	}
	*ret = image;
	return 0;
}

/* Entrypoint, then arguments or, without any, Cmd. --entrypoint drops both of the image's. */
static int build_command(const struct run_image *image, const char *entrypoint, char *const args[],
			 struct arena *arena, struct plan_request *request, struct err *err)
{
	const struct image_texts none = { 0 };
	const struct image_texts *first = entrypoint ? &none : &image->record.entrypoint;
	const struct image_texts *second = args[0] || entrypoint ? &none : &image->record.cmd;
	size_t n_args = 0;
	size_t n = 0;
	char **argv;

	while (args[n_args])
		n_args++;
	argv = arena_array(arena, first->n + second->n + n_args + 2, sizeof(*argv));
	if (!argv)
		return err_set(err, ENOMEM, "out of memory");
	if (entrypoint)
		argv[n++] = (char *)(uintptr_t)entrypoint;
	for (size_t i = 0; i < first->n; i++)
		argv[n++] = (char *)(uintptr_t)first->items[i];
	for (size_t i = 0; i < second->n; i++)
		argv[n++] = (char *)(uintptr_t)second->items[i];
	for (size_t i = 0; i < n_args; i++)
		argv[n++] = args[i];
	if (n == 0 || *argv[0] == '\0')
		return err_set(err, EINVAL,
			       "the image %.100s names no program: immure run %.100s CMD [ARG...]",
			       image->name, image->name);
	request->argv = argv;
	return 0;
}

static int take_stop_signal(const struct image_record *record, struct plan_request *request,
			    struct err *err)
{
	if (request->stop.signal || !record->stop_signal || !*record->stop_signal)
		return 0;
	request->stop.signal = signal_parse(record->stop_signal);
	if (request->stop.signal)
		return 0;
	err_set(err, EINVAL,
		"the image's stop signal \"%.40s\" is none: name one, --stop-signal TERM",
		record->stop_signal);
	return err_at(err, ERR_STATE); /* nobody typed it */
}

int run_image_request(const struct run_image *image, const char *entrypoint, char *const args[],
		      struct arena *arena, struct plan_request *request, struct err *err)
{
	const struct image_record *record = &image->record;
	int r = build_command(image, entrypoint, args, arena, request, err);

	if (r < 0)
		return r;
	request->root_kind = ROOT_LAYERS;
	request->root_dir = image->name;
	request->n_layers = image->n_layers;
	request->layers = image->layers;
	request->layers_hide = image->hides;
	request->ids_range = image->range;
	if (!request->workdir && record->workdir && *record->workdir)
		request->workdir = record->workdir;
	if (!request->user && record->user && *record->user)
		request->user = record->user;
	return take_stop_signal(record, request, err);
}

static bool is_mounted(const struct plan_request *request, const char *target)
{
	for (size_t i = 0; i < request->n_mounts; i++) {
		if (strcmp(request->mounts[i].target, target) == 0)
			return true;
	}
	return false;
}

static int append(struct plan_request *request, struct plan_mount mount, struct arena *arena,
		  struct err *err)
{
	struct plan_mount *all = arena_array(arena, request->n_mounts + 1, sizeof(*all));

	if (!all)
		return err_set(err, ENOMEM, "out of memory");
	if (request->n_mounts > 0)
		memcpy(all, request->mounts, request->n_mounts * sizeof(*all));
	all[request->n_mounts++] = mount;
	request->mounts = all;
	return 0;
}

static int add_folder(struct plan_mount mount, const char *path, struct arena *arena,
		      struct plan_request *request, struct err *err)
{
	int r = path_clean(arena, path, &mount.target, err);

	if (r < 0)
		return r;
	if (strcmp(mount.target, "/") == 0 || is_mounted(request, mount.target))
		return 0;
	return append(request, mount, arena, err);
}

int run_image_mounts(const struct run_image *image, struct arena *arena,
		     struct plan_request *request, struct err *err)
{
	const struct image_texts *volumes = &image->record.volumes;
	int r = 0;

	if (volumes->n > VOLUMES_MAX)
		return err_set(err, E2BIG, "the image has more than %d volumes", VOLUMES_MAX);
	for (size_t i = 0; r == 0 && i < volumes->n; i++)
		r = add_folder(
			(struct plan_mount){ .kind = MOUNT_BIND, .flags = MOUNT_FLAG_ANONYMOUS },
			volumes->items[i], arena, request, err);
	if (r < 0)
		return err_wrap(err, "a volume of the image");
	if (image->record.workdir && request->workdir == image->record.workdir)
		r = add_folder((struct plan_mount){ .kind = MOUNT_DIR }, request->workdir, arena,
			       request, err);
	return r < 0 ? err_wrap(err, "the image's working folder") : 0;
}
