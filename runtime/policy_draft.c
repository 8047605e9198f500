/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_draft.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/policy_cache.h"
#include "runtime/policy_fetch.h"
#include "runtime/verb_policy.h"

#define STDIN_NAME "<stdin>"

int policy_draft_fetch(void *data, const char *name, const char *from, struct arena *arena,
		       struct span *ret_text, const char **ret_path, struct err *err)
{
	const struct policy_draft *draft = data;

	if (strcmp(name, draft->name) != 0)
		return policy_fetch(NULL, name, from, arena, ret_text, ret_path, err);
	*ret_text = draft->text;
	*ret_path = draft->path;
	return 0;
}

static bool is_stdin(const char *name)
{
	return strcmp(name, "-") == 0;
}

int policy_stream_read(const char *name, struct arena *arena, struct policy_draft *ret,
		       struct err *err)
{
	const char *shown = is_stdin(name) ? STDIN_NAME : name;
	cleanup_close int fd = is_stdin(name) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					      : open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	cleanup_strbuf struct strbuf text = { 0 };
	const char *copy;
	int r;

	ret->name = shown;
	if (fd < 0)
		return err_sys(err, errno, "cannot read the policy %s", shown);
	r = fd_read_all(fd, POLICY_MAX_BYTES, &text);
	if (r < 0)
		return err_sys(err, -r, "cannot read the policy %s", shown);
	copy = arena_strndup(arena, strbuf_str(&text), text.len);
	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	*ret = (struct policy_draft){ shown, NULL, { copy, text.len } };
	return 0;
}

int policy_refuse_stream(const char *name, const char *reason, struct err *err)
{
	if (!policy_is_stream(name))
		return 0;
	err_set(err, EINVAL, "%s: expected a policy in a file: %s",
		is_stdin(name) ? STDIN_NAME : name, reason);
	return err_at(err, ERR_USAGE);
}

int policy_draft_compile(const char *file, struct span text, struct arena *arena,
			 struct bundle *ret, struct err *err)
{
	struct policy_draft draft = { file, file, text };
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };
	int r = policy_resolve(file, policy_draft_fetch, &draft, arena, &policy, &diags);

	if (r == 0)
		r = policy_compile(&policy, arena, ret, &diags);
	if (r < 0)
		policy_print_diags(&diags);
	return r < 0 ? err_set(err, -r, "the policy would have faults: nothing was written") : 0;
}
