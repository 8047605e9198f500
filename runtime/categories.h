/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_CATEGORIES_H
#define IMMURE_RUNTIME_CATEGORIES_H

/*
 * Pairs of SELinux categories, one for each running sandbox of the machine.
 *
 * A pair is taken by binding an abstract socket whose name holds it. The kernel gives such a name
 * to one holder at a time, whatever users they are, and takes it back when the holder ends, however
 * it ends: no file is left over, nobody can hold a name of somebody who is gone, and a name cannot
 * be taken from a living holder. Names are per network namespace; between two of these the pair,
 * drawn by chance out of 523,776, is what keeps sandboxes apart. An adversary can choose the pair
 * of another user's sandbox for his own, and then meets file permissions and user ids as without
 * SELinux: pairs are not what keeps users apart.
 */

#include <stdint.h>

#include "base/err.h"

#define CATEGORIES_MAX 1024U

/*
 * Take a pair.
 *
 *   ret     two numbers, the smaller first
 *   ret_fd  holds it until closed; every process that has it must have ended
 *
 * Returns   0, -EUSERS (64 that were drawn are all taken), or of socket(2), bind(2).
 */
must_check int categories_take(uint16_t ret[2], int *ret_fd, struct err *err);

/* The pair that a number stands for, 0 <= number < 1024 * 1023 / 2: each pair once. */
void categories_of(uint32_t number, uint16_t ret[2]);

#endif
