/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_quota.h"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PROJECT_FIRST 0x40000000U /* numbers below are left to people */
#define PROJECT_MASK 0x3fffffffU
#define TRIES 16
#define BLOCK 1024 /* the unit of struct if_dqblk's limits */
/* What is immure's of it: the folder, data, the record and what replaces one of these. */
#define OWN_INODES 4
#define OWN_BLOCKS 16

/* quotactl_fd(2), which glibc 2.36 has no function for. Returns 0 or -errno. */
static int quota_call(int fd, unsigned command, uint32_t project, void *arg)
{
	return syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), project, arg) < 0 ? -errno : 0;
}

static bool is_enforced(int fd)
{
	struct fs_quota_statv stat = { .qs_version = FS_QSTATV_VERSION1 };

	return quota_call(fd, Q_XGETQSTATV, 0, &stat) == 0 && (stat.qs_flags & FS_QUOTA_PDQ_ENFD);
}

/* A number that limits nothing and that nothing belongs to. */
static int find_project(int fd, uint32_t *ret, struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		struct if_dqblk quota = { 0 };
		uint32_t random = 0;
		int r;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return err_sys(err, errno, "cannot get random bytes");
		*ret = PROJECT_FIRST | (random & PROJECT_MASK);
		r = quota_call(fd, Q_GETQUOTA, *ret, &quota);
		if (r < 0 && r != -ENOENT)
			return err_sys(err, -r, "cannot read quotas");
		if (!quota.dqb_bhardlimit && !quota.dqb_ihardlimit && !quota.dqb_curspace &&
		    !quota.dqb_curinodes)
			return 0;
	}
	return err_set(err, EEXIST, "cannot find a free project for quotas");
}

static int limit_project(int fd, uint32_t project, const struct volume_limits *limits,
			 struct err *err)
{
	struct if_dqblk quota = { .dqb_valid = QIF_LIMITS };
	int r;

	if (limits->bytes)
		quota.dqb_bhardlimit = (limits->bytes + BLOCK - 1) / BLOCK + OWN_BLOCKS;
	if (limits->inodes)
		quota.dqb_ihardlimit = limits->inodes + OWN_INODES;
	r = quota_call(fd, Q_SETQUOTA, project, &quota);
	return r < 0 ? err_sys(err, -r, "cannot set a quota") : 0;
}

int volume_quota_set(int folder, const struct volume_limits *limits, struct err *err)
{
	struct fsxattr attributes = { 0 };
	uint32_t project = 0;
	int r;

	if (limits->bytes == 0 && limits->inodes == 0)
		return 0;
	if (geteuid() != 0)
		return err_set(
			err, EPERM,
			"a limit needs root: the kernel lets nobody else set quotas; --tmpfs PATH:SIZE limits a folder in memory");
	if (!is_enforced(folder))
		return err_set(
			err, ENOTSUP,
			"its file system keeps no project quotas: put the store on ext4 (mkfs.ext4 -O quota,project; mount -o prjquota) or xfs (mount -o prjquota)");
	r = find_project(folder, &project, err);
	if (r < 0)
		return r;
	/* The project comes first: whoever removes the folder finds by it what to give back. */
	if (ioctl(folder, FS_IOC_FSGETXATTR, &attributes) < 0)
		return err_sys(err, errno, "cannot read its attributes");
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	if (ioctl(folder, FS_IOC_FSSETXATTR, &attributes) < 0)
		return err_sys(err, errno, "cannot give it a project");
	return limit_project(folder, project, limits, err);
}

int volume_quota_drop(int folder, struct err *err)
{
	static const struct volume_limits none = { 0 };
	struct fsxattr attributes = { 0 };

	/* Another user's, or one of a file system that knows no projects, has none of ours. */
	if (geteuid() != 0 || ioctl(folder, FS_IOC_FSGETXATTR, &attributes) < 0 ||
	    attributes.fsx_projid < PROJECT_FIRST || !is_enforced(folder))
		return 0;
	return limit_project(folder, attributes.fsx_projid, &none, err);
}
