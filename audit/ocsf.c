/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ocsf.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/record.h"
#include "audit/run_read.h"
#include "base/strbuf.h"

enum {
	CLASS_FILE = 1001,
	CLASS_KERNEL = 1003,
	CLASS_PROCESS = 1007,
	CLASS_NETWORK = 4001
};

enum {
	SEVERITY_ID_INFORMATIONAL = 1,
	SEVERITY_ID_LOW = 2
};

/* A number of exactly n digits, or -1. */
static int digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

json_int_t ocsf_time(const char *text)
{
	struct tm tm = { 0 };
	int millis;

	if (strlen(text) < 24 || text[19] != '.')
		return 0;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	millis = digits(text + 20, 3);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_hour < 0 || tm.tm_min < 0 ||
	    tm.tm_sec < 0 || millis < 0)
		return 0;
	return (json_int_t)timegm(&tm) * 1000 + millis;
}

json_t *ocsf_base(int class_uid, int activity, int severity, const char *time)
{
	return json_pack("{s:i, s:i, s:i, s:{s:{s:s, s:s, s:s}, s:s}, s:i, s:I, s:I}",
			 "activity_id", activity, "category_uid", class_uid / 1000, "class_uid",
			 class_uid, "metadata", "product", "name", "immure", "vendor_name",
			 "immure", "version", IMMURE_VERSION, "version", OCSF_VERSION,
			 "severity_id", severity, "time", ocsf_time(time), "type_uid",
			 (json_int_t)class_uid * 100 + activity);
}

static json_t *make_process(const json_t *event, const char *name)
{
	json_t *process = json_pack("{s:I}", "pid", (json_int_t)record_number(event, "pid", 0));

	if (name)
		json_object_set_new(process, "name", json_string(name));
	return process;
}

/* Who did it: the last part of a lineage is the first process of the sandbox. */
static json_t *make_actor(const json_t *event)
{
	const json_t *lineage = json_object_get(event, "lineage");
	const char *comm =
		record_text(json_array_get(lineage, 0), "comm", record_text(event, "comm", NULL));

	return json_pack("{s:o}", "process", make_process(event, comm));
}

/* The device is the sandbox, whose name is the run's: ocsf_event() adds it. */
static void add_host(json_t *object, const json_t *event)
{
	json_object_set_new(object, "actor", make_actor(event));
	json_object_set_new(object, "device",
			    json_pack("{s:s, s:i}", "type", "sandbox", "type_id", 99));
}

static json_t *make_file(const char *path)
{
	const char *slash = strrchr(path, '/');

	return json_pack("{s:s, s:s, s:i}", "name", slash && slash[1] ? slash + 1 : path, "path",
			 path, "type_id", 1);
}

static json_t *make_command(const json_t *argv)
{
	cleanup_strbuf struct strbuf line = { 0 };
	const json_t *arg;
	size_t i;

	json_array_foreach(argv, i, arg)
	{
		strbuf_puts(&line, i ? " " : "");
		strbuf_puts(&line, json_string_value(arg) ? json_string_value(arg) : "?");
	}
	return json_string(strbuf_str(&line));
}

static json_t *from_exec(const json_t *event)
{
	json_t *object = ocsf_base(CLASS_PROCESS, 1, SEVERITY_ID_INFORMATIONAL,
				   record_text(event, "time", ""));
	const char *path = record_text(event, "path", "?");
	json_t *process = make_process(event, path);

	json_object_set_new(process, "file", make_file(path));
	json_object_set_new(process, "cmd_line", make_command(json_object_get(event, "argv")));
	add_host(object, event);
	json_object_set_new(object, "process", process);
	return object;
}

static json_t *from_exit(const json_t *event)
{
	json_t *object = ocsf_base(CLASS_PROCESS, 2, SEVERITY_ID_INFORMATIONAL,
				   record_text(event, "time", ""));

	add_host(object, event);
	json_object_set_new(object, "exit_code", json_integer(record_number(event, "ret", 0)));
	json_object_set_new(object, "process", make_process(event, NULL));
	return object;
}

/* A refused call is an invocation of the kernel that failed. */
static json_t *from_denied(const json_t *event)
{
	json_t *object =
		ocsf_base(CLASS_KERNEL, 4, SEVERITY_ID_LOW, record_text(event, "time", ""));

	add_host(object, event);
	json_object_set_new(
		object, "kernel",
		json_pack("{s:s, s:i}", "name", record_text(event, "call", "?"), "type_id", 2));
	json_object_set_new(object, "message", json_string(record_text(event, "text", "")));
	json_object_set_new(object, "status_code",
			    json_sprintf("%lld", (long long)record_number(event, "errno", 0)));
	/* Success: in mode audit it went on. */
	json_object_set_new(
		object, "status_id",
		json_integer(strcmp(record_text(event, "kind", ""), "denied") == 0 ? 2 : 1));
	return object;
}

static json_t *from_open(const json_t *event)
{
	json_t *object = ocsf_base(CLASS_FILE, 14, SEVERITY_ID_INFORMATIONAL,
				   record_text(event, "time", ""));

	add_host(object, event);
	json_object_set_new(object, "file", make_file(record_text(event, "path", "?")));
	return object;
}

/* "10.1.2.3:80" or "[::1]:80" as an endpoint; anything else is only a name. */
static json_t *make_endpoint(const char *text)
{
	struct span host;
	uint16_t port;

	if (!record_peer_split(text, &host, &port))
		return json_pack("{s:s}", "name", text);
	return json_pack("{s:s#, s:I}", "ip", host.p, (int)host.n, "port", (json_int_t)port);
}

/* A listener is what others connect to: the destination, as what is connected to is. */
static json_t *from_network(const json_t *event, int activity, const char *key)
{
	json_t *object = ocsf_base(CLASS_NETWORK, activity, SEVERITY_ID_INFORMATIONAL,
				   record_text(event, "time", ""));
	const char *protocol = record_text(event, "protocol", NULL);
	json_t *info = json_pack("{s:i}", "direction_id", activity == 7 ? 1 : 2);

	if (protocol)
		json_object_set_new(info, "protocol_name", json_string(protocol));
	/* Its class has no actor and no device of its own. */
	json_object_set_new(json_object_get(object, "metadata"), "profiles",
			    json_pack("[s]", "host"));
	add_host(object, event);
	json_object_set_new(object, "connection_info", info);
	json_object_set_new(object, "dst_endpoint", make_endpoint(record_text(event, key, "?")));
	if (json_object_get(event, "bytes_in"))
		json_object_set_new(object, "traffic",
				    json_pack("{s:I, s:I}", "bytes_in",
					      (json_int_t)record_number(event, "bytes_in", 0),
					      "bytes_out",
					      (json_int_t)record_number(event, "bytes_out", 0)));
	return object;
}

json_t *ocsf_event(const json_t *event, const char *run)
{
	const char *kind = record_text(event, "kind", "");
	json_t *object = NULL;

	if (strcmp(kind, "exec") == 0)
		object = from_exec(event);
	else if (strcmp(kind, "exit") == 0)
		object = from_exit(event);
	else if (event_is_refusal(event))
		object = from_denied(event);
	else if (strcmp(kind, "open") == 0)
		object = from_open(event);
	else if (strcmp(kind, "connect") == 0)
		object = from_network(event, 1, "remote");
	else if (strcmp(kind, "flow") == 0)
		object = from_network(event, 6, "remote");
	else if (strcmp(kind, "listen") == 0)
		object = from_network(event, 7, "local");
	if (!object)
		return NULL;
	json_object_set_new(json_object_get(object, "device"), "uid", json_string(run));
	json_object_set_new(json_object_get(object, "metadata"), "sequence",
			    json_integer(record_number(event, "seq", 0)));
	json_object_set_new(object, "unmapped",
			    json_pack("{s:s, s:s}", "immure_run", run, "record_hash",
				      record_text(event, "hash", "")));
	return object;
}
