/* SPDX-License-Identifier: Apache-2.0 */
/* Source: archive_read(3), archive_entry(3), tar(5). */
#include "runtime/unpack_tar.h"

#include <string.h>
#include <sys/stat.h>

static ssize_t read_block(struct archive *archive, void *data, const void **ret)
{
	struct tar *tar = data;
	ssize_t n = stream_read(tar->stream, ret, &tar->failure);

	if (n < 0)
		archive_set_error(archive, tar->failure.code, "the stream failed");
	return n < 0 ? ARCHIVE_FATAL : n;
}

/* Our own error says more than libarchive's. */
static int tell(struct tar *tar, struct err *err)
{
	const char *why = archive_error_string(tar->archive);

	if (tar->failure.code) {
		*err = tar->failure;
		return -err->code;
	}
	return err_set(err, EBADMSG, "no readable tar archive: %s", why ? why : "unknown");
}

int tar_open(struct tar *tar, struct stream *stream, struct err *err)
{
	*tar = (struct tar){ .archive = archive_read_new(), .stream = stream };
	if (!tar->archive)
		return err_set(err, ENOMEM, "out of memory");
	if (archive_read_support_format_tar(tar->archive) != ARCHIVE_OK ||
	    archive_read_open(tar->archive, tar, NULL, read_block, NULL) != ARCHIVE_OK)
		return tell(tar, err);
	return 0;
}

void tar_close(struct tar *tar)
{
	archive_read_free(tar->archive);
	tar->archive = NULL;
}

static enum entry_type type_of(struct archive_entry *e)
{
	if (archive_entry_hardlink(e))
		return ENTRY_HARDLINK;
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		return ENTRY_DIR;
	case AE_IFLNK:
		return ENTRY_SYMLINK;
	case AE_IFIFO:
		return ENTRY_FIFO;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFSOCK:
		return ENTRY_DEVICE;
	default:
		return ENTRY_FILE;
	}
}

static struct span text_of(const char *s)
{
	return span_of(s ? s : "");
}

static int convert(struct archive_entry *e, struct entry *ret, struct err *err)
{
	int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;
	int64_t uid = archive_entry_uid(e);
	int64_t gid = archive_entry_gid(e);

	*ret = (struct entry){
		.type = type_of(e),
		.name = text_of(archive_entry_pathname(e)),
		.mode = archive_entry_mode(e) & 07777,
		.mtime = archive_entry_mtime(e),
		.mtime_ns = (uint32_t)archive_entry_mtime_nsec(e) % 1000000000U,
	};
	if (size < 0 || uid < 0 || gid < 0)
		return err_set(err, EBADMSG, "a negative size or owner");
	ret->size = (uint64_t)size;
	ret->uid = (uint64_t)uid;
	ret->gid = (uint64_t)gid;
	if (ret->type == ENTRY_HARDLINK)
		ret->link = text_of(archive_entry_hardlink(e));
	else if (ret->type == ENTRY_SYMLINK)
		ret->link = text_of(archive_entry_symlink(e));
	return 0;
}

/* A name that is no text in this locale: its bytes are what we want. Any other warning is damage.
 */
static bool is_about_text(struct archive *archive)
{
	const char *why = archive_error_string(archive);

	return why && strstr(why, "converted");
}

int tar_next(struct tar *tar, struct archive_entry **ret, struct entry *ret_plain, struct err *err)
{
	int r = archive_read_next_header(tar->archive, ret);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_about_text(tar->archive)))
		return tell(tar, err);
	r = convert(*ret, ret_plain, err);
	return r < 0 ? r : 1;
}

int tar_block(struct tar *tar, const void **ret, size_t *ret_n, uint64_t *ret_offset,
	      struct err *err)
{
	la_int64_t offset = 0;
	int r = archive_read_data_block(tar->archive, ret, ret_n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return tell(tar, err);
	*ret_offset = (uint64_t)offset;
	return 1;
}
