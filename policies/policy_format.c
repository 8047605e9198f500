/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language is a line a rule, so it is brought into shape line by line; what a line cannot tell
 * (texts over several lines) shows when the result is read again.
 */
#include "policies/policy_format.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_print.h"
#include "policies/policy_read.h"

#define MAX_LEVELS 16
#define MAX_COLUMN 90 /* comments behind longer lines follow two blanks later */

struct out_line {
	char *code;    /* indentation and text, without the comment; "" for a comment alone */
	char *comment; /* from "#", or NULL */
	size_t indent; /* of a comment alone */
};

struct formatter {
	struct arena *arena;
	struct out_line *lines;
	size_t n, cap;
	size_t pending; /* comments at the end of lines that wait for the indentation of the next */
	struct {
		size_t indent;
		bool item;
	} levels[MAX_LEVELS];
	size_t depth;
	int brackets; /* of a list that is open over several lines */
};

/* Where the comment of a line begins, or its length: "#" after a blank or at the start, not quoted.
 */
static size_t comment_at(struct span s)
{
	char quote = '\0';

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool first = i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '\t';

		if (quote) {
			if (c == '\\' && quote == '"')
				i++;
			else if (c == quote)
				quote = '\0';
		} else if ((c == '"' || c == '\'') && (first || strchr("[,-", s.p[i - 1]))) {
			quote = c;
		} else if (c == '#' && first) {
			return i;
		}
	}
	return s.n;
}

static struct out_line *add(struct formatter *f)
{
	struct out_line *grown = arena_grow(f->arena, f->lines, &f->cap, f->n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	f->lines = grown;
	grown[f->n] = (struct out_line){ 0 };
	return &grown[f->n++];
}

/* How deep a line stands that begins at this column. */
static size_t level_of(struct formatter *f, size_t indent, bool item)
{
	while (f->depth > 0) {
		size_t top = f->levels[f->depth - 1].indent;
		bool top_item = f->levels[f->depth - 1].item;

		/* Items may stand right below their key. */
		if (top < indent || (top == indent && item && !top_item))
			break;
		f->depth--;
	}
	if (f->depth == MAX_LEVELS)
		return f->depth;
	f->levels[f->depth].indent = indent;
	f->levels[f->depth].item = item;
	return f->depth++;
}

static int count_brackets(struct span s)
{
	int n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '[' ? 1 : s.p[i] == ']' ? -1 : 0;
	return n;
}

static int comment_line(struct formatter *f, struct span comment)
{
	struct out_line *line = add(f);

	if (!line)
		return -ENOMEM;
	line->code = arena_strdup(f->arena, "");
	line->comment = arena_strndup(f->arena, comment.p, comment.n);
	f->pending++;
	return line->code && line->comment ? 0 : -ENOMEM;
}

static int code_line(struct formatter *f, size_t indent, struct span code, struct span comment)
{
	bool item = span_starts(code, "- ");
	cleanup_strbuf struct strbuf text = { 0 };
	struct out_line *line = add(f);
	size_t spaces;

	/* A list that goes on hangs by four. */
	spaces = f->brackets > 0 ? f->depth * 2 + 2 : level_of(f, indent, item) * 2;
	if (!line)
		return -ENOMEM;
	f->brackets += count_brackets(code);
	for (; f->pending > 0; f->pending--)
		f->lines[f->n - 1 - f->pending].indent = spaces;
	for (size_t i = 0; i < spaces; i++)
		strbuf_putc(&text, ' ');
	policy_print_line(code, &text);
	line->code = arena_strdup(f->arena, strbuf_str(&text));
	line->comment = comment.n > 0 ? arena_strndup(f->arena, comment.p, comment.n) : NULL;
	return text.failed || !line->code || (comment.n > 0 && !line->comment) ? -ENOMEM : 0;
}

static int empty_line(struct formatter *f)
{
	struct out_line *line;

	if (f->n == 0 || !f->lines[f->n - 1].code)
		return 0;
	line = add(f);
	f->pending += f->pending > 0;
	return line ? 0 : -ENOMEM; /* code stays NULL */
}

static int take_line(struct formatter *f, struct span raw)
{
	size_t indent = 0;
	struct span s = raw;
	size_t at;

	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	while (indent < s.n && s.p[indent] == ' ')
		indent++;
	s = span_trim(s);
	if (s.n == 0)
		return empty_line(f);
	at = comment_at(s);
	if (at == 0)
		return comment_line(f, s);
	return code_line(f, indent, span_trim((struct span){ s.p, at }),
			 (struct span){ s.p + at, s.n - at });
}

/* The column of the comments of the run of lines that begins at `from`. */
static size_t column_of(const struct formatter *f, size_t from)
{
	size_t column = 0;

	for (size_t i = from; i < f->n && f->lines[i].code && f->lines[i].code[0]; i++) {
		size_t n = strlen(f->lines[i].code);

		if (i > from && f->lines[i].code[0] != ' ')
			break;
		if (f->lines[i].comment && n > column && n <= MAX_COLUMN)
			column = n;
	}
	return column + 2;
}

static void write_lines(const struct formatter *f, struct strbuf *out)
{
	size_t column = 0;
	bool in_run = false;

	for (size_t i = 0; i < f->n; i++) {
		const struct out_line *line = &f->lines[i];
		bool is_code = line->code && line->code[0];
		size_t n = is_code ? strlen(line->code) : line->indent;

		if (is_code && !in_run)
			column = column_of(f, i);
		in_run = is_code && line->code[0] == ' '; /* a key at the left begins anew */
		if (is_code)
			strbuf_puts(out, line->code);
		else if (line->comment)
			strbuf_addf(out, "%*s", (int)line->indent, "");
		if (is_code && line->comment)
			strbuf_addf(out, "%*s", n + 2 <= column ? (int)(column - n) : 2, "");
		if (line->comment)
			strbuf_puts(out, line->comment);
		if (line->code || i + 1 < f->n)
			strbuf_putc(out, '\n');
	}
}

static int shape(struct span text, struct arena *arena, struct strbuf *out)
{
	struct formatter f = { .arena = arena };
	struct span rest = text;

	while (rest.n > 0) {
		int r = take_line(&f, span_cut(&rest, '\n'));

		if (r < 0)
			return r;
	}
	write_lines(&f, out);
	return out->failed ? -ENOMEM : 0;
}

static int print(struct span text, const char *name, struct arena *arena, struct strbuf *out,
		 struct diags *diags)
{
	struct policy policy = { 0 };
	int r = policy_read(text, name, arena, &policy, diags);

	if (r == 0)
		policy_print(&policy, POLICY_PRINT_EXTENDS, out);
	return r == 0 && out->failed ? -ENOMEM : r;
}

/* What stands in comments, blanks at their ends aside. */
static void comments(struct span text, struct strbuf *out)
{
	while (text.n > 0) {
		struct span line = span_trim(span_cut(&text, '\n'));
		size_t at;

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		at = comment_at(line);
		if (at < line.n)
			strbuf_span(out, span_trim((struct span){ line.p + at, line.n - at }));
	}
}

int policy_format(struct span text, const char *name, struct arena *arena, struct strbuf *ret,
		  struct diags *diags)
{
	cleanup_strbuf struct strbuf before = { 0 };
	cleanup_strbuf struct strbuf after = { 0 };
	struct strbuf shaped = { 0 };
	struct diags ignored = { .arena = arena };
	struct span start = span_trim(text);
	int r;

	if (start.n > 0 && start.p[0] == '{') {
		diags_add(diags, (struct where){ name, 1, 1 },
			  "JSON has no shape to be brought into; expected YAML");
		return -EINVAL;
	}
	r = print(text, name, arena, &before, diags);
	if (r == 0)
		r = shape(text, arena, &shaped);
	if (r == 0)
		r = print((struct span){ strbuf_str(&shaped), shaped.len }, name, arena, &after,
			  &ignored);
	comments(text, &before);
	comments((struct span){ strbuf_str(&shaped), shaped.len }, &after);
	if (r == -ENOMEM || before.failed || after.failed) {
		strbuf_done(&shaped);
		return -ENOMEM;
	}
	if (diags->n > 0 || (r == 0 && strcmp(strbuf_str(&before), strbuf_str(&after)) == 0)) {
		if (diags->n > 0)
			strbuf_done(&shaped);
		else
			*ret = shaped;
		return diags->n > 0 ? -EINVAL : 0;
	}
	strbuf_done(&shaped);
	diags_add(
		diags, (struct where){ name, 1, 1 },
		"cannot be brought into shape without changing it; expected each rule on a line of its own");
	return -EINVAL;
}
