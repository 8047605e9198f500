// SPDX-License-Identifier: Apache-2.0
/* Calls by another door: i386, x32, numbers that do not exist (classes 29, 30, 32). */
#include "act.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32_BIT 0x40000000L

#ifdef __x86_64__

static void no_i386(int sig)
{
	(void)sig;
	_exit(act_untried("this kernel has no i386 calls"));
}

/* i386 numbers: getpid is 20, unshare 310, ptrace 26, vm86 166. */
static enum outcome try_i386(const struct act *act)
{
	long r;

	signal(SIGSEGV, no_i386);
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(act->nr), "b"(act->args[0]), "c"(act->args[1]), "d"(act->args[2]),
			   "S"(act->args[3])
			 : "memory", "r8", "r9", "r10", "r11");
	r = (int)r;
	errno = r < 0 ? (int)-r : 0;
	if (errno == ENOSPC) /* the namespace's own count, as in namespaces.c */
		return act_refused("ENOSPC");
	return act_reached(r < 0 ? -1 : r);
}

/*
 * The way round a block of an address family in 2026: socketcall(2) takes its arguments from
 * memory, where a filter cannot look. The array must lie below 4 GiB.
 */
static enum outcome try_socketcall(const struct act *act)
{
	static unsigned args[3];
	struct act call = *act;

	args[0] = (unsigned)act->args[0];
	args[1] = 5; /* SOCK_SEQPACKET */
	args[2] = 0;
	if ((unsigned long)args >> 32)
		return act_untried("this program was loaded above 4 GiB");
	call.nr = 102;
	call.args[0] = 1; /* SYS_SOCKET */
	call.args[1] = (unsigned long)args;
	return try_i386(&call);
}

static enum outcome try_x32(const struct act *act)
{
	return act_reached(syscall(act->nr | X32_BIT, act->args[0], act->args[1]));
}

#endif

/* Newer than anybody knows: ENOSYS, so that a libc takes the old way; never anything else. */
static enum outcome try_unknown(const struct act *act)
{
	long r = syscall(act->nr, 0, 0, 0, 0, 0, 0);

	if (r < 0 && errno == ENOSYS)
		return act_refused("ENOSYS");
	return act_broken("%s", r < 0 ? strerrorname_np(errno) : "it returned");
}

static enum outcome try_personality(const struct act *act)
{
	return act_reached(syscall(SYS_personality, act->args[0]));
}

/* clang-format off */
#define PERSONALITY(id, class, value, text) \
	{ "personality-" id, try_personality, text, "R7", class, CONTROL_PLAIN, .args = { (value) } }

const struct act acts_abi[] = {
#ifdef __x86_64__
	{ "i386-getpid", try_i386, "int 0x80: any i386 call", "R7", 32, CONTROL_PLAIN | CONTROL_KERNEL, .nr = 20 },
	{ "i386-unshare", try_i386, "int 0x80: unshare(2)", "R7", 32, CONTROL_PLAIN | CONTROL_KERNEL, .nr = 310,
	  .args = { 0x10000000 } },
	{ "i386-ptrace", try_i386, "int 0x80: ptrace(2)", "R7", 32, CONTROL_PLAIN | CONTROL_KERNEL, .nr = 26 },
	{ "i386-vm86", try_i386, "int 0x80: vm86(2)", "R7", 49, CONTROL_PLAIN | CONTROL_KERNEL, .nr = 166 },
	{ "i386-socketcall", try_socketcall, "int 0x80: a kernel crypto socket through socketcall(2)", "R7", 34,
	  CONTROL_PLAIN | CONTROL_KERNEL, .args = { 38 /* AF_ALG */ } },
	{ "x32-getpid", try_x32, "x32: getpid(2)", "R7", 32, CONTROL_PLAIN | CONTROL_KERNEL, .nr = SYS_getpid },
	{ "x32-unshare", try_x32, "x32: unshare(2)", "R7", 32, CONTROL_PLAIN | CONTROL_KERNEL, .nr = SYS_unshare,
	  .args = { 0x10000000 } },
	{ "x32-ptrace", try_x32, "x32: ptrace(2), by the number that only x32 has", "R7", 32,
	  CONTROL_PLAIN | CONTROL_KERNEL, .nr = 521 },
	PERSONALITY("i386", 32, 0x0008, "be taken for a 32-bit program"),
#endif
	{ "unknown-next", try_unknown, "a call that does not exist: 1023", "R7", 30, CONTROL_NONE, .nr = 1023 },
	{ "unknown-high", try_unknown, "a call that does not exist: 0x3fffffff", "R7", 30, CONTROL_NONE, .nr = 0x3fffffff },
	PERSONALITY("no-aslr", 49, ADDR_NO_RANDOMIZE, "switch the random layout of memory off"),
	PERSONALITY("read-exec", 49, READ_IMPLIES_EXEC, "make all readable memory executable"),
	PERSONALITY("mmap-page-zero", 49, MMAP_PAGE_ZERO, "map the page at 0"),
	PERSONALITY("high-bits", 29, ADDR_NO_RANDOMIZE | (1UL << 40), "switch the random layout off, with high bits set"),
	{ 0 },
};
/* clang-format on */
