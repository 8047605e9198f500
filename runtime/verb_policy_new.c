/* SPDX-License-Identifier: Apache-2.0 */
/* policy new: a commented starting point, from what the program's first bytes say. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/policy_format.h"
#include "policies/program_imports.h"
#include "runtime/policy_new_image.h"
#include "runtime/verb_policy.h"

#define NETWORK "builtin/network-client"

struct new_options {
	const char *output, *image;
};

static const struct opt new_opts[] = {
	{ "output", 'o', OPT_TEXT, offsetof(struct new_options, output), "FILE",
	  "where the policy goes, instead of standard output; it must not be there", "@files" },
	{ "image", 'i', OPT_TEXT, offsetof(struct new_options, image), "IMAGE",
	  "for an image of the store: its own program, or PROGRAM inside of it", NULL },
};

/* What programs of these names need, whatever they are made of. */
static const struct {
	const char *prefix, *base, *what;
} known[] = {
	{ "python", "builtin/python", "Python" },
	{ "node", "builtin/node", "Node.js" },
	{ "bash", "builtin/shell", "a shell" },
	{ "sh", "builtin/shell", "a shell" },
	{ "dash", "builtin/shell", "a shell" },
	{ "zsh", "builtin/shell", "a shell" },
	{ "busybox", "builtin/shell", "a shell" },
	{ "make", "builtin/shell", "make" },
	{ "git", "builtin/shell", "git" },
	{ "perl", "builtin/shell", "Perl" },
	{ "java", "builtin/shell", "a Java machine" },
	{ "curl", NETWORK, "a network client" },
	{ "wget", NETWORK, "a network client" },
};

struct subject {
	char path[PATH_MAX];
	const char *name;                      /* the last part of path */
	const char *base;                      /* the policies to extend, with commas */
	const char *what;                      /* in words */
	struct new_image *image;               /* that it is in, or NULL */
	const struct program_imports *imports; /* NULL: none, or its name says more */
	bool extends_start;                    /* a base that grants the usual devices */
	struct strbuf reasons;                 /* comments on the bases that follow from them */
};

/* A name without "/" is looked for as a shell would. */
static int find_program(const char *name, char ret[PATH_MAX], struct err *err)
{
	const char *list = getenv("PATH");
	struct span rest = span_of(list ? list : "/usr/bin:/bin");

	if (strchr(name, '/'))
		return realpath(name, ret) ? 0 : err_sys(err, errno, "cannot find %s", name);
	while (rest.n > 0) {
		struct span folder = span_cut(&rest, ':');
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%.*s/%s", (int)folder.n, folder.p, name);

		if (n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0 &&
		    realpath(path, ret))
			return 0;
	}
	return err_set(err, ENOENT, "cannot find %s: no program of that name in PATH", name);
}

static int look_at(const char *path, struct arena *arena, struct program_look *ret, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	return program_look(fd, path, arena, ret, err);
}

static void judge_kind(struct subject *s, enum program_kind kind)
{
	if (kind != PROGRAM_GLIBC && kind != PROGRAM_MUSL)
		s->imports = NULL;
	s->base = kind == PROGRAM_MUSL ? "builtin/musl" : "builtin/glibc";
	switch (kind) {
	case PROGRAM_MUSL:
		s->what = "a program of musl";
		break;
	case PROGRAM_GLIBC:
		s->what = "a program of glibc";
		break;
	case PROGRAM_STATIC:
		s->what = "a static program";
		break;
	case PROGRAM_SCRIPT:
		s->base = "builtin/shell";
		s->what = "a script";
		break;
	case PROGRAM_UNKNOWN:
		s->what = "a program of an unknown kind";
		break;
	}
}

static bool has_letter_at(struct span s, size_t at)
{
	return at < s.n &&
	       ((s.p[at] >= 'a' && s.p[at] <= 'z') || (s.p[at] >= 'A' && s.p[at] <= 'Z'));
}

static void judge_name(struct subject *s, struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		/* "python3.11" and "git-upload-pack", but not "sha256sum". */
		if (!span_starts(name, known[i].prefix) ||
		    has_letter_at(name, strlen(known[i].prefix)))
			continue;
		s->base = known[i].base;
		s->what = known[i].what;
		s->imports = NULL;
		return;
	}
}

/* What the program imports tells more than its kind, where its name tells nothing. */
static int add_bases(struct subject *s, struct arena *arena, struct err *err)
{
	const char *base;
	size_t at = 0;

	while (s->imports && (base = program_imports_base(s->imports, &at, &s->reasons))) {
		if (strncmp(base, "builtin/start", 13) == 0)
			s->extends_start = true;
		s->base = arena_printf(arena, "%s, %s", s->base, base);
		if (!s->base)
			break;
	}
	return !s->base || s->reasons.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static int judge(const char *name, struct arena *arena, struct subject *ret, struct err *err)
{
	struct program_look *look = arena_alloc(arena, sizeof(*look));
	struct span by;
	int r = find_program(name, ret->path, err);

	if (r < 0)
		return r;
	if (!look)
		return err_set(err, ENOMEM, "out of memory");
	r = look_at(ret->path, arena, look, err);
	if (r < 0)
		return r;
	/* What was typed: one program may go by several names. */
	ret->name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	by = look->kind == PROGRAM_SCRIPT ? look->interpreter
					  : span_of(strrchr(ret->path, '/') + 1);
	ret->imports = &look->imports;
	judge_kind(ret, look->kind);
	judge_name(ret, by);
	return add_bases(ret, arena, err);
}

/* The image's program; one that serves needs sockets whatever it is made of. */
static int judge_image(const char *program, struct arena *arena, struct subject *ret,
		       struct err *err)
{
	struct new_image *n = ret->image;
	const char *slash;
	int r;

	ret->name = "image";
	ret->imports = &n->look.imports;
	judge_kind(ret, n->look.kind);
	if (n->program && strlen(n->program) < sizeof(ret->path)) {
		memcpy(ret->path, n->program, strlen(n->program) + 1);
		slash = strrchr(ret->path, '/');
		ret->name = slash ? slash + 1 : ret->path;
		judge_name(ret,
			   n->look.interpreter.n > 0 ? n->look.interpreter : span_of(ret->name));
	} else if (program) {
		return err_set(err, ENOENT, "the image %s has no program %s", n->image.name,
			       program);
	}
	r = add_bases(ret, arena, err);
	if (r < 0)
		return r;
	if (n->image.record.ports.n > 0 && !strstr(ret->base, NETWORK))
		ret->base = arena_printf(arena, "%s, " NETWORK, ret->base);
	return ret->base ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* What goes beyond the bases. */
static void write_calls(const struct subject *s, struct strbuf *out)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	size_t n = s->imports ? program_imports_rules(s->imports, &lines) : 0;

	if (s->image && s->image->image.record.ports.n > 0 &&
	    !(s->imports && program_imports_has(s->imports, PROGRAM_LISTEN_RULE))) {
		strbuf_puts(&lines,
			    "  - " PROGRAM_LISTEN_RULE "  # why: the image exposes ports\n");
		n++;
	}
	strbuf_puts(
		out,
		"# The bases open what such a program needs to start, read, write and end. Add to it here:\n");
	if (n > 0)
		strbuf_addf(out, "syscalls:\n%s", strbuf_str(&lines));
	else
		strbuf_puts(out, "# syscalls:\n");
	strbuf_puts(
		out,
		"# - allow socket if domain == AF_UNIX  # why: talks to a service of this sandbox\n");
	if (s->imports)
		program_imports_doubts(s->imports, out);
	strbuf_putc(out, '\n');
	out->failed = out->failed || lines.failed;
}

static void subject_done(struct subject *s)
{
	strbuf_done(&s->reasons);
}

static void write_policy(const struct subject *s, struct strbuf *out)
{
	bool in_system = strncmp(s->path, "/usr/", 5) == 0 || strncmp(s->path, "/bin/", 5) == 0;

	if (s->image)
		strbuf_addf(out, "# A starting point for %s of the image %s, %s.\n",
			    s->path[0] ? s->path : "whatever is run", s->image->image.name,
			    s->what);
	else
		strbuf_addf(out, "# A starting point for %s, %s.\n", s->path, s->what);
	if (s->imports)
		strbuf_puts(
			out,
			"# What it imports is a guess: it may need less, and what its libraries ask for is not seen.\n");
	strbuf_puts(
		out,
		"# How to go on: immure run --policy this ..., then immure why names what was refused, and\n"
		"# immure why d1 --apply adds its line; or immure run --learn FILE ... writes what a run did.\n");
	strbuf_addf(out, "policy: 1\nname: local/%s\n%sextends: [%s]\n\n",
		    text_is_id(s->name) ? s->name : "program", strbuf_str(&s->reasons), s->base);
	if (s->image)
		new_image_identity(s->image, out);
	strbuf_puts(
		out,
		"files:\n  - read,exec /usr/** /bin/** /sbin/** /lib/** /lib32/** /lib64/**  # why: programs and libraries\n");
	if (s->image)
		new_image_files(s->image, out);
	else if (!in_system)
		strbuf_addf(out, "  - exec %s  # why: the program itself\n", s->path);
	strbuf_puts(
		out,
		"  - read /etc/** /proc/**\n"
		"  - deny /etc/shadow /etc/gshadow /etc/ssh /etc/krb5.keytab  # why: passwords and keys\n"
		"  - write /tmp/** /dev/zero /dev/full /dev/tty\n");
	if (!s->extends_start)
		strbuf_puts(out, "  - write /dev/null\n  - read /dev/random /dev/urandom\n");
	strbuf_puts(out,
		    "  # - write /work/**  # why: the folder of the job, a volume of the run\n\n");
	if (s->image)
		new_image_ports(s->image, out);
	write_calls(s, out);
	strbuf_puts(
		out,
		"limits:\n  memory: 1GiB\n  pids: 128\n  nofile: 1024\n  tmp: 256MiB\n\n"
		"# What must stay closed whatever is added above; checked whenever the policy is.\n"
		"tests:\n  - expect deny syscall mount\n  - expect deny syscall ptrace\n"
		"  - expect deny syscall ioctl cmd=TIOCSTI\n  - expect deny open /etc/shadow read\n"
		"  - expect deny open /usr/bin/x write\n\n"
		"# Without these layers a launch is refused.\n"
		"require: [seccomp, userns, landlock]\n");
}

static int write_new(const char *path, const struct strbuf *text, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot make %s", path);
	r = fd_write_all(fd, strbuf_str(text), text->len);
	return r < 0 ? err_sys(err, -r, "cannot write %s", path) : 0;
}

static int run_new(const struct verb_call *call, struct err *err)
{
	const struct new_options *options = call->options;
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf shaped = { 0 };
	struct diags diags = { .arena = call->arena };
	cleanup(subject_done) struct subject subject = { 0 };
	cleanup(new_image_done) struct new_image image = { .image = RUN_IMAGE_NONE };
	int r;

	if (!options->image && call->argc == 0) {
		err_set(err, EINVAL, "expected a program, or --image IMAGE");
		return err_at(err, ERR_USAGE);
	}
	if (options->image) {
		r = new_image_open(options->image, call->argv[0], call->arena, &image, err);
		subject.image = &image;
		if (r == 0)
			r = judge_image(call->argv[0], call->arena, &subject, err);
	} else {
		r = judge(call->argv[0], call->arena, &subject, err);
	}
	if (r < 0)
		return r;
	write_policy(&subject, &text);
	r = policy_format((struct span){ strbuf_str(&text), text.len }, "new", call->arena, &shaped,
			  &diags);
	if (r < 0)
		return err_set(err, -r, "cannot write the policy: %s",
			       diags.n > 0 ? diags.items[0].text : "out of memory");
	if (options->output)
		return write_new(options->output, &shaped, err);
	fputs(strbuf_str(&shaped), stdout);
	return 0;
}

const struct verb verb_policy_new = {
	.name = "new",
	.args = "[--output FILE] [--image IMAGE] [PROGRAM]",
	.help = "write a commented starting point for a program or an image",
	.opts = new_opts,
	.n_opts = ARRAY_LEN(new_opts),
	.options_size = sizeof(struct new_options),
	.max_args = 1,
	.mixed = true,
	.run = run_new,
};
