/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_CLEANUP_H
#define IMMURE_BASE_CLEANUP_H

/* Ownership by scope: a variable marked cleanup_* owns what it holds; steal_*() hands it on. */

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define cleanup(f) __attribute__((cleanup(f)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *pp)
{
	void **p = (void **)pp;

	free(*p);
	*p = NULL;
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
	*dir = NULL;
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

#define cleanup_free cleanup(freep)
#define cleanup_close cleanup(closep)
#define cleanup_closedir cleanup(closedirp)
#define cleanup_fclose cleanup(fclosep)

#define steal_ptr(p)                         \
	({                                   \
		__typeof__(p) stolen_ = (p); \
		(p) = NULL;                  \
		stolen_;                     \
	})

#define steal_fd(fd)                \
	({                          \
		int stolen_ = (fd); \
		(fd) = -1;          \
		stolen_;            \
	})

#endif
