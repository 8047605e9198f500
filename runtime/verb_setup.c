// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/setup.h"
#include "runtime/verb.h"

#define PASSWD "/etc/passwd"
#define PASSWD_MAX ((size_t)16 << 20)
/* Whom login.defs(5) counts as people. */
#define UID_MIN 1000
#define UID_MAX 59999

static const struct setup_part *const parts[] = {
	&setup_apparmor,
	&setup_selinux,
	&setup_tracer,
};

struct setup_options {
	struct opt_list users;
	bool remove;
	bool dry_run;
};

#define ROW(field) offsetof(struct setup_options, field)

/* clang-format off */
static const struct opt setup_opts[] = {
	{ "user",    'u', OPT_LIST, ROW(users),   "NAME", "for this user only (default: root and all people of /etc/passwd)", NULL },
	{ "remove",  0,   OPT_FLAG, ROW(remove),  NULL,   "undo it", NULL },
	{ "dry-run", 'n', OPT_FLAG, ROW(dry_run), NULL,   "only say what would be done", NULL },
};
/* clang-format on */

bool setup_say(const struct setup *setup, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("%s\n", setup->dry_run ? " (not done)" : "");
	return !setup->dry_run;
}

int setup_write(const struct setup *setup, const char *path, const char *text, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = arena_strndup(setup->arena, path, (size_t)(slash - path));
	cleanup_close int dir = -1;
	int r;

	if (!setup_say(setup, "write %s", path))
		return 0;
	dir = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0)
		return err_sys(err, errno, "cannot open the folder of %s", path);
	r = fd_replace_file(dir, slash + 1, text, strlen(text), true, err);
	if (r == 0 && fchmodat(dir, slash + 1, 0644, 0) < 0)
		return err_sys(err, errno, "cannot make %s readable", path);
	return r;
}

int setup_unlink(const struct setup *setup, const char *path, struct err *err)
{
	if (access(path, F_OK) < 0 || !setup_say(setup, "remove %s", path))
		return 0;
	return unlink(path) < 0 ? err_sys(err, errno, "cannot remove %s", path) : 0;
}

static bool is_wanted(const struct opt_list *names, struct span name, uint64_t uid)
{
	if (names->n == 0)
		return uid == 0 || (uid >= UID_MIN && uid <= UID_MAX);
	for (size_t i = 0; i < names->n; i++) {
		if (span_eq(name, names->items[i]))
			return true;
	}
	return false;
}

/* Read by ourselves, as the launcher does: passwd(5). */
static int read_users(struct setup *setup, const struct opt_list *names, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = fd_read_file(AT_FDCWD, PASSWD, PASSWD_MAX, &text, err);
	struct span rest = { strbuf_str(&text), text.len };
	unsigned *users = NULL;
	size_t cap = 0;

	if (r < 0)
		return r;
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_cut(&line, ':');
		uint64_t uid = 0;

		span_cut(&line, ':');
		if (span_u64(span_cut(&line, ':'), UINT32_MAX - 1, &uid) < 0 ||
		    !is_wanted(names, name, uid))
			continue;
		users = arena_grow(setup->arena, users, &cap, setup->n_users + 1, sizeof(*users));
		if (!users)
			return err_set(err, ENOMEM, "out of memory");
		users[setup->n_users++] = (unsigned)uid;
	}
	setup->users = users;
	if (setup->n_users < names->n)
		return err_set(err, ENOENT, "not all of these users are in " PASSWD);
	return 0;
}

static const struct setup_part *find_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strcmp(parts[i]->name, name) == 0)
			return parts[i];
	}
	return NULL;
}

/* Without a name every part that this machine has a use for; a named one must work. */
static int run_parts(const struct setup *setup, int argc, char *const argv[], struct err *err)
{
	for (int i = 0; i < argc; i++) {
		const struct setup_part *part = find_part(argv[i]);
		int r;

		if (!part) {
			err_set(err, EINVAL, "unknown part %.60s; see immure setup --help",
				argv[i]);
			return err_at(err, ERR_USAGE);
		}
		r = part->run(setup, err);
		if (r < 0)
			return err_wrap(err, "%s", part->name);
	}
	for (size_t i = 0; argc == 0 && i < ARRAY_LEN(parts); i++) {
		int r = parts[i]->run(setup, err);

		if (r < 0 && r != -ENOTSUP)
			return err_wrap(err, "%s", parts[i]->name);
		if (r < 0)
			printf("%s: nothing to do: %s\n", parts[i]->name, err->msg);
		*err = (struct err){ 0 };
	}
	return 0;
}

static int run(const struct verb_call *call, struct err *err)
{
	const struct setup_options *options = call->options;
	struct setup setup = { .arena = call->arena,
			       .remove = options->remove,
			       .dry_run = options->dry_run };
	int r;

	if (geteuid() != 0 && !options->dry_run)
		return err_set(err, EPERM, "this needs root, once; --dry-run says what it does");
	r = read_users(&setup, &options->users, err);
	return r < 0 ? r : run_parts(&setup, call->argc, call->argv, err);
}

const struct verb verb_setup = {
	.name = "setup",
	.args = "[--user NAME]... [--remove] [--dry-run] [PART...]",
	.help = "as root, once: what ordinary users cannot give themselves",
	.more = "Parts: apparmor, selinux, tracer. Without one: all that this machine has a use for.\n",
	.opts = setup_opts,
	.n_opts = ARRAY_LEN(setup_opts),
	.options_size = sizeof(struct setup_options),
	.max_args = -1,
	.run = run,
};
