/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_change.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/jsonw.h"
#include "base/path.h"
#include "base/signal_name.h"

#define HEALTH_MS_MAX ((uint64_t)1 << 40)
#define HEALTH_RETRIES_MAX 1000000
#define NS_PER_MS 1000000
#define PORT_MAX 65535
#define RANGE_MAX 1000

/* Cut the next word, its quotes and backslashes taken off. Returns 1, 0 (end), -EINVAL. */
static int next_word(const char **at, struct arena *arena, const char **ret, struct err *err)
{
	const char *p = *at + strspn(*at, " \t");
	char *word = arena_alloc(arena, strlen(p) + 1);
	char quote = 0;
	size_t n = 0;

	if (!word)
		return err_set(err, ENOMEM, "out of memory");
	if (*p == '\0')
		return 0;
	for (; *p && (quote || !strchr(" \t", *p)); p++) {
		if (*p == '\\' && quote != '\'' && p[1])
			word[n++] = *++p;
		else if (*p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else
			word[n++] = *p;
	}
	if (quote)
		return err_set(err, EINVAL, "a quote is not closed");
	word[n] = '\0';
	*at = p;
	*ret = word;
	return 1;
}

static int read_list(const char *text, struct image_edit *edit, struct image_texts *list,
		     struct err *err)
{
	json_t *root = json_loads(text, 0, NULL);
	int r = json_is_array(root) ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < json_array_size(root); i++) {
		const char *item = json_string_value(json_array_get(root, i));

		item = item ? arena_strdup(edit->arena, item) : NULL;
		r = item ? image_edit_add(edit, list, item, err) : -EINVAL;
	}
	json_decref(root);
	return r == -EINVAL
		       ? err_set(err, EINVAL, "expected a list such as [\"sh\", \"-c\", \"a\"]")
		       : r;
}

/* ["program", "argument"], or a line for the shell. Empty: none. */
static int read_command(const char *text, struct image_edit *edit, struct image_texts *list,
			struct err *err)
{
	static const char *const usual[] = { "/bin/sh", "-c" };
	const char *const *shell = edit->shell.n > 0 ? edit->shell.items : usual;
	size_t n = edit->shell.n > 0 ? edit->shell.n : ARRAY_LEN(usual);
	int r = 0;

	*list = (struct image_texts){ 0 };
	if (*text == '[')
		return read_list(text, edit, list, err);
	if (*text == '\0')
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = image_edit_add(edit, list, shell[i], err);
	return r < 0 ? r : image_edit_add(edit, list, text, err);
}

static int change_cmd(struct image_edit *edit, const char *text, struct err *err)
{
	edit->cmd_changed = true;
	return read_command(text, edit, &edit->cmd, err);
}

static int change_entrypoint(struct image_edit *edit, const char *text, struct err *err)
{
	if (!edit->cmd_changed)
		edit->cmd = (struct image_texts){ 0 };
	return read_command(text, edit, &edit->entrypoint, err);
}

/* NAME=VALUE..., or with `old` NAME VALUE, where the value is the rest of the line. */
static int change_pairs(struct image_edit *edit, const char *text, struct image_texts *list,
			struct err *err)
{
	size_t n = strcspn(text, " \t=");
	const char *word = NULL;
	int r;

	if (n > 0 && text[n] != '=' && text[n] != '\0') {
		word = arena_printf(edit->arena, "%.*s=%s", (int)n, text,
				    text + n + strspn(text + n, " \t"));
		return word ? image_edit_set(edit, list, word, err)
			    : err_set(err, ENOMEM, "out of memory");
	}
	while ((r = next_word(&text, edit->arena, &word, err)) > 0) {
		if (*word == '=' || !strchr(word, '='))
			return err_set(err, EINVAL, "\"%.60s\": expected NAME=VALUE", word);
		r = image_edit_set(edit, list, word, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int change_env(struct image_edit *edit, const char *text, struct err *err)
{
	return change_pairs(edit, text, &edit->env, err);
}

static int change_label(struct image_edit *edit, const char *text, struct err *err)
{
	return change_pairs(edit, text, &edit->labels, err);
}

/* N or N-M, with /tcp, /udp or /sctp. */
static int add_ports(struct image_edit *edit, const char *word, struct err *err)
{
	struct span protocol = span_of(word);
	struct span last = span_cut(&protocol, '/');
	struct span first = span_cut(&last, '-');
	uint64_t from = 0;
	uint64_t to = 0;
	int r = span_u64(first, PORT_MAX, &from);

	if (r == 0)
		r = last.n > 0 ? span_u64(last, PORT_MAX, &to) : 0;
	to = last.n > 0 ? to : from;
	if (r < 0 || from == 0 || to < from || to - from >= RANGE_MAX ||
	    (strchr(word, '/') && protocol.n == 0) ||
	    (protocol.n > 0 && !span_eq(protocol, "tcp") && !span_eq(protocol, "udp") &&
	     !span_eq(protocol, "sctp")))
		return err_set(err, EINVAL, "\"%.60s\": expected such as 80, 53/udp or 8000-8010",
			       word);
	for (r = 0; r == 0 && from <= to; from++) {
		const char *port = arena_printf(edit->arena, "%u/%.*s", (unsigned)from,
						protocol.n > 0 ? (int)protocol.n : 3,
						protocol.n > 0 ? protocol.p : "tcp");

		r = port ? image_edit_set(edit, &edit->ports, port, err)
			 : err_set(err, ENOMEM, "out of memory");
	}
	return r;
}

static int change_expose(struct image_edit *edit, const char *text, struct err *err)
{
	const char *word = NULL;
	int r;

	while ((r = next_word(&text, edit->arena, &word, err)) > 0) {
		r = add_ports(edit, word, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int change_volume(struct image_edit *edit, const char *text, struct err *err)
{
	struct image_texts paths = { 0 };
	const char *path = NULL;
	int r = 0;

	if (*text == '[') {
		r = read_list(text, edit, &paths, err);
	} else {
		while ((r = next_word(&text, edit->arena, &path, err)) > 0) {
			r = image_edit_add(edit, &paths, path, err);
			if (r < 0)
				return r;
		}
	}
	for (size_t i = 0; r == 0 && i < paths.n; i++) {
		r = path_clean(edit->arena, paths.items[i], &path, err);
		if (r == 0)
			r = image_edit_set(edit, &edit->volumes, path, err);
	}
	return r;
}

static int change_workdir(struct image_edit *edit, const char *text, struct err *err)
{
	const char *before = edit->workdir && *edit->workdir ? edit->workdir : "/";
	const char *path = text;

	if (*text != '/')
		path = arena_printf(edit->arena, "%s/%s", before, text);
	return path ? path_clean(edit->arena, path, &edit->workdir, err)
		    : err_set(err, ENOMEM, "out of memory");
}

static int change_user(struct image_edit *edit, const char *text, struct err *err)
{
	if (text[strcspn(text, " \t")])
		return err_set(err, EINVAL, "expected USER or USER:GROUP");
	edit->user = text;
	return 0;
}

static int change_stop_signal(struct image_edit *edit, const char *text, struct err *err)
{
	if (signal_parse(text) <= 0)
		return err_set(err, EINVAL, "expected a signal such as SIGTERM");
	edit->stop_signal = text;
	return 0;
}

static int change_on_build(struct image_edit *edit, const char *text, struct err *err)
{
	return image_edit_add(edit, &edit->on_build, text, err);
}

static int change_shell(struct image_edit *edit, const char *text, struct err *err)
{
	struct image_texts shell = { 0 };
	int r = *text == '[' ? read_list(text, edit, &shell, err) : 0;

	if (r == 0 && shell.n == 0)
		return err_set(err, EINVAL, "expected a list such as [\"/bin/bash\", \"-c\"]");
	if (r == 0)
		edit->shell = shell;
	return r;
}

/* An option of HEALTHCHECK as a member of its object. */
static int put_health_option(struct jsonw *j, struct span word, struct err *err)
{
	static const struct {
		const char *option, *key;
	} times[] = {
		{ "--interval=", "Interval" },
		{ "--start-period=", "StartPeriod" },
		{ "--timeout=", "Timeout" },
	};
	static const char retries[] = "--retries=";
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		size_t skip = strlen(times[i].option);

		if (!span_starts(word, times[i].option))
			continue;
		if (span_millis((struct span){ word.p + skip, word.n - skip }, HEALTH_MS_MAX, &n) <
		    0)
			return err_set(err, EINVAL, "%s: expected such as 30s or 500ms",
				       times[i].option);
		jsonw_ku64(j, times[i].key, n * NS_PER_MS);
		return 0;
	}
	if (!span_starts(word, retries))
		return err_set(err, EINVAL,
			       "expected --interval=, --timeout=, --start-period= or --retries=");
	word = (struct span){ word.p + strlen(retries), word.n - strlen(retries) };
	if (span_u64(word, HEALTH_RETRIES_MAX, &n) < 0)
		return err_set(err, EINVAL, "--retries=: expected a number");
	jsonw_ku64(j, "Retries", n);
	return 0;
}

/* What is tried: NONE, CMD ["program", "argument"], CMD line. */
static int put_health_test(struct jsonw *j, struct image_edit *edit, struct span text,
			   struct err *err)
{
	struct image_texts words = { 0 };
	struct span rest = text;
	struct span first = span_word(&rest);
	const char *command;
	int r = 0;

	rest = span_trim(rest);
	command = arena_strndup(edit->arena, rest.p, rest.n);
	if (!command)
		return err_set(err, ENOMEM, "out of memory");
	if (span_eq(first, "NONE") && rest.n == 0)
		r = image_edit_add(edit, &words, "NONE", err);
	else if (!span_eq(first, "CMD") || rest.n == 0)
		return err_set(err, EINVAL, "expected NONE, or CMD and a command");
	else if (*command == '[')
		r = image_edit_add(edit, &words, "CMD", err);
	else
		r = image_edit_add(edit, &words, "CMD-SHELL", err);
	if (r == 0 && *command == '[')
		r = read_list(command, edit, &words, err);
	else if (r == 0 && *command)
		r = image_edit_add(edit, &words, command, err);
	jsonw_key(j, "Test");
	jsonw_array(j);
	for (size_t i = 0; i < words.n; i++)
		jsonw_str(j, words.items[i]);
	jsonw_array_end(j);
	return r;
}

static int change_health(struct image_edit *edit, const char *text, struct err *err)
{
	cleanup_strbuf struct strbuf json = { 0 };
	struct jsonw j = { .out = &json };
	struct span rest = span_of(text);
	const char *member;
	int r = 0;

	jsonw_object(&j);
	while (r == 0 && span_starts(rest, "--")) {
		r = put_health_option(&j, span_word(&rest), err);
		rest = span_trim(rest);
	}
	if (r == 0)
		r = put_health_test(&j, edit, rest, err);
	if (r < 0)
		return r;
	jsonw_object_end(&j);
	member = arena_strdup(edit->arena, strbuf_str(&json));
	if (json.failed || !member)
		return err_set(err, ENOMEM, "out of memory");
	return image_edit_set_rest(edit, "Healthcheck", member, err);
}

static const struct instruction {
	const char *name;
	bool may_be_empty;
	int (*change)(struct image_edit *edit, const char *text, struct err *err);
} instructions[] = {
	{ "CMD", true, change_cmd },          { "ENTRYPOINT", true, change_entrypoint },
	{ "ENV", false, change_env },         { "EXPOSE", false, change_expose },
	{ "LABEL", false, change_label },     { "STOPSIGNAL", false, change_stop_signal },
	{ "USER", false, change_user },       { "VOLUME", false, change_volume },
	{ "WORKDIR", false, change_workdir }, { "ONBUILD", false, change_on_build },
	{ "SHELL", false, change_shell },     { "HEALTHCHECK", false, change_health },
};

static int apply(struct image_edit *edit, const char *text, struct err *err)
{
	struct span rest = span_trim(span_of(text));
	struct span name = span_word(&rest);
	const char *argument;

	rest = span_trim(rest);
	argument = arena_strndup(edit->arena, rest.p, rest.n);
	if (!argument)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++) {
		const struct instruction *one = &instructions[i];

		if (strlen(one->name) != name.n || strncasecmp(one->name, name.p, name.n) != 0)
			continue;
		if (*argument == '\0' && !one->may_be_empty)
			return err_set(err, EINVAL, "nothing stands behind %s", one->name);
		return one->change(edit, argument, err);
	}
	return err_set(err, EINVAL,
		       "expected CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, "
		       "STOPSIGNAL, USER, VOLUME or WORKDIR");
}

/* JSON has no other text. */
static bool is_utf8(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t n = text_utf8_length(text, left);

		if (n == 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

int image_change(struct image_edit *edit, const char *text, struct err *err)
{
	int r = is_utf8(text) ? apply(edit, text, err) : err_set(err, EINVAL, "no valid UTF-8");

	if (r == 0)
		return 0;
	err_wrap(err, "--change \"%.60s\"", text);
	return r == -ENOMEM ? r : err_at(err, ERR_USAGE);
}
