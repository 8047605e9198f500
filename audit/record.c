/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/record.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static const char kind_names[RECORD_KIND_COUNT][12] = {
	[RECORD_START] = "start",
	[RECORD_SEALED] = "sealed",
	[RECORD_ROTATED] = "rotated",
	[RECORD_LOST] = "lost",
	[RECORD_DENIED] = "denied",
	[RECORD_FORK] = "fork",
	[RECORD_EXEC] = "exec",
	[RECORD_EXIT] = "exit",
	[RECORD_OPEN] = "open",
	[RECORD_CONNECT] = "connect",
	[RECORD_BIND] = "bind",
	[RECORD_LISTEN] = "listen",
	[RECORD_ACCEPT] = "accept",
	[RECORD_FLOW] = "flow",
	[RECORD_DNS] = "dns",
	[RECORD_SIGNAL] = "signal",
	[RECORD_PTRACE] = "ptrace",
	[RECORD_MOUNT] = "mount",
	[RECORD_NAMESPACE] = "namespace",
	[RECORD_KERNEL] = "kernel",
	[RECORD_SYSCALL] = "syscall",
	[RECORD_COUNTS] = "counts",
	[RECORD_ENTER] = "enter",
	[RECORD_WOULD_DENY] = "would-deny",
	[RECORD_CALLS] = "calls",
	[RECORD_LIFE] = "life",
};

const char *record_kind_name(enum record_kind kind)
{
	return (unsigned)kind < RECORD_KIND_COUNT ? kind_names[kind] : "unknown";
}

int record_kind_find(const char *name)
{
	for (int i = 0; i < RECORD_KIND_COUNT; i++) {
		if (strcmp(kind_names[i], name) == 0)
			return i;
	}
	return -1;
}

const char *record_source_name(enum record_source source)
{
	static const char names[RECORD_SOURCE_COUNT][12] = { "supervisor", "notify", "bpf" };

	return (unsigned)source < RECORD_SOURCE_COUNT ? names[source] : "unknown";
}

void record_peer_text(const struct record_peer *peer, struct strbuf *out)
{
	char text[INET6_ADDRSTRLEN];

	if (peer->family == AF_INET) {
		inet_ntop(AF_INET, peer->address, text, sizeof(text));
		strbuf_addf(out, "%s:%u", text, peer->port);
	} else if (peer->family == AF_INET6) {
		inet_ntop(AF_INET6, peer->address, text, sizeof(text));
		strbuf_addf(out, "[%s]:%u", text, peer->port);
	} else if (peer->family == AF_UNIX) {
		strbuf_puts(out, "unix:");
		if (peer->path.n > 0 && peer->path.p[0] == '\0')
			strbuf_putc(out, '@');
		if (peer->path.n > 0)
			strbuf_add(out, peer->path.p + (peer->path.p[0] == '\0'),
				   peer->path.n - (peer->path.p[0] == '\0'));
	} else if (peer->family != AF_UNSPEC) {
		strbuf_addf(out, "family %u", peer->family);
	}
}

bool record_peer_split(const char *text, struct span *ret_host, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	struct span host = { text, colon ? (size_t)(colon - text) : 0 };
	uint64_t port = 0;

	if (!colon || strncmp(text, "unix:", 5) == 0 ||
	    span_u64(span_of(colon + 1), UINT16_MAX, &port) < 0)
		return false;
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct span){ host.p + 1, host.n - 2 };
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return true;
}

static const char *trust_name(enum record_trust trust)
{
	return trust == TRUST_KERNEL ? "kernel" : trust == TRUST_USER ? "user" : "unreadable";
}

/* KEY and KEY_from. */
static void put_text(struct jsonw *j, const char *key, const char *from_key,
		     const struct record_text *text)
{
	if (!text->text.p && text->trust != TRUST_UNREADABLE)
		return;
	jsonw_key(j, key);
	if (text->text.p && text->trust != TRUST_UNREADABLE)
		jsonw_strn(j, text->text.p, text->text.n);
	else
		jsonw_null(j);
	jsonw_kstr(j, from_key, trust_name(text->trust));
}

static void put_argv(struct jsonw *j, const struct record_text *argv)
{
	struct span rest = argv->text;

	if (!rest.p)
		return;
	jsonw_key(j, "argv");
	jsonw_array(j);
	while (rest.n > 0) {
		struct span arg = span_cut(&rest, '\0');

		jsonw_strn(j, arg.p, arg.n);
	}
	jsonw_array_end(j);
	jsonw_kstr(j, "argv_from", trust_name(argv->trust));
}

static void put_peer(struct jsonw *j, const char *key, const struct record_peer *peer)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (peer->family == AF_UNSPEC)
		return;
	record_peer_text(peer, &text);
	jsonw_key(j, key);
	jsonw_strn(j, strbuf_str(&text), text.len);
}

static void put_u64(struct jsonw *j, const struct record *r, unsigned bit, const char *key,
		    uint64_t value)
{
	if (r->has & bit)
		jsonw_ku64(j, key, value);
}

static void put_lineage(struct jsonw *j, const struct record *r)
{
	if (r->n_lineage == 0)
		return;
	jsonw_key(j, "lineage");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_lineage && i < RECORD_LINEAGE_MAX; i++) {
		jsonw_object(j);
		jsonw_kstr(j, "comm", r->lineage[i].comm);
		jsonw_ku64(j, "pid", r->lineage[i].pid);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_rule(struct jsonw *j, const struct record *r)
{
	if (!(r->has & HAS_RULE))
		return;
	jsonw_key(j, "rule");
	if (!r->rule_file) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kstr(j, "file", r->rule_file);
	jsonw_ku64(j, "line", r->rule_line);
	jsonw_kstr(j, "text", r->rule_text);
	jsonw_object_end(j);
}

static void put_args(struct jsonw *j, const struct record *r)
{
	if (!(r->has & HAS_CALL))
		return;
	jsonw_key(j, "args");
	jsonw_array(j);
	for (size_t i = 0; i < ARRAY_LEN(r->args); i++)
		jsonw_i64(j, (int64_t)r->args[i]); /* JSON readers know no more than 63 bits */
	jsonw_array_end(j);
}

/* "args" to "layer". */
static void first_half(const struct record *r, struct jsonw *j)
{
	if (r->ia32)
		jsonw_kstr(j, "abi", "ia32");
	put_args(j, r);
	put_argv(j, &r->argv);
	put_u64(j, r, HAS_AT, "at_ns", r->at_ns);
	put_u64(j, r, HAS_BYTES, "bytes_in", r->bytes_in);
	put_u64(j, r, HAS_BYTES, "bytes_out", r->bytes_out);
	if (r->call)
		jsonw_kstr(j, "call", r->call);
	if (r->n_calls > 0) {
		jsonw_key(j, "calls");
		jsonw_array(j);
		strbuf_span(j->out, r->calls);
		jsonw_array_end(j);
	}
	if (r->comm.p) {
		jsonw_key(j, "comm");
		jsonw_strn(j, r->comm.p, r->comm.n);
	}
	put_u64(j, r, HAS_COUNT, "count", r->count);
	put_u64(j, r, HAS_FILE, "dev", r->dev);
	if (r->has & HAS_ERROR)
		jsonw_ki64(j, "errno", r->error);
	put_u64(j, r, HAS_FLAGS, "flags", r->flags);
	put_u64(j, r, HAS_FILE, "ino", r->ino);
	if (r->layer)
		jsonw_kstr(j, "layer", r->layer);
}

void record_members(const struct record *r, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	first_half(r, &j);
	put_lineage(&j, r);
	put_peer(&j, "local", &r->local);
	put_text(&j, "name", "name_from", &r->name);
	if (r->has & HAS_CALL)
		jsonw_ki64(&j, "nr", r->nr);
	put_text(&j, "path", "path_from", &r->path);
	put_u64(&j, r, HAS_PID, "pid", r->pid);
	put_u64(&j, r, HAS_PPID, "ppid", r->ppid);
	if (r->protocol)
		jsonw_kstr(&j, "protocol", r->protocol);
	put_peer(&j, "remote", &r->remote);
	if (r->has & HAS_RET)
		jsonw_ki64(&j, "ret", r->ret);
	put_rule(&j, r);
	jsonw_kstr(&j, "source", record_source_name(r->source));
	put_u64(&j, r, HAS_SOURCE_SEQ, "source_seq", r->source_seq);
	put_u64(&j, r, HAS_TARGET, "target", r->target);
	if (r->text.p) {
		jsonw_key(&j, "text");
		jsonw_strn(&j, r->text.p, r->text.n);
	}
	put_u64(&j, r, HAS_TID, "tid", r->tid);
	put_u64(&j, r, HAS_UID, "uid", r->uid);
	if (r->user_memory)
		jsonw_kbool(&j, "user_memory", true);
}
