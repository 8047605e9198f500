/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy_bundle.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/bpf_eval.h"
#include "policies/bundle_manifest.h"
#include "policies/filter_model.h"
#include "policies/policy_json.h"
#include "policies/policy_read.h"
#include "runtime/policy_exports.h"

#define FILE_MAX ((size_t)1 << 20)

static const struct {
	uint32_t arch;
	const char *file;
} filters[] = {
	{ AUDIT_ARCH_X86_64, "filter-x86_64.bpf" },
	{ AUDIT_ARCH_AARCH64, "filter-aarch64.bpf" },
};

bool policy_bundle_is(const char *path)
{
	struct stat st = { 0 };

	return strncmp(path, "builtin/", 8) != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Writing. */

struct writer {
	int dir;
	struct bundle_manifest manifest;
	struct bundle_entry entries[BUNDLE_MAX_FILES];
};

/* For everybody to read: a policy is no secret. */
static int put(int dir, const char *name, const struct strbuf *text, struct err *err)
{
	int r = fd_replace_file(dir, name, text->p ? text->p : "", text->len, true, err);

	if (r == 0 && fchmodat(dir, name, 0644, 0) < 0)
		r = err_sys(err, errno, "cannot set the mode of %s", name);
	return r;
}

static int write_file(struct writer *w, const char *name, const struct strbuf *text,
		      struct err *err)
{
	struct bundle_entry *at = w->entries + w->manifest.n;

	if (text->failed)
		return err_set(err, ENOMEM, "out of memory");
	while (at > w->entries && strcmp(at[-1].file, name) > 0) {
		*at = at[-1];
		at--;
	}
	*at = (struct bundle_entry){ name, digest_of(text->p ? text->p : "", text->len) };
	w->manifest.n++;
	return put(w->dir, name, text, err);
}

static int write_filters(struct writer *w, const struct policy *policy, struct arena *arena,
			 struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(filters); i++) {
		cleanup_strbuf struct strbuf bytes = { 0 };
		struct filter_code code = { 0 };

		r = filter_emit(policy, filters[i].arch, FILTER_KERNEL, arena, &code, err);
		if (r == 0)
			r = filter_check(policy, filters[i].arch, FILTER_KERNEL, code, arena, err);
		if (r < 0)
			return err_wrap(err, "%s", filters[i].file);
		strbuf_add(&bytes, code.code, code.n * sizeof(*code.code));
		r = write_file(w, filters[i].file, &bytes, err);
	}
	return r;
}

static int write_texts(struct writer *w, const struct policy *policy, const struct bundle *bundle,
		       struct arena *arena, struct err *err)
{
	const struct policy_exported e = { policy, bundle, arena };
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_policy_exports; i++) {
		cleanup_strbuf struct strbuf text = { 0 };
		struct err why = { 0 };

		r = policy_exports[i].write(&e, &text, &why);
		/* A target that cannot say what the policy says has no text in the bundle. */
		if (r == -EINVAL) {
			r = 0;
			continue;
		}
		if (r < 0) {
			*err = why;
			return r;
		}
		r = write_file(w, policy_exports[i].file, &text, err);
	}
	return r;
}

static int write_all(struct writer *w, const struct policy *policy, const struct bundle *bundle,
		     struct arena *arena, struct err *err)
{
	cleanup_strbuf struct strbuf json = { 0 };
	cleanup_strbuf struct strbuf places = { 0 };
	cleanup_strbuf struct strbuf manifest = { 0 };
	int r = policy_json(policy, arena, &json, err);

	policy_places_json(policy, &places);
	if (r == 0)
		r = write_file(w, BUNDLE_POLICY, &json, err);
	if (r == 0)
		r = write_file(w, BUNDLE_PLACES, &places, err);
	if (r == 0)
		r = write_filters(w, policy, arena, err);
	if (r == 0)
		r = write_texts(w, policy, bundle, arena, err);
	if (r < 0)
		return r;
	w->manifest.name = policy->name;
	w->manifest.tool = IMMURE_VERSION;
	w->manifest.entries = w->entries;
	bundle_manifest_print(&w->manifest, &manifest);
	if (manifest.failed)
		return err_set(err, ENOMEM, "out of memory");
	return put(w->dir, BUNDLE_MANIFEST, &manifest, err);
}

static void discard(int dir, const char *folder)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!list)
		closep(&copy);
	while (list && (entry = readdir(list)) != NULL) {
		if (entry->d_type == DT_REG && unlinkat(dir, entry->d_name, 0) < 0)
			break;
	}
	if (rmdir(folder) < 0)
		return; /* what could not be removed is named as unfinished */
}

int policy_bundle_write(const char *folder, const struct policy *policy,
			const struct bundle *bundle, struct arena *arena, struct err *err)
{
	cleanup_close int dir = -1;
	const char *unfinished = arena_printf(arena, "%s.unfinished-%d", folder, getpid());
	struct writer w = { .dir = -1 };
	int r;

	if (!unfinished)
		return err_set(err, ENOMEM, "out of memory");
	if (mkdir(unfinished, 0777) < 0)
		return err_sys(err, errno, "cannot make %s", unfinished);
	dir = open(unfinished, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", unfinished);
	w.dir = dir;
	r = write_all(&w, policy, bundle, arena, err);
	if (r == 0 && fsync(dir) < 0)
		r = err_sys(err, errno, "cannot write %s", unfinished);
	if (r == 0 && renameat2(AT_FDCWD, unfinished, AT_FDCWD, folder, RENAME_NOREPLACE) < 0)
		r = err_sys(err, errno, "cannot put the bundle at %s", folder);
	if (r < 0)
		discard(dir, unfinished);
	return r;
}

/* Reading. */

struct reader {
	const char *folder;
	int dir;
	struct arena *arena;
	struct diags *diags;
	struct bundle_manifest manifest;
	struct policy_source *sources;
	struct span policy, places, filter;
};

static void printf_like(3, 4)
	fault(const struct reader *r, const char *file, const char *format, ...)
{
	const char *path = arena_printf(r->arena, "%s/%s", r->folder, file);
	char text[512];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	if (!path)
		r->diags->out_of_memory = true;
	else
		diags_add(r->diags, (struct where){ path, 1, 1 }, "%s", text);
}

static int read_file(const struct reader *r, const char *file, struct span *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_close int fd = openat(r->dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st = { 0 };
	char *copy;
	int error;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fault(r, file, "it is missing or not a regular file; the manifest names it");
		return -EINVAL;
	}
	error = fd_read_all(fd, FILE_MAX, &text);
	if (error < 0) {
		fault(r, file, "it cannot be read: %s", strerrordesc_np(-error));
		return -EINVAL;
	}
	/* Aligned for a program, ended for a text. */
	copy = arena_alloc(r->arena, text.len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, strbuf_str(&text), text.len);
	*ret = (struct span){ copy, text.len };
	return 0;
}

static int add_source(struct reader *r, size_t at, const char *file, struct span text)
{
	r->sources[at] = (struct policy_source){
		.name = file,
		.path = arena_printf(r->arena, "%s/%s", r->folder, file),
		.digest = digest_of(text.p, text.n),
	};
	return r->sources[at].path ? 0 : -ENOMEM;
}

static int read_entry(struct reader *r, size_t at, const struct bundle_entry *entry)
{
	struct span text = { 0 };
	struct digest now;
	int error = read_file(r, entry->file, &text);

	if (error < 0)
		return error == -EINVAL ? 0 : error;
	now = digest_of(text.p, text.n);
	if (memcmp(now.bytes, entry->digest.bytes, DIGEST_LEN) != 0)
		fault(r, entry->file, "it was changed: its digest is not that of " BUNDLE_MANIFEST);
	if (strcmp(entry->file, BUNDLE_POLICY) == 0)
		r->policy = text;
	else if (strcmp(entry->file, BUNDLE_PLACES) == 0)
		r->places = text;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (strcmp(entry->file, filters[i].file) == 0 &&
		    filters[i].arch == policy_native_arch)
			r->filter = text;
	}
	return add_source(r, at, entry->file, text);
}

static bool is_listed(const struct reader *r, const char *file)
{
	return strcmp(file, ".") == 0 || strcmp(file, "..") == 0 ||
	       strcmp(file, BUNDLE_MANIFEST) == 0 || strcmp(file, BUNDLE_SIGNATURE) == 0 ||
	       bundle_manifest_find(&r->manifest, file);
}

/* What nobody vouches for does not belong here. */
static int refuse_strays(const struct reader *r)
{
	int copy = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!list) {
		closep(&copy);
		fault(r, ".", "it cannot be listed");
		return -EINVAL;
	}
	while ((entry = readdir(list)) != NULL) {
		if (!is_listed(r, entry->d_name))
			fault(r, entry->d_name, BUNDLE_MANIFEST " does not name it");
	}
	return 0;
}

static int read_files(struct reader *r)
{
	const char *name = arena_printf(r->arena, "%s/" BUNDLE_MANIFEST, r->folder);
	struct span text = { 0 };
	int error = name ? read_file(r, BUNDLE_MANIFEST, &text) : -ENOMEM;

	if (error == 0)
		error = bundle_manifest_read(text, name, r->arena, &r->manifest, r->diags);
	if (error < 0)
		return error;
	r->sources = arena_array(r->arena, r->manifest.n + 1, sizeof(*r->sources));
	if (!r->sources)
		return -ENOMEM;
	error = add_source(r, 0, BUNDLE_MANIFEST, text);
	for (size_t i = 0; error == 0 && i < r->manifest.n; i++)
		error = read_entry(r, i + 1, &r->manifest.entries[i]);
	return error < 0 ? error : refuse_strays(r);
}

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret_text, const char **ret_path, struct err *err)
{
	const struct reader *r = data;

	(void)arena;
	if (from)
		return err_set(err, EINVAL, "%s: a bundle extends nothing", name);
	*ret_text = r->policy;
	*ret_path = NULL;
	return 0;
}

static int read_policy(struct reader *r, struct policy *ret)
{
	const char *policy = arena_printf(r->arena, "%s/" BUNDLE_POLICY, r->folder);
	const char *places = arena_printf(r->arena, "%s/" BUNDLE_PLACES, r->folder);
	int error;

	if (!policy || !places)
		return -ENOMEM;
	error = policy_resolve_unlocked(policy, fetch, r, r->arena, ret, r->diags);
	if (error == 0 && r->places.p)
		error = policy_places_apply(r->places, places, r->arena, ret, r->diags);
	if (error < 0)
		return error;
	if (strcmp(ret->name, policy) == 0)
		ret->name = r->manifest.name;
	else if (strcmp(ret->name, r->manifest.name) != 0)
		fault(r, BUNDLE_MANIFEST, "\"name\" is another than that of " BUNDLE_POLICY);
	ret->sources = r->sources;
	ret->n_sources = r->manifest.n + 1;
	return 0;
}

/* Another version may have written other instructions: they must mean the same. */
static int prove_filter(const struct reader *r, const struct policy *policy)
{
	const struct sock_filter *code = (const void *)r->filter.p;
	size_t n = r->filter.n / sizeof(*code);
	const char *file = filters[policy_native_arch == filters[0].arch ? 0 : 1].file;
	struct err err = { 0 };
	int error;

	if (!r->filter.p)
		return 0;
	if (r->filter.n % sizeof(*code) != 0 || n > BPF_MAXINSNS || !bpf_is_loadable(code, n)) {
		fault(r, file, "not a program that the kernel would load");
		return -EINVAL;
	}
	error = filter_check(policy, policy_native_arch, FILTER_KERNEL,
			     (struct filter_code){ code, n, 0 }, r->arena, &err);
	if (error < 0 && error != -ENOMEM)
		fault(r, file, "it is not what " BUNDLE_POLICY " says: %s", err.msg);
	return error == -ENOMEM ? error : 0;
}

int policy_bundle_open(const char *folder, struct arena *arena, struct policy *policy,
		       struct bundle *bundle, struct diags *diags)
{
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct reader r = { .folder = folder, .dir = dir, .arena = arena, .diags = diags };
	size_t faults = diags->n;
	int error;

	if (dir < 0) {
		fault(&r, ".", "it cannot be opened: %s", strerrordesc_np(errno));
		return -EINVAL;
	}
	error = read_files(&r);
	if (error == 0 && diags->n == faults)
		error = read_policy(&r, policy);
	if (error == 0 && diags->n == faults)
		error = policy_compile(policy, arena, bundle, diags);
	if (error == 0 && diags->n == faults)
		error = prove_filter(&r, policy);
	if (error < 0)
		return error;
	return diags->n > faults ? -EINVAL : 0;
}
