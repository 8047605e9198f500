/* SPDX-License-Identifier: Apache-2.0 */
/* What one event says of grants. Paths and addresses are compared as the record has them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "audit/grants.h"
#include "audit/record.h"
#include "base/path.h"

#define CALL_ARGS 3 /* of a call in a batch: its arguments stand behind name, time and result */
#define SCRIPT_ARGS 3

/* A text of the program's memory is used as a path only if it is one without detours. */
static bool is_plain(const char *path)
{
	size_t n = strlen(path);

	return path[0] == '/' && !strstr(path, "//") && !strstr(path, "/./") &&
	       !strstr(path, "/../") && (n < 2 || strcmp(path + n - 2, "/.") != 0) &&
	       (n < 3 || strcmp(path + n - 3, "/..") != 0);
}

static bool covers(const char *rule, bool tree, const char *path)
{
	return tree ? path_is_below(path, rule) : strcmp(path, rule) == 0;
}

static void read_plan(struct grants *g, const json_t *plan)
{
	static const struct {
		const char *key;
		unsigned access;
	} keys[] = { { "exec", FILE_EXEC },
		     { "list", FILE_LIST },
		     { "read", FILE_READ },
		     { "write", FILE_WRITE } };
	const json_t *files = json_object_get(plan, "files");
	struct grant_path *shown =
		arena_array(g->arena, json_array_size(files) + 1, sizeof(*shown));
	const json_t *rule;
	size_t i;

	g->plan = plan;
	g->shown = shown;
	g->n_shown = 0;
	json_array_foreach(files, i, rule)
	{
		const char *path = record_text(rule, "path", NULL);

		if (!path || !shown)
			continue;
		shown[g->n_shown] =
			(struct grant_path){ .path = path,
					     .tree = json_is_true(json_object_get(rule, "tree")) };
		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			if (json_is_true(json_object_get(rule, keys[k].key)))
				shown[g->n_shown].access |= keys[k].access;
		}
		g->n_shown++;
	}
}

/* Does the run's plan let it be reached so under this path? */
static bool is_shown(const struct grants *g, const char *path, unsigned access)
{
	for (size_t i = 0; i < g->n_shown; i++) {
		if (g->shown[i].access & access && covers(g->shown[i].path, g->shown[i].tree, path))
			return true;
	}
	return false;
}

/* Returns whether the policy grants it: where Landlock is not there the plan has no rules. */
static bool use_path(struct grants *g, const char *path, unsigned access)
{
	bool granted = false;

	for (size_t i = 0; i < g->n; i++) {
		struct grant *grant = &g->items[i];

		if (grant->kind != GRANT_FILE ||
		    !covers(grant->file->path, grant->file->tree, path))
			continue;
		grant->n += (grant->access & access) != 0;
		grant->reads += access == FILE_READ && grant->access != FILE_READ;
		granted |= (grant->file->access & access) != 0;
	}
	return granted;
}

/* What no rule names was reached under another name: nobody knows by which rule. */
static void use_or_wonder(struct grants *g, const char *path, unsigned access)
{
	if (!use_path(g, path, access) && !is_shown(g, path, access))
		g->unnamed |= access;
}

/* Who may read may list; a folder that was opened without saying so is listed, too. */
static void take_read(struct grants *g, const char *path, uint64_t flags)
{
	bool lists = flags & O_DIRECTORY;
	unsigned access = lists ? FILE_LIST | FILE_READ : FILE_READ;

	if (use_path(g, path, access) || is_shown(g, path, access))
		return;
	if (lists || (!use_path(g, path, FILE_LIST) && !is_shown(g, path, FILE_LIST)))
		g->unnamed |= FILE_LIST | FILE_READ;
}

/* openat2(2) has its flags in memory: they are told only of a file that was found. */
static void take_open_for_something(struct grants *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++) {
		struct grant *grant = &g->items[i];

		if (grant->kind == GRANT_FILE && covers(grant->file->path, grant->file->tree, path))
			grant->maybe = true;
	}
	if (!is_shown(g, path, FILE_READ | FILE_WRITE | FILE_LIST))
		g->unnamed |= FILE_READ | FILE_WRITE | FILE_LIST;
}

static void take_open(struct grants *g, const json_t *event)
{
	const char *path = record_text(event, "path", "");
	uint64_t flags = (uint64_t)record_number(event, "flags", -1);
	bool makes = (flags & O_TMPFILE) == O_TMPFILE;

	if (record_number(event, "ret", -1) < 0)
		return;
	if (strcmp(record_text(event, "path_from", ""), "kernel") != 0 || *path != '/') {
		g->unnamed |= FILE_READ | FILE_WRITE | FILE_LIST;
		return;
	}
	if (!json_object_get(event, "flags")) {
		take_open_for_something(g, path);
		return;
	}
	if (flags & O_PATH)
		return;
	if ((flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC))
		use_or_wonder(g, path, FILE_WRITE);
	if ((flags & O_ACCMODE) != O_WRONLY && !makes)
		take_read(g, path, flags);
}

/* argv of a script begins with its interpreter, a word for it at most, and the script's name. */
static bool is_script(const json_t *event, const char *name)
{
	const json_t *argv = json_object_get(event, "argv");

	for (size_t i = 1; i < SCRIPT_ARGS; i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		if (word && strcmp(word, name) == 0)
			return true;
	}
	return false;
}

static void take_exec(struct grants *g, const json_t *event)
{
	const char *path = record_text(event, "path", "");
	const char *name = record_text(event, "name", "");
	bool by_path = use_path(g, path, FILE_EXEC) || is_shown(g, path, FILE_EXEC);
	bool by_name = by_path && strcmp(name, path) == 0;

	if (!by_name && is_plain(name))
		by_name = use_path(g, name, FILE_EXEC) || is_shown(g, name, FILE_EXEC);
	g->calls->events[SYS_execve]++;
	g->calls->events[SYS_execveat]++;
	if ((!by_path && !by_name) || (!by_name && is_script(event, name)))
		g->unnamed |= FILE_EXEC;
}

/* Calls that change what a path names: which of their two texts are paths. */
static const struct naming {
	char call[12];
	bool path, name;
} namings[] = {
	/* clang-format off */
	{ "truncate",  true, false }, { "mkdir",     true, false }, { "mkdirat",   true, false },
	{ "rmdir",     true, false }, { "unlink",    true, false }, { "unlinkat",  true, false },
	{ "rename",    true, true  }, { "renameat",  true, true  }, { "renameat2", true, true  },
	{ "link",      true, true  }, { "linkat",    true, true  }, { "symlink",   false, true },
	{ "symlinkat", false, true }, { "chmod",     true, false }, { "fchmodat",  true, false },
	{ "chown",     true, false }, { "lchown",    true, false }, { "fchownat",  true, false },
	{ "mknod",     true, false }, { "mknodat",   true, false }, { "setxattr",  true, false },
	{ "lsetxattr", true, false },
	/* clang-format on */
};

static void take_name(struct grants *g, const char *path)
{
	if (is_plain(path))
		use_or_wonder(g, path, FILE_WRITE);
	else
		g->unnamed |= FILE_WRITE;
}

static void take_change(struct grants *g, const json_t *event, const char *call)
{
	if (record_number(event, "ret", -1) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(namings); i++) {
		if (strcmp(namings[i].call, call) != 0)
			continue;
		if (namings[i].path)
			take_name(g, record_text(event, "path", ""));
		if (namings[i].name)
			take_name(g, record_text(event, "name", ""));
	}
}

/* A rule alone: does it allow what is asked, under any name that its address had at the start? */
static bool allows(const struct net_rule *rule, const struct net_query *query, const json_t *plan)
{
	struct net_rule copy = *rule;
	const struct net_table one = { .stated = true, .n = 1, .rules = &copy };
	struct net_query named = *query;
	const json_t *pin;
	size_t i;

	if (net_decide(&one, query).allowed)
		return true;
	json_array_foreach(json_object_get(plan, "names"), i, pin)
	{
		const json_t *text;
		size_t k;

		named.name = record_text(pin, "name", "");
		json_array_foreach(json_object_get(pin, "addresses"), k, text)
		{
			struct address address = { 0 };

			if (json_is_string(text) &&
			    address_parse(span_of(json_string_value(text)), &address) == 0 &&
			    address_eq(&address, query->address) &&
			    net_decide(&one, &named).allowed)
				return true;
		}
	}
	return false;
}

/*
 * One end of a socket, as a connection's other end or as where somebody listens.
 *
 *   counts  each is one more use; else it is only known to be used
 *
 * Returns   whether a rule explains it, or there is nothing to explain.
 */
static bool take_end(struct grants *g, const json_t *event, enum net_verb verb, bool counts)
{
	const char *end = record_text(event, verb == NET_LISTEN ? "local" : "remote", "");
	const char *protocol = record_text(event, "protocol", "");
	struct address address = { 0 };
	struct net_query query = { .verb = verb, .address = &address };
	bool explained = false;
	struct span host;

	if (!record_peer_split(end, &host, &query.port) || address_parse(host, &address) < 0)
		return true;
	for (unsigned bit = NET_TCP; bit <= NET_UDP; bit <<= 1) {
		if (strcmp(protocol, bit == NET_TCP ? "udp" : "tcp") == 0)
			continue;
		query.protocol = bit;
		for (size_t i = 0; i < g->n; i++) {
			struct grant *grant = &g->items[i];

			if (grant->kind != GRANT_NET || !allows(grant->net, &query, g->plan))
				continue;
			grant->n += counts || grant->n == 0;
			explained = true;
		}
	}
	return explained;
}

/*
 * What went over the network, by either end. A stream was told as it began, but for one that began
 * with its data.
 */
static void take_flow(struct grants *g, const json_t *event)
{
	bool counts = strcmp(record_text(event, "protocol", ""), "tcp") != 0;

	if (!take_end(g, event, NET_CONNECT, counts) && !take_end(g, event, NET_LISTEN, false))
		g->unnamed_connect = true;
}

/* A socket in the file system is a file, too. */
static void take_unix(struct grants *g, const char *end)
{
	static const char prefix[] = "unix:";
	const char *path = end + strlen(prefix);

	if (strncmp(end, prefix, strlen(prefix)) != 0 || *path == '@' || *path == '\0')
		return;
	if (is_plain(path))
		use_path(g, path, FILE_WRITE | FILE_READ);
	else
		g->unnamed |= FILE_WRITE | FILE_READ;
}

static void take_connect(struct grants *g, const json_t *event)
{
	int64_t error = record_number(event, "errno", 0);

	if (error == EACCES || error == EPERM)
		return;
	/* With datagrams nothing is sent yet: who asks for the best address only does that. */
	if (!take_end(g, event, NET_CONNECT, true) && (error == 0 || error == EINPROGRESS) &&
	    strcmp(record_text(event, "protocol", ""), "udp") != 0)
		g->unnamed_connect = true;
	if (error == 0)
		take_unix(g, record_text(event, "remote", ""));
}

/* What is bound for datagrams may be for what is sent. */
static void take_local(struct grants *g, const json_t *event, bool counts)
{
	if (record_has_failed(event))
		return;
	if (!take_end(g, event, NET_LISTEN, counts) &&
	    strcmp(record_text(event, "protocol", ""), "udp") != 0)
		g->unnamed_listen = true;
	take_unix(g, record_text(event, "local", ""));
}

static size_t number_of(const struct grants *g, const char *call)
{
	const json_t *nr = call ? json_object_get(g->numbers, call) : NULL;

	return nr ? (size_t)json_integer_value(nr) : TRACER_CALLS;
}

static bool is_allowed_by(const struct grant *grant, const char *call, const uint64_t args[6])
{
	for (size_t i = 0; i < grant->n_rules; i++) {
		const struct syscall_rule *rule = &grant->rules[i];

		if (syscall_rule_names(rule, call) && (!rule->cond || cond_holds(rule->cond, args)))
			return true;
	}
	return false;
}

/* Only where arguments decide is one call looked at: the others are counted. */
static void take_arguments(struct grants *g, const char *call, size_t nr, const json_t *list,
			   size_t first)
{
	uint64_t args[6] = { 0 };

	if (!calls_have(g->conditional, nr))
		return;
	for (size_t i = 0; i < 6; i++)
		args[i] = (uint64_t)json_integer_value(json_array_get(list, first + i));
	for (size_t i = 0; i < g->n; i++) {
		struct grant *grant = &g->items[i];

		if (grant->kind == GRANT_CALLS && grant->n_rules > 0 &&
		    calls_have(grant->calls, nr))
			grant->n += is_allowed_by(grant, call, args);
	}
}

static void take_batch(struct grants *g, const json_t *event)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(event, "calls"), i, item)
	{
		const char *call = json_string_value(json_array_get(item, 0));
		size_t nr = number_of(g, call);

		if (nr < TRACER_CALLS)
			take_arguments(g, call, nr, item, CALL_ARGS);
	}
}

static void take_counts(struct grants *g, const json_t *event)
{
	size_t nr = number_of(g, record_text(event, "call", NULL));
	uint64_t n = (uint64_t)record_number(event, "count", 0);

	if (nr >= TRACER_CALLS || json_object_get(event, "abi"))
		return;
	if (json_object_get(event, "layer"))
		g->calls->refused[nr] += n;
	else
		g->calls->counts[nr] += n;
}

static void take_call(struct grants *g, const json_t *event)
{
	const char *call = record_text(event, "call", "");
	size_t nr = number_of(g, call);

	if (nr >= TRACER_CALLS || json_object_get(event, "abi"))
		return;
	g->calls->events[nr]++;
	take_arguments(g, call, nr, json_object_get(event, "args"), 0);
	take_change(g, event, call);
}

void grants_take(struct grants *g, const struct run_record *record, json_t *event)
{
	int kind = record_kind_find(record_text(event, "kind", ""));

	if (g->plan != record->plan)
		read_plan(g, record->plan);
	switch (kind) {
	case RECORD_COUNTS:
		take_counts(g, event);
		return;
	case RECORD_CALLS:
		take_batch(g, event);
		return;
	case RECORD_EXEC:
		take_exec(g, event);
		return;
	case RECORD_LIFE:
		g->started_again |= strcmp(record_text(event, "what", ""), "restarted") == 0;
		return;
	case RECORD_DENIED:
	case RECORD_WOULD_DENY:
		return;
	case RECORD_OPEN:
		take_open(g, event);
		break;
	case RECORD_CONNECT:
		take_connect(g, event);
		break;
	case RECORD_BIND:
	case RECORD_LISTEN:
	case RECORD_ACCEPT:
		take_local(g, event, kind == RECORD_ACCEPT);
		break;
	case RECORD_FLOW:
	case RECORD_DNS:
		take_flow(g, event);
		return;
	default:
		break;
	}
	take_call(g, event);
}
