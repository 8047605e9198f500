// SPDX-License-Identifier: Apache-2.0
#include "runtime/program_label.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"

#define LABEL_MAX 4096
#define AWAIT_TIMES 1000

bool program_label_is_planned(const struct plan *plan)
{
	return plan->lsm.apparmor || plan->lsm.selinux;
}

/* "A//&B (mode)": every part that the plan names, and besides them at most "unconfined". */
static enum program_label judge_apparmor(const struct plan *plan, struct span label)
{
	struct span want = span_of(plan->lsm.apparmor);
	struct span mode = label;

	if (span_eq(label, "unconfined"))
		return PROGRAM_LABEL_PENDING;
	label = span_cut(&mode, ' ');
	if (!span_eq(mode, plan->lsm.complain ? "(mixed)" : "(enforce)"))
		return PROGRAM_LABEL_WRONG;
	if (label.n < want.n || memcmp(label.p, want.p, want.n) != 0)
		return PROGRAM_LABEL_WRONG;
	label.p += want.n;
	label.n -= want.n;
	return label.n == 0 || span_eq(label, "//&unconfined") ? PROGRAM_LABEL_RIGHT
							       : PROGRAM_LABEL_WRONG;
}

static enum program_label judge_selinux(const struct plan *plan, struct span label)
{
	const char *own = plan->host->lsm_facts.label;

	if (span_eq(label, plan->lsm.selinux))
		return PROGRAM_LABEL_RIGHT;
	return own && span_eq(label, own) ? PROGRAM_LABEL_PENDING : PROGRAM_LABEL_WRONG;
}

enum program_label program_label_judge(const struct plan *plan, struct span label)
{
	return plan->lsm.selinux ? judge_selinux(plan, label) : judge_apparmor(plan, label);
}

enum program_label program_label_check(const struct plan *plan, pid_t pid)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	char path[64];
	const char *label;
	struct span rest;

	snprintf(path, sizeof(path), "/proc/%d/attr/%scurrent", pid,
		 plan->lsm.selinux ? "" : "apparmor/");
	if (fd_read_file(AT_FDCWD, path, LABEL_MAX, &text, &ignored) < 0)
		return PROGRAM_LABEL_GONE;
	/* SELinux ends it with a NUL, AppArmor with an end of line. */
	label = strbuf_str(&text);
	rest = (struct span){ label, strlen(label) };
	return program_label_judge(plan, span_cut(&rest, '\n'));
}

enum program_label program_label_await(const struct plan *plan, pid_t pid)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	enum program_label state = program_label_check(plan, pid);

	for (int i = 0; i < AWAIT_TIMES && state == PROGRAM_LABEL_PENDING; i++) {
		nanosleep(&moment, NULL);
		state = program_label_check(plan, pid);
	}
	return state;
}
