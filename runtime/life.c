/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/life.h"

#include <string.h>

#include "base/jsonw.h"

#define LABEL_MAX 4096

static int bad(struct err *err, const char *option, const char *value, const char *expected)
{
	err_set(err, EINVAL, "--%s %.60s: expected %s", option, value, expected);
	return err_at(err, ERR_USAGE);
}

/* A key as Docker and Kubernetes have them; the value is any line of text. */
static bool is_label(const char *text)
{
	size_t key = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._-/");

	return key > 0 && key <= 253 && (text[key] == '=' || text[key] == '\0') &&
	       strlen(text) <= LABEL_MAX && !strchr(text, '\n');
}

static size_t find_key(const char *const *labels, size_t n, const char *text)
{
	size_t key = strcspn(text, "=");

	for (size_t i = 0; i < n; i++) {
		if (strcspn(labels[i], "=") == key && strncmp(labels[i], text, key) == 0)
			return i;
	}
	return n;
}

static int make_labels(const struct opt_list *list, struct arena *arena, struct life *life,
		       struct err *err)
{
	const char **labels = arena_array(arena, list->n + 1, sizeof(*labels));

	if (!labels)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->items[i];
		size_t at = find_key(labels, life->n_labels, text);

		if (!is_label(text))
			return bad(err, "label", text,
				   "KEY[=VALUE], the key of letters, digits and . _ - /");
		labels[at] = text; /* the last one of a key counts */
		if (at == life->n_labels)
			life->n_labels++;
	}
	life->labels = labels;
	return 0;
}

/* "on-failure:5", "always"... There is no daemon that a stop would have to outlive. */
static int make_restart(const char *text, struct life *life, struct err *err)
{
	static const char on_failure[] = "on-failure";
	struct span most = { 0 };
	uint64_t n = 0;

	if (!text || strcmp(text, "no") == 0)
		return 0;
	life->restart_text = text;
	life->restart = RESTART_ALWAYS;
	if (strcmp(text, "always") == 0 || strcmp(text, "unless-stopped") == 0)
		return 0;
	life->restart = RESTART_ON_FAILURE;
	if (strcmp(text, on_failure) == 0)
		return 0;
	if (strncmp(text, "on-failure:", sizeof(on_failure)) == 0)
		most = span_of(text + sizeof(on_failure));
	if (span_u64(most, 1000000, &n) < 0 || n == 0)
		return bad(err, "restart", text,
			   "no, on-failure, on-failure:N, always or unless-stopped");
	life->restart_most = (uint32_t)n;
	return 0;
}

static int make_health(const struct run_options *o, struct life *life, struct err *err)
{
	struct health_plan *plan = &life->health;
	uint64_t retries = 3;
	const struct {
		const char *option, *value;
		uint64_t *ret, least;
	} times[] = {
		{ "health-interval", o->health_interval, &plan->interval_ms, 1 },
		{ "health-timeout", o->health_timeout, &plan->timeout_ms, 1 },
		{ "health-start-period", o->health_start_period, &plan->start_ms, 0 },
	};

	*plan = (struct health_plan){ .command = o->health_cmd,
				      .interval_ms = 30000,
				      .timeout_ms = 30000 };
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (times[i].value &&
		    (span_millis(span_of(times[i].value), 86400000, times[i].ret) < 0 ||
		     *times[i].ret < times[i].least))
			return bad(err, times[i].option, times[i].value,
				   "a time such as 30s, at most a day");
	}
	if (o->health_retries &&
	    (span_u64(span_of(o->health_retries), 1000, &retries) < 0 || retries == 0))
		return bad(err, "health-retries", o->health_retries, "a number from 1 to 1000");
	plan->retries = (uint32_t)retries;
	if (!plan->command && (o->health_interval || o->health_timeout || o->health_retries ||
			       o->health_start_period)) {
		err_set(err, EINVAL, "--health-...: there is no --health-cmd");
		return err_at(err, ERR_USAGE);
	}
	return 0;
}

static int check_together(const struct run_options *o, const struct life *life, struct err *err)
{
	bool monitored = life->restart != RESTART_NEVER || life->health.command;

	if (life->remove && o->keep)
		err_set(err, EINVAL, "--rm excludes --keep");
	else if (life->remove && life->restart != RESTART_NEVER)
		err_set(err, EINVAL, "--rm excludes --restart");
	else if (monitored && !o->detach)
		err_set(err, EINVAL, "--restart and --health-cmd go with --detach");
	else if (monitored && o->learn)
		err_set(err, EINVAL, "--learn excludes --restart and --health-cmd");
	else
		return 0;
	return err_at(err, ERR_USAGE);
}

int life_make(const struct run_options *options, struct arena *arena, struct life *ret,
	      struct err *err)
{
	struct life life = { .name = options->name, .remove = options->remove };
	int r = make_labels(&options->labels, arena, &life, err);

	if (r == 0)
		r = make_restart(options->restart, &life, err);
	if (r == 0)
		r = make_health(options, &life, err);
	if (r == 0)
		r = check_together(options, &life, err);
	if (r < 0)
		return r;
	*ret = life;
	return 0;
}

int life_restart_wait(const struct life *life, int status, uint32_t starts, uint32_t short_ends)
{
	uint32_t ms = 100;

	if (life->restart == RESTART_NEVER || (life->restart == RESTART_ON_FAILURE && status == 0))
		return -1;
	if (life->restart_most > 0 && starts > life->restart_most)
		return -1;
	for (uint32_t i = 1; i < short_ends && ms < 60000; i++)
		ms *= 2;
	return ms < 60000 ? (int)ms : 60000;
}

bool life_has_file(const struct run_options *options, const struct life *life)
{
	return options->detach || life->n_labels > 0;
}

static void put_labels(const struct life *life, struct jsonw *j)
{
	jsonw_key(j, "labels");
	jsonw_object(j);
	for (size_t i = 0; i < life->n_labels; i++) {
		const char *text = life->labels[i];
		size_t key = strcspn(text, "=");

		jsonw_keyn(j, text, key);
		jsonw_str(j, text[key] ? text + key + 1 : "");
	}
	jsonw_object_end(j);
}

static void put_health(const struct health_plan *plan, struct jsonw *j)
{
	jsonw_key(j, "health");
	if (!plan->command) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kstr(j, "command", plan->command);
	jsonw_ku64(j, "interval_ms", plan->interval_ms);
	jsonw_ku64(j, "retries", plan->retries);
	jsonw_ku64(j, "start_ms", plan->start_ms);
	jsonw_ku64(j, "timeout_ms", plan->timeout_ms);
	jsonw_object_end(j);
}

void life_json(const struct life *life, char *const argv[], const char *cwd, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_key(&j, "command");
	jsonw_array(&j);
	for (size_t i = 0; argv[i]; i++)
		jsonw_str(&j, argv[i]);
	jsonw_array_end(&j);
	jsonw_kstr(&j, "cwd", cwd);
	put_health(&life->health, &j);
	put_labels(life, &j);
	jsonw_kstr(&j, "name", life->name);
	jsonw_kbool(&j, "remove", life->remove);
	jsonw_kstr(&j, "restart", life->restart_text ? life->restart_text : "no");
	jsonw_object_end(&j);
}
