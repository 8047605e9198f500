/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_TALLY_H
#define IMMURE_RUNTIME_TALLY_H

/*
 * How much was refused so far, in a file of a run's folder, for whoever looks while the run goes
 * on. A run to which nothing is refused has no such file; afterwards status.json has the number.
 */

#include <stdbool.h>
#include <stdint.h>

#define TALLY_FILE "denied"

struct tally {
	int dir; /* borrowed: the run's folder */
	int fd;  /* -1 until there is something to tell */
	uint64_t told;
};

/* Write n, if it is another number than before. Whoever looks sees an older one if that fails. */
void tally_tell(struct tally *tally, uint64_t n);

/*
 * What was told last in a run's folder.
 *
 *   ret  0 if nothing was
 *
 * Returns   false if the file cannot be read, or holds no number.
 */
bool tally_read(int dir, uint64_t *ret);

/* Remove the file. */
void tally_done(struct tally *tally);

#endif
