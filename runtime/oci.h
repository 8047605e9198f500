/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_H
#define IMMURE_RUNTIME_OCI_H

/* The verbs of immure-oci, and what they share. */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "runtime/oci_state.h"
#include "runtime/options.h"
#include "sandbox/oci_plan.h"

/* What stands in front of the verb. */
struct oci_globals {
	const char *root;
	const char *log, *log_format;
	const char *cgroup_manager;     /* cgroupfs, systemd, disabled */
	const char *floor;              /* "off" or "on" */
	const char *rootless;           /* accepted, and found out by ourselves */
	struct opt_list allow_degraded; /* names of layers that a policy may go without */
	uint32_t degraded;              /* the same, bits 1 << enum layer */
	bool systemd_cgroup, debug, version, help;
	char *const *whole_argv; /* of main() */
};

struct oci_verb {
	const char *name;
	const char *args;
	const char *help;
	const struct opt *opts;
	size_t n_opts;
	/* argv[0] is the verb. Returns the exit status, or -errno with err. */
	int (*run)(const struct oci_globals *globals, int argc, char *argv[], struct err *err);
};

extern const struct oci_verb oci_verb_create, oci_verb_run, oci_verb_start, oci_verb_state,
	oci_verb_kill, oci_verb_delete, oci_verb_exec, oci_verb_list, oci_verb_ps, oci_verb_pause,
	oci_verb_resume, oci_verb_update, oci_verb_events, oci_verb_features, oci_verb_spec;

/* A container that is there. Released by oci_loaded_done(). */
struct oci_loaded {
	struct arena arena;
	int root, dir;
	int pidfd; /* of its process, or -1 */
	enum oci_status status;
	struct oci_state state;
};

void oci_loaded_done(struct oci_loaded *loaded);
#define cleanup_loaded cleanup(oci_loaded_done)

/* -ENOENT when there is none of that id. */
must_check int oci_load(const struct oci_globals *globals, const char *id, struct oci_loaded *ret,
			struct err *err);

/* The plan it was made by, from the copy of its config.json; the floor is checked again. */
must_check int oci_load_plan(struct oci_loaded *loaded, struct oci_plan *ret, struct err *err);

/* True if uid 0 here is uid 0 of the host. */
bool oci_in_host_userns(void);

/* config.json's text → a complete plan: floor, filters, what the caller's rights are. */
must_check int oci_plan_complete(struct oci_plan *plan, bool floor, struct arena *arena,
				 struct err *err);

struct oci_create_options {
	const char *bundle, *config, *pid_file, *console_socket, *preserve_fds, *pidfd_socket;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
};

/*
 * Make a container and leave it "created".
 *
 *   ret_pid  its process, our child
 */
must_check int oci_create(const struct oci_globals *globals, const struct oci_create_options *o,
			  const char *id, pid_t *ret_pid, struct err *err);

/* Let a created one go on; returns when its program runs, or with the reason why it cannot. */
must_check int oci_start(struct oci_loaded *loaded, struct err *err);

/* End what lives, remove all that `create` made, run the poststop hooks. */
must_check int oci_destroy(struct oci_loaded *loaded, struct err *err);

/* The same for a folder without a state that can be read: its creator was killed. */
must_check int oci_destroy_remains(int root, const char *id, struct err *err);

/* Hooks outside of the container at one point, with the state as it is. */
must_check int oci_run_hooks(struct oci_loaded *loaded, enum oci_hook_point point,
			     const char *status, struct err *err);

/* Replace a file by the number of a process. */
must_check int oci_write_pid(const char *path, pid_t pid, struct err *err);

/* A pidfd of our child over a Unix socket. */
must_check int oci_send_pidfd(const char *path, pid_t pid, struct err *err);

/* The resource limits that only the caller may raise, on a process that waits. */
must_check int oci_set_rlimits(const struct oci_process *process, pid_t pid, struct err *err);

/* How many descriptors pass: --preserve-fds, and LISTEN_FDS. */
must_check int oci_count_fds(const char *preserve, int *ret, struct err *err);

/* Wait for our child, hand on signals meanwhile. Returns its exit status (128+n for a signal). */
must_check int oci_wait(pid_t pid, struct err *err);

/* Print a text on standard output. */
must_check int oci_print(const struct strbuf *text, struct err *err);

/* The specification wants a word about what cannot be granted. */
void oci_warn_of_caps(const struct oci_process *process);

/* Exactly n positional arguments, or a usage error. */
must_check int oci_want_args(int argc, char *const argv[], int used, int min, int max,
			     struct err *err);

#endif
