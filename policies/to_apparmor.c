// SPDX-License-Identifier: Apache-2.0
#include "policies/to_apparmor.h"

#include <string.h>
#include <sys/socket.h>

/* Source: apparmor.d(5), "Network Rules"; numbers from socket(2). */
static const struct {
	int number;
	const char *name;
} families[] = {
	{ AF_UNIX, "unix" },       { AF_INET, "inet" },           { AF_INET6, "inet6" },
	{ AF_NETLINK, "netlink" }, { AF_PACKET, "packet" },       { AF_ALG, "alg" },
	{ AF_VSOCK, "vsock" },     { AF_BLUETOOTH, "bluetooth" }, { AF_CAN, "can" },
};
static const struct {
	int number;
	const char *name;
} types[] = {
	{ SOCK_STREAM, "stream" },
	{ SOCK_DGRAM, "dgram" },
	{ SOCK_SEQPACKET, "seqpacket" },
	{ SOCK_RAW, "raw" },
};

/* The path between quotes, its own glob characters escaped. */
static int put_path(struct strbuf *out, const char *path, const char *more, struct err *err)
{
	strbuf_putc(out, '"');
	for (const char *p = path; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '"' || *p == '\\')
			return err_set(err, EINVAL,
				       "a path with a control byte, a quote or a backslash");
		if (strchr("*?[]{}^,@$", *p))
			strbuf_putc(out, '\\');
		strbuf_putc(out, *p);
	}
	strbuf_puts(out, more);
	strbuf_putc(out, '"');
	return 0;
}

/*
 * Read comes with locks, write with links, exec with mapping the code: what the policy's verbs mean
 * in the other layers too. A program that is executed keeps the profile ("ix").
 */
static void put_modes(struct strbuf *out, unsigned access, bool deny)
{
	if (access == FILE_LIST)
		strbuf_putc(out, 'r');
	if (access & FILE_READ)
		strbuf_puts(out, "rk");
	if (access & FILE_WRITE)
		strbuf_puts(out, "wl");
	if (access & FILE_EXEC)
		strbuf_puts(out, deny ? "mx" : "mix");
}

static int put_rule(struct strbuf *out, const char *path, const char *more, unsigned access,
		    bool deny, struct err *err)
{
	int r;

	strbuf_puts(out, deny ? "  audit deny " : "  ");
	r = put_path(out, path, more, err);
	if (r < 0)
		return r;
	strbuf_putc(out, ' ');
	put_modes(out, access, deny);
	strbuf_puts(out, ",\n");
	return 0;
}

/* A folder is called with a slash at its end. */
static int put_access(struct strbuf *out, const struct lsm_path *p, unsigned access, bool deny,
		      struct err *err)
{
	const char *path = strcmp(p->path, "/") == 0 ? "" : p->path;
	int r = 0;

	if (access == FILE_LIST)
		return put_rule(out, path, "/{,**/}", FILE_LIST, deny, err);
	if (access == 0)
		return 0;
	if (*path)
		r = put_rule(out, path, "", access, deny, err);
	if (r == 0)
		r = put_rule(out, path, p->tree ? "/{,**}" : "/", access, deny, err);
	return r;
}

static void put_network(struct strbuf *out, const struct bundle *bundle)
{
	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		for (size_t t = 0; t < ARRAY_LEN(types); t++) {
			if (lsm_allows_call(bundle, "socket", (uint32_t)families[f].number,
					    (uint32_t)types[t].number))
				strbuf_addf(out, "  network %s %s,\n", families[f].name,
					    types[t].name);
		}
	}
}

int to_apparmor(const struct lsm_rules *rules, const char *name, struct strbuf *out,
		struct err *err)
{
	strbuf_addf(out, "profile %s flags=(attach_disconnected, mediate_deleted%s) {\n", name,
		    rules->complain ? ", complain" : "");
	for (size_t i = 0; i < rules->n; i++) {
		int r = put_access(out, &rules->paths[i], rules->paths[i].allow, false, err);

		if (r == 0)
			r = put_access(out, &rules->paths[i], rules->paths[i].deny, true, err);
		if (r < 0)
			return r;
	}
	put_network(out, rules->bundle);
	/* No capability, mount, userns, mqueue or change_profile rule: all refused. */
	strbuf_puts(out, "  signal (send, receive) peer=@{profile_name},\n"
			 "  signal (receive) peer=unconfined,\n"
			 "  ptrace (read, readby) peer=@{profile_name},\n");
	if (lsm_allows_call(rules->bundle, "ptrace", 0, 0))
		strbuf_puts(out, "  ptrace (trace, tracedby) peer=@{profile_name},\n");
	strbuf_puts(out, "}\n");
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/*
 * Should: hold for every policy, so it names only what none of them can grant. Mustn't: rely on
 * the user's own profile, which any local user may exchange. The kernel allows what
 * all profiles of a stack allow.
 */
void to_apparmor_floor(struct strbuf *out)
{
	strbuf_puts(out,
		    "profile " APPARMOR_FLOOR " flags=(attach_disconnected, mediate_deleted) {\n"
		    "  file,\n"
		    "  audit deny /proc/sys/** wklx,\n"
		    "  audit deny /proc/{kcore,kallsyms,keys,sysrq-trigger,timer_list} rwklmx,\n"
		    "  audit deny /proc/*/{,task/*/}attr/** wkl,\n"
		    "  audit deny /sys/** wklx,\n"
		    "  network unix,\n"
		    "  network inet stream,\n"
		    "  network inet dgram,\n"
		    "  network inet6 stream,\n"
		    "  network inet6 dgram,\n"
		    "  signal (send, receive) peer=" APPARMOR_FLOOR ",\n"
		    "  signal (receive) peer=unconfined,\n"
		    "  ptrace (read, readby, trace, tracedby) peer=" APPARMOR_FLOOR ",\n"
		    "}\n");
}
