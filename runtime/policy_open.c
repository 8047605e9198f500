/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/policy_bundle.h"
#include "runtime/policy_cache.h"
#include "runtime/policy_draft.h"
#include "runtime/policy_fetch.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

void policy_print_diags(const struct diags *diags)
{
	for (size_t i = 0; i < diags->n; i++) {
		const struct diag *d = &diags->items[i];
		cleanup_strbuf struct strbuf line = { 0 };

		strbuf_escaped(&line, d->where.file, strlen(d->where.file));
		strbuf_addf(&line, ":%u:%u: ", d->where.line, d->where.col);
		strbuf_escaped(&line, d->text, strlen(d->text));
		fprintf(stderr, "%s\n", strbuf_str(&line));
	}
}

static int resolve_stream(const char *name, struct arena *arena, struct policy *policy,
			  struct diags *diags)
{
	struct policy_draft draft = { 0 };
	struct err err = { 0 };
	int r = policy_stream_read(name, arena, &draft, &err);

	if (r == 0)
		return policy_resolve(draft.name, policy_draft_fetch, &draft, arena, policy, diags);
	if (r != -ENOMEM)
		diags_add(diags, (struct where){ draft.name, 1, 1 }, "%s", err.msg);
	return r == -ENOMEM ? r : -EINVAL;
}

int policy_open(const char *name, struct arena *arena, struct policy *policy, struct bundle *bundle,
		struct diags *diags)
{
	int r;

	if (policy_bundle_is(name))
		return policy_bundle_open(name, arena, policy, bundle, diags);
	if (policy_is_stream(name))
		r = resolve_stream(name, arena, policy, diags);
	else
		r = policy_resolve(name, policy_fetch, NULL, arena, policy, diags);
	return r < 0 ? r : policy_compile(policy, arena, bundle, diags);
}

int policy_open_or_tell(const char *name, struct arena *arena, struct policy *policy,
			struct bundle *bundle, struct err *err)
{
	struct diags diags = { .arena = arena };
	int r = policy_open(name, arena, policy, bundle, &diags);

	if (r == -ENOMEM || diags.out_of_memory)
		return err_set(err, ENOMEM, "out of memory");
	policy_print_diags(&diags);
	return r < 0 ? STATUS_USAGE : 0;
}

/* What is no file of its own, such as a device, a pipe or a link, stays what it is. */
static int write_through(const char *path, const void *bytes, size_t n, struct err *err)
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, n);

	return r < 0 ? err_sys(err, -r, "cannot write %s", path) : 0;
}

int policy_write_file(const char *path, const void *bytes, size_t n, struct arena *arena,
		      struct err *err)
{
	struct stat st = { 0 };
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
	cleanup_close int dir = -1;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_through(path, bytes, n, err);
	if (!folder)
		return err_set(err, ENOMEM, "out of memory");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", folder);
	return fd_replace_file(dir, slash ? slash + 1 : path, bytes, n, true, err);
}
