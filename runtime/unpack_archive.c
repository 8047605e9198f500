/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive that holds an image: its members become files 0, 1, 2 ... in a private folder, and the
 * report says what each is called. No name of the archive becomes a name on disk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/flat.h"
#include "runtime/hash.h"
#include "runtime/unpack.h"
#include "runtime/unpack_name.h"
#include "runtime/unpack_tar.h"

struct member {
	int fd;
	struct hash *hash;
	uint64_t at;
};

static void member_done(struct member *member)
{
	closep(&member->fd);
	hash_free(member->hash);
}

/* A hole of a sparse member is hashed as the zeros that it reads as. */
static int pad_to(struct member *member, uint64_t offset, struct err *err)
{
	static const char zeros[4096];

	while (member->at < offset) {
		uint64_t n = offset - member->at;
		int r;

		n = n < sizeof(zeros) ? n : sizeof(zeros);
		if (!hash_add(member->hash, zeros, n))
			return err_set(err, EIO, "cannot hash");
		r = fd_write_all(member->fd, zeros, n);
		if (r < 0)
			return err_sys(err, -r, "cannot write a member");
		member->at += n;
	}
	return 0;
}

static int copy_member(struct tar *tar, struct member *member, uint64_t size, struct err *err)
{
	for (;;) {
		const void *bytes = NULL;
		uint64_t offset = 0;
		size_t n = 0;
		int r = tar_block(tar, &bytes, &n, &offset, err);

		if (r == 0)
			return pad_to(member, size, err);
		if (r < 0)
			return r;
		if (offset > size || n > size - offset)
			return err_set(err, EBADMSG, "more bytes than its size");
		r = pad_to(member, offset, err);
		if (r < 0)
			return r;
		if (!hash_add(member->hash, bytes, n))
			return err_set(err, EIO, "cannot hash");
		r = fd_write_all(member->fd, bytes, n);
		if (r < 0)
			return err_sys(err, -r, "cannot write a member");
		member->at += n;
	}
}

static int keep_file(const struct unpack *unpack, struct tar *tar, const struct entry *entry,
		     uint64_t number, struct strbuf *out, struct err *err)
{
	cleanup(member_done) struct member member = { .fd = -1, .hash = hash_new() };
	char hex[DIGEST_HEX_LEN];
	char name[24];
	int r;

	if (!member.hash)
		return err_set(err, ENOMEM, "cannot set up SHA-256");
	snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
	member.fd = openat(unpack->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (member.fd < 0)
		return err_sys(err, errno, "cannot make a file");
	r = copy_member(tar, &member, entry->size, err);
	if (r < 0)
		return r;
	if (!hash_end(member.hash, hex))
		return err_set(err, EIO, "cannot hash");
	flat_puts(out, "member", name);
	flat_puts(out, "digest", hex);
	flat_putu(out, "size", entry->size);
	return 0;
}

static void put_name(struct strbuf *out, const char *key, const struct entry_name *name)
{
	cleanup_strbuf struct strbuf path = { 0 };

	strbuf_addf(&path, "%s%s%s", name->dir, *name->dir ? "/" : "", name->base);
	out->failed |= path.failed;
	flat_puts(out, key, strbuf_str(&path));
}

static int keep(struct unpack *unpack, struct tar *tar, const struct entry *entry, uint64_t number,
		struct err *err)
{
	struct entry_name name = { 0 };
	int r = entry_name_parse(entry->name, &name, err);

	if (r < 0 || name.role == ENTRY_ROOT || entry->type == ENTRY_DIR)
		return r;
	if (name.role != ENTRY_PLAIN)
		return err_set(err, EINVAL, "a whiteout in an archive of an image");
	switch (entry->type) {
	case ENTRY_FILE:
		r = keep_file(unpack, tar, entry, number, &unpack->report, err);
		if (r == 0)
			put_name(&unpack->report, "name", &name);
		return r;
	case ENTRY_SYMLINK:
	case ENTRY_HARDLINK:
		flat_puts(&unpack->report, "link", entry->type == ENTRY_SYMLINK ? "soft" : "hard");
		flat_put(&unpack->report, "target", entry->link);
		put_name(&unpack->report, "name", &name);
		return 0;
	case ENTRY_DIR:
	case ENTRY_FIFO:
	case ENTRY_DEVICE:
		break;
	}
	return err_set(err, EINVAL, "a device or pipe in an archive of an image");
}

static int keep_all(struct unpack *unpack, struct tar *tar, struct err *err)
{
	for (uint64_t number = 0;; number++) {
		struct archive_entry *e = NULL;
		struct entry plain = { 0 };
		int r = tar_next(tar, &e, &plain, err);

		if (r <= 0)
			return r;
		if (number >= unpack->options.entries)
			return err_set(err, E2BIG, "the archive has more than %llu members",
				       (unsigned long long)unpack->options.entries);
		r = keep(unpack, tar, &plain, number, err);
		if (r < 0) {
			cleanup_strbuf struct strbuf name = { 0 };

			strbuf_escaped(&name, plain.name.p, plain.name.n < 80 ? plain.name.n : 80);
			return err_wrap(err, "member %s", strbuf_str(&name));
		}
	}
}

int unpack_archive(struct unpack *unpack, struct err *err)
{
	const struct stream_source source = { .fd = 0,
					      .blob = -1,
					      .compression = COMPRESSION_AUTO,
					      .out_max = unpack->options.out_max };
	struct stream *stream = NULL;
	struct tar tar = { 0 };
	int r = stream_new(&source, &stream, err);

	if (r < 0)
		return r;
	r = tar_open(&tar, stream, err);
	if (r == 0)
		r = keep_all(unpack, &tar, err);
	tar_close(&tar);
	stream_free(stream);
	return r;
}
