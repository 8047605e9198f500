/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_UNPACK_TREE_H
#define IMMURE_RUNTIME_UNPACK_TREE_H

/*
 * Builds the folder of one layer from its entries (R10): each name is walked below the folder's
 * descriptor without following a link, and made with O_EXCL or its like. Source: OCI image-spec
 * 1.1, layer.md; for whiteouts Documentation/filesystems/overlayfs.rst ("userxattr").
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

enum entry_type {
	ENTRY_FILE,
	ENTRY_DIR,
	ENTRY_SYMLINK,
	ENTRY_HARDLINK,
	ENTRY_FIFO,
	ENTRY_DEVICE, /* left out, and said so */
};

struct entry {
	enum entry_type type;
	struct span name;
	struct span link; /* of a link: what it points to */
	uint32_t mode;    /* with set-id bits, as the archive has it */
	uint64_t uid, gid;
	int64_t mtime;
	uint32_t mtime_ns;
	uint64_t size; /* of a file */
};

struct tree_limits {
	uint64_t entries;
	uint64_t bytes;   /* of all files */
	uint32_t ids;     /* owners are below it; 0: everything belongs to one id */
	uint32_t strange; /* entries named in the report, each kind */
};

struct tree_count {
	uint64_t entries, files, dirs, links, bytes;
	uint64_t whiteouts, opaques, set_ids, capabilities, xattrs, devices;
};

struct tree_dir; /* what is set on a folder when everything in it is there */

struct tree {
	int root; /* borrowed */
	struct tree_limits limits;
	struct tree_count count;
	struct strbuf *report; /* borrowed: flat lines "set-id PATH", ... */
	struct arena arena;
	struct tree_dir *dirs, *dirs_end;
	int at;             /* the folder of the last entry */
	char at_path[4096]; /* and its name */
	bool at_is_known;
	int file; /* open for tree_write(), or -1 */
	struct entry entry;
};

/* The folder must be empty. Ended by tree_done(). */
void tree_init(struct tree *tree, int root, const struct tree_limits *limits,
	       struct strbuf *report);
void tree_done(struct tree *tree);

/*
 * Make one entry. A file is open for tree_write() and tree_xattr() until tree_close_entry().
 *
 * Returns   0, -EINVAL, -ENAMETOOLONG (its name), -ELOOP (a link on the way), -EEXIST (something
 *           else is there), -E2BIG (too many entries), -EFBIG (too many bytes), -ERANGE (an owner
 *           out of range), -ENOSPC, ...
 */
must_check int tree_add(struct tree *tree, const struct entry *entry, struct err *err);
must_check int tree_write(struct tree *tree, const void *bytes, size_t n, uint64_t offset,
			  struct err *err);
/* Attributes that may be kept are set on a file or folder; what is dropped is counted. */
must_check int tree_xattr(struct tree *tree, const char *name, const void *value, size_t n,
			  struct err *err);
must_check int tree_close_entry(struct tree *tree, struct err *err);

/* Owners, modes and times of folders, in the order of the layer. */
must_check int tree_finish(struct tree *tree, struct err *err);

#endif
