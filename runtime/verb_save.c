/* SPDX-License-Identifier: Apache-2.0 */
/* immure save: images out of the store. What is written is there whole or not at all. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/image_save.h"
#include "runtime/store_find.h"
#include "runtime/verb.h"

struct save_options {
	const char *output, *format;
};

#define ROW(field) offsetof(struct save_options, field)

static const struct opt opts[] = {
	{ "output", 'o', OPT_TEXT, ROW(output), "FILE", "write to FILE, not to standard output",
	  "@files" },
	{ "format", 0, OPT_TEXT, ROW(format), "oci|oci-dir|docker-archive",
	  "an archive with an OCI layout (the default), a folder with one, or what docker save writes",
	  "oci oci-dir docker-archive" },
};

struct saving {
	const struct store *store;
	const char *output; /* or NULL */
	enum save_format format;
	size_t n;
	const struct save_image *images;
};

static int usage(struct err *err, const char *why)
{
	err_set(err, EINVAL, "%s", why);
	return err_at(err, ERR_USAGE);
}

static int read_options(const struct save_options *o, struct saving *ret, struct err *err)
{
	static const char *const formats[] = {
		[SAVE_OCI] = "oci",
		[SAVE_OCI_DIR] = "oci-dir",
		[SAVE_DOCKER_ARCHIVE] = "docker-archive",
	};
	size_t i = 0;

	while (o->format && i < ARRAY_LEN(formats) && strcmp(o->format, formats[i]) != 0)
		i++;
	if (i == ARRAY_LEN(formats))
		return usage(err, "--format: expected oci, oci-dir or docker-archive");
	ret->format = (enum save_format)i;
	ret->output = o->output && strcmp(o->output, "-") != 0 ? o->output : NULL;
	if (ret->format == SAVE_OCI_DIR && !ret->output)
		return usage(err, "--format oci-dir needs --output: a folder that it makes");
	if (!ret->output && isatty(STDOUT_FILENO))
		return usage(err, "standard output is a terminal: use --output FILE");
	return 0;
}

/* A name goes with the image, a digest alone does not. */
static int find_image(const struct store *store, const char *text, struct arena *arena,
		      struct save_image *ret, struct err *err)
{
	cleanup_strbuf struct strbuf name = { 0 };
	char manifest[STORE_DIGEST_LEN];
	struct image_ref ref = { 0 };
	struct err ignored = { 0 };
	char file[DIGEST_HEX_LEN];
	int r = store_find_image(store, text, manifest, err);

	if (r < 0)
		return r;
	ret->manifest = arena_strdup(arena, manifest);
	if (image_ref_parse(span_of(text), &ref, &ignored) == 0 && *ref.tag &&
	    store_ref_file(&ref, file, &ignored) == 0 &&
	    faccessat(store->refs, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		*ref.digest = '\0';
		image_ref_print(&ref, &name);
		ret->name = arena_strdup(arena, strbuf_str(&name));
	}
	return ret->manifest && (ret->name || name.len == 0)
		       ? 0
		       : err_set(err, ENOMEM, "out of memory");
}

static int write_to(const struct saving *s, int out, struct err *err)
{
	return image_save(s->store, s->images, s->n, s->format, out, err);
}

static int open_folder_of(const char *path, struct arena *arena, const char **ret_base,
			  struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *folder = !slash          ? "."
			     : slash == path ? "/"
					     : arena_strndup(arena, path, (size_t)(slash - path));
	int fd;

	*ret_base = slash ? slash + 1 : path;
	if (!folder)
		return err_set(err, ENOMEM, "out of memory");
	if (**ret_base == '\0' || strcmp(*ret_base, ".") == 0 || strcmp(*ret_base, "..") == 0)
		return err_set(err, EINVAL, "%s is no name of a new file", path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "cannot open the folder of %s", path) : fd;
}

/* Written without a name, so that a kill leaves nothing; only to replace what is there it has one.
 */
static int write_file(const struct saving *s, int folder, const char *base, struct err *err)
{
	cleanup_close int fd = openat(folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
	char temporary[24];
	char self[32];
	int r = store_random_name('.', temporary, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_sys(err, errno, "cannot make a file");
	r = write_to(s, fd, err);
	if (r < 0)
		return r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fsync(fd) < 0)
		return err_sys(err, errno, "cannot write it to disk");
	r = linkat(AT_FDCWD, self, folder, base, AT_SYMLINK_FOLLOW);
	if (r < 0 && errno == EEXIST)
		r = linkat(AT_FDCWD, self, folder, temporary, AT_SYMLINK_FOLLOW);
	else
		*temporary = '\0';
	if (r < 0)
		return err_sys(err, errno, "cannot give it its name");
	if (*temporary && renameat(folder, temporary, folder, base) < 0) {
		r = err_sys(err, errno, "cannot give it its name");
		unlinkat(folder, temporary, 0);
		return r;
	}
	return fsync(folder) < 0 ? err_sys(err, errno, "cannot write its folder") : 0;
}

static int fill_folder(const struct saving *s, int folder, const char *temporary, const char *base,
		       struct err *err)
{
	cleanup_close int dir =
		openat(folder, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = dir < 0 ? err_sys(err, errno, "cannot open it") : write_to(s, dir, err);

	if (r < 0)
		return r;
	if (fsync(dir) < 0 || renameat2(folder, temporary, folder, base, RENAME_NOREPLACE) < 0)
		return err_sys(err, errno, "cannot give it its name");
	return fsync(folder) < 0 ? err_sys(err, errno, "cannot write its folder") : 0;
}

static int write_folder(const struct saving *s, int folder, const char *base, struct err *err)
{
	struct err ignored = { 0 };
	char temporary[24];
	int r = store_random_name('.', temporary, err);

	if (r < 0)
		return r;
	if (faccessat(folder, base, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, EEXIST, "it is there already, and a new folder is needed");
	if (mkdirat(folder, temporary, 0777) < 0)
		return err_sys(err, errno, "cannot make a folder");
	r = fill_folder(s, folder, temporary, base, err);
	if (r < 0 && fd_remove_tree(folder, temporary, &ignored) < 0)
		ignored.code = 0; /* the first error is the one to tell */
	return r;
}

/* A pipe or device is written to as it is. */
static int write_special(const struct saving *s, struct err *err)
{
	cleanup_close int fd = open(s->output, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? err_sys(err, errno, "cannot open it") : write_to(s, fd, err);
}

static int write_output(const struct saving *s, struct arena *arena, struct err *err)
{
	cleanup_close int folder = -1;
	const char *base = NULL;
	struct stat st = { 0 };
	int r;

	if (!s->output)
		return write_to(s, STDOUT_FILENO, err);
	if (s->format != SAVE_OCI_DIR && stat(s->output, &st) == 0 && !S_ISREG(st.st_mode)) {
		r = S_ISDIR(st.st_mode) ? err_set(err, EISDIR, "it is a folder")
					: write_special(s, err);
	} else {
		folder = open_folder_of(s->output, arena, &base, err);
		if (folder < 0)
			return folder;
		r = s->format == SAVE_OCI_DIR ? write_folder(s, folder, base, err)
					      : write_file(s, folder, base, err);
	}
	return r < 0 ? err_wrap(err, "%.200s", s->output) : 0;
}

static int run_save(const struct verb_call *call, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct save_image *images =
		arena_array(call->arena, (size_t)call->argc + 1, sizeof(*images));
	struct saving saving = { .store = &store, .n = (size_t)call->argc, .images = images };
	int r = read_options(call->options, &saving, err);

	if (r < 0)
		return r;
	if (!images)
		return err_set(err, ENOMEM, "out of memory");
	r = store_open(&store, err);
	if (r == 0)
		r = store_lock_shared(&store, err);
	for (int i = 0; r == 0 && i < call->argc; i++)
		r = find_image(&store, call->argv[i], call->arena, &images[i], err);
	return r < 0 ? r : write_output(&saving, call->arena, err);
}

const struct verb verb_save = {
	.name = "save",
	.args = "[-o FILE] [--format FORMAT] IMAGE...",
	.help = "write images to an archive or a folder that other tools take",
	.more = "\n  immure save debian:12 tool:1 | ssh host podman load\n"
		"  immure save --format oci-dir -o ./layout debian:12\n",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.options_size = sizeof(struct save_options),
	.min_args = 1,
	.max_args = -1,
	.mixed = true,
	.run = run_save,
};
