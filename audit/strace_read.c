/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/strace_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define MAX_ARGS 6

/* One line: a call, its arguments as written, and what it returned. */
struct call {
	char name[40];
	size_t n;
	struct span args[MAX_ARGS];
	struct span result; /* empty if the line ends before it */
};

#define MAX_PENDING 64

struct strace {
	struct recorder *to;
	struct strbuf item;
	size_t calls;
	/* Calls that others cut in two: their result comes later. */
	struct {
		uint64_t task;
		struct call call;
	} pending[MAX_PENDING];
	size_t n_pending;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_';
}

/* "[pid 7] ", "7 ", "12:00:01.5 ", "1700000000.5 ": all that may stand before the call. */
static struct span skip_prefix(struct span s, uint64_t *ret_task)
{
	*ret_task = 0;
	for (;;) {
		struct span rest = s;
		struct span word = span_word(&rest);
		struct span id = word;

		if (span_eq(word, "[pid")) {
			id = span_trim(span_cut(&rest, ']'));
			word = id;
		}
		if (word.n == 0 || (!is_digit(word.p[0]) && word.p[0] != '+'))
			return span_trim(s);
		if (*ret_task == 0 && span_u64(id, UINT32_MAX, ret_task) < 0)
			*ret_task = 0; /* a time */
		s = rest;
	}
}

/* The end of one argument: a comma outside quotes and brackets, or the closing parenthesis. */
static size_t argument_end(struct span s)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (c == '"')
			quoted = true;
		else if (c == '(' || c == '[' || c == '{')
			depth++;
		else if (depth > 0 && (c == ')' || c == ']' || c == '}'))
			depth--;
		else if (depth == 0 && (c == ',' || c == ')'))
			return i;
	}
	return s.n;
}

static bool parse(struct span s, struct call *ret)
{
	size_t n = 0;

	while (n < s.n && is_name(s.p[n]))
		n++;
	if (n == 0 || n == s.n || s.p[n] != '(' || n >= sizeof(ret->name))
		return false;
	*ret = (struct call){ 0 };
	memcpy(ret->name, s.p, n);
	s = (struct span){ s.p + n + 1, s.n - n - 1 };
	while (s.n > 0) {
		size_t end = argument_end(s);
		bool last = end == s.n || s.p[end] == ')';

		if (ret->n < MAX_ARGS)
			ret->args[ret->n++] = span_trim((struct span){ s.p, end });
		s.p += end < s.n ? end + 1 : end;
		s.n -= end < s.n ? end + 1 : end;
		if (last)
			break;
	}
	s = span_trim(s);
	if (span_starts(s, "= "))
		ret->result = span_trim((struct span){ s.p + 2, s.n - 2 });
	return true;
}

/* "<... openat resumed>) = 3": what stands behind the last "= ". */
static struct span late_result(struct span line)
{
	for (size_t i = line.n; i > 1; i--) {
		if (line.p[i - 2] == '=' && line.p[i - 1] == ' ')
			return span_trim((struct span){ line.p + i, line.n - i });
	}
	return (struct span){ "", 0 };
}

/* Cut UNFINISHED off a line; false if it is whole. */
static bool cut_unfinished(struct span *line)
{
	static const char mark[] = "<unfinished ...>";
	size_t n = sizeof(mark) - 1;

	if (line->n < n || memcmp(line->p + line->n - n, mark, n) != 0)
		return false;
	line->n -= n;
	*line = span_trim(*line);
	return true;
}

/* "PROT_READ|PROT_WRITE", "flags=CLONE_VM|SIGCHLD", "0x3001": all parts must be known. */
static bool value_of(struct span s, uint64_t *ret)
{
	struct span rest = s;

	*ret = 0;
	for (size_t i = 0; i < s.n && (is_name(s.p[i]) || s.p[i] == '='); i++) {
		if (s.p[i] == '=')
			rest = (struct span){ s.p + i + 1, s.n - i - 1 };
	}
	rest = span_word(&rest); /* a comment may follow */
	while (rest.n > 0) {
		struct span part = span_cut(&rest, '|');
		uint64_t one = 0;

		if (span_eq(part, "NULL"))
			continue;
		if (span_c_number(part, &one) < 0 && !constant_find(part, &one))
			return false;
		*ret |= one;
	}
	return true;
}

/* The argument that stands under a name of its own ("flags=..."), or the one of this place. */
static struct span argument(const struct call *c, size_t i, const char *name)
{
	for (size_t k = 0; k < c->n; k++) {
		if (span_starts(c->args[k], name) && c->args[k].n > strlen(name) &&
		    c->args[k].p[strlen(name)] == '=')
			return c->args[k];
	}
	return i < c->n ? c->args[i] : (struct span){ "", 0 };
}

static void add_call(struct strace *s, const struct call *c)
{
	static const struct {
		const char *call;
		uint8_t first, last; /* arguments that a policy can tell apart */
		const char *name;
	} rows[] = {
		{ "ioctl", 1, 1, "cmd" },
		{ "fcntl", 1, 1, "cmd" },
		{ "prctl", 0, 0, "option" },
		{ "arch_prctl", 0, 0, "code" },
		{ "personality", 0, 0, "persona" },
		{ "memfd_create", 1, 1, "flags" },
		{ "socket", 0, 2, "-" },
		{ "socketpair", 0, 2, "-" },
		{ "mmap", 2, 2, "prot" },
		{ "mprotect", 2, 2, "prot" },
		{ "pkey_mprotect", 2, 2, "prot" },
		{ "clone", 0, 0, "flags" },
	};
	struct seccomp_data data = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].call, c->name) != 0)
			continue;
		for (size_t k = rows[i].first; k <= rows[i].last; k++) {
			uint64_t value = 0;

			if (!value_of(argument(c, k, rows[i].name), &value)) {
				s->to->lost++;
				return;
			}
			data.args[k] = value;
		}
	}
	strbuf_reset(&s->item);
	recorder_call_item(c->name, &data, true, &s->item);
	recorder_add(s->to, strbuf_str(&s->item));
}

/* Bytes that a record may hold; strace writes others as escapes. */
static bool is_clean(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '\\' || s.p[i] == '"')
			return false;
	}
	return true;
}

/* What stands in quotes, whole, without escapes and of bytes that a record may hold. */
static bool path_of(struct span arg, struct span *ret)
{
	if (arg.n < 3 || arg.p[0] != '"' || arg.p[arg.n - 1] != '"')
		return false; /* cut short by "..." */
	*ret = (struct span){ arg.p + 1, arg.n - 2 };
	return is_clean(*ret);
}

/* The folder that a relative path is below, where -y tells: "AT_FDCWD</tmp>". */
static struct span folder_of(struct span arg)
{
	struct span rest = arg;

	span_cut(&rest, '<');
	if (rest.n > 1 && rest.p[0] == '/' && rest.p[rest.n - 1] == '>')
		return (struct span){ rest.p, rest.n - 1 };
	return (struct span){ "", 0 };
}

static void add_file(struct strace *s, const char *access, struct span folder, struct span path)
{
	cleanup_arena struct arena arena = { 0 };
	char *text = path.n > 0 && path.p[0] == '/'
			     ? arena_strndup(&arena, path.p, path.n)
			     : arena_printf(&arena, "%.*s/%.*s", (int)folder.n, folder.p,
					    (int)path.n, path.p);
	struct err ignored = { 0 };
	const char *clean = NULL;

	if (!text || (path.p[0] != '/' && folder.n == 0) ||
	    path_clean(&arena, text, &clean, &ignored) < 0 || !is_clean(span_of(clean)) ||
	    clean[strlen(clean) - 1] == ' ') {
		s->to->lost++;
		return;
	}
	strbuf_reset(&s->item);
	strbuf_addf(&s->item, "file %s %s", access, clean);
	recorder_add(s->to, strbuf_str(&s->item));
}

static void add_open(struct strace *s, const struct call *c)
{
	bool at = strncmp(c->name, "openat", 6) == 0;
	struct span flags = c->n > 1U + at ? c->args[1 + at] : (struct span){ "", 0 };
	struct span path;
	bool reads = span_starts(flags, "O_RDONLY") || span_starts(flags, "{flags=O_RDONLY");

	if (c->n >= 1U + at && path_of(c->args[at], &path))
		add_file(s, reads ? "read" : "write",
			 at ? folder_of(c->args[0]) : (struct span){ "", 0 }, path);
}

static void add_files(struct strace *s, const struct call *c)
{
	static const struct {
		const char *call;
		uint8_t arg;
		const char *access;
	} rows[] = {
		{ "execve", 0, "exec" },     { "execveat", 1, "exec" },
		{ "readlink", 0, "read" },   { "readlinkat", 1, "read" },
		{ "unlink", 0, "write" },    { "unlinkat", 1, "write" },
		{ "mkdir", 0, "write" },     { "mkdirat", 1, "write" },
		{ "rmdir", 0, "write" },     { "rename", 0, "write" },
		{ "rename", 1, "write" },    { "renameat2", 1, "write" },
		{ "renameat2", 3, "write" }, { "truncate", 0, "write" },
		{ "symlink", 1, "write" },   { "link", 1, "write" },
	};
	struct span path;

	if (c->result.n == 0 || c->result.p[0] == '-' || c->result.p[0] == '?')
		return; /* it failed, or it is not known whether it did: nothing to grant */
	if (strncmp(c->name, "open", 4) == 0 || strcmp(c->name, "creat") == 0)
		add_open(s, c);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].call, c->name) == 0 && rows[i].arg < c->n &&
		    path_of(c->args[rows[i].arg], &path))
			add_file(s, rows[i].access,
				 rows[i].arg > 0 ? folder_of(c->args[rows[i].arg - 1])
						 : (struct span){ "", 0 },
				 path);
	}
}

/* The rest of a call that was cut in two. */
static void resume(struct strace *s, uint64_t task, struct span line)
{
	for (size_t i = 0; i < s->n_pending; i++) {
		if (s->pending[i].task != task)
			continue;
		s->pending[i].call.result = late_result(line);
		add_files(s, &s->pending[i].call);
		s->pending[i] = s->pending[--s->n_pending];
		return;
	}
}

static void take_line(struct strace *s, struct span line)
{
	uint64_t task = 0;
	struct call c;
	bool cut;

	line = skip_prefix(span_trim(line), &task);
	if (span_starts(line, "<... ")) {
		resume(s, task, line);
		return;
	}
	cut = cut_unfinished(&line);
	if (!parse(line, &c) || !syscall_is_known(c.name))
		return;
	s->calls++;
	add_call(s, &c);
	if (!cut) {
		add_files(s, &c);
	} else if (s->n_pending < MAX_PENDING) {
		s->pending[s->n_pending].task = task;
		s->pending[s->n_pending++].call = c;
	} else {
		s->to->lost++;
	}
}

size_t strace_read(struct span text, struct recorder *to)
{
	struct strace *s = calloc(1, sizeof(*s));
	size_t calls;

	if (!s) {
		to->lost++;
		return 0;
	}
	s->to = to;
	while (text.n > 0)
		take_line(s, span_cut(&text, '\n'));
	calls = s->calls;
	to->lost += s->item.failed;
	strbuf_done(&s->item);
	free(s);
	return calls;
}
