/* SPDX-License-Identifier: Apache-2.0 */
/* Source: systemd.exec(5), systemd.resource-control(5). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "policies/cubes.h"
#include "policies/filter_emit.h"
#include "policies/lsm_rules.h"
#include "policies/syscall_args.h"
#include "policies/to_nft.h"
#include "policies/to_oci.h"

#define LINE_MAX_BYTES 100

static const struct {
	const char *name;
	uint32_t value;
} families[] = { { "AF_UNIX", AF_UNIX },       { "AF_INET", AF_INET },     { "AF_INET6", AF_INET6 },
		 { "AF_NETLINK", AF_NETLINK }, { "AF_PACKET", AF_PACKET }, { "AF_ALG", AF_ALG },
		 { "AF_VSOCK", AF_VSOCK } };

/* Some calls are allowed with some arguments only: here they are open with all. */
static int put_calls(const struct policy *policy, const struct bundle *bundle, struct arena *arena,
		     struct strbuf *out)
{
	const char *name = bundle->calls.p;
	size_t start = 0;

	for (size_t nr = 0; nr < bundle->n_calls; nr++, name += strlen(name) + 1) {
		struct cubes cubes = { 0 };
		int r = *name ? cubes_of_call(policy, name, arena, &cubes) : 0;

		if (r < 0)
			return r;
		for (size_t i = 0; *name && filter_always[i]; i++)
			cubes.n += strcmp(filter_always[i], name) == 0;
		if (cubes.n == 0)
			continue;
		if (start == 0 || out->len - start > LINE_MAX_BYTES) {
			strbuf_puts(out, start ? "\nSystemCallFilter=" : "SystemCallFilter=");
			start = out->len;
		} else {
			strbuf_putc(out, ' ');
		}
		strbuf_puts(out, name);
	}
	strbuf_putc(out, '\n');
	return 0;
}

static void put_families(const struct bundle *bundle, struct strbuf *out)
{
	bool any = false;

	strbuf_puts(out, "RestrictAddressFamilies=");
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (!lsm_allows_call(bundle, "socket", families[i].value, SOCK_STREAM) &&
		    !lsm_allows_call(bundle, "socket", families[i].value, SOCK_DGRAM))
			continue;
		strbuf_addf(out, "%s%s", any ? " " : "", families[i].name);
		any = true;
	}
	strbuf_puts(out, any ? "\n" : "none\n");
}

static void put_path(const char *key, const char *path, struct strbuf *out)
{
	/* Quotes and percent signs mean something there. */
	strbuf_addf(out, "%s=\"-", key);
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			strbuf_putc(out, '\\');
		if (*path == '%')
			strbuf_putc(out, '%');
		strbuf_putc(out, *path);
	}
	strbuf_puts(out, "\"\n");
}

static void put_files(const struct bundle *bundle, struct strbuf *out)
{
	strbuf_puts(out,
		    "ProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\nPrivateDevices=yes\n");
	for (size_t i = 0; i < bundle->n_files; i++) {
		const struct bundle_file *f = &bundle->files[i];

		if (f->access & FILE_DENY)
			put_path("InaccessiblePaths", f->path, out);
		else if ((f->access & FILE_WRITE) && strcmp(f->path, "/") != 0)
			put_path("ReadWritePaths", f->path, out);
	}
}

static void put_limits(const struct limits *l, struct strbuf *out)
{
	const struct {
		uint32_t bit;
		const char *key;
		uint64_t value;
		const char *unit;
	} rows[] = {
		{ LIMIT_MEMORY, "MemoryMax", l->memory, "" },
		{ LIMIT_PIDS, "TasksMax", l->pids, "" },
		{ LIMIT_CPUS, "CPUQuota", l->cpus_milli / 10, "%" },
		{ LIMIT_WALL, "RuntimeMaxSec", l->wall_ms, "ms" },
		{ LIMIT_NOFILE, "LimitNOFILE", l->nofile, "" },
		{ LIMIT_FSIZE, "LimitFSIZE", l->fsize, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (l->set & rows[i].bit)
			strbuf_addf(out, "%s=%llu%s\n", rows[i].key,
				    (unsigned long long)rows[i].value, rows[i].unit);
	}
	if (l->set & LIMIT_IO)
		strbuf_addf(out, "IOReadBandwidthMax=/ %llu\nIOWriteBandwidthMax=/ %llu\n",
			    (unsigned long long)l->io, (unsigned long long)l->io);
}

/* systemd.resource-control(5): addresses without ports, and what may be bound. */
static void put_addresses(const struct net_table *net, struct strbuf *out)
{
	if (!net->stated)
		return;
	strbuf_puts(out, "IPAddressDeny=any\nSocketBindDeny=any\n");
	for (size_t i = 0; i < net->n; i++) {
		const struct net_rule *rule = &net->rules[i];
		bool any = rule->to.host == NET_ANY;

		if (rule->verb != NET_CONNECT || (!any && rule->to.host != NET_PREFIX))
			continue;
		strbuf_puts(out, any ? "IPAddressAllow=any" : "IPAddressAllow=");
		if (!any) {
			address_print(&rule->to.prefix, out);
			strbuf_addf(out, "/%u", rule->to.bits);
		}
		strbuf_putc(out, '\n');
	}
	for (size_t i = 0; i < net->n; i++) {
		const struct net_rule *rule = &net->rules[i];

		for (unsigned bit = NET_TCP; bit <= NET_UDP; bit <<= 1) {
			uint16_t low;
			uint16_t high;

			net_target_ports(&rule->to, &low, &high);
			if (rule->verb == NET_LISTEN && rule->protocols & bit)
				strbuf_addf(out, "SocketBindAllow=%s:%u-%u\n",
					    net_protocols_name(bit), low ? low : 1U, high);
		}
	}
}

int to_systemd(const struct policy *policy, const struct bundle *bundle, struct arena *arena,
	       struct strbuf *out, struct err *err)
{
	int otherwise = policy->otherwise_error ? policy->otherwise_error : EPERM;
	int r;

	strbuf_addf(
		out,
		"# %s, as far as systemd can hold it: immure policy targets says what is lost\n[Service]\n",
		policy->name);
	strbuf_puts(out, "NoNewPrivileges=yes\nCapabilityBoundingSet=\nAmbientCapabilities=\n"
			 "SystemCallArchitectures=native\nRestrictNamespaces=yes\n"
			 "RestrictSUIDSGID=yes\nKeyringMode=private\nPrivateIPC=yes\n");
	strbuf_addf(out, "SystemCallErrorNumber=%s\n", errno_name(otherwise));
	r = put_calls(policy, bundle, arena, out);
	if (r < 0)
		return err_set(err, -r, "the conditions are too many for this target");
	put_families(bundle, out);
	put_files(bundle, out);
	put_addresses(&policy->net, out);
	put_limits(&policy->limits, out);
	return out->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

int to_network(const struct policy *policy, const struct bundle *bundle, struct strbuf *out,
	       struct err *err)
{
	static const struct {
		const char *name;
		uint32_t value;
	} types[] = { { "SOCK_STREAM", SOCK_STREAM },
		      { "SOCK_DGRAM", SOCK_DGRAM },
		      { "SOCK_RAW", SOCK_RAW },
		      { "SOCK_SEQPACKET", SOCK_SEQPACKET } };

	strbuf_addf(
		out,
		"# %s: the table of a private network, and the sockets that the filter lets through:\n",
		policy->name);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		for (size_t k = 0; k < ARRAY_LEN(types); k++) {
			if (lsm_allows_call(bundle, "socket", families[i].value, types[k].value))
				strbuf_addf(out, "#   %s %s\n", families[i].name, types[k].name);
		}
	}
	return to_nft(&policy->net, NULL, 0, NFT_LOG, out, err);
}
