/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_EVIDENCE_H
#define IMMURE_AUDIT_EVIDENCE_H

/*
 * What the kernel says of a sandbox, read by the supervisor from outside: evidence level E3. What
 * could not be read is absent, never assumed.
 */

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "audit/known_digests.h"
#include "base/digest.h"
#include "base/jsonw.h"
#include "base/procfs.h"
#include "base/strbuf.h"
#include "policies/policy.h"

enum evidence_ns {
	NS_USER,
	NS_MNT,
	NS_PID,
	NS_NET,
	NS_IPC,
	NS_UTS,
	NS_CGROUP,
	NS_COUNT
};

/* What went through a rule of the network, or was refused. Borrowed texts. */
struct evidence_counter {
	const char *rule;
	const struct where *where;
	uint64_t packets, bytes;
};

/* Counters of a private network's table, told by the kernel when the sandbox had ended. */
struct evidence_net {
	bool asked;    /* there is such a table */
	bool stated;   /* it holds the rules of a policy, and refuses all else */
	bool complete; /* all counters came */
	size_t n;
	struct evidence_counter *rules;
	struct evidence_counter refused_out, refused_in;
};

enum evidence_exe_state {
	EXE_NONE, /* not known (yet) */
	EXE_READING,
	EXE_DONE, /* the others: there is no digest */
	EXE_UNREADABLE,
	EXE_LARGE,
	EXE_CHANGED,
	EXE_UNFINISHED
};

/* The file that was executed. Its digest is made while the program runs. */
struct evidence_exe {
	const struct known_digests *known; /* of files read before; borrowed, or NULL */
	enum evidence_exe_state state;
	bool named; /* not told by the kernel: the file of that name, opened before execve(2) */
	struct strbuf path; /* seen from inside */
	struct known_file file;
	struct timespec begun; /* CLOCK_REALTIME, when it was begun to be read */
	bool remembered;       /* the digest is one that was made before */
	int fd;                /* while it is read */
	uint64_t done;         /* bytes that were read */
	struct digest_state digesting;
	struct digest digest;
};

struct evidence {
	const struct evidence_net *net; /* borrowed, or NULL */
	bool has_ns[NS_COUNT], own_ns[NS_COUNT];
	uint64_t ns[NS_COUNT]; /* inode of the sandbox's namespace */
	bool has_status;       /* and the filter was on when it was read */
	struct proc_status status;
	struct strbuf uid_map, gid_map; /* as the kernel prints them; empty if not read */
	struct strbuf limits;
	struct strbuf cgroup;
	struct strbuf mountinfo;
	struct strbuf own_cgroup;    /* the supervisor's */
	struct strbuf apparmor;      /* attr/apparmor/current */
	struct strbuf lsm_label;     /* attr/current: SELinux, or the first LSM that answers */
	struct strbuf lsm;           /* the kernel's security modules, in their order */
	struct strbuf interfaces;    /* names, each followed by a newline */
	struct strbuf devices;       /* of /dev inside: "c 1:3 null", each with a newline */
	struct strbuf cgroup_limits; /* "memory.max 1024", each with a newline */
	struct evidence_exe exe;
};

#define cleanup_evidence cleanup(evidence_done)

/* While the child waits, or is on its way: all namespaces but that of the network. */
void evidence_namespaces(pid_t pid, struct evidence *evidence);

/* Once the child is in its network namespace: that, and its interfaces. */
void evidence_network(pid_t pid, struct evidence *evidence);

/*
 * Once the filter is on, or from a zombie not yet reaped: state, ids, limits, cgroup, program. May
 * be called again: what is readable now replaces what was read before.
 *
 * Returns   false if the program has not been executed yet: its file is for another look.
 */
bool evidence_process(pid_t pid, struct evidence *evidence);

/*
 * The program's file, by /proc/PID/exe; begins to read it if it is another than before. Our own
 * file is what the process has until it has executed: that is left for a later look.
 *
 * Returns   false if it has not executed anything yet; true if the file is known now, or cannot be
 *           told: it has ended, or hides it.
 */
bool evidence_exe_read(int proc, struct evidence_exe *exe);

/*
 * What there is of a program that had ended before it was looked at, or that hides its file: what
 * its name led to in its own process just before execve(2). A no-op if the file is known.
 *
 *   file     O_PATH; borrowed; -1: none
 *   changed  its inode, when it was opened: changed since, it tells nothing
 *   path     seen from inside
 */
void evidence_exe_named(int file, const struct timespec *changed, const char *path,
			struct evidence_exe *exe);

/*
 * Read on, at most max bytes (rounded up to 64 KiB).
 *
 * Returns   true if there is more to read.
 */
bool evidence_exe_step(struct evidence_exe *exe, size_t max);

/* Read the rest, unless it is much: then there is no digest, and the evidence says why. */
void evidence_exe_finish(struct evidence_exe *exe);

/* The descriptor that it is read from, or -1. */
int evidence_exe_fd(const struct evidence_exe *exe);

/* Append "exe":{...} with "sha256", or "sha256_absent" and why. */
void evidence_exe_json(const struct evidence_exe *exe, struct jsonw *j);

void evidence_exe_done(struct evidence_exe *exe);

/* Limits and peaks of the sandbox's own cgroup; a no-op if dir is -1. */
void evidence_cgroup(int dir, struct evidence *evidence);

/* From a mountinfo that the child opened after its last mount. Consumes nothing of the descriptor.
 */
void evidence_mounts(int mountinfo, struct evidence *evidence);

/* One JSON object, keys in byte order. */
void evidence_json(const struct evidence *evidence, struct jsonw *j);

void evidence_done(struct evidence *evidence);

#endif
