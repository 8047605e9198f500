/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"

#define NOBODY 65534U
#define MEMORY ((uint64_t)2 << 30) /* address space: each thread of a resolver takes a stack */
#define FILES 256

/* ABI 4: TCP ports; ABI 6: scopes. Debian 12's header ends before. */
#define NET_BIND_TCP ((uint64_t)1 << 0)
#define SCOPE_ABSTRACT_UNIX_SOCKET ((uint64_t)1 << 0)
#define SCOPE_SIGNAL ((uint64_t)1 << 1)
#define FS_TRUNCATE ((uint64_t)1 << 14)
#define FS_IOCTL_DEV ((uint64_t)1 << 15)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* What glibc's resolver and OpenSSL read. What is not there is passed over. */
static const char *const readable[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/localtime",
	"/etc/ld.so.cache",
	"/etc/ssl/certs",
	"/etc/ssl/openssl.cnf",
	"/usr/lib/ssl",
	"/etc/pki/tls/certs",
	"/etc/ca-certificates",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
	"/lib",
	"/usr/lib",
	"/usr/share/zoneinfo",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/nscd",
	"/dev/urandom",
};

static int add_readable(int ruleset, const char *path, struct err *err)
{
	struct landlock_path_beneath_attr attr = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	cleanup_close int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return 0;
	if (dir >= 0)
		attr.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	attr.parent_fd = fd;
	r = sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr);
	return r < 0 ? err_sys(err, -r, "cannot add %s to the rules", path) : 0;
}

static int limit_files_apply(struct err *err)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset_attr attr = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
	size_t size = sizeof(attr.handled_access_fs);
	cleanup_close int ruleset = -1;
	int r;

	if (abi <= 0)
		return err_set(
			err, ENOTSUP,
			"this kernel has no Landlock, without which registries are not talked to");
	if (abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= FS_TRUNCATE;
	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP;
		size = offsetof(struct ruleset_attr, scoped);
	}
	if (abi >= 5)
		attr.handled_access_fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	ruleset = sys_landlock_create_ruleset((const struct landlock_ruleset_attr *)&attr, size, 0);
	if (ruleset < 0)
		return err_sys(err, -ruleset, "cannot make a ruleset");
	for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
		r = add_readable(ruleset, readable[i], err);
		if (r < 0)
			return r;
	}
	r = sys_landlock_restrict_self(ruleset, 0);
	return r < 0 ? err_sys(err, -r, "cannot apply the ruleset") : 0;
}

static int limits_apply(struct err *err)
{
	static const struct {
		int resource;
		uint64_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, (uint64_t)64 << 30 },
		{ RLIMIT_NOFILE, FILES },
		{ RLIMIT_AS, MEMORY },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int r = sys_prlimit(0, limits[i].resource, limits[i].value, limits[i].value);

		if (r < 0)
			return err_sys(err, -r, "cannot set a limit");
	}
	return 0;
}

static int nobody_apply(struct err *err)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return err_sys(err, errno, "cannot become nobody");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "cannot give up privileges");
	return 0;
}

/* A policy cannot leave execve(2) out; this process can. */
static int no_programs_apply(struct err *err)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_LEN(code),
				      .filter = (struct sock_filter *)(uintptr_t)code };
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);

	return r < 0 ? err_sys(err, -r, "cannot install the first filter") : 0;
}

static int filter_apply_bundle(const struct bundle *bundle, struct err *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)bundle->n_filter,
		.filter = (struct sock_filter *)(uintptr_t)bundle->filter,
	};
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);

	return r < 0 ? err_sys(err, -r, "cannot install the filter") : 0;
}

int registry_confine_apply(const struct bundle *bundle, struct err *err)
{
	int r = nobody_apply(err);

	if (r == 0)
		r = limits_apply(err);
	if (r == 0)
		r = limit_files_apply(err);
	if (r == 0)
		r = no_programs_apply(err);
	if (r == 0)
		r = filter_apply_bundle(bundle, err);
	return r;
}
