/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/store_layer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "base/log.h"
#include "runtime/store_clean.h"

#define PIPE_BYTES (1 << 20)
#define RECORD_MAX ((size_t)16 << 20)
#define PROGRESS_STEP ((uint64_t)1 << 20)

static const struct media {
	const char *type, *compression;
} media_types[] = {
	{ "application/vnd.oci.image.layer.v1.tar", "none" },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", "gzip" },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", "zstd" },
	{ "application/vnd.oci.image.layer.v1.tar+xz", "xz" }, /* not in the specification */
	{ "application/vnd.docker.image.rootfs.diff.tar", "none" },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip" },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", "zstd" },
};

void layer_folder(const char *diff_id, bool range, char ret[LAYER_FOLDER_LEN])
{
	const char *hex = store_digest_hex(diff_id);

	snprintf(ret, LAYER_FOLDER_LEN, "%s.%s", hex ? hex : "", range ? "range" : "one");
}

bool layer_is_there(const struct store *store, const char *diff_id, bool range)
{
	char name[LAYER_FOLDER_LEN];
	struct stat st = { 0 };

	layer_folder(diff_id, range, name);
	return store_digest_hex(diff_id) &&
	       fstatat(store->layers, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int layer_record(const struct store *store, const char *diff_id, bool range, struct strbuf *ret,
		 struct err *err)
{
	char path[LAYER_FOLDER_LEN + sizeof("/record")];
	char folder[LAYER_FOLDER_LEN];

	layer_folder(diff_id, range, folder);
	snprintf(path, sizeof(path), "%s/record", folder);
	return fd_read_file(store->layers, path, RECORD_MAX, ret, err);
}

static int find_compression(const struct layer_source *source, const char **ret, struct err *err)
{
	*ret = NULL;
	if (!source->media_type)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++) {
		if (strcmp(media_types[i].type, source->media_type) == 0) {
			*ret = media_types[i].compression;
			return 0;
		}
	}
	return err_set(err, EINVAL, "unknown media type of a layer: %.80s", source->media_type);
}

static int check_source(const struct layer_source *source, struct err *err)
{
	if ((source->digest && !store_digest_hex(source->digest)) ||
	    (source->diff_id && !store_digest_hex(source->diff_id)))
		return err_set(err, EINVAL, "a layer's digest is no sha256 digest");
	return 0;
}

/* True if the name still leads to what we have open: else it was published or taken away. */
static bool is_same_file(int dir, const char *name, int fd)
{
	struct stat a = { 0 };
	struct stat b = { 0 };

	return fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Returns 0, 2 (somebody else has it), -errno. */
static int lock_partial(const struct store *store, struct layer_feed *feed, bool wait,
			struct err *err)
{
	for (;;) {
		closep(&feed->blob);
		feed->blob = openat(store->partial, feed->blob_name,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (feed->blob < 0)
			return err_sys(err, errno, "cannot keep a layer in the store");
		while (flock(feed->blob, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				return 2;
			if (errno != EINTR)
				return err_sys(err, errno, "cannot lock a layer");
		}
		if (is_same_file(store->partial, feed->blob_name, feed->blob))
			return 0;
	}
}

static int open_blob_file(const struct store *store, struct layer_feed *feed, bool wait,
			  struct err *err)
{
	char name[24];
	int r;

	if (feed->source.digest) {
		snprintf(feed->blob_name, sizeof(feed->blob_name), "%s",
			 store_digest_hex(feed->source.digest));
		feed->blob_is_partial = true;
		return lock_partial(store, feed, wait, err);
	}
	r = store_random_name('p', name, err);
	if (r < 0)
		return r;
	snprintf(feed->blob_name, sizeof(feed->blob_name), "%s", name);
	feed->blob = openat(store->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return feed->blob < 0 ? err_sys(err, errno, "cannot keep a layer in the store") : 0;
}

static int make_staging(const struct store *store, struct layer_feed *feed, struct err *err)
{
	int r = store_make_staging(store, 'l', feed->staging, &feed->staging_fd, err);

	if (r < 0)
		return r;
	if (mkdirat(feed->staging_fd, "root", 0755) < 0)
		return err_sys(err, errno, "cannot make a folder in the store");
	feed->root_fd =
		openat(feed->staging_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (feed->root_fd < 0 || fchmod(feed->root_fd, 0755) < 0)
		return err_sys(err, errno, "cannot open a folder in the store");
	return unpack_own(feed->root_fd, feed->source.range, err);
}

/* Where the unpacker's bytes come from: a blob that is there, what the caller has, or a pipe. */
static int open_input(const struct store *store, struct layer_feed *feed, int *ret_pipe,
		      struct err *err)
{
	int ends[2];

	if (feed->source.digest && store_has_blob(store, feed->source.digest)) {
		*ret_pipe = store_open_blob(store, feed->source.digest, &feed->offset, err);
		unlinkat(store->partial, feed->blob_name, 0);
		closep(&feed->blob);
		return *ret_pipe < 0 ? *ret_pipe : 0;
	}
	if (feed->source.input >= 0) {
		if (feed->offset > 0 &&
		    lseek(feed->source.input, (off_t)feed->offset, SEEK_SET) < 0)
			return err_sys(err, errno, "cannot go on where a layer was left");
		*ret_pipe = fcntl(feed->source.input, F_DUPFD_CLOEXEC, 3);
		return *ret_pipe < 0 ? err_sys(err, errno, "cannot pass a descriptor") : 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe");
	/* Fewer turns between the two; refused above the user's limit, which is no harm. */
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	*ret_pipe = ends[0];
	feed->fd = ends[1];
	return 0;
}

static int start_unpack(const struct store *store, struct layer_feed *feed, struct err *err)
{
	const struct layer_source *source = &feed->source;
	struct unpack_call call = {
		.task = "layer",
		.keep = source->keep,
		.in_max = source->size,
		.out_max = source->max_bytes ? source->max_bytes : LAYER_BYTES_DEFAULT,
		.entries = source->max_entries ? source->max_entries : LAYER_ENTRIES_DEFAULT,
		.progress = PROGRESS_STEP,
		.range = source->range,
		.dir = feed->root_fd,
	};
	cleanup_close int input = -1;
	int r = find_compression(source, &call.compression, err);

	if (r == 0)
		r = open_input(store, feed, &input, err);
	if (r < 0)
		return r;
	call.input = input;
	call.blob = feed->blob;
	return unpack_start(&call, &feed->job, err);
}

static void remove_staging(const struct store *store, struct layer_feed *feed)
{
	struct err ignored = { 0 };

	closep(&feed->root_fd);
	if (*feed->staging &&
	    store_remove_tree(store->tmp, feed->staging, feed->source.range, &ignored) < 0)
		log_warning("%s", ignored.msg);
	closep(&feed->staging_fd);
}

static void drop(const struct store *store, struct layer_feed *feed, bool keep_partial)
{
	closep(&feed->fd);
	unpack_done(&feed->job);
	remove_staging(store, feed);
	if (feed->blob >= 0 && !(feed->blob_is_partial && keep_partial))
		unlinkat(feed->blob_is_partial ? store->partial : store->tmp, feed->blob_name, 0);
	closep(&feed->blob);
	*feed = (struct layer_feed)LAYER_FEED_NONE;
}

void layer_cancel(const struct store *store, struct layer_feed *feed)
{
	drop(store, feed, true);
}

static void copy_source(const struct layer_source *source, struct layer_feed *feed)
{
	feed->source = *source;
	feed->source.digest = feed->source.diff_id = NULL;
	if (source->digest) {
		snprintf(feed->digest, sizeof(feed->digest), "%s", source->digest);
		feed->source.digest = feed->digest;
	}
	if (source->diff_id) {
		snprintf(feed->diff_id, sizeof(feed->diff_id), "%s", source->diff_id);
		feed->source.diff_id = feed->diff_id;
	}
}

static bool is_complete(const struct store *store, const struct layer_source *source)
{
	return source->digest && source->diff_id && store_has_blob(store, source->digest) &&
	       layer_is_there(store, source->diff_id, source->range);
}

static int begin(const struct store *store, struct layer_feed *feed, bool wait, struct err *err)
{
	struct stat st = { 0 };
	int r = open_blob_file(store, feed, wait, err);

	if (r != 0)
		return r;
	/* Whoever had the lock before us may have brought it. */
	if (is_complete(store, &feed->source))
		return 1;
	if (fstat(feed->blob, &st) < 0)
		return err_sys(err, errno, "cannot look at what was kept of a layer");
	feed->offset = (uint64_t)st.st_size;
	r = make_staging(store, feed, err);
	return r < 0 ? r : start_unpack(store, feed, err);
}

int layer_begin(const struct store *store, const struct layer_source *source, bool wait,
		struct layer_feed *ret, struct err *err)
{
	int r = check_source(source, err);

	*ret = (struct layer_feed)LAYER_FEED_NONE;
	if (r < 0)
		return r;
	if (is_complete(store, source))
		return 1;
	copy_source(source, ret);
	/* One pointer each for what is compared: the caller's texts may go away. */
	r = begin(store, ret, wait, err);
	if (r == 2)
		closep(&ret->blob); /* it is the other one's */
	if (r != 0)
		drop(store, ret, false);
	return r;
}

/* The first row is OCI's own. */
static const char *media_of(const char *compression)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++) {
		if (strcmp(media_types[i].compression, compression) == 0)
			return media_types[i].type;
	}
	return NULL;
}

const char *layer_oci_type(const char *media_type)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++) {
		if (strcmp(media_types[i].type, media_type) == 0)
			return media_of(media_types[i].compression);
	}
	return NULL;
}

int layer_media_type(int fd, const char **ret, struct err *err)
{
	uint8_t first[8] = { 0 };
	ssize_t n = pread(fd, first, sizeof(first), 0);

	if (n < 0)
		return err_sys(err, errno, "cannot read a layer");
	if (n >= 2 && first[0] == 0x1f && first[1] == 0x8b)
		*ret = media_of("gzip");
	else if (n >= 4 && memcmp(first, "\x28\xb5\x2f\xfd", 4) == 0)
		*ret = media_of("zstd");
	else if (n >= 6 && memcmp(first,
				  "\xfd"
				  "7zXZ",
				  6) == 0)
		*ret = media_of("xz");
	else
		*ret = media_of("none");
	return 0;
}

static int read_result(const struct layer_feed *feed, struct layer_result *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct span rest = { strbuf_str(&feed->job.text), feed->job.text.len };
	struct flat_pair pair = { 0 };
	int r;

	while ((r = flat_next(&rest, &arena, &pair, err)) > 0) {
		if (span_eq(pair.key, "digest"))
			snprintf(ret->digest, sizeof(ret->digest), "sha256:%s", pair.value);
		else if (span_eq(pair.key, "diff-id"))
			snprintf(ret->diff_id, sizeof(ret->diff_id), "sha256:%s", pair.value);
		else if (span_eq(pair.key, "compression"))
			ret->media_type = media_of(pair.value);
		else if (span_eq(pair.key, "size") && flat_u64(&pair, &ret->size, err) < 0)
			return -err->code;
	}
	if (r < 0)
		return r;
	if (!store_digest_hex(ret->digest) || !store_digest_hex(ret->diff_id) || !ret->media_type)
		return err_set(err, EPROTO, "a report without digests");
	return 0;
}

static int check_result(const struct layer_source *source, const struct layer_result *result,
			struct err *err)
{
	if (source->size > 0 && result->size != source->size)
		return err_set(err, EBADMSG, "size mismatch: expected %llu bytes, got %llu",
			       (unsigned long long)source->size, (unsigned long long)result->size);
	if (source->digest && strcmp(source->digest, result->digest) != 0)
		return err_set(err, EBADMSG, "digest mismatch: expected %s, got %s", source->digest,
			       result->digest);
	if (source->diff_id && strcmp(source->diff_id, result->diff_id) != 0)
		return err_set(err, EBADMSG, "diffID mismatch: expected %s, got %s",
			       source->diff_id, result->diff_id);
	return 0;
}

static int publish_blob(const struct store *store, const struct layer_feed *feed,
			const struct layer_result *result, struct err *err)
{
	const char *hex = store_digest_hex(result->digest);
	int from = feed->blob_is_partial ? store->partial : store->tmp;

	if (feed->blob < 0)
		return 0;
	if (renameat2(from, feed->blob_name, store->blobs, hex, RENAME_NOREPLACE) < 0) {
		if (errno != EEXIST)
			return err_sys(err, errno, "cannot publish a layer's blob");
		unlinkat(from, feed->blob_name, 0);
	}
	return fsync(store->blobs) < 0 ? err_sys(err, errno, "cannot write the store's folder") : 0;
}

/* The report without what was said on the way. */
static void copy_record(const struct strbuf *report, struct strbuf *ret)
{
	struct span rest = { strbuf_str(report), report->len };

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (span_starts(line, "at ") || span_starts(line, "ok "))
			continue;
		strbuf_span(ret, line);
		strbuf_putc(ret, '\n');
	}
}

static int write_record(const struct layer_feed *feed, struct err *err)
{
	cleanup_strbuf struct strbuf record = { 0 };

	copy_record(&feed->job.text, &record);
	if (record.failed)
		return err_set(err, ENOMEM, "out of memory");
	return fd_replace_file(feed->staging_fd, "record", strbuf_str(&record), record.len, false,
			       err);
}

static int publish(const struct store *store, struct layer_feed *feed,
		   const struct layer_result *result, struct err *err)
{
	char name[LAYER_FOLDER_LEN];
	int r = write_record(feed, err);

	if (r < 0)
		return r;
	/* Everything the unpacker wrote, the blob too, in one go. */
	if (syncfs(feed->staging_fd) < 0)
		return err_sys(err, errno, "cannot write the layer to disk");
	r = publish_blob(store, feed, result, err);
	if (r < 0)
		return r;
	closep(&feed->blob);
	layer_folder(result->diff_id, feed->source.range, name);
	r = store_publish(store, feed->staging, store->layers, name, err);
	if (r == 0)
		*feed->staging = '\0';
	return r == -EEXIST ? 0 : r; /* another image brought the same content */
}

int layer_end(const struct store *store, struct layer_feed *feed, struct layer_result *ret,
	      struct err *err)
{
	struct layer_result result = { .size = 0 };
	int r;

	closep(&feed->fd);
	r = unpack_wait(&feed->job, err);
	if (r == 0)
		r = read_result(feed, &result, err);
	if (r == 0)
		r = check_result(&feed->source, &result, err);
	if (r == 0)
		r = publish(store, feed, &result, err);
	if (r == 0 && ret)
		*ret = result;
	drop(store, feed, false);
	return r;
}

int layer_unpack_again(const struct store *store, const struct layer_source *source,
		       struct layer_feed *ret, struct err *err)
{
	struct layer_result result = { .size = 0 };
	int r;

	*ret = (struct layer_feed)LAYER_FEED_NONE;
	copy_source(source, ret);
	if (!source->digest || !store_has_blob(store, source->digest))
		return err_set(err, ENOENT, "its blob %s is missing",
			       source->digest ? source->digest : "");
	r = make_staging(store, ret, err);
	if (r == 0)
		r = start_unpack(store, ret, err);
	if (r == 0)
		r = unpack_wait(&ret->job, err);
	if (r == 0)
		r = read_result(ret, &result, err);
	if (r == 0)
		r = check_result(&ret->source, &result, err);
	if (r == 0)
		r = write_record(ret, err);
	if (r == 0 && syncfs(ret->staging_fd) < 0)
		r = err_sys(err, errno, "cannot write the layer to disk");
	return r;
}
