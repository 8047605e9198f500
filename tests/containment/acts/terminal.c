// SPDX-License-Identifier: Apache-2.0
/* ioctl(2): terminals first, then the other requests no program needs (classes 27-29). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGH(request) ((unsigned long)(request) | (0xdeadbeefUL << 32))

/*
 * On standard input. Where that is no terminal the kernel says ENOTTY, which it can only say
 * after it was asked: a filter refuses the request whatever the descriptor is.
 */
static enum outcome try_ioctl(const struct act *act)
{
	char arg[64] = "\n";

	return act_reached(syscall(SYS_ioctl, 0, act->args[0], arg));
}

static enum outcome try_socket_ioctl(const struct act *act)
{
	cleanup_close int fd = (int)syscall(SYS_socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */, 0);
	char arg[64] = "lo";

	if (fd < 0)
		return act_refused("socket: %s", strerrorname_np(errno));
	return act_reached(syscall(SYS_ioctl, fd, act->args[0], arg));
}

static enum outcome try_tty(const struct act *act)
{
	return act_opened(open(act->path, O_RDWR | O_CLOEXEC), act->path);
}

/* clang-format off */
#define IOCTL(id, class, request, text) \
	{ "ioctl-" id, try_ioctl, text, "R5 R7", class, CONTROL_PLAIN, .args = { (request) } }
#define SOCKET_IOCTL(id, request, control, text) \
	{ "ioctl-" id, try_socket_ioctl, text, "R7", 33, control, .args = { (request) } }

const struct act acts_terminal[] = {
	IOCTL("tiocsti", 27, TIOCSTI, "push input into the terminal"),
	IOCTL("tiocsti-high-bits", 29, HIGH(TIOCSTI), "push input into the terminal, with high bits set"),
	IOCTL("tiocsti-bit-32", 29, TIOCSTI | (1UL << 32), "push input into the terminal, with bit 32 set"),
	IOCTL("tioclinux", 28, TIOCLINUX, "paste into the console"),
	IOCTL("tioclinux-high-bits", 29, HIGH(TIOCLINUX), "paste into the console, with high bits set"),
	IOCTL("tiocsetd", 28, TIOCSETD, "load a line discipline"),
	IOCTL("tiocsetd-high-bits", 29, HIGH(TIOCSETD), "load a line discipline, with high bits set"),
	IOCTL("tioccons", 27, TIOCCONS, "take the console's output"),
	IOCTL("kdskbent", 28, 0x4B47 /* KDSKBENT */, "change the keyboard table"),
	IOCTL("kdskbsent", 28, 0x4B49 /* KDSKBSENT */, "change what a function key types"),
	IOCTL("vt-activate", 28, 0x5606 /* VT_ACTIVATE */, "switch the console"),
	IOCTL("fibmap", 33, 1 /* FIBMAP */, "map a file's blocks"),
	IOCTL("fs-setflags", 33, 0x40086602 /* FS_IOC_SETFLAGS */, "change a file's attributes"),
	{ "ioctl-fs-freeze", try_ioctl, "freeze a file system", "R7", 33, CONTROL_ROOT,
	  .args = { 0xc0045877 /* FIFREEZE */ } },
	IOCTL("loop-set-fd", 33, 0x4C00 /* LOOP_SET_FD */, "attach a loop device"),
	IOCTL("unknown", 30, 0x0badc0deUL, "a request that nobody knows"),
	SOCKET_IOCTL("tunsetiff", 0x400454ca /* TUNSETIFF */, CONTROL_PLAIN, "make a tunnel"),
	SOCKET_IOCTL("siocsifflags", SIOCSIFFLAGS, CONTROL_USERNS, "switch an interface"),
	SOCKET_IOCTL("siocaddrt", SIOCADDRT, CONTROL_USERNS, "add a route"),
	SOCKET_IOCTL("siocbraddbr", SIOCBRADDBR, CONTROL_USERNS, "make a bridge"),
	SOCKET_IOCTL("siocethtool", SIOCETHTOOL, CONTROL_PLAIN, "talk to a network driver"),
	SOCKET_IOCTL("siocsifname", SIOCSIFNAME, CONTROL_USERNS, "rename an interface"),
	{ "tty-of-the-host", try_tty, "open the controlling terminal outside", "R5", 27, CONTROL_PLAIN,
	  .path = "/dev/tty", .needs = ACT_NEEDS_TTY },
	{ 0 },
};
/* clang-format on */
