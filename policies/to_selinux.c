// SPDX-License-Identifier: Apache-2.0
#include "policies/to_selinux.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/digest.h"
#include "policies/lsm_rules.h"

/* Stands for the domain until its name is known. */
#define PLACEHOLDER "@"

/* Source: socket_type_to_security_class() of the kernel's security/selinux/hooks.c. */
static const struct {
	int family, type, protocol;
	const char *class;
} sockets[] = {
	{ AF_UNIX, SOCK_STREAM, 0, "unix_stream_socket" },
	{ AF_UNIX, SOCK_DGRAM, 0, "unix_dgram_socket" },
	{ AF_INET, SOCK_STREAM, 0, "tcp_socket" },
	{ AF_INET6, SOCK_STREAM, 0, "tcp_socket" },
	{ AF_INET, SOCK_DGRAM, 0, "udp_socket" },
	{ AF_INET6, SOCK_DGRAM, 0, "udp_socket" },
	{ AF_INET, SOCK_RAW, 0, "rawip_socket" },
	{ AF_INET6, SOCK_RAW, 0, "rawip_socket" },
	{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, "icmp_socket" },
	{ AF_NETLINK, SOCK_RAW, 0, "netlink_route_socket" },
	{ AF_NETLINK, SOCK_DGRAM, 0, "netlink_route_socket" },
	{ AF_PACKET, SOCK_RAW, 0, "packet_socket" },
	{ AF_PACKET, SOCK_DGRAM, 0, "packet_socket" },
	{ AF_ALG, SOCK_SEQPACKET, 0, "alg_socket" },
	{ AF_VSOCK, SOCK_STREAM, 0, "vsock_socket" },
};

/* What one call does with a socket. */
static const struct {
	const char *call;
	const char *permission;
} socket_calls[] = {
	{ "bind", "bind" },         { "connect", "connect" },   { "listen", "listen" },
	{ "accept4", "accept" },    { "getsockopt", "getopt" }, { "setsockopt", "setopt" },
	{ "shutdown", "shutdown" },
};

/* Calls that SELinux sees as something else than files and sockets. */
static const struct {
	const char *call;
	const char *class;
	const char *permissions;
} others[] = {
	{ "ptrace", "process", "ptrace" },
	{ "semget", "sem",
	  "create destroy getattr setattr read write associate unix_read unix_write" },
	{ "shmget", "shm",
	  "create destroy getattr setattr read write associate unix_read unix_write lock" },
	{ "msgget", "msgq",
	  "create destroy getattr setattr read write associate unix_read unix_write enqueue" },
	{ "add_key", "key", "view read write search link setattr create" },
	{ "perf_event_open", "perf_event", "open cpu kernel tracepoint read write" },
	{ "bpf", "bpf", "map_create map_read map_write prog_load prog_run" },
};

/* Parts of the host's tree, and the attribute of the types that are found there. */
static const struct {
	const char *attribute;
	const char *paths[7]; /* NULL-terminated */
} parts[] = {
	{ "immure_host_programs",
	  { "/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/libexec", "/usr/local/bin" } },
	{ "immure_host_libraries",
	  { "/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/lib32" } },
	{ "immure_host_linker",
	  { "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld-musl-x86_64.path",
	    "/etc/ld-musl-aarch64.path" } },
	{ "immure_host_locale", { "/usr/share/locale", "/usr/share/zoneinfo", "/etc/localtime" } },
	{ "immure_host_certificates", { "/etc/ssl", "/etc/pki", "/usr/share/ca-certificates" } },
	{ "immure_host_names", { "/etc/hosts", "/etc/resolv.conf" } },
	{ "immure_host_data", { "/usr/share", "/usr/include", "/opt", "/usr/local" } },
	{ "immure_host_settings", { "/etc" } },
	{ "immure_host_proc", { "/proc" } },
};

/* Whether path lies at or below folder. */
static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Whether a path belongs to a part that lies within `folder`, rather than to the folder's own. */
static bool has_closer_part(const char *path, const char *folder)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (const char *const *p = parts[i].paths; *p; p++) {
			if (strlen(*p) > strlen(folder) && is_within(*p, folder) &&
			    is_within(path, *p))
				return true;
		}
	}
	return false;
}

/* The most that any rule gives at or below a folder; 0 where one takes all of it. */
static unsigned access_below(const struct bundle *bundle, const char *folder)
{
	unsigned access = 0;

	for (size_t i = 0; i < bundle->n_files; i++) {
		const struct bundle_file *file = &bundle->files[i];

		bool covers = file->tree && is_within(folder, file->path);
		bool lies_in =
			is_within(file->path, folder) && !has_closer_part(file->path, folder);

		if ((file->access & FILE_DENY) && covers)
			return 0;
		if (!(file->access & FILE_DENY) && (covers || lies_in))
			access |= file->access;
	}
	return access;
}

static unsigned access_of_part(const struct bundle *bundle, size_t part)
{
	unsigned access = 0;

	for (const char *const *p = parts[part].paths; *p; p++)
		access |= access_below(bundle, *p);
	return access;
}

bool to_selinux_refuses_path(const struct bundle *bundle, const char *path, unsigned access)
{
	size_t longest = 0;
	size_t part = ARRAY_LEN(parts);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (const char *const *p = parts[i].paths; *p; p++) {
			if (is_within(path, *p) && strlen(*p) > longest) {
				longest = strlen(*p);
				part = i;
			}
		}
	}
	if (access & FILE_READ) /* as put_files() has it */
		access |= FILE_LIST;
	return part < ARRAY_LEN(parts) && !(access_of_part(bundle, part) & access);
}

static void put_files(struct strbuf *out, const struct bundle *bundle)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		unsigned access = access_of_part(bundle, i);

		if (access & (FILE_READ | FILE_LIST)) /* types know no names alone */
			strbuf_addf(out, "(call immure_host_read (" PLACEHOLDER " %s))\n",
				    parts[i].attribute);
		if (access & FILE_EXEC)
			strbuf_addf(out, "(call immure_host_execute (" PLACEHOLDER " %s))\n",
				    parts[i].attribute);
	}
}

/* Rows of one class stand together: addresses of both versions have the same sockets. */
static bool is_class_opened(const struct bundle *bundle, size_t first, size_t *ret_next)
{
	bool opened = false;
	size_t i = first;

	for (; i < ARRAY_LEN(sockets) && strcmp(sockets[i].class, sockets[first].class) == 0; i++)
		opened |=
			lsm_allows_call3(bundle, "socket", (uint32_t)sockets[i].family,
					 (uint32_t)sockets[i].type, (uint32_t)sockets[i].protocol);
	*ret_next = i;
	return opened;
}

bool to_selinux_opens_socket(const struct bundle *bundle, int family, int type)
{
	size_t next;

	for (size_t i = 0; i < ARRAY_LEN(sockets); i = next) {
		bool opened = is_class_opened(bundle, i, &next);

		for (size_t k = i; k < next; k++) {
			if (sockets[k].family == family && sockets[k].type == type)
				return opened;
		}
	}
	return false;
}

/* Permissions of a socket are the calls that the filter lets through. */
static void put_sockets(struct strbuf *out, const struct bundle *bundle)
{
	size_t next;

	for (size_t i = 0; i < ARRAY_LEN(sockets); i = next) {
		if (!is_class_opened(bundle, i, &next)) {
			if (i == 0)
				strbuf_puts(out, "(typeattributeset immure_no_unix (" PLACEHOLDER
						 "))\n");
			continue;
		}
		strbuf_addf(out,
			    "(allow " PLACEHOLDER " self (%s (create ioctl read write getattr "
			    "setattr append",
			    sockets[i].class);
		for (size_t k = 0; k < ARRAY_LEN(socket_calls); k++) {
			if (lsm_allows_call(bundle, socket_calls[k].call, 0, 0))
				strbuf_addf(out, " %s", socket_calls[k].permission);
		}
		strbuf_puts(out, ")))\n");
	}
}

/* With whom: ports and addresses of inet sockets, other local sockets of the same sandbox. */
static void put_peers(struct strbuf *out, const struct bundle *bundle)
{
	bool can_connect = lsm_allows_call(bundle, "connect", 0, 0);

	if (can_connect)
		strbuf_puts(out, "(allow " PLACEHOLDER " port_type (tcp_socket (name_connect)))\n"
				 "(allow " PLACEHOLDER " self (unix_stream_socket (connectto)))\n");
	if (can_connect || lsm_allows_call(bundle, "sendto", 0, 0))
		strbuf_puts(out, "(allow " PLACEHOLDER " self (unix_dgram_socket (sendto)))\n");
	if (lsm_allows_call(bundle, "bind", 0, 0))
		strbuf_puts(out, "(call immure_socket_names (" PLACEHOLDER "))\n");
}

static void put_others(struct strbuf *out, const struct bundle *bundle)
{
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (lsm_allows_call(bundle, others[i].call, 0, 0))
			strbuf_addf(out, "(allow " PLACEHOLDER " self (%s (%s)))\n",
				    others[i].class, others[i].permissions);
	}
	if (lsm_allows_call3(bundle, "mmap", 0, 0, PROT_READ | PROT_WRITE | PROT_EXEC))
		strbuf_puts(out, "(allow " PLACEHOLDER " self (process (execmem)))\n");
}

/* Letters and digits as they are, and these others; "_" for any other byte. */
static char plain(char c, const char *also)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    strchr(also, c))
		return c;
	return '_';
}

/* Of the last part of the policy's name. */
static void make_name(const struct bundle *bundle, const struct strbuf *rules,
		      char ret[SELINUX_NAME_MAX])
{
	const char *slash = strrchr(bundle->name, '/');
	struct digest hash = digest_of(rules->p, rules->len);
	char hex[DIGEST_HEX_LEN];
	char name[41];
	size_t n = 0;

	for (const char *p = slash ? slash + 1 : bundle->name; *p && n < sizeof(name) - 1; p++)
		name[n++] = plain(*p, "");
	name[n] = '\0';
	digest_hex(&hash, hex);
	snprintf(ret, SELINUX_NAME_MAX, "immure_%s_%.8s", name, hex);
}

int to_selinux(const struct bundle *bundle, struct strbuf *out, char ret_name[SELINUX_NAME_MAX],
	       struct err *err)
{
	cleanup_strbuf struct strbuf rules = { 0 };

	put_files(&rules, bundle);
	put_sockets(&rules, bundle);
	put_peers(&rules, bundle);
	put_others(&rules, bundle);
	if (bundle->audit_only)
		strbuf_puts(&rules, "(typepermissive " PLACEHOLDER ")\n");
	/* No capability, mount or label of another: refused, as nothing allows them. */
	if (rules.failed)
		return err_set(err, ENOMEM, "out of memory");
	make_name(bundle, &rules, ret_name);
	strbuf_puts(out, "; Policy ");
	for (const char *p = bundle->name; *p; p++)
		strbuf_putc(out, plain(*p, "-./"));
	strbuf_addf(out,
		    ". Needs the module " SELINUX_BASE_MODULE ".\n"
		    "(type %s_t)\n"
		    "(typeattributeset immure_domain (%s_t))\n",
		    ret_name, ret_name);
	for (size_t i = 0; i < rules.len; i++) {
		if (rules.p[i] == PLACEHOLDER[0])
			strbuf_addf(out, "%s_t", ret_name);
		else
			strbuf_putc(out, rules.p[i]);
	}
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
