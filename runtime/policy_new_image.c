/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_new_image.h"

#include <fcntl.h>
#include <string.h>

#include "base/path.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Bytes that mean nothing in the language: what an image says is not ours to trust. */
static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || strchr("/._-+@", *p)))
			return false;
	}
	return *text != '\0' && strlen(text) < 200;
}

static bool is_plain_path(const char *path)
{
	return is_plain(path) && path[0] == '/' && path[1] != '\0' && !strstr(path, "/../") &&
	       !strstr(path, "//") && path[strlen(path) - 1] != '/';
}

/* A program of the image: the topmost layer that has the file shows it. */
static bool look_at(struct new_image *n, const char *path, struct arena *arena)
{
	for (size_t i = n->image.n_layers; i-- > 0;) {
		struct err ignored = { 0 };
		cleanup_close int dir = open(n->image.layers[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		cleanup_close int fd =
			dir < 0 ? -1
				: path_open_in(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
					       &ignored);

		if (fd >= 0 && program_look(fd, path, arena, &n->look, &ignored) == 0)
			return true;
	}
	return false;
}

static const char *image_path(const struct image_record *record)
{
	for (size_t i = 0; i < record->env.n; i++) {
		if (strncmp(record->env.items[i], "PATH=", 5) == 0)
			return record->env.items[i] + 5;
	}
	return PATH_DEFAULT;
}

/* A name without "/" is looked for in the image's own PATH. */
static int find_program(struct new_image *n, const char *name, struct arena *arena, struct err *err)
{
	struct span rest = span_of(image_path(&n->image.record));

	if (!name || !is_plain(name))
		return 0;
	if (strchr(name, '/'))
		rest = span_of("");
	if (name[0] == '/' && look_at(n, name, arena))
		n->program = name;
	while (rest.n > 0 && !n->program) {
		struct span folder = span_cut(&rest, ':');
		const char *path = arena_printf(arena, "%.*s/%s", (int)folder.n, folder.p, name);

		if (!path)
			return err_set(err, ENOMEM, "out of memory");
		if (is_plain_path(path) && look_at(n, path, arena))
			n->program = path;
	}
	return 0;
}

int new_image_open(const char *name, const char *program, struct arena *arena,
		   struct new_image *ret, struct err *err)
{
	struct new_image n = { .image = RUN_IMAGE_NONE };
	const struct image_record *record = &n.image.record;
	int r = run_image_open(name, NULL, arena, &n.image, err);

	if (r < 0)
		return r;
	if (!program)
		program = record->entrypoint.n > 0 ? record->entrypoint.items[0]
			  : record->cmd.n > 0      ? record->cmd.items[0]
						   : NULL;
	r = find_program(&n, program, arena, err);
	if (r < 0) {
		new_image_done(&n);
		return r;
	}
	*ret = n;
	return 0;
}

void new_image_done(struct new_image *n)
{
	closep(&n->image.lock);
}

static bool is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0 && s.n < 10;
}

void new_image_identity(const struct new_image *n, struct strbuf *out)
{
	const char *user = n->image.record.user;
	struct span rest = span_of(user ? user : "");
	struct span uid = span_cut(&rest, ':');

	if (!user || !is_plain(user[strcspn(user, ":")] ? user + strcspn(user, ":") + 1 : user))
		return;
	if (is_digits(uid) && (rest.n == 0 || is_digits(rest)))
		strbuf_addf(out, "identity:\n  user: %.*s:%.*s  # why: the image's own user\n\n",
			    (int)uid.n, uid.p, (int)(rest.n ? rest.n : uid.n),
			    rest.n ? rest.p : uid.p);
	else if (is_plain(user) || rest.n > 0)
		strbuf_puts(out, "# The image names its user; run looks the name up inside.\n\n");
}

static bool is_system(const char *path)
{
	static const char *const folders[] = { "/usr", "/bin", "/sbin", "/lib", "/lib64" };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		if (path_is_below(path, folders[i]))
			return true;
	}
	return false;
}

void new_image_files(const struct new_image *n, struct strbuf *out)
{
	const struct image_record *record = &n->image.record;
	const char *slash = n->program ? strrchr(n->program, '/') : NULL;

	if (slash && slash > n->program && is_plain_path(n->program) && !is_system(n->program))
		strbuf_addf(out, "  - read,exec %.*s/**  # why: the program's own folder\n",
			    (int)(slash - n->program), n->program);
	if (record->workdir && is_plain_path(record->workdir) && !is_system(record->workdir))
		strbuf_addf(out, "  - read %s/**  # why: the image's working folder\n",
			    record->workdir);
	for (size_t i = 0; i < record->volumes.n; i++) {
		if (is_plain_path(record->volumes.items[i]))
			strbuf_addf(out, "  - write %s/**  # why: a volume of the image\n",
				    record->volumes.items[i]);
	}
}

void new_image_ports(const struct new_image *n, struct strbuf *out)
{
	const struct image_texts *ports = &n->image.record.ports;
	bool any = false;

	for (size_t i = 0; i < ports->n; i++) {
		struct span rest = span_of(ports->items[i]);
		struct span port = span_cut(&rest, '/');

		if (!is_digits(port))
			continue;
		if (!any)
			strbuf_puts(
				out,
				"# The image listens. With --network private, say on what, and publish it:\n"
				"# network:\n");
		any = true;
		strbuf_addf(out, "#   - listen %s 0.0.0.0:%.*s\n",
			    span_eq(rest, "udp") ? "udp" : "tcp", (int)port.n, port.p);
	}
	if (any)
		strbuf_putc(out, '\n');
}
