/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/format.h"

#include <string.h>

static int unknown(struct span name, const struct format_field *fields, size_t n, struct err *err)
{
	cleanup_strbuf struct strbuf known = { 0 };

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&known, "%s%s", i > 0 ? " " : "", fields[i].name);
	err_set(err, EINVAL, "--format: \"%.*s\" is no field: expected one of %s",
		(int)(name.n < 30 ? name.n : 30), name.p, strbuf_str(&known));
	return err_at(err, ERR_USAGE);
}

static int put_field(struct span name, const struct format_field *fields, size_t n,
		     struct strbuf *out, struct err *err)
{
	name = span_trim(name);
	if (name.n > 0 && name.p[0] == '.')
		name = (struct span){ name.p + 1, name.n - 1 };
	for (size_t i = 0; i < n; i++) {
		if (!span_eq(name, fields[i].name))
			continue;
		if (fields[i].value)
			strbuf_puts(out, fields[i].value);
		return 0;
	}
	return unknown(name, fields, n, err);
}

int format_put(const char *template, const struct format_field *fields, size_t n,
	       struct strbuf *out, struct err *err)
{
	for (const char *p = template; *p; p++) {
		const char *end;
		int r;

		if (p[0] == '\\' && (p[1] == 't' || p[1] == 'n')) {
			strbuf_putc(out, *++p == 't' ? '\t' : '\n');
			continue;
		}
		if (p[0] != '{' || p[1] != '{') {
			strbuf_putc(out, *p);
			continue;
		}
		end = strstr(p, "}}");
		if (!end) {
			err_set(err, EINVAL, "--format: \"{{\" without its \"}}\"");
			return err_at(err, ERR_USAGE);
		}
		r = put_field((struct span){ p + 2, (size_t)(end - p) - 2 }, fields, n, out, err);
		if (r < 0)
			return r;
		p = end + 1;
	}
	strbuf_putc(out, '\n');
	return 0;
}
