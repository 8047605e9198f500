/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_WHY_H
#define IMMURE_RUNTIME_WHY_H

/* What the parts of `immure why` share: the run that is asked about, and what is said of it. */

#include <linux/seccomp.h>

#include "audit/risk.h"
#include "audit/run_read.h"
#include "base/jsonw.h"
#include "base/strbuf.h"
#include "policies/bundle.h"

/* A run, its record and its compiled policy. */
struct subject {
	const char *id;
	struct run_record record;
	json_t *refusals; /* array of its events */
	struct bundle bundle;
	struct strbuf bytes;
};

/* Open a run by "last", NULL, an id or a part of one. Undone by subject_done() in any case. */
must_check int subject_open(const char *which, struct arena *arena, struct subject *s,
			    struct err *err);
void subject_done(struct subject *s);

/*
 * What there is to say of one question: filled by those who explain it, printed once. Texts and
 * rules are borrowed of arena, subject or constants; NULL: there is nothing to say.
 */
struct why_answer {
	struct strbuf asked;        /* what was asked, and what came of it: one line, not escaped */
	const json_t *lineage;      /* whose call it was, and who made that */
	bool is_open;               /* nothing of ours refuses it: there is no line to add */
	bool predicted;             /* by plan and policy; else on record */
	const char *layer;          /* NULL: none refuses it */
	const char *reason;         /* why it does, or why none does */
	const struct rule *rule;    /* that decided */
	const struct rule *nearest; /* that allows something like it */
	const char *section, *line; /* a line for the policy, and the key that it stands under */
	const char *remedy;         /* what else would help */
	struct risk risk;           /* level NULL: nobody knows */
	const char *note;
	const char *confirmed; /* --bisect: the layer without which it goes through */
	const char *bisect;    /* what was found so */
	const char *file;      /* --apply: the policy that has the line now */
	bool is_added;         /* it had not before */
};

void why_answer_done(struct why_answer *answer);

/* Headline and labelled lines, escaped. */
void why_print_text(const struct why_answer *answer);

/* The members of an object; see immure-why(1). */
void why_put_json(const struct why_answer *answer, struct jsonw *j);

void why_print_escaped(const char *text);

/* Which layer refuses something, as plan and policy of the run say; layer NULL: none does. */
struct prediction {
	const char *layer, *reason;
	const char *remedy; /* an option of run, or NULL: a rule allows it */
};

/*
 * What happens to a path.
 *
 *   path  clean and absolute, inside
 *   op    "read", "write" or "exec"
 */
struct prediction why_predict_path(const struct subject *s, const char *path, const char *op);

/* An operation that can be tried again: on a path, or else a call. */
struct probe_wish {
	bool wanted;
	const char *path, *op;
	struct seccomp_data data;
};

/*
 * Repeat it in a sandbox like the run's, then with one layer less each time, and say which layer
 * refused it.
 *
 * Effects   up to five runs of a probe of immure's own, whose records are removed again
 */
must_check int why_bisect(const struct subject *s, const struct probe_wish *wish,
			  struct arena *arena, struct why_answer *answer, struct err *err);

/*
 * Explain a path, or an address such as "10.0.0.1:443".
 *
 *   ret   filled; what was asked is appended to what is there
 *   wish  filled with what could be tried again
 */
must_check int why_path(const struct subject *s, const char *path, const char *op,
			struct arena *arena, struct why_answer *ret, struct probe_wish *wish,
			struct err *err);
must_check int why_connect(const struct subject *s, const char *address, struct arena *arena,
			   struct why_answer *ret, struct probe_wish *wish, struct err *err);

/* Explain a packet that the table of a private network refused: its record of kind "denied". */
must_check int why_packet(const struct subject *s, const json_t *event, struct arena *arena,
			  struct why_answer *ret, struct err *err);

/*
 * Add the line to the policy that the run used, comments kept.
 *
 *   reason  stands behind it as "# why: ..."
 *
 * Effects   the file is replaced, or as it was: what the line makes of it is checked first
 */
must_check int why_apply(const struct subject *s, struct why_answer *answer, const char *reason,
			 struct arena *arena, struct err *err);

#endif
