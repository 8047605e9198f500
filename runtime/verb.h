/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_VERB_H
#define IMMURE_RUNTIME_VERB_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "runtime/options.h"

/* What a verb is called with: options read, arguments counted. */
struct verb_call {
	const struct verb *verb;
	void *options;       /* struct of verb->options_size bytes */
	int argc;            /* what is left after the options */
	char *const *argv;   /* NULL-terminated */
	struct arena *arena; /* lives as long as the program */
};

/*
 * A verb describes itself; `immure VERB --help`, the man page check and the shell completions are
 * made from these rows. Either `run` or `subverbs` is there.
 */
struct verb {
	const char *name;
	const char *args; /* "[OPTION...] --host -- CMD [ARG...]" */
	const char *help; /* one line */
	const char *more; /* further lines of --help: examples, exit status; or NULL */
	const struct opt *opts;
	size_t n_opts;
	size_t options_size;
	int min_args, max_args; /* -1: any number */
	bool mixed;             /* options may also stand behind arguments, up to "--" */
	/* Returns the exit status, or a negative errno with *err filled. */
	int (*run)(const struct verb_call *call, struct err *err);
	const struct verb *const *subverbs; /* NULL-terminated */
};

/* Data of every verb, for help and completion; run is NULL in the program that does not have it. */
extern const struct verb verb_run;    /* immure */
extern const struct verb verb_policy; /* the others: immure-tool */
extern const struct verb verb_why;
extern const struct verb verb_audit;
extern const struct verb verb_image;
extern const struct verb verb_images;
extern const struct verb verb_load;
extern const struct verb verb_save;
extern const struct verb verb_commit;
extern const struct verb verb_cp;
extern const struct verb verb_image_import;
extern const struct verb verb_ps;
extern const struct verb verb_logs;
extern const struct verb verb_exec;
extern const struct verb verb_attach;
extern const struct verb verb_stop;
extern const struct verb verb_generate;
extern const struct verb verb_kill;
extern const struct verb verb_pause;
extern const struct verb verb_unpause;
extern const struct verb verb_stats;
extern const struct verb verb_rename;
extern const struct verb verb_restart;
extern const struct verb verb_wait;
extern const struct verb verb_run_rm;
extern const struct verb verb_run_inspect;
extern const struct verb verb_rmi;
extern const struct verb verb_tag;
extern const struct verb verb_volume;
extern const struct verb verb_pull;
extern const struct verb verb_push;
extern const struct verb verb_referrers;
extern const struct verb verb_login;
extern const struct verb verb_logout;
extern const struct verb verb_setup;
extern const struct verb verb_top;
extern const struct verb verb_doctor;
extern const struct verb verb_completion;

#endif
