/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/yaml_tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "policies/policy_read.h"

struct loader {
	yaml_parser_t parser;
	struct span text;
	const char *name;
	struct arena *arena;
	struct diags *diags;
	bool json;
	int depth;
};

static struct where where_at(const struct loader *l, yaml_mark_t mark)
{
	return (struct where){ l->name, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

/* Bytes that are no text at all are told by their place in the file. */
static struct where where_byte(const struct loader *l, size_t offset)
{
	struct where where = { l->name, 1, 1 };

	for (size_t i = 0; i < offset && i < l->text.n; i++) {
		where.col = l->text.p[i] == '\n' ? 1 : where.col + 1;
		where.line += l->text.p[i] == '\n';
	}
	return where;
}

static int next_event(struct loader *l, yaml_event_t *event)
{
	const char *problem;

	if (yaml_parser_parse(&l->parser, event))
		return 0;
	problem = l->parser.problem ? l->parser.problem : "cannot be read";
	diags_add(l->diags,
		  l->parser.error == YAML_READER_ERROR ? where_byte(l, l->parser.problem_offset)
						       : where_at(l, l->parser.problem_mark),
		  "not YAML: %s%s%s", problem, l->parser.context ? "; " : "",
		  l->parser.context ? l->parser.context : "");
	return -EINVAL;
}

static void refuse_properties(struct loader *l, yaml_event_t *event, const yaml_char_t *anchor,
			      const yaml_char_t *tag)
{
	if (anchor)
		diags_add(l->diags, where_at(l, event->start_mark),
			  "anchors are not part of the language; expected plain text");
	if (tag)
		diags_add(l->diags, where_at(l, event->start_mark),
			  "tags are not part of the language; expected plain text");
}

/* What follows a byte position that is `column` characters into line `line` (both from 0). */
static struct span rest_of_line(struct span text, size_t line, size_t column)
{
	struct span rest = text;
	struct span here = { "", 0 };

	for (size_t i = 0; i <= line; i++)
		here = span_cut(&rest, '\n');
	if (here.n > 0 && here.p[here.n - 1] == '\r')
		here.n--;
	while (column-- > 0 && here.n > 0) {
		size_t n = text_utf8_length(here.p, here.n);

		n = n > 0 ? n : 1;
		here.p += n;
		here.n -= n;
	}
	return here;
}

/* libyaml drops comments; a rule's reason stands in one. */
static const char *find_why(struct loader *l, yaml_mark_t end)
{
	struct span rest = span_trim(rest_of_line(l->text, end.line, end.column));

	if (rest.n == 0 || rest.p[0] != '#')
		return NULL;
	rest.p++;
	rest.n--;
	rest = span_trim(rest);
	if (!span_starts(rest, "why:"))
		return NULL;
	rest = span_trim((struct span){ rest.p + 4, rest.n - 4 });
	return rest.n > 0 ? arena_strndup(l->arena, rest.p, rest.n) : NULL;
}

static int scalar(struct loader *l, yaml_event_t *event, struct yaml_node *ret)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t n = event->data.scalar.length;

	refuse_properties(l, event, event->data.scalar.anchor, event->data.scalar.tag);
	ret->kind = YAML_SCALAR;
	ret->where = where_at(l, event->start_mark);
	if (memchr(value, '\0', n)) {
		diags_add(l->diags, ret->where, "a NUL byte; expected text");
		n = 0;
	}
	if (event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
	    event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
		diags_add(l->diags, ret->where, "a block of text; expected one line");
	ret->text = arena_strndup(l->arena, value, n);
	ret->why = find_why(l, event->end_mark);
	return ret->text ? 0 : -ENOMEM;
}

static int node(struct loader *l, yaml_event_t *event, struct yaml_node *ret);

static int add_item(struct loader *l, struct yaml_node *to, const struct yaml_node *key,
		    const struct yaml_node *item)
{
	size_t cap = to->cap;
	struct yaml_node *items = arena_grow(l->arena, to->items, &cap, to->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	if (key) {
		size_t key_cap = to->cap;
		struct yaml_node *keys =
			arena_grow(l->arena, to->keys, &key_cap, to->n + 1, sizeof(*keys));

		if (!keys)
			return -ENOMEM;
		to->keys = keys;
		keys[to->n] = *key;
	}
	to->items = items;
	to->cap = cap;
	items[to->n++] = *item;
	return 0;
}

static int list(struct loader *l, yaml_event_t *start, struct yaml_node *ret)
{
	ret->kind = YAML_LIST;
	ret->where = where_at(l, start->start_mark);
	refuse_properties(l, start, start->data.sequence_start.anchor,
			  start->data.sequence_start.tag);
	for (;;) {
		struct yaml_node item = { 0 };
		yaml_event_t event;
		bool end;
		int r = next_event(l, &event);

		if (r < 0)
			return r;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		r = end ? 0 : node(l, &event, &item);
		yaml_event_delete(&event);
		if (r == 0 && !end)
			r = add_item(l, ret, NULL, &item);
		if (r < 0 || end)
			return r;
	}
}

static int map_key(struct loader *l, yaml_event_t *event, const struct yaml_node *map,
		   struct yaml_node *ret)
{
	int r;

	if (event->type != YAML_SCALAR_EVENT) {
		diags_add(l->diags, where_at(l, event->start_mark),
			  "a key that is no word; expected the name of a key");
		return -EINVAL;
	}
	r = scalar(l, event, ret);
	if (r < 0)
		return r;
	if (strcmp(ret->text, "<<") == 0)
		diags_add(l->diags, ret->where, "merge keys are not part of the language");
	if (yaml_find(map, ret->text))
		diags_add(l->diags, ret->where, "the key \"%s\" is given twice; expected it once",
			  ret->text);
	return 0;
}

static int map(struct loader *l, yaml_event_t *start, struct yaml_node *ret)
{
	ret->kind = YAML_MAP;
	ret->where = where_at(l, start->start_mark);
	refuse_properties(l, start, start->data.mapping_start.anchor,
			  start->data.mapping_start.tag);
	if (start->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE && !l->json)
		diags_add(
			l->diags, ret->where,
			"a map in braces; expected one key a line (or a file that is JSON as a whole)");
	for (;;) {
		struct yaml_node key = { 0 };
		struct yaml_node item = { 0 };
		yaml_event_t event;
		bool end;
		int r = next_event(l, &event);

		if (r < 0)
			return r;
		end = event.type == YAML_MAPPING_END_EVENT;
		r = end ? 0 : map_key(l, &event, ret, &key);
		yaml_event_delete(&event);
		if (r < 0 || end)
			return r;
		r = next_event(l, &event);
		if (r < 0)
			return r;
		r = node(l, &event, &item);
		yaml_event_delete(&event);
		if (r == 0)
			r = add_item(l, ret, &key, &item);
		if (r < 0)
			return r;
	}
}

static int node(struct loader *l, yaml_event_t *event, struct yaml_node *ret)
{
	int r;

	if (++l->depth > POLICY_MAX_DEPTH) {
		diags_add(l->diags, where_at(l, event->start_mark), "deeper than %d levels",
			  POLICY_MAX_DEPTH);
		return -EINVAL;
	}
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		r = scalar(l, event, ret);
		break;
	case YAML_SEQUENCE_START_EVENT:
		r = list(l, event, ret);
		break;
	case YAML_MAPPING_START_EVENT:
		r = map(l, event, ret);
		break;
	default:
		diags_add(l->diags, where_at(l, event->start_mark),
			  "an alias is not part of the language; expected text, a list or a map");
		r = -EINVAL;
	}
	l->depth--;
	return r;
}

/* Up to the first node: stream start, document start. -ENODATA for an empty text. */
static int first_node(struct loader *l, yaml_event_t *ret)
{
	for (;;) {
		int r = next_event(l, ret);

		if (r < 0)
			return r;
		if (ret->type == YAML_DOCUMENT_START_EVENT &&
		    ret->data.document_start.version_directive)
			diags_add(l->diags, where_at(l, ret->start_mark),
				  "a %%YAML directive is not part of the language");
		if (ret->type == YAML_STREAM_END_EVENT) {
			diags_add(l->diags, (struct where){ l->name, 1, 1 },
				  "empty; expected \"policy: 1\" and rules");
			yaml_event_delete(ret);
			return -EINVAL;
		}
		if (ret->type != YAML_STREAM_START_EVENT && ret->type != YAML_DOCUMENT_START_EVENT)
			return 0;
		yaml_event_delete(ret);
	}
}

static int expect_end(struct loader *l)
{
	yaml_event_t event;
	int r = next_event(l, &event); /* end of document */

	if (r < 0)
		return r;
	yaml_event_delete(&event);
	r = next_event(l, &event);
	if (r < 0)
		return r;
	if (event.type != YAML_STREAM_END_EVENT)
		diags_add(l->diags, where_at(l, event.start_mark),
			  "a second document; expected one policy a file");
	yaml_event_delete(&event);
	return 0;
}

static int read_document(struct loader *l, struct yaml_node *ret)
{
	yaml_event_t event;
	int r = first_node(l, &event);

	if (r < 0)
		return r;
	r = node(l, &event, ret);
	yaml_event_delete(&event);
	if (r < 0)
		return r;
	return expect_end(l);
}

int yaml_tree_read(struct span text, const char *name, struct arena *arena, struct yaml_node *ret,
		   struct diags *diags)
{
	struct loader l = { .text = text, .name = name, .arena = arena, .diags = diags };
	struct span start = span_trim(text);
	struct yaml_node root = { 0 };
	size_t faults = diags->n;
	int r;

	if (text.n > POLICY_MAX_BYTES) {
		diags_add(diags, (struct where){ name, 1, 1 }, "larger than %zu bytes",
			  POLICY_MAX_BYTES);
		return -EINVAL;
	}
	l.json = start.n > 0 && start.p[0] == '{';
	if (!yaml_parser_initialize(&l.parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text.p, text.n);
	r = read_document(&l, &root);
	yaml_parser_delete(&l.parser);
	if (diags->out_of_memory)
		return -ENOMEM;
	if (r < 0 || diags->n > faults)
		return r < 0 ? r : -EINVAL;
	*ret = root;
	return 0;
}

const struct yaml_node *yaml_find(const struct yaml_node *in, const char *key)
{
	for (size_t i = 0; in->kind == YAML_MAP && i < in->n; i++) {
		if (strcmp(in->keys[i].text, key) == 0)
			return &in->items[i];
	}
	return NULL;
}
