/* SPDX-License-Identifier: Apache-2.0 */
/* On the way of every start: few calls, no NSS, nothing kept open. */
#include "sandbox/host.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/accounts.h"
#include "base/fd.h"
#include "base/sys.h"

#define TEXT_MAX ((size_t)1 << 20)

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

/* What cannot be read counts as empty. */
static struct span read_text(int dirfd, const char *path, struct strbuf *text)
{
	struct err ignored = { 0 };

	strbuf_reset(text);
	if (fd_read_file(dirfd, path, TEXT_MAX, text, &ignored) < 0)
		strbuf_reset(text);
	return (struct span){ strbuf_str(text), text->len };
}

/* By ourselves: a static program has no NSS. */
static const char *user_name(struct span passwd, uint32_t uid, struct arena *arena)
{
	struct account account = { 0 };

	return account_find_uid(passwd, uid, &account)
		       ? arena_strndup(arena, account.name.p, account.name.n)
		       : arena_printf(arena, "%u", uid);
}

static void read_subids(struct host *host, struct strbuf *text)
{
	host->has_subuid = subid_find(read_text(AT_FDCWD, "/etc/subuid", text), host->user,
				      host->uid, &host->subuid);
	host->has_subgid = subid_find(read_text(AT_FDCWD, "/etc/subgid", text), host->user,
				      host->uid, &host->subgid);
	host->has_newidmap =
		access("/usr/bin/newuidmap", X_OK) == 0 && access("/usr/bin/newgidmap", X_OK) == 0;
}

static bool is_action_available(uint32_t action)
{
	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static uint64_t number_in(const char *path, uint64_t absent, struct strbuf *text)
{
	struct span s = read_text(AT_FDCWD, path, text);
	uint64_t value = absent;

	if (span_u64(span_trim(span_cut(&s, '\n')), UINT64_MAX, &value) < 0)
		return absent;
	return value;
}

/* "6.1.0-28-amd64" is at least 5.19? The flag has no probe that costs nothing. */
static bool is_at_least(const char *release, uint64_t major, uint64_t minor)
{
	struct span rest = span_of(release);
	uint64_t have_major = 0;
	uint64_t have_minor = 0;
	struct span second;

	if (span_u64(span_cut(&rest, '.'), 999, &have_major) < 0)
		return false;
	second = rest;
	for (second.n = 0; second.n < rest.n; second.n++) {
		if (second.p[second.n] < '0' || second.p[second.n] > '9')
			break;
	}
	if (span_u64(second, 999, &have_minor) < 0)
		return false;
	return have_major > major || (have_major == major && have_minor >= minor);
}

int host_read(struct arena *arena, struct host *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct host host = { .uid = geteuid(), .gid = getegid() };
	struct utsname name = { 0 };
	int groups = getgroups(0, NULL);
	int abi;

	host.is_root = host.uid == 0;
	host.n_groups = groups > 0 ? (uint32_t)groups : 0;
	host.user = user_name(read_text(AT_FDCWD, "/etc/passwd", &text), host.uid, arena);
	host.release = uname(&name) == 0 ? arena_strdup(arena, name.release) : "";
	if (!host.user || !host.release)
		return err_set(err, ENOMEM, "out of memory");
	read_subids(&host, &text);
	abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	host.landlock_abi = abi > 0 ? abi : 0;
	host.seccomp_filter = is_action_available(SECCOMP_RET_ERRNO);
	host.seccomp_notify = is_action_available(SECCOMP_RET_USER_NOTIF);
	host.seccomp_wait_killable = host.seccomp_notify && is_at_least(host.release, 5, 19);
	host.max_user_namespaces = number_in("/proc/sys/user/max_user_namespaces", 0, &text);
	host.userns_clone = number_in("/proc/sys/kernel/unprivileged_userns_clone", 1, &text) != 0;
	host_cgroup_read(arena, &host.cgroup);
	host_lsm_read(host.uid, arena, &host.lsm_facts);
	host.lsm = "";
	*ret = host;
	return text.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

int host_read_more(struct arena *arena, struct host *host, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct span list = read_text(AT_FDCWD, "/sys/kernel/security/lsm", &text);
	struct span line = span_cut(&list, '\n');

	host->lsm = arena_strndup(arena, line.p, line.n);
	return host->lsm ? 0 : err_set(err, ENOMEM, "out of memory");
}
