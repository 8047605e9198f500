/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/risk.h"

#include <string.h>

#include "base/path.h"
#include "policies/syscall_sets.h"

static const struct {
	const char *call;
	struct risk risk;
} calls[] = {
	{ "bpf", { "critical", "loads programs into the kernel" } },
	{ "keyctl", { "high", "reaches keyrings, which no namespace separates" } },
	{ "add_key", { "high", "reaches keyrings, which no namespace separates" } },
	{ "request_key", { "high", "reaches keyrings, and may start a helper on the host" } },
	{ "userfaultfd",
	  { "high", "stops the kernel in the middle of copies; used in most exploits" } },
	{ "perf_event_open",
	  { "high", "measures other programs; a long history of kernel faults" } },
	{ "io_uring_setup", { "high", "runs operations that no filter and no record sees" } },
	{ "io_uring_enter", { "high", "runs operations that no filter and no record sees" } },
	{ "ptrace", { "high", "controls the sandbox's other processes" } },
	{ "process_vm_readv", { "high", "reads the sandbox's other processes" } },
	{ "process_vm_writev", { "high", "writes into the sandbox's other processes" } },
	{ "pidfd_getfd", { "high", "takes descriptors out of other processes" } },
	{ "unshare", { "high", "opens the kernel's root-only half in a new user namespace" } },
	{ "setns", { "high", "enters other namespaces" } },
	{ "clone3", { "high", "its flags cannot be checked: new namespaces" } },
	{ "clone", { "high", "with other flags than now: new namespaces" } },
	{ "mount", { "critical", "changes what is where, and so what the path rules mean" } },
	{ "open_by_handle_at", { "critical", "opens files past every path rule" } },
	{ "socket", { "medium", "another family is another part of the kernel to attack" } },
	{ "ioctl", { "medium", "another command is another driver's code" } },
	{ "prctl", { "medium", "another option may loosen what was set" } },
	{ "memfd_create", { "medium", "without MFD_NOEXEC_SEAL: a program that no file holds" } },
	{ "mprotect", { "medium", "memory that is written and then executed" } },
	{ "mmap", { "medium", "memory that is written and then executed" } },
	{ "personality", { "medium", "turns address randomisation off" } },
	{ "chmod", { "medium", "set-id bits" } },
	{ "fchmod", { "medium", "set-id bits" } },
	{ "fchmodat", { "medium", "set-id bits" } },
	{ "mknod", { "medium", "device nodes" } },
	{ "mknodat", { "medium", "device nodes" } },
};

static const struct {
	const char *group;
	struct risk risk;
} groups[] = {
	{ "@kernel", { "critical", "acts on the kernel itself" } },
	{ "@mount", { "critical", "changes what is where, and so what the path rules mean" } },
	{ "@namespaces", { "high", "changes or enters namespaces" } },
	{ "@debug", { "high", "looks into other processes" } },
	{ "@aio", { "high", "runs operations that no filter sees" } },
	{ "@sockets", { "medium", "talks to others" } },
	{ "@ipc", { "medium", "shares memory and messages" } },
	{ "@process", { "medium", "makes or changes processes" } },
	{ "@numa", { "medium", "moves memory of processes; a history of kernel faults" } },
};

struct risk risk_of_call(const char *call)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(calls[i].call, call) == 0)
			return calls[i].risk;
	}
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct name_list list = { 0 };

		if (!syscall_group_find(span_of(groups[i].group), &list))
			continue;
		for (size_t k = 0; k < list.n; k++) {
			if (strcmp(list.names[k], call) == 0)
				return groups[i].risk;
		}
	}
	return (struct risk){ "low", "no privilege and no other party is reached by it" };
}

struct risk risk_of_path(const char *path, const char *access)
{
	static const struct {
		const char *path;
		struct risk risk;
	} table[] = {
		{ "/etc/shadow", { "high", "credential file" } },
		{ "/etc/gshadow", { "high", "credential file" } },
		{ "/root", { "high", "an administrator's files" } },
		{ "/home", { "high", "users' files: keys, tokens, mail" } },
		{ "/proc", { "high", "state of the kernel and of processes" } },
		{ "/sys", { "high", "state of the kernel" } },
		{ "/dev", { "high", "devices" } },
		{ "/var/run", { "high", "sockets of the host's services" } },
		{ "/run", { "high", "sockets of the host's services" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (path_is_below(path, table[i].path))
			return table[i].risk;
	}
	if (strcmp(access, "write") == 0)
		return (struct risk){ "medium", "what is written there outlives the run" };
	if (strcmp(access, "exec") == 0)
		return (struct risk){ "medium", "another program to start" };
	return (struct risk){ "low", "read only" };
}
