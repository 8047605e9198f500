/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RECORD_H
#define IMMURE_AUDIT_RECORD_H

/*
 * One event as plain data, whichever collector saw it, and its JSON form. What is not known is
 * absent: a NULL or empty text, or a number whose bit in `has` is not set.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/jsonw.h"
#include "base/text.h"

enum record_kind {
	RECORD_START,      /* first record of a run */
	RECORD_SEALED,     /* last record of a run */
	RECORD_ROTATED,    /* last record of a segment: the next one follows */
	RECORD_LOST,       /* events that are not in the log: source, count */
	RECORD_DENIED,     /* a call that was refused */
	RECORD_FORK,       /* a new task: pid is the parent, target the child */
	RECORD_EXEC,       /* path and argv as the kernel took them */
	RECORD_EXIT,       /* of a process: ret is the wait status */
	RECORD_OPEN,       /* path, dev, ino; flags are those of open(2) */
	RECORD_CONNECT,    /* remote */
	RECORD_BIND,       /* local */
	RECORD_LISTEN,     /* local */
	RECORD_ACCEPT,     /* local, remote */
	RECORD_FLOW,       /* a connection that ended, or datagrams: bytes_in, bytes_out */
	RECORD_DNS,        /* name that was asked for */
	RECORD_SIGNAL,     /* target, flags is the signal */
	RECORD_PTRACE,     /* target */
	RECORD_MOUNT,      /* path is the target */
	RECORD_NAMESPACE,  /* setns, unshare, clone with new namespaces */
	RECORD_KERNEL,     /* bpf, keyctl, modules, io_uring and their like: call */
	RECORD_SYSCALL,    /* any other call */
	RECORD_COUNTS,     /* how often a call was made: call, nr, count */
	RECORD_WOULD_DENY, /* mode audit: a rule refuses it, and it went on */
	RECORD_ENTER,      /* somebody started a program in a running sandbox: uid, argv, flags: its
			    * capabilities */
	RECORD_CALLS,      /* many calls of one task: calls */
	RECORD_LIFE,       /* of a detached run: restarted, paused, its health: what */
	RECORD_KIND_COUNT
};

enum record_source {
	SOURCE_SUPERVISOR,
	SOURCE_NOTIFY, /* seccomp user notification, no privilege */
	SOURCE_BPF,
	RECORD_SOURCE_COUNT
};

/* Who held the bytes of a text when it was copied. Only the kernel's are evidence. */
enum record_trust {
	TRUST_KERNEL,
	TRUST_USER, /* the workload's memory: it may have held something else a moment before */
	TRUST_UNREADABLE, /* it could not be read; there is no text */
};

enum record_has {
	HAS_SOURCE_SEQ = 1 << 0,
	HAS_AT = 1 << 1,
	HAS_PID = 1 << 2,
	HAS_TID = 1 << 3,
	HAS_PPID = 1 << 4,
	HAS_UID = 1 << 5,
	HAS_CALL = 1 << 6, /* nr and args */
	HAS_RET = 1 << 7,
	HAS_ERROR = 1 << 8,
	HAS_COUNT = 1 << 9,
	HAS_FILE = 1 << 10, /* dev and ino */
	HAS_FLAGS = 1 << 11,
	HAS_BYTES = 1 << 12, /* bytes_in and bytes_out */
	HAS_TARGET = 1 << 13,
	HAS_RULE = 1 << 14, /* the policy is known: rule, or that there is none */
};

struct record_text {
	struct span text; /* any bytes; p is NULL where there is none and trust does not say why */
	enum record_trust trust;
};

/* One end of a socket. family is AF_*, 0: none. */
struct record_peer {
	uint16_t family;
	uint16_t port;       /* host order; AF_INET, AF_INET6 */
	uint8_t address[16]; /* the first 4 for AF_INET */
	struct span path;    /* AF_UNIX; an abstract one begins with a NUL byte */
};

struct record_process {
	uint32_t pid;
	char comm[64];
};

#define RECORD_LINEAGE_MAX 16

struct record {
	enum record_kind kind;
	enum record_source source;
	uint32_t has;                 /* enum record_has */
	uint64_t source_seq;          /* as the collector counts, gaps included */
	uint64_t at_ns;               /* CLOCK_BOOTTIME, when the kernel saw it */
	uint32_t pid, tid, ppid, uid; /* as the host numbers them */
	struct span comm;
	const char *call;  /* name of the call, or NULL */
	struct span calls; /* CALLS: elements of a JSON array, see audit/batch.h */
	uint64_t n_calls;
	int32_t nr;
	bool ia32; /* nr is one of the 32-bit table */
	uint64_t args[6];
	int64_t ret;
	int32_t error;     /* positive errno */
	const char *layer; /* which one refused, or NULL */
	uint64_t count;    /* how often so far, this one included */
	struct record_text path, name;
	struct record_text argv; /* each argument followed by a NUL byte */
	uint64_t dev, ino;
	uint64_t flags;
	struct record_peer local, remote;
	const char *protocol; /* "tcp", "udp", "unix", or NULL */
	uint64_t bytes_in, bytes_out;
	uint32_t target;       /* pid */
	struct span text;      /* the call in words, for people */
	bool user_memory;      /* text holds what the workload's memory held */
	const char *rule_file; /* HAS_RULE: NULL if no rule matches */
	uint32_t rule_line;
	const char *rule_text;
	size_t n_lineage; /* caller first */
	struct record_process lineage[RECORD_LINEAGE_MAX];
};

/* "denied", "exec"...; never NULL. */
const char *record_kind_name(enum record_kind kind);
/* The kind of that name, or -1. */
int record_kind_find(const char *name);
/* "supervisor", "notify", "bpf". */
const char *record_source_name(enum record_source source);

/*
 * Append the members that are there, keys in byte order, without braces and without "kind", which
 * the chain writes itself.
 */
void record_members(const struct record *record, struct strbuf *out);

/* "10.1.2.3:80", "[::1]:80", "unix:/run/x", "unix:@name"; nothing for family 0. */
void record_peer_text(const struct record_peer *peer, struct strbuf *out);

/*
 * The two halves of such a text, if it is of the network.
 *
 *   ret_host  within text, without brackets; whether it is an address is not looked at
 */
bool record_peer_split(const char *text, struct span *ret_host, uint16_t *ret_port);

#endif
