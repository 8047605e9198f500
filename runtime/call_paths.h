/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CALL_PATHS_H
#define IMMURE_RUNTIME_CALL_PATHS_H

/*
 * Which files a call that waits for the supervisor is about, links followed, as the kernel is about
 * to follow them. Paths are what the caller's memory held at that moment: for records, never for a
 * decision.
 */

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * One file or folder.
 *
 *   access  "read", "write", "exec", or "make": entries of this folder come or go
 *   path    absolute, as seen from the sandbox's root
 */
typedef void (*call_path_fn)(void *data, const char *access, const char *path, bool is_dir);

struct call_paths {
	int root; /* descriptor of the sandbox's root */
	call_path_fn found;
	void *data;
};

/* The row of a call that names files, or -1. */
int call_paths_find(const char *call);

/* Report what a waiting call of this row names. What cannot be read is left out. */
void call_paths_note(const struct call_paths *p, int row, const struct seccomp_notif *rq);

/* What executing this path names: the file, and its interpreter. The text is changed. */
void call_paths_exec(const struct call_paths *p, char path[PATH_MAX]);

/* The folder of an absolute path, as one whose entries change. The text is changed. */
void call_paths_parent(const struct call_paths *p, char path[PATH_MAX]);

/* The folder that a relative path of a process starts from. False if it is gone. */
bool call_paths_base(pid_t pid, int dirfd, char text[PATH_MAX]);

/* Where a descriptor of ours is, seen from the sandbox's root. */
bool call_paths_place(int fd, char text[PATH_MAX]);

#endif
