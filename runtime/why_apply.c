/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "policies/policy_insert.h"
#include "policies/policy_read.h"
#include "runtime/policy_draft.h"
#include "runtime/verb_policy.h"
#include "runtime/why.h"

/* One line answers for several refusals. */
static bool has_line(const struct bundle *bundle, const char *file, const char *rule)
{
	for (size_t i = 0; i < bundle->n_rules; i++) {
		if (strcmp(bundle->rules[i].where.file, file) == 0 &&
		    strcmp(bundle->rules[i].text, rule) == 0)
			return true;
	}
	return false;
}

int why_apply(const struct subject *s, struct why_answer *answer, const char *reason,
	      struct arena *arena, struct err *err)
{
	const struct policy_source *source = s->bundle.n_sources > 0 ? &s->bundle.sources[0] : NULL;
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf changed = { 0 };
	struct bundle bundle = { 0 };
	int r;

	if (answer->is_open)
		return err_set(err, EINVAL, "--apply: nothing refuses it, so no line is missing");
	if (!answer->line)
		return err_set(err, EINVAL, "--apply: no line of a policy would allow it");
	if (!source || !source->path)
		return err_set(
			err, EINVAL,
			"--apply: the run used %s, which cannot be changed; write a policy that extends it, and run with --policy FILE",
			s->bundle.name);
	r = fd_read_file(AT_FDCWD, source->path, POLICY_MAX_BYTES, &text, err);
	if (r == 0)
		r = policy_draft_compile(source->path, (struct span){ text.p, text.len }, arena,
					 &bundle, err);
	if (r == 0 && has_line(&bundle, source->path, answer->line)) {
		answer->file = source->path;
		return 0;
	}
	if (r == 0)
		r = policy_insert((struct span){ text.p, text.len }, answer->section, answer->line,
				  reason, &changed, err);
	if (r == 0)
		r = policy_draft_compile(source->path, (struct span){ changed.p, changed.len },
					 arena, &bundle, err);
	if (r == 0)
		r = policy_write_file(source->path, changed.p, changed.len, arena, err);
	if (r < 0)
		return err_wrap(err, "--apply");
	answer->file = source->path;
	answer->is_added = true;
	return 0;
}
