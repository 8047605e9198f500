/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/guard_grants.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "policies/call_reach.h"

#define TYPES 8             /* of sockets */
#define MFD_EXECUTABLE 0x10 /* MFD_EXEC */

static bool may(const struct call_reach *reach, int nr)
{
	return call_reach_may(reach, &(struct call_known){ .nr = nr });
}

static bool may_with(const struct call_reach *reach, int nr, unsigned arg, uint32_t value)
{
	struct call_known call = { .nr = nr, .known = 1U << arg };

	call.low[arg] = value;
	return call_reach_may(reach, &call);
}

static void add_calls(const struct call_reach *reach, struct tracer_grants *to)
{
	for (int nr = 0; nr < TRACER_CALLS; nr++) {
		if (may(reach, nr))
			to->calls[nr / 64] |= (uint64_t)1 << (nr % 64);
	}
}

static void add_requests(const struct call_reach *reach, struct tracer_grants *to)
{
	int n = call_reach_values(reach, SYS_ioctl, 1, to->requests, TRACER_REQUESTS);

	if (n < 0)
		to->flags |= TRACER_GRANT_REQUESTS;
	else
		to->n_requests = (uint32_t)n;
}

static void add_options(const struct call_reach *reach, struct tracer_grants *to)
{
	uint32_t values[TRACER_OPTIONS];
	size_t n_more = 0;
	int n = call_reach_values(reach, SYS_prctl, 0, values, ARRAY_LEN(values));

	if (n < 0)
		to->flags |= TRACER_GRANT_OPTIONS;
	for (int i = 0; i < n; i++) {
		if (values[i] < TRACER_OPTIONS)
			to->options[values[i] / 64] |= (uint64_t)1 << (values[i] % 64);
		else if (n_more < TRACER_OPTIONS_MORE)
			to->options_more[n_more++] = values[i];
		else
			to->flags |= TRACER_GRANT_OPTIONS;
	}
}

static bool may_have_type(const struct call_reach *reach, int nr, uint32_t family, uint32_t type)
{
	return call_reach_may(
		reach, &(struct call_known){ .nr = nr, .known = 3, .low = { family, type } });
}

/* The type stands beside flags, which a condition may ask for. */
static bool may_have_socket(const struct call_reach *reach, uint32_t family, uint32_t type)
{
	static const uint32_t flags[] = { 0, 02000000, 04000, 02004000 }; /* SOCK_CLOEXEC ... */

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (may_have_type(reach, SYS_socket, family, type | flags[i]) ||
		    may_have_type(reach, SYS_socketpair, family, type | flags[i]))
			return true;
	}
	return false;
}

static bool may_have_protocol(const struct call_reach *reach, uint32_t family, uint32_t protocol)
{
	return call_reach_may(reach, &(struct call_known){ .nr = SYS_socket,
							   .known = 1 | 4,
							   .low = { family, 0, protocol } });
}

static void add_sockets(const struct call_reach *reach, struct tracer_grants *to)
{
	for (uint32_t family = 0; family < TRACER_FAMILIES; family++) {
		if (!may_with(reach, SYS_socket, 0, family) &&
		    !may_with(reach, SYS_socketpair, 0, family))
			continue;
		for (uint32_t type = 0; type < TYPES; type++) {
			if (may_have_socket(reach, family, type))
				to->types[family] |= (uint8_t)(1U << type);
		}
	}
	for (uint32_t protocol = 0; protocol < TRACER_PROTOCOLS; protocol++) {
		if (may_have_protocol(reach, AF_INET, protocol) ||
		    may_have_protocol(reach, AF_INET6, protocol))
			to->protocols[protocol / 8] |= (uint8_t)(1U << (protocol % 8));
	}
}

int guard_grants_of(const struct bundle *bundle, struct arena *arena, struct tracer_grants *ret,
		    struct err *err)
{
	struct call_reach reach = { 0 };
	int r = call_reach_init(&reach, bundle, arena, err);

	if (r < 0)
		return r;
	*ret = (struct tracer_grants){ 0 };
	add_calls(&reach, ret);
	add_requests(&reach, ret);
	add_options(&reach, ret);
	add_sockets(&reach, ret);
	if (may_with(&reach, SYS_fchmod, 1, S_ISUID) || may_with(&reach, SYS_fchmod, 1, S_ISGID))
		ret->flags |= TRACER_GRANT_SET_IDS;
	if (may_with(&reach, SYS_memfd_create, 1, 0) ||
	    may_with(&reach, SYS_memfd_create, 1, MFD_EXECUTABLE))
		ret->flags |= TRACER_GRANT_MEMORY;
	return 0;
}
