/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

int signal_parse(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number = 0;

	if (span_u64(span_of(text), (uint64_t)SIGRTMAX, &number) == 0)
		return (int)number;
	if (strncasecmp(name, "RTMIN+", 6) == 0 &&
	    span_u64(span_of(name + 6), (uint64_t)(SIGRTMAX - SIGRTMIN), &number) == 0)
		return SIGRTMIN + (int)number;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcasecmp(known, name) == 0)
			return sig;
	}
	return 0;
}

void signal_print(int signal, char ret[SIGNAL_NAME_MAX])
{
	const char *known = signal < SIGRTMIN ? sigabbrev_np(signal) : NULL;

	if (known)
		snprintf(ret, SIGNAL_NAME_MAX, "%s", known);
	else if (signal >= SIGRTMIN)
		snprintf(ret, SIGNAL_NAME_MAX, "RTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(ret, SIGNAL_NAME_MAX, "%d", signal);
}
