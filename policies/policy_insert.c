/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/policy_insert.h"

#include <errno.h>
#include <string.h>

/* Where the new line goes, and how far the section's rules are indented. */
struct place {
	size_t at; /* bytes of text that stand before it */
	size_t indent;
	bool found;
};

static size_t blanks(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* A line that holds a rule or goes on with one; empty lines and comments may be the next section's.
 */
static bool is_content(struct span line)
{
	size_t n = blanks(line);

	return n < line.n && line.p[n] != '#' && line.p[n] != '\r';
}

static int find(struct span text, const char *section, struct place *ret, struct err *err)
{
	struct span rest = text;
	bool inside = false;

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		size_t end = text.n - rest.n;
		size_t indent = blanks(line);

		if (!is_content(line))
			continue;
		if (indent == 0 && line.p[0] != '-') {
			struct span value = line;

			inside = span_eq(span_trim(span_cut(&value, ':')), section);
			value = span_trim(value);
			if (!inside)
				continue;
			if (value.n > 0 && value.p[0] != '#')
				return err_set(
					err, EINVAL,
					"%s: is written in one line; expected one rule a line",
					section);
			*ret = (struct place){ .at = end, .indent = 2, .found = true };
		} else if (inside) {
			ret->at = end;
			if (line.p[indent] == '-')
				ret->indent = indent;
		}
	}
	return 0;
}

int policy_insert(struct span text, const char *section, const char *rule, const char *why,
		  struct strbuf *ret, struct err *err)
{
	struct place place = { .at = text.n, .indent = 2 };
	struct span start = text;
	int r;

	while (start.n > 0 && strchr(" \t\r\n", start.p[0])) {
		start.p++;
		start.n--;
	}
	if (start.n > 0 && start.p[0] == '{')
		return err_set(err, EINVAL, "the policy is JSON: expected YAML");
	r = find(text, section, &place, err);
	if (r < 0)
		return r;
	strbuf_add(ret, text.p, place.at);
	if (place.at > 0 && text.p[place.at - 1] != '\n')
		strbuf_putc(ret, '\n');
	if (!place.found)
		strbuf_addf(ret, "%s:\n", section);
	strbuf_addf(ret, "%*s- %s", (int)place.indent, "", rule);
	if (why)
		strbuf_addf(ret, "   # why: %s", why);
	strbuf_putc(ret, '\n');
	strbuf_add(ret, text.p + place.at, text.n - place.at);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
