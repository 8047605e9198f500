/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_anon.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "runtime/volume_list.h"

#define NAMES "volumes"
#define NAMES_MAX ((size_t)1 << 16)

int volumes_note(const struct run_folder *folder, const struct volume_use *use, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (use->n_anonymous == 0)
		return 0;
	for (size_t i = 0; i < use->n_anonymous; i++) {
		strbuf_puts(&text, use->anonymous[i]);
		strbuf_putc(&text, '\n');
	}
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return run_folder_write(folder, NAMES, text.p, text.len, err);
}

static int remove_one(int volumes, const char *name, const char *run_id, struct arena *arena,
		      struct err *err)
{
	struct volume_info info = { 0 };
	int r = volume_info(volumes, name, arena, &info, err);

	if (r == 0 && info.run && strcmp(info.run, run_id) == 0)
		r = volume_remove(volumes, name, err);
	if (r != -ENOENT && r != -EBUSY)
		return r;
	*err = (struct err){ 0 };
	return 0;
}

int volumes_remove_of_run(int run_dir, const char *run_id, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_arena struct arena arena = { 0 };
	cleanup_close int volumes = -1;
	struct stat st = { 0 };
	struct span rest;
	int r;

	if (fstatat(run_dir, NAMES, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	r = fd_read_file(run_dir, NAMES, NAMES_MAX, &text, err);
	if (r < 0)
		return r;
	volumes = volumes_open(err);
	if (volumes < 0)
		return volumes;
	rest = (struct span){ strbuf_str(&text), text.len };
	while (r == 0 && rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		const char *name = arena_strndup(&arena, line.p, line.n);

		if (!name)
			return err_set(err, ENOMEM, "out of memory");
		if (text_is_id(name))
			r = remove_one(volumes, name, run_id, &arena, err);
	}
	return r;
}
