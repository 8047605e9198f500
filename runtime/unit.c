/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/unit.h"

/* One word in double quotes; % and $ doubled, \ and " behind a backslash. */
static int put_word(const char *word, struct strbuf *out, struct err *err)
{
	strbuf_putc(out, '"');
	for (const char *p = word; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(
				err, EINVAL,
				"\"%.40s\" has a control character, which a unit cannot hold",
				word);
		if (*p == '"' || *p == '\\')
			strbuf_putc(out, '\\');
		else if (*p == '%' || *p == '$')
			strbuf_putc(out, *p);
		strbuf_putc(out, *p);
	}
	strbuf_putc(out, '"');
	return 0;
}

/* A setting that is a path is taken to its end, without quotes. */
static int put_path(const char *setting, const char *path, struct strbuf *out, struct err *err)
{
	strbuf_addf(out, "%s=", setting);
	for (const char *p = path; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\')
			return err_set(err, EINVAL, "the folder %.100s cannot stand in a unit",
				       path);
		if (*p == '%')
			strbuf_putc(out, '%');
		strbuf_putc(out, *p);
	}
	strbuf_putc(out, '\n');
	return 0;
}

int unit_put(const struct unit_plan *plan, struct strbuf *out, struct err *err)
{
	int r;

	strbuf_addf(out,
		    "[Unit]\nDescription=immure run %s\nDocumentation=man:immure-ps(1)\n\n"
		    "[Service]\nType=exec\nDelegate=yes\nKillMode=mixed\nRestart=%s\n",
		    plan->name, plan->restart);
	if (plan->cwd) {
		r = put_path("WorkingDirectory", plan->cwd, out, err);
		if (r < 0)
			return r;
	}
	/* What is waited for ends as the program does; the monitor lives beside it. */
	strbuf_puts(out, "ExecStart=/bin/sh -c 'id=$$(\"$$0\" \"$$@\") && exec \"$$0\" wait "
			 "\"$$id\"' ");
	r = put_word(plan->program, out, err);
	for (size_t i = 0; r == 0 && plan->words[i]; i++) {
		strbuf_putc(out, ' ');
		r = put_word(plan->words[i], out, err);
	}
	strbuf_puts(out, "\nExecStop=");
	if (r == 0)
		r = put_word(plan->program, out, err);
	if (r < 0)
		return r;
	strbuf_addf(out, " stop %s\n\n[Install]\nWantedBy=default.target\n", plan->name);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
