/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_STATE_H
#define IMMURE_RUNTIME_OCI_STATE_H

/*
 * What is known of a container between the calls of an engine: a folder ROOT/ID, with
 *   state.json   what `create` decided and will make
 *   process      number and start of the container's process, once it is there
 *   config.json  a copy of the bundle's, as it was at `create`
 *   lock         held by the creator, then by the container's process until it executes
 *   start.sock   where that process listens for `start`
 *   policy.bundle, watch.sock  with a policy: as compiled, and where its monitor listens
 * Nothing is ever said twice: whether a container is creating, created, running or stopped follows
 * from the lock and from its process, so that a kill at any moment leaves no false state.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "runtime/scope.h"

enum oci_status {
	OCI_CREATING,
	OCI_CREATED,
	OCI_RUNNING,
	OCI_PAUSED,
	OCI_STOPPED,
};

struct oci_state {
	const char *id, *bundle, *version;
	pid_t pid;           /* 0: not made yet */
	uint64_t started;    /* of that process, in ticks since boot: numbers are used again */
	const char *created; /* RFC 3339 */
	const char *cgroup;  /* absolute folder, or NULL */
	struct scope scope;  /* of systemd's, that the folder is; unit NULL: ours */
	bool hybrid;
	uint32_t owner; /* uid of who made it */
	const char *rootfs;
	bool floor;         /* false: --floor off */
	const char *note;   /* what is weaker than asked, or NULL */
	const char *policy; /* the annotation "immure.policy", or NULL */
	uint32_t degraded;  /* layers that it may go without: bits 1 << enum layer */
	const char *run;    /* id of its record, or NULL */
	bool new_keyring;
	bool no_mknod;            /* there are no device rules, so the floor takes CAP_MKNOD */
	bool poststart, poststop; /* hooks that config.json holds for later */
};

/* Open (and make, 0700) the folder of all containers. Returns a descriptor. */
must_check int oci_root_open(const char *root, bool make, struct err *err);

/* The default: below $XDG_RUNTIME_DIR, else /run/immure-oci. */
const char *oci_root_default(struct arena *arena);

/* Letters, digits, "_", ".", "-", at most 128 of them, and no dot in front (R15). */
must_check int oci_id_check(const char *id, struct err *err);

/*
 * Make ROOT/ID and lock it.
 *
 *   ret_lock  descriptor of the lock; passed on to the container's process
 *
 * Returns   the folder's descriptor, -EEXIST.
 */
must_check int oci_state_make(int root, const char *id, int *ret_lock, struct err *err);

/* Returns the folder's descriptor, -ENOENT. */
must_check int oci_state_open(int root, const char *id, struct err *err);

/* Write state.json, whole; then the process. */
must_check int oci_state_write(int dir, const struct oci_state *state, struct err *err);
must_check int oci_state_write_process(int dir, pid_t pid, uint64_t started, struct err *err);

/*
 * The two files as texts; what a killed writer or somebody else left may be odd.
 *
 * Returns   0, -EINVAL. *ret is untouched on failure.
 */
must_check int oci_state_parse(struct span text, struct span process, struct arena *arena,
			       struct oci_state *ret, struct err *err);

/* -ENOENT: the creator was killed before it wrote any. */
must_check int oci_state_read(int dir, struct arena *arena, struct oci_state *ret, struct err *err);

/*
 * Look at the lock and the process.
 *
 *   ret_pidfd  of the process while it lives, else -1
 */
enum oci_status oci_state_look(int dir, const struct oci_state *state, int *ret_pidfd);
const char *oci_status_name(enum oci_status status);

/* The time a process began, in ticks; 0: there is none of that number, or it has ended. */
uint64_t oci_started_of(pid_t pid);

#endif
