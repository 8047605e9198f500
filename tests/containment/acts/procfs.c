// SPDX-License-Identifier: Apache-2.0
/* Kernel state that is read or written through /proc and /sys (classes 6, 42-44, 51). */
#include "act.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a program may need of /proc besides the processes. Everything else has to be masked. */
static const char *const proc_allowed[] = {
	"self",    "thread-self", "cpuinfo",     "meminfo", "stat", "uptime",
	"loadavg", "version",     "filesystems", "mounts",  "net",  "sys",
};

static bool is_folder_with_content(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (struct dirent *e = readdir(dir); e && !found; e = readdir(dir))
		found = e->d_name[0] != '.';
	closedir(dir);
	return found;
}

/* Bytes of a file, an entry of a folder, or a file that can be opened for writing. */
static bool has_content(int dirfd, const char *path)
{
	cleanup_close int fd = -1;
	struct stat st;
	char byte;

	if (fstatat(dirfd, path, &st, 0) < 0)
		return false;
	if (S_ISDIR(st.st_mode))
		return is_folder_with_content(dirfd, path);
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return read(fd, &byte, 1) == 1;
	fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	return fd >= 0;
}

static enum outcome try_read(const struct act *act)
{
	if (has_content(AT_FDCWD, act->path))
		return act_broken("%s has content", act->path);
	return act_refused("%s", access(act->path, F_OK) == 0 ? "nothing in it" : "not there");
}

static bool is_allowed(const char *name)
{
	if (name[0] == '.' || isdigit((unsigned char)name[0]))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(proc_allowed); i++) {
		if (strcmp(name, proc_allowed[i]) == 0)
			return true;
	}
	return false;
}

static enum outcome see_proc_top(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir("/proc");
	char open_ones[400] = "";
	int n = 0;

	(void)act;
	if (!dir)
		return act_untried("no /proc");
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		size_t len = strlen(open_ones);

		if (is_allowed(e->d_name) || !has_content(dirfd(dir), e->d_name))
			continue;
		n++;
		snprintf(open_ones + len, sizeof(open_ones) - len, " %s", e->d_name);
	}
	if (n > 0)
		return act_broken("%d entries beyond the allow list:%s", n, open_ones);
	return act_refused("every other entry is masked");
}

static enum outcome try_write(const struct act *act)
{
	return act_opened(open(act->path, O_WRONLY | O_CLOEXEC), act->path);
}

/* Opened, not written: to be let in is enough. */
static bool find_writable(int dirfd, char *path, size_t size)
{
	cleanup_closedir DIR *dir = fdopendir(dirfd);
	size_t len = strlen(path);
	bool found = false;

	if (!dir)
		return false;
	for (struct dirent *e = readdir(dir); e && !found; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path + len, size - len, "/%s", e->d_name);
		if (e->d_type == DT_DIR) {
			int sub = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			found = sub >= 0 && find_writable(sub, path, size);
		} else {
			cleanup_close int fd = openat(dirfd, e->d_name, O_WRONLY | O_CLOEXEC);

			found = fd >= 0;
		}
	}
	if (!found)
		path[len] = '\0';
	return found;
}

static enum outcome try_any_sysctl(const struct act *act)
{
	char path[512] = "/proc/sys";
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)act;
	if (fd < 0)
		return act_refused("%s: %s", path, strerrorname_np(errno));
	if (find_writable(fd, path, sizeof(path)))
		return act_broken("%s can be written", path);
	return act_refused("no file below /proc/sys can be written");
}

/* The map of a process that has one already: only a race at its birth would let this through. */
static enum outcome try_child_map(const struct act *act)
{
	int pid = act_child();
	char path[64];
	cleanup_close int fd = -1;

	if (pid < 0)
		return act_untried("fork: %s", strerrorname_np(errno));
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, act->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return act_refused("%s: %s", path, strerrorname_np(errno));
	return act_reached(write(fd, "0 0 1\n", 6));
}

/* In a new time namespace if there can be one, where the offsets are not fixed yet. */
static enum outcome try_offsets(const struct act *act)
{
	cleanup_close int fd = -1;

	if (unshare(CLONE_NEWTIME) < 0)
		errno = 0;
	fd = open(act->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return act_refused("%s: %s", act->path, strerrorname_np(errno));
	return act_reached(write(fd, "monotonic 1 0\n", 14));
}

static enum outcome try_lower_oom(const struct act *act)
{
	cleanup_close int fd = open(act->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return act_refused("%s: %s", act->path, strerrorname_np(errno));
	return act_reached(write(fd, "-1000", 5));
}

/* clang-format off */
#define READ(id, name, text, kernel) \
	{ "proc-" id, try_read, "read " text, "R4", 51, CONTROL_PLAIN | (kernel), .path = "/proc/" name }
#define READ_ROOT(id, name, text, kernel) \
	{ "proc-" id, try_read, "read " text, "R4", 51, CONTROL_ROOT | (kernel), .path = "/proc/" name }
#define WRITE(id, file, text, control) \
	{ "write-" id, try_write, "write " text, "R4", 43, control, .path = file }

const struct act acts_procfs[] = {
	{ "proc-allow-list", see_proc_top, "any entry of /proc that no program needs", "R4", 51, CONTROL_PLAIN },
	READ_ROOT("kcore", "kcore", "the memory of the kernel", CONTROL_KERNEL),
	READ("kallsyms", "kallsyms", "the addresses of kernel symbols", CONTROL_KERNEL),
	READ("keys", "keys", "the keys in the kernel's rings", CONTROL_KERNEL),
	READ("key-users", "key-users", "who has how many keys", CONTROL_KERNEL),
	READ_ROOT("timer-list", "timer_list", "every timer of the machine", CONTROL_KERNEL),
	READ("interrupts", "interrupts", "the interrupt counters, a side channel", 0),
	READ("softirqs", "softirqs", "the soft interrupt counters", 0),
	READ("schedstat", "schedstat", "the scheduler's counters", CONTROL_KERNEL),
	READ("diskstats", "diskstats", "the traffic of the disks", 0),
	READ("partitions", "partitions", "the disks of the machine", 0),
	READ("iomem", "iomem", "the layout of physical memory", CONTROL_KERNEL),
	READ("ioports", "ioports", "the layout of the ports", CONTROL_KERNEL),
	READ_ROOT("slabinfo", "slabinfo", "the kernel's allocations", CONTROL_KERNEL),
	READ_ROOT("vmallocinfo", "vmallocinfo", "the kernel's address space", CONTROL_KERNEL),
	READ_ROOT("pagetypeinfo", "pagetypeinfo", "the page allocator", CONTROL_KERNEL),
	READ("buddyinfo", "buddyinfo", "the free pages by order", 0),
	READ("zoneinfo", "zoneinfo", "the memory zones", 0),
	READ("vmstat", "vmstat", "the counters of virtual memory", 0),
	READ("config", "config.gz", "the configuration of the kernel", CONTROL_KERNEL),
	READ("cmdline", "cmdline", "the kernel's command line", 0),
	READ("modules", "modules", "the modules of the kernel", CONTROL_KERNEL),
	READ("devices", "devices", "the drivers of the kernel", 0),
	READ("crypto", "crypto", "the ciphers of the kernel", CONTROL_KERNEL),
	READ("locks", "locks", "the file locks of everybody", CONTROL_KERNEL),
	READ("swaps", "swaps", "the swap areas", CONTROL_KERNEL),
	READ("pressure", "pressure", "the pressure of others on the machine", CONTROL_KERNEL),
	READ("cgroups", "cgroups", "the cgroup controllers", CONTROL_KERNEL),
	READ("consoles", "consoles", "the consoles", CONTROL_KERNEL),
	READ("bus", "bus", "the buses", CONTROL_KERNEL),
	READ("fs", "fs", "the mounted disks", CONTROL_KERNEL),
	READ("irq", "irq", "the interrupt lines", CONTROL_KERNEL),
	READ("tty", "tty", "the terminal drivers", CONTROL_KERNEL),
	READ("driver", "driver", "the drivers' files", CONTROL_KERNEL),
	READ("sysvipc", "sysvipc", "the System V objects", CONTROL_KERNEL),
	READ("acpi", "acpi", "the firmware's tables", CONTROL_KERNEL),
	READ("mtrr", "mtrr", "the memory type registers", CONTROL_KERNEL),
	READ_ROOT("kpagecount", "kpagecount", "how often each page is mapped", CONTROL_KERNEL),
	WRITE("any-sysctl", "/proc/sys", "to /proc/sys itself", CONTROL_NONE),
	{ "sysctl-any", try_any_sysctl, "write any sysctl", "R4", 43, CONTROL_USERNS },
	WRITE("core-pattern", "/proc/sys/kernel/core_pattern", "the program that the kernel runs on a crash", CONTROL_ROOT),
	WRITE("modprobe", "/proc/sys/kernel/modprobe", "the program that the kernel runs for a module",
	      CONTROL_ROOT | CONTROL_KERNEL),
	WRITE("sysrq", "/proc/sysrq-trigger", "a command to the kernel", CONTROL_ROOT | CONTROL_KERNEL),
	WRITE("ip-forward", "/proc/sys/net/ipv4/ip_forward", "a setting of the own network namespace", CONTROL_USERNS),
	WRITE("user-limit", "/proc/sys/user/max_user_namespaces", "back the limit of namespaces", CONTROL_USERNS),
	WRITE("hostname", "/proc/sys/kernel/hostname", "the host name", CONTROL_ROOT),
	WRITE("shmmax", "/proc/sys/kernel/shmmax", "the limit of shared memory", CONTROL_ROOT),
	WRITE("irq-affinity", "/proc/irq/default_smp_affinity", "which processor serves interrupts",
	      CONTROL_ROOT | CONTROL_KERNEL),
	WRITE("binfmt", "/proc/sys/fs/binfmt_misc/register", "a new kind of executable", CONTROL_ROOT | CONTROL_KERNEL),
	{ "write-timens", try_offsets, "shift the clocks of the children", "R8 R9", 49, CONTROL_USERNS | CONTROL_KERNEL,
	  .path = "/proc/self/timens_offsets" },
	WRITE("uevent-helper", "/sys/kernel/uevent_helper", "the program that the kernel runs for a device",
	      CONTROL_ROOT | CONTROL_KERNEL),
	{ "child-uid-map", try_child_map, "write the user map of a process again", "R4 R7", 6, CONTROL_NONE,
	  .path = "uid_map" },
	{ "lower-oom-score", try_lower_oom, "be the last to be killed when memory is short", "R8", 50, CONTROL_NONE,
	  .path = "/proc/self/oom_score_adj" },
	{ "sys-present", try_read, "see the devices of the machine in /sys", "R3", 51, CONTROL_PLAIN, .path = "/sys" },
	{ "sys-cgroup", try_read, "see the cgroup tree", "R3", 44, CONTROL_PLAIN, .path = "/sys/fs/cgroup" },
	{ "sys-powercap", try_read, "read the power counters, a side channel", "R3", 51, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/sys/class/powercap" },
	{ "sys-firmware", try_read, "read the firmware's tables", "R3", 51, CONTROL_PLAIN | CONTROL_KERNEL,
	  .path = "/sys/firmware" },
	{ 0 },
};
/* clang-format on */
