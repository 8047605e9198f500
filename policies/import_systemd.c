/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are rows of a table; what is always so here, and what has no words here, is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "policies/import_systemd_sets.h"
#include "policies/policy_import.h"
#include "policies/policy_print.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

#define MAX_CALLS 512

struct unit {
	struct arena *arena;
	struct diags *diags;
	struct where where; /* of the line that is read */
	const char *key;
	struct strbuf notes, files, calls, identity;
	struct limits limits;    /* the last line of a key counts */
	bool has_filter, denies; /* SystemCallFilter=, and its first line began with "~" */
	const char *error;       /* SystemCallErrorNumber= */
	size_t n_names;
	const char *names[MAX_CALLS];
	bool restricts_families;
};

static void note(struct unit *u, const char *what, struct span value)
{
	strbuf_addf(&u->notes, "# %s: %s=", what, u->key);
	strbuf_escaped(&u->notes, value.p, value.n);
	strbuf_putc(&u->notes, '\n');
}

static bool is_yes(struct span value)
{
	return span_eq(value, "yes") || span_eq(value, "true") || span_eq(value, "on") ||
	       span_eq(value, "1");
}

static void put_call(struct unit *u, struct span word, bool remove, int depth);

/* All of a set; false if there is none of that name. */
static bool put_set(struct unit *u, struct span set, bool remove, int depth)
{
	struct span rest = span_of(import_systemd_sets);

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_word(&line);

		if (name.n != set.n || memcmp(name.p, set.p, set.n) != 0)
			continue;
		for (struct span word = span_word(&line); word.n > 0; word = span_word(&line))
			put_call(u, word, remove, depth + 1);
		return true;
	}
	return false;
}

static void put_call(struct unit *u, struct span word, bool remove, int depth)
{
	char *name;

	if (word.p[0] == '@') {
		if (depth > 4 || !put_set(u, word, remove, depth))
			note(u, "lost: a set that is not known here", word);
		return;
	}
	name = arena_strndup(u->arena, word.p, word.n);
	if (!name || !text_is_id(name) || !syscall_is_known(name)) {
		note(u, "not known here", word);
		return;
	}
	for (size_t i = 0; i < u->n_names; i++) {
		if (strcmp(u->names[i], name) != 0)
			continue;
		if (remove)
			u->names[i] = u->names[--u->n_names];
		return;
	}
	if (!remove && u->n_names < MAX_CALLS)
		u->names[u->n_names++] = name;
}

static void read_filter(struct unit *u, struct span value)
{
	bool inverted = span_starts(value, "~");

	if (value.n == 0) { /* an empty line begins anew */
		u->has_filter = false;
		u->n_names = 0;
		return;
	}
	if (inverted)
		value = (struct span){ value.p + 1, value.n - 1 };
	if (!u->has_filter)
		u->denies = inverted;
	u->has_filter = true;
	for (struct span word = span_word(&value); word.n > 0; word = span_word(&value)) {
		struct span error = word;
		struct span name = span_cut(&error, ':');

		if (error.n > 0 && error.p != word.p)
			note(u, "changed: one error for all", word);
		put_call(u, name, inverted != u->denies, 0);
	}
}

static void read_error(struct unit *u, struct span value)
{
	if (errno_find(value) > 0)
		u->error = errno_name(errno_find(value));
	else
		note(u, "lost", value);
}

static void read_families(struct unit *u, struct span value)
{
	bool inverted = span_starts(value, "~");
	bool first = true;

	if (inverted)
		value = (struct span){ value.p + 1, value.n - 1 };
	u->restricts_families = true;
	if (span_eq(value, "none")) {
		strbuf_puts(&u->calls, "  - deny socket\n");
		return;
	}
	for (struct span word = span_word(&value); word.n > 0; word = span_word(&value)) {
		uint64_t ignored = 0;

		if (!span_starts(word, "AF_") || !constant_find(word, &ignored)) {
			note(u, "not known here", word);
			continue;
		}
		strbuf_puts(&u->calls, !first     ? ", "
				       : inverted ? "  - deny socket if domain in {"
						  : "  - allow socket if domain in {");
		strbuf_span(&u->calls, word);
		first = false;
	}
	strbuf_puts(&u->calls, first ? "" : "}\n");
}

static void read_write_exec(struct unit *u, struct span value)
{
	if (is_yes(value))
		strbuf_puts(
			&u->calls,
			"  - deny mmap, mprotect, pkey_mprotect if prot has PROT_WRITE|PROT_EXEC\n");
}

static void read_set_id(struct unit *u, struct span value)
{
	if (is_yes(value))
		strbuf_puts(
			&u->calls,
			"  - deny chmod, fchmod, fchmodat if mode has S_ISUID or mode has S_ISGID\n");
}

/* Bytes that a path of the language can be written with, unquoted. */
static bool is_plain(struct span path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] <= ' ' || path.p[i] > '~' || strchr("%*?[]{}\"\\#:,'", path.p[i]))
			return false;
	}
	return path.n > 0;
}

/* The whole path that the language would take, or NULL. */
static const char *whole_path(struct unit *u, struct span path, const char *below)
{
	struct err refused = { 0 };
	const char *clean = NULL;
	const char *joined;

	if (!is_plain(path) || (!below && path.p[0] != '/'))
		return NULL;
	joined = arena_printf(u->arena, "%s%.*s", below ? below : "", (int)path.n, path.p);
	return joined && path_clean(u->arena, joined, &clean, &refused) == 0 ? clean : NULL;
}

/* Paths with "-" or "+" before them, or names below a folder. */
static void put_paths(struct unit *u, struct span value, const char *rule, const char *below)
{
	bool denies = strcmp(rule, "deny") == 0;

	for (struct span word = span_word(&value); word.n > 0; word = span_word(&value)) {
		struct span path = word;
		const char *clean;
		bool root;

		while (path.n > 0 && (path.p[0] == '-' || path.p[0] == '+' || path.p[0] == '"')) {
			path.p++;
			path.n--;
		}
		clean = whole_path(u, path, below);
		root = clean && strcmp(clean, "/") == 0;
		if (!clean || (root && denies)) {
			note(u, "lost", word);
			continue;
		}
		strbuf_addf(&u->files, "  - %s %s%s\n", rule, clean,
			    denies ? ""
			    : root ? "**"
				   : "/**");
	}
}

static void read_home(struct unit *u, struct span value)
{
	if (is_yes(value) || span_eq(value, "tmpfs"))
		strbuf_puts(&u->files, "  - deny /home /root /run/user\n");
}

static void read_private_tmp(struct unit *u, struct span value)
{
	if (is_yes(value))
		strbuf_puts(&u->files, "  - write /tmp/** /var/tmp/**\n");
}

static void read_user(struct unit *u, struct span value)
{
	uint64_t uid = 0;

	strbuf_reset(&u->identity);
	if (span_u64(value, UINT32_MAX - 1, &uid) == 0)
		strbuf_addf(&u->identity, "identity:\n  user: %llu\n", (unsigned long long)uid);
	else
		note(u, "lost: a name, which only the root can tell", value);
}

/* "512M", "512MiB", "infinity": of systemd's, K, M, G, T are of 1024. */
static void put_limit(struct unit *u, const char *limit, struct span value)
{
	const char *expected = NULL;

	if (span_eq(value, "infinity"))
		return;
	if (limit_parse(limit, value, &u->limits, &expected) < 0)
		note(u, "lost", value);
}

static void read_quota(struct unit *u, struct span value)
{
	uint64_t percent = 0;
	char text[32];
	int n;

	if (value.n < 2 || value.p[value.n - 1] != '%' ||
	    span_u64((struct span){ value.p, value.n - 1 }, 100000, &percent) < 0) {
		note(u, "lost", value);
		return;
	}
	n = snprintf(text, sizeof(text), "%llu.%02llu", (unsigned long long)percent / 100,
		     (unsigned long long)percent % 100);
	put_limit(u, "cpus", (struct span){ text, n > 0 ? (size_t)n : 0 });
}

enum how {
	HOW_READ,   /* read() */
	HOW_PATHS,  /* rule on each path, below a folder or not */
	HOW_LIMIT,  /* a limit */
	HOW_ALWAYS, /* so here without a word */
	HOW_LOST,   /* has no words here */
};

static const struct key {
	const char *name;
	enum how how;
	const char *a, *b;
	void (*read)(struct unit *u, struct span value);
} keys[] = {
	/* clang-format off */
	{ "SystemCallFilter", HOW_READ, NULL, NULL, read_filter },
	{ "SystemCallErrorNumber", HOW_READ, NULL, NULL, read_error },
	{ "RestrictAddressFamilies", HOW_READ, NULL, NULL, read_families },
	{ "MemoryDenyWriteExecute", HOW_READ, NULL, NULL, read_write_exec },
	{ "RestrictSUIDSGID", HOW_READ, NULL, NULL, read_set_id },
	{ "ProtectHome", HOW_READ, NULL, NULL, read_home },
	{ "PrivateTmp", HOW_READ, NULL, NULL, read_private_tmp },
	{ "User", HOW_READ, NULL, NULL, read_user },
	{ "CPUQuota", HOW_READ, NULL, NULL, read_quota },
	{ "ReadWritePaths", HOW_PATHS, "write", NULL, NULL },
	{ "ReadOnlyPaths", HOW_PATHS, "read", NULL, NULL },
	{ "ExecPaths", HOW_PATHS, "exec", NULL, NULL },
	{ "InaccessiblePaths", HOW_PATHS, "deny", NULL, NULL },
	{ "StateDirectory", HOW_PATHS, "write", "/var/lib/", NULL },
	{ "CacheDirectory", HOW_PATHS, "write", "/var/cache/", NULL },
	{ "LogsDirectory", HOW_PATHS, "write", "/var/log/", NULL },
	{ "RuntimeDirectory", HOW_PATHS, "write", "/run/", NULL },
	{ "ConfigurationDirectory", HOW_PATHS, "read", "/etc/", NULL },
	{ "MemoryMax", HOW_LIMIT, "memory", NULL, NULL },
	{ "TasksMax", HOW_LIMIT, "pids", NULL, NULL },
	{ "LimitNOFILE", HOW_LIMIT, "nofile", NULL, NULL },
	{ "LimitFSIZE", HOW_LIMIT, "fsize", NULL, NULL },
	{ "RuntimeMaxSec", HOW_LIMIT, "wall", NULL, NULL },
	{ "SystemCallArchitectures", HOW_ALWAYS, NULL, NULL, NULL },
	{ "NoNewPrivileges", HOW_ALWAYS, NULL, NULL, NULL },
	{ "PrivateDevices", HOW_ALWAYS, NULL, NULL, NULL },
	{ "PrivateUsers", HOW_ALWAYS, NULL, NULL, NULL },
	{ "PrivateIPC", HOW_ALWAYS, NULL, NULL, NULL },
	{ "PrivateNetwork", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectSystem", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectKernelTunables", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectKernelModules", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectKernelLogs", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectControlGroups", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectClock", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectHostname", HOW_ALWAYS, NULL, NULL, NULL },
	{ "ProtectProc", HOW_ALWAYS, NULL, NULL, NULL },
	{ "RestrictNamespaces", HOW_ALWAYS, NULL, NULL, NULL },
	{ "RestrictRealtime", HOW_ALWAYS, NULL, NULL, NULL },
	{ "LockPersonality", HOW_ALWAYS, NULL, NULL, NULL },
	{ "KeyringMode", HOW_ALWAYS, NULL, NULL, NULL },
	{ "CapabilityBoundingSet", HOW_LOST, "capabilities are never granted", NULL, NULL },
	{ "AmbientCapabilities", HOW_LOST, "capabilities are never granted", NULL, NULL },
	{ "IPAddressAllow", HOW_LOST, "networks are the command line's to give", NULL, NULL },
	{ "IPAddressDeny", HOW_LOST, "networks are the command line's to give", NULL, NULL },
	{ "TemporaryFileSystem", HOW_LOST, "mounts are the command line's to make", NULL, NULL },
	{ "BindPaths", HOW_LOST, "mounts are the command line's to make", NULL, NULL },
	{ "BindReadOnlyPaths", HOW_LOST, "mounts are the command line's to make", NULL, NULL },
	{ "NoExecPaths", HOW_LOST, "what is writable is never executable; execution is granted by ExecPaths", NULL, NULL },
	/* clang-format on */
};

static void read_key(struct unit *u, const struct key *key, struct span value)
{
	switch (key->how) {
	case HOW_READ:
		key->read(u, value);
		break;
	case HOW_PATHS:
		put_paths(u, value, key->a, key->b);
		break;
	case HOW_LIMIT:
		put_limit(u, key->a, value);
		break;
	case HOW_ALWAYS:
		note(u, "always so", value);
		break;
	case HOW_LOST:
		if (value.n > 0) {
			strbuf_addf(&u->notes, "# lost: %s: %s=", key->a, key->name);
			strbuf_escaped(&u->notes, value.p, value.n);
			strbuf_putc(&u->notes, '\n');
		}
	}
}

/* Returns true for a key of the table. Those of other kinds (Description, ExecStart) are no policy.
 */
static bool read_line(struct unit *u, struct span line)
{
	struct span value = line;
	struct span name = span_trim(span_cut(&value, '='));

	value = span_trim(value);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!span_eq(name, keys[i].name))
			continue;
		u->key = keys[i].name;
		read_key(u, &keys[i], value);
		return true;
	}
	return false;
}

static void write_names(const struct unit *u, struct strbuf *out)
{
	const char *verb = u->denies ? "deny" : "allow";
	bool sockets = !u->denies && u->restricts_families;
	size_t in_line = 0;

	for (size_t i = 0; i < u->n_names; i++) {
		if (sockets && strcmp(u->names[i], "socket") == 0)
			continue; /* by family */
		if (in_line == 0)
			strbuf_addf(out, "  - %s", verb);
		strbuf_addf(out, " %s", u->names[i]);
		in_line++;
		if (in_line == 12 || i + 1 == u->n_names) {
			strbuf_puts(out, u->denies && u->error ? " as " : "");
			strbuf_puts(out, u->denies && u->error ? u->error : "");
			strbuf_putc(out, '\n');
			in_line = 0;
		}
	}
	if (in_line > 0)
		strbuf_putc(out, '\n');
}

static void write_policy(const struct unit *u, const char *name, struct strbuf *out)
{
	strbuf_addf(out,
		    "# Imported from a systemd unit. Writes are only where it names paths.\n%s",
		    strbuf_str(&u->notes));
	strbuf_addf(out, "policy: 1\nname: %s\n%s", name, strbuf_str(&u->identity));
	strbuf_addf(
		out,
		"files:\n  - read,exec /**\n  - write /dev/null /dev/zero /dev/full /dev/tty\n%s",
		strbuf_str(&u->files));
	strbuf_puts(out, "syscalls:\n");
	if (!u->has_filter || u->denies) {
		strbuf_puts(out, "  - allow");
		for (size_t i = 0; i < n_syscall_group_names; i++)
			strbuf_addf(out, " %s", syscall_group_names[i]);
		strbuf_puts(out, "  # why: the unit refuses by name\n");
	} else {
		strbuf_puts(out, "  - allow execve\n");
	}
	write_names(u, out);
	strbuf_addf(out, "%s  - otherwise %s\n  - unknown ENOSYS\n", strbuf_str(&u->calls),
		    u->error ? u->error : "EPERM");
	policy_print_limits(&u->limits, out);
}

int import_systemd(struct span text, const char *file, const struct import_options *options,
		   struct arena *arena, struct strbuf *ret, struct diags *diags)
{
	struct unit *u = arena_alloc(arena, sizeof(*u));
	size_t found = 0;
	uint32_t line = 0;
	int r = 0;

	if (!u)
		return -ENOMEM;
	*u = (struct unit){ .arena = arena, .diags = diags };
	while (text.n > 0) {
		struct span s = span_trim(span_cut(&text, '\n'));

		u->where = (struct where){ file, ++line, 1 };
		if (s.n > 0 && s.p[s.n - 1] == '\\') {
			diags_add(diags, u->where,
				  "a line that goes on in the next; expected one line a key");
			r = -EINVAL;
		}
		if (s.n > 0 && s.p[0] != '#' && s.p[0] != ';' && s.p[0] != '[')
			found += read_line(u, s);
	}
	if (found == 0) {
		diags_add(
			diags, (struct where){ file, 1, 1 },
			"no line that hardens a service; expected SystemCallFilter=, ProtectSystem=, ...");
		r = -EINVAL;
	}
	if (u->has_filter && !u->error)
		strbuf_puts(&u->notes, "# weakened: what killed is refused\n");
	if (u->notes.failed || u->files.failed || u->calls.failed || u->identity.failed)
		r = -ENOMEM;
	if (r == 0)
		write_policy(u, options->name, ret);
	strbuf_done(&u->notes);
	strbuf_done(&u->files);
	strbuf_done(&u->calls);
	strbuf_done(&u->identity);
	return r == 0 && ret->failed ? -ENOMEM : r;
}
