/* SPDX-License-Identifier: Apache-2.0 */
/* audit tail, audit export: events as they come, for people and for others' programs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/ocsf.h"
#include "audit/record.h"
#include "audit/run_read.h"
#include "base/strbuf.h"
#include "policies/syscall_args.h"
#include "runtime/audit_events.h"
#include "runtime/audit_sink.h"
#include "runtime/verb_audit.h"

struct tail_options {
	struct event_filter filter;
	const char *pid, *format, *to;
	bool no_follow, follow, no_color;
};

/* clang-format off */
#define ROW(field) offsetof(struct tail_options, field)
#define KINDS "denied would-deny fork exec exit open connect bind listen accept flow dns signal ptrace mount namespace kernel syscall calls counts lost enter life start rotated sealed"

static const struct opt tail_opts[] = {
	{ "kind",      'k', OPT_LIST, ROW(filter.kinds), "KIND", "only events of this kind; may be given several times", KINDS },
	{ "pid",       'p', OPT_TEXT, ROW(pid),          "PID",  "only events of this process", NULL },
	{ "no-follow",  0,  OPT_FLAG, ROW(no_follow),    NULL,   "print what there is and end", NULL },
	{ "no-color",   0,  OPT_FLAG, ROW(no_color),     NULL,   "no colours on a terminal either", NULL },
};

static const struct opt export_opts[] = {
	{ "kind",      'k', OPT_LIST, ROW(filter.kinds), "KIND",   "only events of this kind; may be given several times", KINDS },
	{ "pid",       'p', OPT_TEXT, ROW(pid),          "PID",    "only events of this process", NULL },
	{ "format",     0,  OPT_TEXT, ROW(format),       "FORMAT", "jsonl (the records as they are) or ocsf", "jsonl ocsf" },
	{ "to",         0,  OPT_TEXT, ROW(to),           "TARGET", "a file to append to, syslog[:SOCKET], journald[:SOCKET], or - for standard output", "- syslog journald" },
	{ "follow",    'f', OPT_FLAG, ROW(follow),       NULL,     "go on while the run lives", NULL },
};
/* clang-format on */

static int read_request(const struct verb_call *call, const struct tail_options *options,
			struct event_request *ret, struct err *err)
{
	*ret = (struct event_request){
		.which = call->argc > 0 ? call->argv[0] : NULL,
		.filter = options->filter,
	};
	if (!options->pid || span_u64(span_of(options->pid), UINT32_MAX, &ret->filter.pid) == 0)
		return 0;
	err_set(err, EINVAL, "--pid %.20s: expected a number", options->pid);
	return err_at(err, ERR_USAGE);
}

/* What an event is about, whatever its kind. */
static const char *words_of(const json_t *event)
{
	static const char *const keys[] = { "text", "path", "remote", "local", "name" };
	const char *local = record_text(event, "local", NULL);
	int kind = record_kind_find(record_text(event, "kind", ""));

	if (local && (kind == RECORD_BIND || kind == RECORD_LISTEN))
		return local;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = record_text(event, keys[i], NULL);

		if (text)
			return text;
	}
	return "";
}

/* "execve /bin/as = ENOENT", "/bin/ls", "exit 0, 3 refused": what there is of it. */
static void put_words(const json_t *event, struct strbuf *out)
{
	const char *words = words_of(event);
	const char *call = json_object_get(event, "text") ? "" : record_text(event, "call", "");
	int error = (int)record_number(event, "errno", 0);

	strbuf_escaped(out, call, strlen(call));
	strbuf_puts(out, *call && *words ? " " : "");
	strbuf_escaped(out, words, strlen(words));
	if (error > 0)
		strbuf_addf(out, " = %s", errno_name(error));
	if (strcmp(record_text(event, "kind", ""), "sealed") == 0)
		strbuf_addf(out, "exit %lld, %lld refused",
			    (long long)record_number(event, "exit", -1),
			    (long long)record_number(event, "denied", 0));
}

/* "32 calls: read write ...": one after another, without repetitions. */
static void put_calls(const json_t *calls, struct strbuf *out)
{
	const char *before = "";
	const json_t *call;
	size_t i;

	strbuf_addf(out, "%zu calls:", json_array_size(calls));
	json_array_foreach(calls, i, call)
	{
		const char *name = json_string_value(json_array_get(call, 0));

		if (!name || strcmp(name, before) == 0)
			continue;
		strbuf_putc(out, ' ');
		strbuf_escaped(out, name, strlen(name));
		before = name;
	}
}

static const char *color_of(const char *kind)
{
	return event_is_refusal_kind(kind) || strcmp(kind, "lost") == 0    ? "\033[31m"
	       : strcmp(kind, "exec") == 0                                 ? "\033[32m"
	       : strcmp(kind, "start") == 0 || strcmp(kind, "sealed") == 0 ? "\033[2m"
									   : "\033[36m";
}

static int print_event(void *data, const json_t *event, struct span line, struct err *err)
{
	const char *kind = record_text(event, "kind", "?");
	const char *time = record_text(event, "time", "");
	const json_t *who = json_array_get(json_object_get(event, "lineage"), 0);
	const char *comm = record_text(who, "comm", record_text(event, "comm", ""));
	const bool *color = data;
	cleanup_strbuf struct strbuf text = { 0 };

	(void)line;
	strbuf_addf(&text, "%.12s  %s%-9s%s ", strlen(time) > 11 ? time + 11 : "?",
		    *color ? color_of(kind) : "", kind, *color ? "\033[0m" : "");
	if (record_number(event, "pid", 0) > 0)
		strbuf_addf(&text, "%lld ", (long long)record_number(event, "pid", 0));
	if (*comm) {
		strbuf_escaped(&text, comm, strlen(comm));
		strbuf_puts(&text, "  ");
	}
	if (json_is_array(json_object_get(event, "calls")))
		put_calls(json_object_get(event, "calls"), &text);
	else
		put_words(event, &text);
	if (record_number(event, "target", 0) > 0)
		strbuf_addf(&text, "%s-> %lld", *words_of(event) ? "  " : "",
			    (long long)record_number(event, "target", 0));
	if (record_number(event, "count", 1) > 1)
		strbuf_addf(&text, "  (%lld so far)", (long long)record_number(event, "count", 1));
	if (puts(strbuf_str(&text)) < 0 || fflush(stdout) != 0)
		return err_sys(err, errno, "cannot write to standard output");
	return 0;
}

/* A record that does not hold is told of, and is no failure to read. */
static int finish(int r, struct err *err)
{
	if (r != -EBADMSG)
		return r;
	fprintf(stderr, "%s\n", err->msg);
	return STATUS_INTEGRITY;
}

static int tail(const struct verb_call *call, struct err *err)
{
	const struct tail_options *options = call->options;
	bool color = isatty(STDOUT_FILENO) && !options->no_color;
	struct event_request request;
	const char *run = NULL;
	int r = read_request(call, options, &request, err);

	if (r < 0)
		return r;
	request.follow = !options->no_follow;
	request.fn = print_event;
	request.data = &color;
	r = audit_events_find(&request, call->arena, &run, err);
	return r < 0 ? r : finish(audit_events(&request, run, err), err);
}

struct exporter {
	struct sink sink;
	bool ocsf;
};

static int export_event(void *data, const json_t *event, struct span line, struct err *err)
{
	const char *kind = record_text(event, "kind", "");
	int severity = event_is_refusal_kind(kind) || strcmp(kind, "lost") == 0 ? 4 : 6;
	struct exporter *e = data;
	json_t *object;
	char *text;
	int r;

	if (!e->ocsf)
		return sink_send(&e->sink, severity, line, err);
	object = ocsf_event(event, e->sink.run);
	if (!object)
		return 0; /* no class of OCSF is for it */
	text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(object);
	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	r = sink_send(&e->sink, severity, span_of(text), err);
	free(text);
	return r;
}

static int export_events(const struct verb_call *call, struct err *err)
{
	const struct tail_options *options = call->options;
	const char *format = options->format ? options->format : "jsonl";
	struct exporter exporter = { .sink = { .fd = -1 } };
	struct event_request request;
	const char *run = NULL;
	int r = read_request(call, options, &request, err);

	if (r < 0)
		return r;
	if (strcmp(format, "jsonl") != 0 && strcmp(format, "ocsf") != 0) {
		err_set(err, EINVAL, "--format %.20s: expected jsonl or ocsf", format);
		return err_at(err, ERR_USAGE);
	}
	exporter.ocsf = strcmp(format, "ocsf") == 0;
	request.follow = options->follow;
	request.fn = export_event;
	request.data = &exporter;
	r = audit_events_find(&request, call->arena, &run, err);
	if (r == 0)
		r = sink_open(&exporter.sink, options->to ? options->to : "-", run, err);
	if (r == 0)
		r = audit_events(&request, run, err);
	sink_close(&exporter.sink);
	return finish(r, err);
}

const struct verb verb_audit_tail = {
	.name = "tail",
	.args = "[OPTION...] [RUN]",
	.help = "the events of a run as they come, until it ends",
	.opts = tail_opts,
	.n_opts = ARRAY_LEN(tail_opts),
	.options_size = sizeof(struct tail_options),
	.max_args = 1,
	.mixed = true,
	.run = tail,
};

const struct verb verb_audit_export = {
	.name = "export",
	.args = "[OPTION...] [RUN]",
	.help = "hand the events of a run to other programs",
	.opts = export_opts,
	.n_opts = ARRAY_LEN(export_opts),
	.options_size = sizeof(struct tail_options),
	.max_args = 1,
	.mixed = true,
	.run = export_events,
};
