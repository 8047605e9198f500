/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUM_H
#define SUM_H

long add(long a, long b);
long parse(const char *text);

#endif
