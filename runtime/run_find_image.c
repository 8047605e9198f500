/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a run: found, and unpacked for the ids of the run if it is not. */
#include <string.h>
#include <unistd.h>

#include "runtime/config_paths.h"
#include "runtime/run_parts.h"
#include "runtime/status.h"
#include "runtime/tool_call.h"

/* Its layers were unpacked for the other kind of ids: once more, from the blobs of the store. */
static int unpack_image(struct run *run, struct err *err)
{
	const char *ids = run->image.range ? "range" : "one";
	const char *name = run->image.name;
	const char *const argv[] = { "immure", "image", "unpack",
				     "--ids",  ids,     run->image.record.manifest,
				     NULL };
	int r;

	if (run->options.dry_run)
		return err_set(
			err, ENOENT,
			"the layers of %.100s are not unpacked for --ids %s: a run would do it",
			name, ids);
	r = tool_call(argv, STDERR_FILENO, err);
	if (r != 0)
		return r < 0 ? r
			     : err_set(err, EIO,
				       "the layers of %.100s cannot be unpacked: see above", name);
	closep(&run->image.lock);
	r = run_image_open(name, run->options.ids, &run->arena, &run->image, err);
	if (r == 0 && run->image.packed)
		return err_set(err, ENOENT, "the layers of %.100s went away", name);
	return r;
}

/* Nobody has to wait for the tool where nothing is demanded. What cannot be seen may be there. */
static bool are_signatures_demanded(struct arena *arena)
{
	struct config_paths paths = config_paths_of("signatures.yaml", arena);

	return (paths.own && (access(paths.own, F_OK) == 0 || errno != ENOENT)) || !paths.system ||
	       access(paths.system, F_OK) == 0 || errno != ENOENT;
}

/* Whatever way it came in: are the signatures that were found then enough for this name now? */
static int check_signatures(const struct run *run, struct arena *arena, struct err *err)
{
	const char *name = run->image.name;
	const char *const argv[] = { "immure",
				     "image",
				     "verify",
				     "--local",
				     "--quiet",
				     "--manifest",
				     run->image.record.manifest,
				     "--",
				     name,
				     NULL };
	int r;

	if (!are_signatures_demanded(arena))
		return 0;
	r = tool_call(argv, STDERR_FILENO, err);
	if (r <= 0)
		return r;
	err_set(err, EACCES, "the image %.100s is not run: see above", name);
	return err_at(err, r == STATUS_UNTRUSTED ? ERR_TRUST
			   : r == STATUS_USAGE   ? ERR_USAGE
						 : ERR_STATE);
}

int run_find_image(struct run *run, char *const **argv, struct err *err)
{
	const struct run_options *o = &run->options;
	char *const *args = *argv;
	int r;

	if (o->host || o->rootfs || !args[0])
		return 0;
	r = run_image_open(args[0], o->ids, &run->arena, &run->image, err);
	if (r == 0)
		r = check_signatures(run, &run->arena, err);
	if (r == 0 && run->image.packed)
		r = unpack_image(run, err);
	if (r < 0)
		return err->stage == ERR_USAGE || err->stage == ERR_TRUST ? r
									  : err_at(err, ERR_STATE);
	*argv = args + (args[1] && strcmp(args[1], "--") == 0 ? 2 : 1);
	return 1;
}
