/* SPDX-License-Identifier: Apache-2.0 */
#include "base/accounts.h"

#include <errno.h>
#include <string.h>

static bool same(struct span a, struct span b)
{
	return a.n > 0 && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static bool id_of(struct span digits, uint32_t *ret)
{
	uint64_t value = 0;

	if (span_u64(digits, UINT32_MAX - 1, &value) < 0)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* name:password:uid:gid:comment:home:shell */
static bool parse_user(struct span line, struct account *ret)
{
	struct account account = { .name = span_cut(&line, ':') };

	span_cut(&line, ':');
	if (!id_of(span_cut(&line, ':'), &account.uid) ||
	    !id_of(span_cut(&line, ':'), &account.gid))
		return false;
	span_cut(&line, ':');
	account.home = span_cut(&line, ':');
	*ret = account;
	return true;
}

bool account_find(struct span passwd, struct span name, struct account *ret)
{
	while (passwd.n > 0) {
		struct span line = span_cut(&passwd, '\n');
		struct span rest = line;

		if (same(span_cut(&rest, ':'), name))
			return parse_user(line, ret);
	}
	return false;
}

bool account_find_uid(struct span passwd, uint32_t uid, struct account *ret)
{
	while (passwd.n > 0) {
		struct account account = { 0 };

		if (!parse_user(span_cut(&passwd, '\n'), &account) || account.uid != uid)
			continue;
		*ret = account;
		return true;
	}
	return false;
}

/* name:password:gid:member,member,... */
static bool parse_group(struct span line, struct span *ret_members, uint32_t *ret)
{
	span_cut(&line, ':');
	span_cut(&line, ':');
	if (!id_of(span_cut(&line, ':'), ret))
		return false;
	*ret_members = line;
	return true;
}

bool group_find(struct span group, struct span name, uint32_t *ret)
{
	struct span members = { 0 };

	while (group.n > 0) {
		struct span line = span_cut(&group, '\n');
		struct span rest = line;

		if (same(span_cut(&rest, ':'), name))
			return parse_group(line, &members, ret);
	}
	return false;
}

static bool is_member(struct span members, struct span user)
{
	while (members.n > 0) {
		if (same(span_cut(&members, ','), user))
			return true;
	}
	return false;
}

static bool has(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

int groups_of(struct span group, struct span user, uint32_t *ret, size_t max)
{
	size_t n = 0;

	while (group.n > 0) {
		struct span members = { 0 };
		uint32_t gid = 0;

		if (!parse_group(span_cut(&group, '\n'), &members, &gid) ||
		    !is_member(members, user) || has(ret, n, gid))
			continue;
		if (n == max)
			return -E2BIG;
		ret[n++] = gid;
	}
	return (int)n;
}
