/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_EVENTS_H
#define IMMURE_BPF_EVENTS_H

/*
 * What crosses from the kernel to us. Compiled on both sides: fixed widths, little-endian as the
 * machine is, sizes asserted. A change of any layout changes TRACER_VERSION.
 */

#include <linux/types.h>

#define TRACER_VERSION 7
#define TRACER_CALLS 512 /* numbers of calls are below this; others are counted as `other` */
#define TRACER_SLOTS 256 /* sandboxes at a time */
#define TRACER_TEXT 1024 /* bytes of one tail at most, a power of two */
#define TRACER_COMM 16
#define TRACER_BATCH_CALLS 32
#define TRACER_GUARD_PATH 248 /* bytes of a path that a rule can tell apart */
#define TRACER_GUARD_RULES 1024
#define TRACER_FAMILIES 64   /* of sockets; the types of each are below 8 */
#define TRACER_PROTOCOLS 512 /* multipath TCP is 262 */
#define TRACER_OPTIONS 128   /* of prctl(2) */
#define TRACER_OPTIONS_MORE 4
#define TRACER_REQUESTS 64 /* of ioctl(2) */

enum tracer_type {
	TRACER_SYSCALL = 1, /* a call that came back */
	TRACER_DENIED,      /* a call that was refused before it was dispatched */
	TRACER_KILLED,      /* a task that the filter killed: nr and args of its last call */
	TRACER_EXEC,        /* first: path of the program, second: name as given, then argv */
	TRACER_FORK,        /* args: new tid, new tgid, clone flags */
	TRACER_EXIT,        /* of a task: ret is the wait status */
	TRACER_TCP,         /* args: old state, new state, bytes sent, bytes received */
	TRACER_DATAGRAM,    /* first datagram of its kind to that address; args[0]: its length */
	TRACER_DNS,         /* first: struct tracer_socket, second: the query */
	TRACER_RING,        /* io_uring took an operation: args[0] is its number */
	TRACER_GUARDED,     /* refused by us: args[0] is enum tracer_guard, args[1] of what */
	TRACER_BATCH,       /* first: struct tracer_return of args[0] calls; seq is the first's */
	TRACER_TYPE_END
};

enum tracer_flag {
	TRACER_IA32 = 1 << 0,       /* nr is of the 32-bit table */
	TRACER_CUT = 1 << 1,        /* a tail is longer than what is here */
	TRACER_UNREADABLE = 1 << 2, /* user memory could not be read: that tail is empty */
	TRACER_PATH = 1 << 3,       /* first: names from leaf to root, each followed by NUL */
	TRACER_TUPLE = 1 << 4,      /* first: struct tracer_socket, the kernel's copy */
	TRACER_USER = 1 << 5,       /* second (and first, unless PATH or TUPLE): user memory */
	TRACER_FILE = 1 << 6,       /* dev and ino are those of the file */
	TRACER_LEADER = 1 << 7,     /* EXIT: the last task of its process */
	TRACER_ARGV_CUT =
		1 << 8, /* EXEC: argv is longer than what is here; the path may be whole */
};

/* The kernel's copy of a socket's two ends. */
struct tracer_socket {
	__u16 family; /* AF_* */
	__u16 protocol;
	__u16 local_port, remote_port; /* host order */
	__u8 local[16], remote[16];    /* the first 4 for AF_INET */
};

/* Followed by first_len and then second_len bytes. */
struct tracer_event {
	__u64 seq; /* in its sandbox, from 0; taken before output, so a gap is a loss */
	__u64 ns;  /* CLOCK_BOOTTIME */
	__u32 pid, tid, ppid, uid;
	__u16 type;  /* enum tracer_type */
	__u16 flags; /* enum tracer_flag */
	__s32 nr;    /* of the call, or -1 */
	__s64 ret;
	__u64 args[6]; /* of a call whose file was found: the last, which it has not, its flags */
	__u64 ino;
	__u32 dev; /* as the kernel has it: major << 20 | minor */
	__u16 first_len, second_len;
	char comm[TRACER_COMM];
};

/*
 * A call that came back, of a TRACER_BATCH. The kernel's clock is read at the first one, and again
 * for the first one after each of its ticks: those between have the time of the one before.
 */
struct tracer_return {
	__u16 nr;
	__u16 zero;
	__u32 after; /* ns since the event's */
	__s64 ret;
	__u64 args[6];
};

/*
 * One page group per sandbox, mapped read-only by whoever owns the sandbox. Written by the
 * programs only; exact at any moment at which no task of the sandbox runs.
 */
struct tracer_stats {
	__u64 seq;     /* events that should have come out, written or not */
	__u64 dropped; /* of them, those that found the ring full */
	__u64 lost;    /* tasks that could not be marked: the sandbox must be ended */
	__u64 alive;   /* marked tasks that have not ended */
	__u64 tasks;   /* marked tasks ever */
	__u64 calls;   /* sum of counts, ia32 and other: all only with WANT_ALL or WANT_DENIED */
	__u64 denied;
	__u64 other; /* calls with a number out of range, x32 among them */
	__u64 sent, received;
	__u64 rings; /* operations that io_uring took: they are invisible as calls */
	__u64 spare[5];
	__u64 counts[TRACER_CALLS];
	__u64 denied_counts[TRACER_CALLS];
	__u64 ia32_counts[TRACER_CALLS];
};

/* What one sandbox's events are. */
enum tracer_want {
	TRACER_WANT_DENIED = 1 << 0,
	TRACER_WANT_TASKS = 1 << 1, /* FORK and EXIT */
	TRACER_WANT_EXEC = 1 << 2,
	TRACER_WANT_FLOWS = 1 << 3,      /* TCP, DATAGRAM, DNS */
	TRACER_WANT_READ_OPENS = 1 << 4, /* opens that neither write nor create */
	TRACER_WANT_ALL = 1 << 5,        /* every call, whatever the mask */
	TRACER_WANT_GUARD = 1 << 6,      /* refuse namespaces, and signals and ptrace to others */
	TRACER_WANT_LOCAL = 1 << 7,      /* refuse to connect to other machines */
	TRACER_WANT_PATHS = 1 << 8,      /* refuse to open what no rule of the slot names */
	TRACER_WANT_CALLS = 1 << 9,      /* refuse what was reached by a call that is not granted */
	TRACER_WANT_RETURNS = 1 << 10,   /* some calls: they are seen where all return */
	TRACER_WANT_HOOKS = 1 << 11,     /* instead: each is seen where it alone returns */
	TRACER_WANT_NATIVE = 1 << 12,    /* not calls of 32 bits, which nobody survives */
};

#define TRACER_WANT_GUARDS \
	(TRACER_WANT_GUARD | TRACER_WANT_LOCAL | TRACER_WANT_PATHS | TRACER_WANT_CALLS)

/* What was refused, where the kernel lets programs refuse (BPF LSM). */
enum tracer_guard {
	TRACER_GUARD_OPEN = 1, /* args[1]: enum tracer_access; first: the path, not walked */
	TRACER_GUARD_CONNECT,  /* first: struct tracer_socket, its remote end */
	TRACER_GUARD_USERNS,
	TRACER_GUARD_SIGNAL,     /* args[1]: to whom, args[2]: which */
	TRACER_GUARD_PTRACE,     /* args[1]: whom */
	TRACER_GUARD_CALL,       /* nr: the call; args[2]: request, option or mode; 0 for others */
	TRACER_GUARD_SOCKET,     /* nr; args[2]: family << 32 | type << 16 | protocol */
	TRACER_GUARD_CAPABILITY, /* nr; args[2]: which */
};

enum tracer_access {
	TRACER_READ = 1 << 0,
	TRACER_WRITE = 1 << 1,
	TRACER_EXECUTE = 1 << 2,
	TRACER_LIST = 1 << 3, /* to read the names in a folder */
};

/*
 * A rule of a slot: its value is what may be done (enum tracer_access) with all paths that begin
 * so. The longest rule that fits a path counts alone. "/a/" is all below a folder, "/a" with its
 * NUL the folder or file itself.
 */
struct tracer_rule {
	__u32 bits; /* of path that count: 8 for each byte */
	char path[TRACER_GUARD_PATH];
};

/* What a slot's policy grants by number. All zero: nothing. */
struct tracer_grants {
	__u64 calls[TRACER_CALLS / 64];     /* may be granted with some arguments: bit by number */
	__u64 options[TRACER_OPTIONS / 64]; /* of prctl(2) */
	__u8 types[TRACER_FAMILIES];        /* of sockets, by family: bit by type */
	__u8 protocols[TRACER_PROTOCOLS / 8];    /* of AF_INET and AF_INET6 */
	__u32 options_more[TRACER_OPTIONS_MORE]; /* larger ones; 0: none */
	__u32 flags;                             /* enum tracer_grant */
	__u32 n_requests;
	__u32 requests[TRACER_REQUESTS]; /* of ioctl(2) */
};

enum tracer_grant {
	TRACER_GRANT_REQUESTS = 1 << 0, /* every request, or more than fit */
	TRACER_GRANT_SET_IDS = 1 << 1,  /* set-id bits on files */
	TRACER_GRANT_MEMORY = 1 << 2,   /* to execute a file in memory, which has no path */
	TRACER_GRANT_OPTIONS = 1 << 3,  /* every option of prctl(2), or more than fit */
};
#define TRACER_GRANT_FLAGS 0xfU

struct tracer_slot {
	__u64 calls[TRACER_CALLS / 64]; /* bit by number: an event for each such call */
	__u32 want;                     /* enum tracer_want */
	__u32 generation;               /* told apart from what used this slot before; 0: free */
	/* For the daemon, which finds its sandboxes here after a restart. */
	__u32 owner; /* uid of who asked */
	__u32 pid;   /* first task */
	char name[64];
};

/* How the arguments of a call are copied; see the table in calls.c. */
enum tracer_capture {
	TRACER_TAKE_FD = 1 << 0,      /* the result is a descriptor of a file */
	TRACER_TAKE_SOCKET = 1 << 1,  /* args[0] is a socket */
	TRACER_TAKE_ACCEPT = 1 << 2,  /* the result is a socket */
	TRACER_TAKE_ADDRESS = 1 << 3, /* args[first] is a sockaddr, args[first + 1] its length */
	TRACER_TAKE_STRINGS = 1 << 4, /* args[first] and args[second] are paths, 7: none */
	TRACER_TAKE_ALONE = 1 << 5,   /* matters enough for an event of its own: all in the table */
};

struct tracer_call {
	__u8 take;          /* enum tracer_capture */
	__u8 first, second; /* numbers of arguments */
	__u8 open_flags;    /* argument with the flags of open(2), 6: always writes, 7: none */
};

_Static_assert(sizeof(struct tracer_socket) == 40, "layout");
_Static_assert(sizeof(struct tracer_event) == 128, "layout");
_Static_assert(sizeof(struct tracer_return) == 64, "layout");
_Static_assert(TRACER_BATCH_CALLS * sizeof(struct tracer_return) <= 2 * TRACER_TEXT,
	       "as other events");
_Static_assert(sizeof(struct tracer_stats) == 128 + 3 * 8 * TRACER_CALLS, "layout");
_Static_assert(sizeof(struct tracer_slot) == 144, "layout");
_Static_assert(sizeof(struct tracer_call) == 4, "layout");
_Static_assert(sizeof(struct tracer_rule) == 252, "layout");
_Static_assert(sizeof(struct tracer_grants) == 488, "layout");

#define TRACER_EVENT_MAX (sizeof(struct tracer_event) + 2 * TRACER_TEXT)

#endif
