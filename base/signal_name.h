/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_SIGNAL_NAME_H
#define IMMURE_BASE_SIGNAL_NAME_H

#define SIGNAL_NAME_MAX 16

/* "SIGTERM", "quit", "37", "RTMIN+3" as a number; 0 if it names no signal. Pure. */
int signal_parse(const char *text);

/* "TERM", "RTMIN+3". */
void signal_print(int signal, char ret[SIGNAL_NAME_MAX]);

#endif
