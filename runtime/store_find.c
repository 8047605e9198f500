/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"

#define REF_FILE_MAX 4096
#define ALGORITHM "sha256:"

int store_ref_file(const struct image_ref *reference, char ret[DIGEST_HEX_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct digest d;

	image_ref_print(reference, &text);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	d = digest_of(text.p, text.len);
	digest_hex(&d, ret);
	return 0;
}

/* Returns 0, or -ENOENT without a word in err. */
static int read_ref(const struct store *store, const char *text, const char *file,
		    char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	cleanup_strbuf struct strbuf lines = { 0 };
	cleanup_arena struct arena arena = { 0 };
	struct flat_pair pair = { 0 };
	struct span rest;
	int r = fd_read_file(store->refs, file, REF_FILE_MAX, &lines, err);

	if (r == -ENOENT)
		return err_set(err, ENOENT,
			       "no image %.200s in the store: immure pull or immure load it first",
			       text);
	if (r < 0)
		return r;
	rest = (struct span){ strbuf_str(&lines), lines.len };
	while ((r = flat_next(&rest, &arena, &pair, err)) > 0) {
		if (!span_eq(pair.key, "manifest") || !store_digest_hex(pair.value))
			continue;
		memcpy(ret_digest, pair.value, STORE_DIGEST_LEN);
		return 0;
	}
	return r < 0 ? r : err_set(err, EBADMSG, "the store's name %.200s is damaged", text);
}

static bool is_short_digest(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return text[n] == '\0' && n >= STORE_SHORT_MIN && n < DIGEST_HEX_LEN;
}

/* Returns 0, -ENOENT (no word in err), -EINVAL. */
static int find_by_start(const struct store *store, const char *start,
			 char ret_digest[STORE_DIGEST_LEN], struct err *err)
{
	int copy = openat(store->images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool found = false;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list the store's images");
	}
	while ((entry = readdir(dir)) != NULL) {
		char digest[STORE_DIGEST_LEN + 8];

		if (strlen(entry->d_name) != DIGEST_HEX_LEN - 1 ||
		    strncmp(entry->d_name, start, strlen(start)) != 0)
			continue;
		if (found)
			return err_set(err, EINVAL, "several images begin with %.64s", start);
		found = true;
		snprintf(digest, sizeof(digest), ALGORITHM "%s", entry->d_name);
		memcpy(ret_digest, digest, STORE_DIGEST_LEN);
	}
	return found ? 0 : -ENOENT;
}

int store_find_image(const struct store *store, const char *text, char ret_digest[STORE_DIGEST_LEN],
		     struct err *err)
{
	const char *hex =
		strncmp(text, ALGORITHM, strlen(ALGORITHM)) == 0 ? text + strlen(ALGORITHM) : text;
	struct image_ref reference = { 0 };
	char file[DIGEST_HEX_LEN];
	int r;

	if (is_short_digest(hex)) {
		r = find_by_start(store, hex, ret_digest, err);
		if (r != -ENOENT)
			return r;
	}
	r = image_ref_parse(span_of(text), &reference, err);
	if (r < 0)
		return r;
	/* A pinned name means that digest and no other, whatever its tag means now. */
	if (*reference.digest) {
		r = find_by_start(store, reference.digest + strlen(ALGORITHM), ret_digest, err);
		return r == -ENOENT ? err_set(err, ENOENT, "no image %.200s in the store", text)
				    : r;
	}
	r = store_ref_file(&reference, file, err);
	return r < 0 ? r : read_ref(store, text, file, ret_digest, err);
}

int store_read_image(const struct store *store, const char *manifest, struct arena *arena,
		     struct image_record *ret, int *ret_fd, struct err *err)
{
	const char *hex = store_digest_hex(manifest);
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_close int fd = -1;
	int r;

	if (!hex)
		return err_set(err, EINVAL, "%.90s is no digest", manifest);
	fd = openat(store->images, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the record of the image %s", manifest);
	if (ret_fd && flock(fd, LOCK_SH | LOCK_NB) < 0)
		return err_set(err, EBUSY, "the image %s is being removed", manifest);
	r = fd_read_all(fd, IMAGE_RECORD_MAX, &text);
	if (r < 0)
		return err_sys(err, -r, "cannot read the record of the image %s", manifest);
	r = image_record_parse((struct span){ strbuf_str(&text), text.len }, arena, ret, err);
	if (r == 0 && ret_fd)
		*ret_fd = steal_fd(fd);
	return r;
}
