/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_H
#define IMMURE_POLICIES_POLICY_H

/* The model: what a policy says, as plain data. All of it lives in one arena. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/text.h"
#include "policies/call_weights.h"
#include "policies/net_rule.h"

/* Where a rule was written. Kept to the end: why, lint, ledger and audit point there. */
struct where {
	const char *file; /* as the user named it, or "builtin/default" */
	uint32_t line;    /* from 1 */
	uint32_t col;     /* from 1, in bytes */
};

/* What every rule carries. */
struct rule {
	struct where where;
	const char *text; /* the rule as written, without its comment */
	const char *why;  /* from "# why: ...", or NULL */
};

/* A condition on the arguments of a call, as a tree. Integers are compared on their low 32 bits. */
enum cond_kind {
	COND_EQ,   /* arg == value[0] */
	COND_LT,   /* arg < value[0], unsigned */
	COND_IN,   /* arg equal to one of values */
	COND_HAS,  /* all bits of value[0] set */
	COND_ONLY, /* no bit outside value[0] set */
	COND_AND,  /* left and right */
	COND_OR,
	COND_NOT, /* not left */
};

struct cond {
	enum cond_kind kind;
	uint8_t arg; /* 0..5 */
	uint32_t n_values;
	const uint32_t *values;
	const struct cond *left, *right;
};

/* Does it hold for these arguments? Pure. */
bool cond_holds(const struct cond *cond, const uint64_t args[6]);

struct syscall_rule {
	struct rule rule;
	bool allow;
	bool quiet; /* a refusal is answered by the filter itself and not recorded */
	int error;  /* positive errno for a deny; 0: what "otherwise" says */
	size_t n_names;
	const char *const *names; /* groups and families already expanded; sorted, unique */
	const struct cond *cond;  /* NULL: whatever the arguments */
};

/* Words of letters, digits, '_', '.', '-' with '/' between. */
bool policy_name_is_valid(const char *name);

/* Does the rule name this call? */
bool syscall_rule_names(const struct syscall_rule *rule, const char *call);

enum file_access {
	FILE_READ = 1,
	FILE_WRITE = 2,
	FILE_EXEC = 4,
	FILE_DENY = 8,
	FILE_LIST = 16 /* names of a folder and of those below it; who may read may list */
};

struct file_rule {
	struct rule rule;
	unsigned access;  /* one or more of enum file_access; FILE_DENY stands alone */
	const char *path; /* clean and absolute, as seen inside the sandbox */
	bool tree;        /* "/usr/" with two stars: the directory and all below it */
};

/* Limits; a field is set if its bit is in `set`. */
enum limit_bit {
	LIMIT_MEMORY = 1 << 0,
	LIMIT_PIDS = 1 << 1,
	LIMIT_CPUS = 1 << 2,
	LIMIT_WALL = 1 << 3,
	LIMIT_NOFILE = 1 << 4,
	LIMIT_TMP = 1 << 5,
	LIMIT_FSIZE = 1 << 6,
	LIMIT_IO = 1 << 7,
};

struct limits {
	uint32_t set;
	uint64_t memory;     /* bytes */
	uint64_t pids;       /* tasks */
	uint64_t cpus_milli; /* thousandths of a processor */
	uint64_t wall_ms;
	uint64_t nofile; /* descriptors per process */
	uint64_t tmp;    /* bytes of each private tmpfs */
	uint64_t fsize;  /* bytes of one file */
	uint64_t io;     /* bytes a second, read from and written to each disk */
};

#define LIMIT_COUNT 8

/* The name of a limit ("memory") and its field, by the number of its bit. */
const char *limit_name(int bit);
uint64_t limit_value(const struct limits *limits, int bit);
void limit_set(struct limits *limits, int bit, uint64_t value);

/*
 * Read one limit of the command line or of a policy ("memory", "512MiB").
 *
 *   limits        the field and its bit are set on success
 *   ret_expected  what would be right, for the message
 *
 * Returns   the number of its bit, -EINVAL (not such a value), -ENOENT (no such limit).
 */
must_check int limit_parse(const char *key, struct span text, struct limits *limits,
			   const char **ret_expected);

/* "memory" for bit 0 of enum limit_bit, and so on. */
const char *limit_key(size_t bit);

/* The layers, in the order in which ledgers list them. */
enum layer {
	LAYER_USERNS,
	LAYER_MOUNTS,
	LAYER_SECCOMP,
	LAYER_CAPABILITIES,
	LAYER_NSLIMITS, /* user.max_*_namespaces = 0 */
	LAYER_LANDLOCK,
	LAYER_CGROUP,
	LAYER_RLIMITS,
	LAYER_NETNS,
	LAYER_APPARMOR,
	LAYER_SELINUX,
	LAYER_BPF, /* by immure-tracerd, for who asks for it */
	LAYER_COUNT,
};
/* "userns", "landlock"...; never NULL for a valid layer. */
const char *layer_name(enum layer layer);
/* Returns the layer, or -1. Accepts the aliases of policy(5): files = landlock, network = netns. */
int layer_find(const char *name);

/* What `audit: record:` can ask for. */
enum recording {
	RECORDING_DENIED,   /* refused calls: always recorded */
	RECORDING_EXEC,     /* programs that begin */
	RECORDING_FLOW,     /* connections, listeners, datagrams, names asked for */
	RECORDING_SECURITY, /* signals, ptrace, mounts, namespaces, keys, ... */
	RECORDING_WRITE,    /* files that are written, made, removed, renamed */
	RECORDING_READ,     /* every file that is opened */
	RECORDING_TASKS,    /* processes and threads that are made and end */
	RECORDING_ALL,      /* every call */
	RECORDING_COUNT,
};
/* "denied", "exec"...; never NULL for a valid one. */
const char *recording_name(enum recording recording);
/* Returns the recording, or -1. */
int recording_find(const char *name);

/* "expect allow|deny ...": what the policy must say; checked whenever it is compiled. */
struct policy_test {
	struct rule rule;
	bool allow;
	const char *call; /* a system call, or NULL */
	size_t n_args;    /* what is said of its arguments; the others may be anything */
	uint8_t args[6];
	uint32_t values[6];
	const char *path; /* or a path, and how it is opened */
	unsigned access;  /* enum file_access bits */
	/* Or, if protocols is set, a target and what is done there: NET_CONNECT or NET_LISTEN. */
	unsigned protocols;
	enum net_verb verb;
	struct net_target to;
};

/* A finding that somebody answers for until a day: of policy lint, or a control of audit check. */
struct policy_waiver {
	struct rule rule;
	const char *id;
	const char *until; /* YYYY-MM-DD, a day of the calendar */
	const char *by;
	const char *why;
};

struct identity {
	bool has_user;
	uint32_t uid, gid; /* inside */
};

/* A file or builtin that went into a policy. */
struct policy_source {
	const char *name; /* as in `extends`, or the path */
	const char *path; /* absolute path on disk, NULL for a builtin */
	struct digest digest;
};

struct policy {
	const char *name;
	struct identity identity;
	bool has_identity;
	struct limits limits;
	struct where limit_where[LIMIT_COUNT]; /* by bit number of enum limit_bit */
	uint32_t require;                      /* bits 1 << enum layer */
	struct where require_where[LAYER_COUNT];
	uint32_t record; /* bits 1 << enum recording */
	bool loss_fails; /* audit: on-loss: fail */
	bool audit_only; /* mode: audit; of the policy itself */
	struct where mode_where;
	uint64_t calls_seen[CALL_WEIGHTS]; /* by the runs it was learned from; else 0 */
	int otherwise_error;               /* 0: not said */
	int unknown_error;                 /* 0: not said */

	size_t n_sources;
	struct policy_source *sources;
	size_t n_extends;
	const char **extends;
	struct where *extends_where;
	size_t n_syscalls, cap_syscalls;
	struct syscall_rule *syscalls;
	size_t n_files, cap_files;
	struct file_rule *files;
	struct net_table net;
	/* Of the policy itself, not of what it extends. */
	size_t n_tests, cap_tests;
	struct policy_test *tests;
	size_t n_waivers, cap_waivers;
	struct policy_waiver *waivers;
};

/* What is wrong with a policy: all of it, not just the first. */
struct diag {
	struct where where;
	const char *text; /* what is wrong; what was expected */
};

struct diags {
	struct arena *arena; /* borrowed; owns the texts */
	size_t n, cap;
	struct diag *items;
	bool out_of_memory;
};

/* Add one; out of memory is remembered in diags and makes the reading fail. */
void diags_add(struct diags *diags, struct where where, const char *format, ...) printf_like(3, 4);
/* By file, line, column. */
void diags_sort(struct diags *diags);

#endif
