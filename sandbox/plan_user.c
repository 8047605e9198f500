/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the workload is inside: a user and a group by number or by name, the groups that it is a
 * member of, and its home. Names are those of the root's own /etc, which is data (R11).
 */
#include <string.h>

#include "base/accounts.h"
#include "sandbox/plan_parts.h"
#include "sandbox/root_file.h"

#define ID_MAX (UINT32_MAX - 1)
#define SHOWN_MAX 64

struct who {
	const char *typed;
	struct span user, group; /* of what was typed; the group may be empty */
	bool has_group;
	struct account account; /* of the passwd file, if there is one; else uid and gid alone */
	bool is_listed;         /* in the passwd file */
};

static int shown(struct span s)
{
	return (int)(s.n < SHOWN_MAX ? s.n : SHOWN_MAX);
}

static bool is_name(struct span s)
{
	return s.n > 0 && ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z') ||
			   s.p[0] == '_');
}

/* Strict: "-1", "+0", "0x0" and 2^32-1 are refused (CVE-2024-40635, CVE-2026-30892). */
static int id_parse(const struct who *who, struct span digits, uint32_t *ret, struct err *err)
{
	uint64_t number = 0;

	if (span_u64(digits, ID_MAX, &number) < 0)
		return err_set(err, EINVAL,
			       "user \"%.100s\": expected UID[:GID], decimal and at most %u",
			       who->typed, ID_MAX);
	*ret = (uint32_t)number;
	return 0;
}

static int find_by_name(struct who *who, struct span passwd, struct err *err)
{
	who->is_listed = account_find(passwd, who->user, &who->account);
	if (who->is_listed)
		return 0;
	return err_set(
		err, EINVAL,
		"no user \"%.*s\": expected UID[:GID] in decimal, or a name of the root's /etc/passwd",
		shown(who->user), who->user.p);
}

/* A number needs no passwd file: what is wrong with that is no reason not to start. */
static void find_by_number(const struct plan *plan, struct who *who, struct strbuf *passwd)
{
	uint32_t uid = who->account.uid;
	struct err ignored = { 0 };

	if (plan->root_kind == ROOT_HOST || root_file_read(plan, "passwd", passwd, &ignored) <= 0)
		return;
	who->is_listed = account_find_uid((struct span){ strbuf_str(passwd), passwd->len }, uid,
					  &who->account);
}

static int find_user(const struct plan *plan, struct who *who, struct strbuf *passwd,
		     struct err *err)
{
	int r;

	if (!is_name(who->user)) {
		r = id_parse(who, who->user, &who->account.uid, err);
		who->account.gid = who->account.uid;
		if (r == 0)
			find_by_number(plan, who, passwd);
		return r;
	}
	r = root_file_read(plan, "passwd", passwd, err);
	if (r == 0)
		r = err_set(err, ENOENT, "the root has no /etc/passwd");
	if (r < 0)
		return err_wrap(err, "user %.*s", shown(who->user), who->user.p);
	return find_by_name(who, (struct span){ strbuf_str(passwd), passwd->len }, err);
}

static int find_group(const struct plan *plan, struct who *who, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	if (!is_name(who->group))
		return id_parse(who, who->group, &who->account.gid, err);
	r = root_file_read(plan, "group", &text, err);
	if (r < 0)
		return err_wrap(err, "group %.*s", shown(who->group), who->group.p);
	if (r == 0 || !group_find((struct span){ strbuf_str(&text), text.len }, who->group,
				  &who->account.gid))
		return err_set(
			err, EINVAL,
			"no group \"%.*s\": expected a number, or a name of the root's /etc/group",
			shown(who->group), who->group.p);
	return 0;
}

/* As Docker has it: the groups that name the user, unless a group was typed. */
static int find_groups(struct planner *p, const struct who *who, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct plan *plan = p->plan;
	int r;

	if (who->has_group || !who->is_listed)
		return 0;
	r = root_file_read(plan, "group", &text, err);
	if (r <= 0)
		return r < 0 ? err_wrap(err, "groups of user %.100s", who->typed) : 0;
	plan->groups = arena_array(p->arena, PLAN_MAX_GROUPS, sizeof(*plan->groups));
	if (!plan->groups)
		return err_set(err, ENOMEM, "out of memory");
	r = groups_of((struct span){ strbuf_str(&text), text.len }, who->account.name, plan->groups,
		      PLAN_MAX_GROUPS);
	if (r < 0)
		return err_set(err, E2BIG, "user %.100s is in more than %d groups", who->typed,
			       PLAN_MAX_GROUPS);
	plan->n_groups = (size_t)r;
	return 0;
}

static int take_home(struct planner *p, const struct who *who, struct err *err)
{
	const char *const *env = p->request->env;
	const char **copy;
	size_t n = 0;

	if (!p->request->home_is_default || !who->is_listed || who->account.home.n == 0 ||
	    who->account.home.p[0] != '/')
		return 0;
	while (env[n])
		n++;
	copy = arena_array(p->arena, n + 1, sizeof(*copy));
	if (!copy)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(copy, env, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		if (strncmp(copy[i], "HOME=", strlen("HOME=")) != 0)
			continue;
		copy[i] = arena_printf(p->arena, "HOME=%.*s", (int)who->account.home.n,
				       who->account.home.p);
		if (!copy[i])
			return err_set(err, ENOMEM, "out of memory");
	}
	p->plan->env = copy;
	return 0;
}

int plan_user(struct planner *p, struct err *err)
{
	cleanup_strbuf struct strbuf passwd = { 0 };
	struct plan_ids *ids = &p->plan->ids;
	struct span rest = span_of(p->request->user);
	struct who who = { .typed = p->request->user, .has_group = span_has_byte(rest, ':') };
	int r;

	who.user = span_cut(&rest, ':');
	who.group = rest;
	r = find_user(p->plan, &who, &passwd, err);
	if (r == 0 && who.has_group)
		r = find_group(p->plan, &who, err);
	if (r == 0)
		r = find_groups(p, &who, err);
	if (r == 0)
		r = take_home(p, &who, err);
	if (r < 0)
		return r;
	ids->uid = who.account.uid;
	ids->gid = who.account.gid;
	return 0;
}

int plan_user_home(struct planner *p, struct err *err)
{
	cleanup_strbuf struct strbuf passwd = { 0 };
	struct who who = { .account = { .uid = p->plan->ids.uid } };

	if (!p->request->home_is_default)
		return 0;
	find_by_number(p->plan, &who, &passwd);
	return take_home(p, &who, err);
}
