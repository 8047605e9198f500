/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/host.h"
#include "sandbox/oci_policy.h"

#define ALGORITHM "sha256:"
#define HEX_DIGITS "0123456789abcdef"
#define TEXT_MAX ((size_t)1 << 20)
#define KEPT_NAME "policy.bundle"
#define UNMAPPED 65534 /* how an owner looks who has no id in our user namespace */

static bool is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool inner = c == '_' || c == '.' || c == '-';

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (inner && i > 0)))
			return false;
	}
	return name.n > 0 && name.n <= OCI_POLICY_NAME_MAX;
}

int oci_policy_ref_parse(const char *text, struct oci_policy_ref *ret, struct err *err)
{
	struct oci_policy_ref ref = { 0 };
	struct span rest = span_of(text);
	struct span name = span_cut(&rest, '@');

	if (!is_name(name) || !span_starts(rest, ALGORITHM) ||
	    rest.n != strlen(ALGORITHM) + DIGEST_HEX_LEN - 1 ||
	    strspn(rest.p + strlen(ALGORITHM), HEX_DIGITS) != DIGEST_HEX_LEN - 1)
		return err_set(
			err, EINVAL,
			OCI_POLICY_ANNOTATION
			": expected NAME@sha256:DIGEST, NAME.yaml a file of " OCI_POLICY_FOLDER);
	memcpy(ref.name, name.p, name.n);
	memcpy(ref.hex, rest.p + strlen(ALGORITHM), DIGEST_HEX_LEN - 1);
	*ret = ref;
	return 0;
}

/* Root's, and nobody else writes to it. In a user namespace root of the machine has no number. */
static int check_owner(int fd, const char *what, struct err *err)
{
	struct stat st = { 0 };

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot look at %s", what);
	if ((st.st_uid != 0 && st.st_uid != UNMAPPED) || (st.st_mode & 022))
		return err_set(err, EPERM, "%s must be root's, and nobody else may write to it",
			       what);
	return 0;
}

static int open_folder(struct err *err)
{
	static const char *const steps[] = { "/etc", "immure", "policies" };
	cleanup_close int at = -1;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int next = openat(at < 0 ? AT_FDCWD : at, steps[i],
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r = next < 0 ? err_sys(err, errno, "cannot open %s", OCI_POLICY_FOLDER)
				 : check_owner(next, steps[i], err);

		closep(&at);
		at = next;
		if (r < 0)
			return r;
	}
	return steal_fd(at);
}

static int check_file(const struct oci_policy_ref *ref, const char *file, struct err *err)
{
	cleanup_close int dir = open_folder(err);
	cleanup_close int fd = -1;
	cleanup_strbuf struct strbuf text = { 0 };
	char hex[DIGEST_HEX_LEN];
	struct digest digest;
	struct stat st = { 0 };
	int r;

	if (dir < 0)
		return dir;
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s/%s", OCI_POLICY_FOLDER, file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s/%s is no file", OCI_POLICY_FOLDER, file);
	r = check_owner(fd, file, err);
	if (r == 0 && fd_read_all(fd, TEXT_MAX, &text) < 0)
		r = err_set(err, EFBIG, "%s/%s cannot be read, or is too long", OCI_POLICY_FOLDER,
			    file);
	if (r < 0)
		return r;
	digest = digest_of(strbuf_str(&text), text.len);
	digest_hex(&digest, hex);
	if (strcmp(hex, ref->hex) != 0)
		return err_set(err, EINVAL, "%s/%s has the digest sha256:%s, and another was named",
			       OCI_POLICY_FOLDER, file, hex);
	return 0;
}

/* What was compiled is what was checked, even if somebody wrote to the file meanwhile. */
static int check_source(const struct bundle *bundle, const struct oci_policy_ref *ref,
			const char *path, struct err *err)
{
	for (size_t i = 0; i < bundle->n_sources; i++) {
		const struct policy_source *source = &bundle->sources[i];
		char hex[DIGEST_HEX_LEN];

		if (!source->path || strcmp(source->path, path) != 0)
			continue;
		digest_hex(&source->digest, hex);
		if (strcmp(hex, ref->hex) == 0)
			return 0;
	}
	return err_set(err, EINVAL, "%s changed while it was compiled", path);
}

int oci_policy_load(const char *text, struct arena *arena, struct policy_loaded *ret,
		    struct err *err)
{
	struct policy_loaded loaded = { .dir = -1 };
	struct oci_policy_ref ref = { 0 };
	char path[sizeof(OCI_POLICY_FOLDER) + OCI_POLICY_NAME_MAX + 16];
	int r = oci_policy_ref_parse(text, &ref, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), OCI_POLICY_FOLDER "/%s.yaml", ref.name);
	/* A service manager starts engines without a home. */
	if (geteuid() == 0 && !getenv("HOME") && setenv("HOME", "/root", 1) < 0)
		return err_set(err, ENOMEM, "out of memory");
	r = check_file(&ref, strrchr(path, '/') + 1, err);
	if (r == 0)
		r = policy_load(path, arena, &loaded, err);
	if (r == 0)
		r = check_source(&loaded.bundle, &ref, path, err);
	if (r < 0) {
		closep(&loaded.dir);
		return err_wrap(err, OCI_POLICY_ANNOTATION);
	}
	*ret = loaded;
	return 0;
}

const char *oci_policy_named(const struct oci_plan *plan)
{
	for (size_t i = 0; i < plan->annotations.n; i++) {
		if (strcmp(plan->annotations.items[i].key, OCI_POLICY_ANNOTATION) == 0)
			return plan->annotations.items[i].value;
	}
	return NULL;
}

int oci_policy_bind(struct oci_plan *plan, const struct bundle *bundle, struct arena *arena,
		    struct err *err)
{
	struct host *host = arena_alloc(arena, sizeof(*host));
	int r = host ? host_read(arena, host, err) : err_set(err, ENOMEM, "out of memory");

	return r < 0 ? r : oci_policy_impose(plan, bundle, host, arena, err);
}

int oci_policy_keep(const struct policy_loaded *loaded, int dir, struct err *err)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	int r = fd_read_file(loaded->dir, loaded->file, BUNDLE_MAX_BYTES, &bytes, err);

	return r < 0 ? r : fd_replace_file(dir, KEPT_NAME, bytes.p, bytes.len, false, err);
}

int oci_policy_kept(int dir, struct arena *arena, struct bundle *ret, struct err *err)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	int r = fd_read_file(dir, KEPT_NAME, BUNDLE_MAX_BYTES, &bytes, err);
	void *aligned;

	if (r < 0)
		return r;
	aligned = arena_alloc(arena, bytes.len + 1);
	if (!aligned)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(aligned, strbuf_str(&bytes), bytes.len);
	return bundle_decode(aligned, bytes.len, arena, ret, err);
}
