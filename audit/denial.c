/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/denial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policies/bpf_eval.h"
#include "policies/syscall_args.h"

#define PATH_SHOWN 512
#define PAGE 4096

void denial_decide(const struct bundle *bundle, const struct seccomp_data *data, struct denial *ret)
{
	uint32_t leaf = bpf_eval(bundle->explain, bundle->n_explain, data);
	const char *name = bundle_call_name(bundle, data->nr);

	*ret = (struct denial){ .call = name,
				.rule = EXPLAIN_RULE(leaf),
				.error = EXPLAIN_ERRNO(leaf),
				.allowed = EXPLAIN_ACTION(leaf) == VERDICT_ALLOW ||
					   EXPLAIN_ACTION(leaf) == VERDICT_LOOK,
				.audited = EXPLAIN_ACTION(leaf) == VERDICT_AUDIT,
				.look = EXPLAIN_ACTION(leaf) == VERDICT_LOOK,
				.killed = EXPLAIN_ACTION(leaf) == VERDICT_KILL };
	if (ret->rule >= bundle->n_rules)
		ret->rule = BUNDLE_NO_RULE;
	/* An answer of 0 would tell the workload that its call was done. */
	if (ret->error == 0)
		ret->error = EPERM;
	if (*name == '\0') {
		snprintf(ret->number, sizeof(ret->number), "#%d", data->nr);
		ret->call = ret->number;
	}
}

struct printer {
	pid_t pid;
	denial_read_fn read;
	void *read_data;
	struct strbuf *out;
};

/* Up to a page border at a time, so that one unreadable page does not hide what stands before it.
 */
static void put_string(const struct printer *p, uint64_t address)
{
	char text[PATH_SHOWN];
	size_t got = 0;

	if (address == 0) {
		strbuf_puts(p->out, "NULL");
		return;
	}
	while (got < sizeof(text)) {
		size_t want = PAGE - (address + got) % PAGE;
		ssize_t n;

		if (want > sizeof(text) - got)
			want = sizeof(text) - got;
		n = p->read(p->read_data, p->pid, address + got, text + got, want);
		if (n <= 0)
			break;
		got += (size_t)n;
		if (memchr(text + got - n, '\0', (size_t)n))
			break;
	}
	if (got == 0) {
		strbuf_puts(p->out, "unreadable");
		return;
	}
	strbuf_putc(p->out, '"');
	strbuf_escaped(p->out, text, strnlen(text, got));
	strbuf_puts(p->out, strnlen(text, got) == sizeof(text) ? "\"..." : "\"");
}

static void put_sockaddr(const struct printer *p, uint64_t address, uint64_t length)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} sa = { 0 };
	char text[INET6_ADDRSTRLEN];
	size_t want = length < sizeof(sa) ? (size_t)length : sizeof(sa);
	ssize_t n = want > 0 ? p->read(p->read_data, p->pid, address, &sa, want) : -EFAULT;

	if (n < (ssize_t)sizeof(sa.any.sa_family)) {
		strbuf_puts(p->out, "unreadable");
	} else if (sa.any.sa_family == AF_INET && n >= (ssize_t)sizeof(sa.in)) {
		inet_ntop(AF_INET, &sa.in.sin_addr, text, sizeof(text));
		strbuf_addf(p->out, "%s:%u", text, ntohs(sa.in.sin_port));
	} else if (sa.any.sa_family == AF_INET6 && n >= (ssize_t)sizeof(sa.in6)) {
		inet_ntop(AF_INET6, &sa.in6.sin6_addr, text, sizeof(text));
		strbuf_addf(p->out, "[%s]:%u", text, ntohs(sa.in6.sin6_port));
	} else if (sa.any.sa_family == AF_UNIX) {
		size_t path = (size_t)n - sizeof(sa.any.sa_family);
		bool abstract = path > 0 && sa.un.sun_path[0] == '\0';

		strbuf_puts(p->out, abstract ? "unix:@" : "unix:");
		strbuf_escaped(p->out, sa.un.sun_path + abstract,
			       abstract ? path - 1 : strnlen(sa.un.sun_path, path));
	} else {
		strbuf_addf(p->out, "family %u", sa.any.sa_family);
	}
}

/*
 * Named bits, the rest in hexadecimal. The access mode of open(2) and the type of socket(2) are
 * values in the low bits.
 */
static void put_flags(const struct printer *p, struct span set, uint32_t value)
{
	uint32_t low = span_eq(set, "open") ? O_ACCMODE : span_eq(set, "type") ? 0xf : 0;
	struct span low_name = low ? constant_name(set, value & low) : (struct span){ "", 0 };
	bool first = low_name.n == 0;

	if (!first) {
		strbuf_span(p->out, low_name);
		value &= ~low;
	}
	for (int bit = 0; bit < 32; bit++) {
		uint32_t mask = 1U << bit;
		struct span name = value & mask ? constant_name(set, mask) : (struct span){ "", 0 };

		if (name.n == 0)
			continue;
		strbuf_puts(p->out, first ? "" : "|");
		strbuf_span(p->out, name);
		value &= ~mask;
		first = false;
	}
	if (value || first)
		strbuf_addf(p->out, "%s0x%x", first ? "" : "|", value);
}

static void put_arg(const struct printer *p, const struct arg_info *info,
		    const struct seccomp_data *data, int i)
{
	uint64_t v = data->args[i];
	struct span name = { "", 0 };

	switch (info->kind) {
	case ARG_INT:
		strbuf_addf(p->out, "%d", (int)v);
		break;
	case ARG_FD:
		if ((int)v == AT_FDCWD)
			strbuf_puts(p->out, "AT_FDCWD");
		else
			strbuf_addf(p->out, "%d", (int)v);
		break;
	case ARG_PATH:
		put_string(p, v);
		break;
	case ARG_SOCKADDR:
		put_sockaddr(p, v, i < 5 ? data->args[i + 1] : 0);
		break;
	case ARG_MODE:
		strbuf_addf(p->out, "0%o", (unsigned)v);
		break;
	case ARG_FLAGS:
		put_flags(p, info->names, (uint32_t)v);
		break;
	case ARG_ENUM:
		name = constant_name(info->names, (uint32_t)v);
		if (name.n > 0)
			strbuf_span(p->out, name);
		else
			strbuf_addf(p->out, "0x%x", (unsigned)v);
		break;
	case ARG_HEX:
	case ARG_POINTER:
		strbuf_addf(p->out, "0x%llx", (unsigned long long)v);
		break;
	}
}

void denial_text(const struct denial *denial, const struct seccomp_data *data, pid_t pid,
		 denial_read_fn read, void *read_data, struct strbuf *out)
{
	struct printer p = { .pid = pid, .read = read, .read_data = read_data, .out = out };
	struct arg_info args[6];
	int n = syscall_args_find(denial->call, args);

	strbuf_puts(out, denial->call);
	strbuf_putc(out, '(');
	for (int i = 0; i < (n < 0 ? 6 : n); i++) {
		strbuf_puts(out, i > 0 ? ", " : "");
		if (n < 0) {
			strbuf_addf(out, "0x%llx", (unsigned long long)data->args[i]);
			continue;
		}
		strbuf_span(out, args[i].name);
		strbuf_putc(out, '=');
		put_arg(&p, &args[i], data, i);
	}
	strbuf_putc(out, ')');
}

static bool is_power_of_ten(uint64_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

bool denial_is_told(uint64_t n)
{
	return n <= DENIAL_FIRST || is_power_of_ten(n);
}

static uint64_t count(struct denial_table *table, pid_t pid, int call, uint16_t rule, uint32_t what)
{
	uint16_t number = call < 0 || call >= UINT16_MAX ? UINT16_MAX : (uint16_t)call;
	size_t at = ((size_t)pid * 31 + number + what) % DENIAL_SLOTS;

	for (size_t i = 0; i < DENIAL_SLOTS; i++) {
		struct denial_count *slot = &table->slots[(at + i) % DENIAL_SLOTS];

		if (slot->n > 0 && (slot->pid != pid || slot->call != number ||
				    slot->rule != rule || slot->what != what))
			continue;
		slot->pid = pid;
		slot->call = number;
		slot->rule = rule;
		slot->what = what;
		slot->n++;
		if (!denial_is_told(slot->n))
			return 0;
		table->recorded++;
		return slot->n;
	}
	table->overflow++;
	return 0;
}

uint64_t denial_count(struct denial_table *table, pid_t pid, int call, uint16_t rule)
{
	table->total++;
	return count(table, pid, call, rule, 0);
}

uint64_t denial_count_audited(struct denial_table *table, pid_t pid, int call, uint16_t rule,
			      const char *path)
{
	uint32_t what = 2166136261U; /* FNV-1a */

	table->audited++;
	for (const char *p = path; p && *p; p++)
		what = (what ^ (unsigned char)*p) * 16777619U;
	return count(table, pid, call, rule, path ? what : 0);
}
