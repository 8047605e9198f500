/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tar_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK TAR_BLOCK
#define NAME_MAX_OLD 100                    /* in the header itself */
#define NUMBER_MAX_OLD ((uint64_t)07777777) /* seven octal digits: owners */
#define SIZE_MAX_OLD ((uint64_t)077777777777)

/* Source: POSIX.1-2017, "ustar Interchange Format" */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

static void octal(char *ret, size_t width, uint64_t value)
{
	for (size_t i = width - 1; i-- > 0; value >>= 3)
		ret[i] = (char)('0' + (value & 7));
	ret[width - 1] = '\0';
}

static void add_block(struct strbuf *out, struct ustar *header)
{
	unsigned sum = 0;

	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	memset(header->sum, ' ', sizeof(header->sum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += ((const unsigned char *)header)[i];
	octal(header->sum, 7, sum);
	strbuf_add(out, header, sizeof(*header));
}

void tar_pad(struct strbuf *out, uint64_t size)
{
	static const char zeros[BLOCK];

	if (size % BLOCK)
		strbuf_add(out, zeros, BLOCK - size % BLOCK);
}

/* "LENGTH KEY=VALUE\n", where the length counts itself. */
void tar_record(struct strbuf *records, const char *key, const void *value, size_t n)
{
	size_t rest = strlen(key) + n + 3;
	size_t digits = 1;
	char text[24];

	for (;;) {
		snprintf(text, sizeof(text), "%zu", rest + digits);
		if (strlen(text) == digits)
			break;
		digits++;
	}
	strbuf_addf(records, "%s %s=", text, key);
	strbuf_add(records, value, n);
	strbuf_putc(records, '\n');
}

static void add_record(struct strbuf *records, const char *key, const char *value)
{
	tar_record(records, key, value, strlen(value));
}

static void add_number(struct strbuf *records, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_record(records, key, text);
}

/* What the old format has no room for. */
static void add_records(const struct tar_entry *e, struct strbuf *records)
{
	if (strlen(e->path) > NAME_MAX_OLD)
		add_record(records, "path", e->path);
	if (e->link && strlen(e->link) > NAME_MAX_OLD)
		add_record(records, "linkpath", e->link);
	if (e->uid > NUMBER_MAX_OLD)
		add_number(records, "uid", (int64_t)e->uid);
	if (e->gid > NUMBER_MAX_OLD)
		add_number(records, "gid", (int64_t)e->gid);
	if (e->size > SIZE_MAX_OLD)
		add_number(records, "size", (int64_t)e->size);
	if (e->mtime < 0 || (uint64_t)e->mtime > SIZE_MAX_OLD)
		add_number(records, "mtime", e->mtime);
}

static int type_of(const struct tar_entry *e)
{
	if (e->is_hardlink)
		return '1';
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return '0';
	case S_IFLNK:
		return '2';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return -1;
	}
}

int tar_header(const struct tar_entry *e, struct strbuf *out)
{
	cleanup_strbuf struct strbuf records = { 0 };
	struct ustar header = { 0 };
	int type = type_of(e);

	if (type < 0)
		return -EINVAL;
	add_records(e, &records);
	if (e->records)
		strbuf_add(&records, e->records->p, e->records->len);
	if (records.len > 0) {
		struct ustar extended = { .name = "PaxHeaders/entry", .type = 'x' };

		octal(extended.mode, sizeof(extended.mode), 0644);
		octal(extended.size, sizeof(extended.size), records.len);
		octal(extended.mtime, sizeof(extended.mtime), 0);
		add_block(out, &extended);
		strbuf_add(out, records.p, records.len);
		tar_pad(out, records.len);
	}
	memcpy(header.name, e->path, strnlen(e->path, sizeof(header.name)));
	if (e->link)
		memcpy(header.link, e->link, strnlen(e->link, sizeof(header.link)));
	octal(header.mode, sizeof(header.mode), e->mode & 07777);
	octal(header.uid, sizeof(header.uid), e->uid > NUMBER_MAX_OLD ? 0 : e->uid);
	octal(header.gid, sizeof(header.gid), e->gid > NUMBER_MAX_OLD ? 0 : e->gid);
	octal(header.size, sizeof(header.size), e->size > SIZE_MAX_OLD ? 0 : e->size);
	octal(header.mtime, sizeof(header.mtime),
	      e->mtime < 0 || (uint64_t)e->mtime > SIZE_MAX_OLD ? 0 : (uint64_t)e->mtime);
	header.type = (char)type;
	add_block(out, &header);
	return out->failed || records.failed ? -ENOMEM : 0;
}
