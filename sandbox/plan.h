/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_SANDBOX_PLAN_H
#define IMMURE_SANDBOX_PLAN_H

/*
 * The plan: everything a launch will do, decided before anything is done. Plain data in one arena;
 * printable, comparable, testable without privilege. confine.c applies it.
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/procfs.h"
#include "policies/bundle.h"
#include "policies/to_nft.h"
#include "sandbox/host.h"

enum root_kind {
	ROOT_HOST,   /* a tmpfs with read-only views of the host's /usr, /etc ... */
	ROOT_DIR,    /* a directory that holds a root file system */
	ROOT_LAYERS, /* an image: directories on top of one another */
};

#define PLAN_MAX_LAYERS 100
#define PLAN_MAX_GROUPS 64

/* One directory of the root. */
struct plan_layer {
	const char *path;  /* absolute, clean */
	uint64_t dev, ino; /* when the plan was made */
};

enum mount_kind {
	MOUNT_BIND,  /* a host path */
	MOUNT_TMPFS, /* private, empty */
	MOUNT_LINK,  /* symbolic link `source` at `target`: only in a root of our own */
	MOUNT_DIR,   /* empty directory: only in a root of our own */
	MOUNT_MASK,  /* hide `target` behind an empty, unreadable file or directory */
	MOUNT_TEXT, /* a read-only file with `source` as its text, where there is a file to cover */
};

enum mount_flag {
	MOUNT_FLAG_RO = 1 << 0,
	MOUNT_FLAG_EXEC = 1 << 1,     /* else noexec where writable */
	MOUNT_FLAG_OPTIONAL = 1 << 2, /* an absent source is skipped */
	MOUNT_FLAG_VOLUME =
		1 << 3, /* asked for by -v, --write, --read: source verified by dev:ino */
	MOUNT_FLAG_IDMAP = 1 << 4,     /* root only: the owner on disk appears as the workload */
	MOUNT_FLAG_NAMED = 1 << 5,     /* a named volume: its source lies in data_dir */
	MOUNT_FLAG_LABEL = 1 << 6,     /* SELinux: label it for all sandboxes ... */
	MOUNT_FLAG_LABEL_OWN = 1 << 7, /* ... or for this one alone */
	MOUNT_FLAG_ANONYMOUS = 1 << 8, /* a volume that a run makes for itself: no source yet */
	MOUNT_FLAG_NOCOPY = 1 << 9,    /* a new volume stays empty, whatever the image has there */
};

struct plan_mount {
	enum mount_kind kind;
	unsigned flags;     /* enum mount_flag */
	const char *source; /* host path, or link text; NULL for tmpfs, dir, mask */
	const char *target; /* clean, absolute, inside */
	uint64_t dev, ino;  /* of a volume's source when the plan was made; 0 otherwise */
	bool is_dir;        /* the source is a directory */
	uint64_t size;      /* tmpfs: bytes */
	uint64_t inodes;    /* tmpfs */
	mode_t mode;        /* tmpfs, dir */
};

enum network_kind {
	NETWORK_NONE,    /* own network namespace, loopback only */
	NETWORK_PRIVATE, /* own network namespace with a way out in user mode: runtime/uplink.h */
	NETWORK_HOST,    /* the host's */
	NETWORK_ENGINE,  /* made by the engine whose container this is */
};

/* Ports that Landlock grants a right for: LANDLOCK_NET bits of policies/landlock_rights.h. */
struct plan_port_rule {
	uint16_t low, high;
	uint64_t rights;
};

/* A port of the host that leads to one inside. */
struct plan_port {
	bool udp;
	const char *address; /* of the host, numeric; never "any" unless it was typed */
	uint16_t outside, inside;
};

enum idmap_how {
	IDMAP_SELF,   /* one id, written by the child itself */
	IDMAP_HELPER, /* a range, by newuidmap and newgidmap */
	IDMAP_ROOT,   /* written by us as root */
};

#define STOP_MS_DEFAULT 10000

/* How the workload is asked to end, before it is killed. */
struct plan_stop {
	int signal;  /* 0: nobody chose one, and signals that we get are passed as they are */
	uint64_t ms; /* until SIGKILL; 0: STOP_MS_DEFAULT, and the time limit kills at once */
};

struct plan_ids {
	enum idmap_how how;
	uint32_t uid, gid; /* of the workload, inside */
	size_t n_uid, n_gid;
	struct proc_idmap uids[3], gids[3];
	bool drop_groups; /* setgroups(0) is possible; else the ledger says that they stay */
};

enum landlock_access_class { /* lowered to access bits by the ABI that is there */
	LANDLOCK_READ = FILE_READ,
	LANDLOCK_WRITE = FILE_WRITE,
	LANDLOCK_EXEC = FILE_EXEC,
	LANDLOCK_LIST = FILE_LIST,
};

struct plan_fsrule {
	unsigned access;  /* FILE_LIST | FILE_READ | FILE_WRITE | FILE_EXEC */
	const char *path; /* inside */
	bool tree;
	bool optional; /* a path that is not there is skipped (builtin rules) */
};

struct plan_rlimit {
	int resource;
	uint64_t value; /* soft and hard */
};

enum ledger_state {
	LEDGER_ENFORCED,
	LEDGER_WEAKENED, /* works, but less than the policy means */
	LEDGER_LOST,     /* not there */
	LEDGER_NA,       /* not applicable, compensated */
};

struct ledger_entry {
	enum layer layer;
	enum ledger_state state;
	bool required; /* by the policy: WEAKENED or LOST stops the launch ... */
	bool degraded; /* ... but --allow-degraded named it */
	const char *text;
	const char *remedy; /* what to do about it, or NULL */
};

/* Below an engine: whose container this is. */
struct plan_engine {
	const char *container; /* its id */
	const char *bundle;    /* absolute path */
	bool floor;            /* false: --floor off */
};

/* What kernel security modules are told; all NULL: nothing. */
struct plan_lsm {
	const char *apparmor; /* the label of the program: floor, or floor and own profile */
	const char *profile;  /* the own profile, to be loaded before the launch */
	bool complain;        /* it only records */

	const char *selinux;      /* the label of the program */
	const char *selinux_root; /* of what its root shows, if that is a mount of ours */
	const char *selinux_data; /* of what it alone may write */
};

/* The layer "bpf": refused once more, by the kernel's BPF LSM. */
enum plan_guard {
	GUARD_NONE, /* not asked for */
	GUARD_THERE,
	GUARD_ABSENT,
};

/* What the command line asks for, besides the policy. */
struct plan_request {
	enum root_kind root_kind;
	const char *root_dir;      /* ROOT_DIR: absolute, clean; ROOT_LAYERS: the image's name */
	size_t n_layers;           /* ROOT_LAYERS */
	const char *const *layers; /* absolute, clean; the lowest first */
	bool layers_hide;          /* they have whiteouts, which only an overlay honours */
	bool root_writable;        /* overlay over the root, thrown away unless ... */
	const char *keep;          /* what is written goes here: absolute, clean; or NULL */
	const char *image;         /* as it was named, or NULL */
	const char *image_digest;  /* of its manifest, or NULL */
	const char *const *image_signed; /* "KEY PAYLOAD NAME", NULL-terminated; or NULL */
	const char *name;                /* of the run's id; also the default host name */
	const char *hostname;            /* NULL: name */
	const char *cwd;      /* the caller's working folder, absolute, or NULL if it has none */
	const char *home;     /* the caller's home, or NULL */
	const char *workdir;  /* inside, or NULL */
	const char *user;     /* USER[:GROUP], numbers or names of the root, or NULL */
	bool home_is_default; /* nobody set HOME: the root's passwd file may know better */
	bool ids_range;       /* map subordinate ids too */
	enum network_kind network;
	size_t n_ports;
	const struct plan_port *ports; /* NETWORK_PRIVATE */
	size_t n_pins;
	const struct net_pin *pins; /* NETWORK_PRIVATE: of the names in network rules */
	bool tty;
	uint16_t categories[2];  /* of SELinux: a pair that no other run has */
	bool read_cwd;           /* ROOT_HOST: show the working folder read-only */
	uint32_t allow_degraded; /* bits 1 << enum layer */
	uint32_t without;        /* the same: left out on purpose, to see what depends on it */
	struct limits limits;    /* override the policy's where set */
	struct plan_stop stop;
	size_t n_mounts;
	const struct plan_mount *mounts; /* volumes, tmpfs; sources clean and absolute */
	const char *const *env;          /* "NAME=VALUE", NULL-terminated */
	char *const *argv;               /* NULL-terminated, at least one */
	const char *private_dir;         /* immure's own folder: never visible inside */
	const char *data_dir;            /* images and volumes: shown only as what they are */
	const char *own_program;         /* never writable inside (R6) */
	enum plan_guard guard;
	const char *guard_why; /* GUARD_ABSENT: the reason */
	const char *profile;   /* name for an AppArmor profile that no other run has */
};

/* Not to run anything, but to fill a volume with what the image has at a place. */
struct plan_copy {
	const char *from; /* inside, clean; NULL: only its owner is set */
	int to;           /* descriptor of an empty folder */
};

struct plan {
	const struct bundle *bundle; /* borrowed */
	const struct host *host;     /* borrowed */
	/* What is installed: the bundle's filter, or a learning run's; borrowed. */
	const struct sock_filter *filter;
	size_t n_filter;
	enum root_kind root_kind;
	const char *root_dir; /* ROOT_DIR: the directory; ROOT_LAYERS: the image's name */
	size_t n_layers;      /* 1 for ROOT_DIR */
	struct plan_layer *layers;
	bool layers_hide;
	bool root_writable;
	struct plan_layer keep; /* the kept layer; path NULL: what is written is thrown away */
	const char *image, *image_digest; /* as in the request */
	const char *const *image_signed;
	const char *hostname;
	const char *cwd;   /* inside */
	bool cwd_optional; /* fall back to "/" when it is not there */
	bool tty;
	enum network_kind network;
	size_t n_ports;
	const struct plan_port *ports;
	size_t n_pins;
	const struct net_pin *pins;
	uint64_t net_handled; /* LANDLOCK_NET bits: ports that no rule below grants are refused */
	size_t n_port_rules;
	struct plan_port_rule *port_rules;
	uint64_t namespaces; /* CLONE_NEW* */
	struct plan_ids ids;
	size_t n_groups;  /* supplementary, all of them mapped */
	uint32_t *groups; /* inside */
	size_t n_mounts;
	struct plan_mount *mounts; /* in order; parents before children */
	size_t n_fsrules;
	struct plan_fsrule *fsrules;
	int landlock_abi; /* 0: not applied */
	uint32_t without; /* layers that are decided and then not applied: bits 1 << enum layer */
	size_t n_rlimits;
	struct plan_rlimit rlimits[16];
	struct limits limits; /* effective */
	struct plan_stop stop;
	const char *cgroup_dir; /* make a child of it, or NULL */
	const char *const *env;
	char *const *argv;
	struct plan_lsm lsm;
	const struct plan_engine *engine; /* NULL: a run of our own */
	const struct plan_copy *copy;     /* NULL: run the program; borrowed */
	bool guard;                       /* the layer "bpf" */
	size_t n_ledger;
	struct ledger_entry *ledger;
};

/*
 * Decide.
 *
 *   bundle, host, request  borrowed by *ret as long as it lives
 *   ret    filled only on success
 *
 * Returns   0, or -EINVAL (a request that contradicts itself or the policy), -ENOMEM.
 *           A required layer that is missing is not an error here: see plan_refusal().
 * Effects   stats the sources of mounts; changes nothing.
 */
must_check int plan_make(const struct bundle *bundle, const struct host *host,
			 const struct plan_request *request, struct arena *arena, struct plan *ret,
			 struct err *err);

/*
 * The caller's own id as 0 inside, and its subordinate ids from 1 on.
 *
 * Returns   0, or -EINVAL (there is no range, or newuidmap is missing: says what to do).
 */
must_check int plan_ids_range(const struct host *host, struct plan_ids *ids, struct err *err);

/*
 * The ids that files of an image belong to: those that a workload of the same kind will have.
 *
 *   range  map the caller's subordinate ids too; root always has a range
 *
 * Returns   0, or -EINVAL (no subordinate ids, or no newuidmap; says what to do).
 */
must_check int plan_ids_files(const struct host *host, bool range, struct plan_ids *ret,
			      struct err *err);

/* Where a private network looks up names: the address that the way out answers for. */
#define NETWORK_RESOLVER NET_RESOLVER

const char *network_name(enum network_kind network);

/* The first ledger entry that stops the launch, or NULL. */
const struct ledger_entry *plan_refusal(const struct plan *plan);

/* For people (`immure run --dry-run`) and for machines (plan.json of the run folder). */
void plan_print(const struct plan *plan, struct strbuf *out);
void plan_json(const struct plan *plan, struct jsonw *j);

#endif
