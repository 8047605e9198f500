/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the list told where each of them returns: can that be, and for whom? */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "bpf/calls.h"
#include "bpf/preempt.h"
#include "bpf/tracer_parts.h"

#define CONFIG_MAX (1 << 20)
#define PATIENCE_SECONDS 4 /* less than a client has */
#define TRIAL "__x64_sys_getpgid"
#define IA32 "ia32_sys_call"
#define IA32_ENTRY "do_fast_syscall_32" /* there if the kernel runs programs of 32 bits */

static bool is_left_out(void)
{
	static const struct {
		const char *before, *after;
	} places[] = { { "/boot/config-", "" }, { "/lib/modules/", "/config" } };
	cleanup_strbuf struct strbuf cmdline = { 0 };
	cleanup_strbuf struct strbuf config = { 0 };
	struct err ignored = { 0 };
	struct utsname name;

	uname(&name);
	for (size_t i = 0; i < ARRAY_LEN(places) && config.len == 0; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", places[i].before, name.release,
			 places[i].after);
		if (fd_read_file(AT_FDCWD, path, CONFIG_MAX, &config, &ignored) < 0)
			strbuf_reset(&config);
	}
	if (fd_read_file(AT_FDCWD, "/proc/cmdline", CONFIG_MAX, &cmdline, &ignored) < 0)
		return true;
	return preempt_leaves_out(name.release, name.version,
				  (struct span){ strbuf_str(&cmdline), cmdline.len },
				  (struct span){ strbuf_str(&config), config.len });
}

/* Not while programs at functions are switched off as a whole: they can be attached, and never run.
 */
static bool is_switched_off(void)
{
	char said = '1';
	cleanup_close int fd = open("/proc/sys/kernel/ftrace_enabled", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &said, 1) == 1 && said == '0';
}

/* A program that notes in a map that it was run, at the end of a function. Returns the link. */
static int attach_trial(const struct btf *kernel, const char *function, int seen, struct err *err)
{
	/* seen[0] = 1; return 0 */
	const struct bpf_insn note[] = {
		{ BPF_LD | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, seen },
		{ 0 },
		{ BPF_ST | BPF_MEM | BPF_DW, BPF_REG_1, 0, 0, 1 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT);
	int id = btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC);
	cleanup_close int program = -1;
	int link;

	if (id < 0)
		return err_set(err, ENOTSUP, "this kernel does not say where calls return");
	options.attach_btf_id = (uint32_t)id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "immure_trial", "GPL", note, ARRAY_LEN(note),
				&options);
	if (program < 0)
		return err_sys(err, errno, "this kernel takes no program where a call returns");
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		return err_sys(err, errno, "cannot attach a program where a call returns");
	return link;
}

/* Does such a program see a call of our own? */
static int watch_own_call(const struct btf *kernel, int seen, struct err *err)
{
	cleanup_close int link = attach_trial(kernel, TRIAL, seen, err);
	const uint32_t zero = 0;
	uint64_t value = 0;

	if (link < 0)
		return link;
	getpgid(0);
	if (bpf_map_lookup_elem(seen, &zero, &value) < 0 || value == 0)
		return err_set(err, ENOTSUP, "a program where a call returns is never run");
	return 0;
}

/* Some kernels have no such place, and some let nobody attach there. */
static bool can_hook_ia32(const struct btf *kernel, int seen)
{
	struct err ignored = { 0 };
	cleanup_close int link = -1;

	if (btf__find_by_name_kind(kernel, IA32_ENTRY, BTF_KIND_FUNC) < 0)
		return true; /* there are no such calls */
	link = attach_trial(kernel, IA32, seen, &ignored);
	return link >= 0;
}

static int try_hooks(struct tracer *t, struct err *err)
{
	cleanup_close int seen = bpf_map_create(BPF_MAP_TYPE_ARRAY, "immure_trial",
						sizeof(uint32_t), sizeof(uint64_t), 1, NULL);
	struct btf *kernel;
	int r;

	if (is_switched_off())
		return err_set(err, ENOTSUP, "kernel.ftrace_enabled is 0");
	if (is_left_out())
		return err_set(err, ENOTSUP,
			       "this kernel may be preempted where a call returns, or does not "
			       "tell");
	if (seen < 0)
		return err_sys(err, errno, "cannot make a map");
	kernel = btf__load_vmlinux_btf();
	if (!kernel)
		return err_sys(err, errno, "cannot read the kernel's types");
	r = watch_own_call(kernel, seen, err);
	t->misses_ia32 = r < 0 || !can_hook_ia32(kernel, seen);
	btf__free(kernel);
	return r;
}

void tracer_try_hooks(struct tracer *t)
{
	struct err err = { 0 };

	t->misses_ia32 = true;
	if (try_hooks(t, &err) < 0)
		t->no_hooks = err;
}

static void find_hooked(const struct tracer *t, uint64_t ret[TRACER_CALLS / 64])
{
	for (size_t i = 0; i < TRACER_PROGRAMS; i++) {
		int nr = tracer_programs[i].nr;

		if (tracer_is_hook(i) && t->programs[i] >= 0 && nr >= 0)
			ret[nr / 64] |= (uint64_t)1 << (nr % 64);
	}
}

static time_t seconds_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Those of the slot's calls, and that of the 32-bit table unless nobody survives these. */
static bool is_for(size_t i, const struct tracer_slot *slot)
{
	int nr = tracer_programs[i].nr;

	if (!tracer_is_hook(i))
		return false;
	if (nr < 0)
		return !(slot->want & TRACER_WANT_NATIVE);
	return slot->calls[nr / 64] >> (nr % 64) & 1;
}

/* Somebody waits, and the kernel may still be busy with detaching those of an earlier daemon. */
static int attach_hooks(struct tracer *t, const struct tracer_slot *slot, struct err *err)
{
	const time_t latest = seconds_now() + PATIENCE_SECONDS;
	int r = 0;

	for (size_t i = 0; i < TRACER_PROGRAMS && r == 0; i++) {
		if (!is_for(i, slot) || t->programs[i] < 0 || t->links[i] >= 0)
			continue;
		r = seconds_now() > latest ? err_set(err, ETIMEDOUT, "attaching hooks takes long")
					   : tracer_attach_one(t, i, err);
	}
	return r;
}

int tracer_choose_hooks(struct tracer *t, struct tracer_slot *slot, struct err *err)
{
	uint64_t hooked[TRACER_CALLS / 64] = { 0 };
	int r;

	if (t->no_hooks.code != 0) {
		*err = t->no_hooks;
		return -ENOTSUP;
	}
	if (t->misses_ia32 && !(slot->want & TRACER_WANT_NATIVE))
		return err_set(err, ENOTSUP, "calls of 32 bits have no hook here");
	find_hooked(t, hooked);
	if (!tracer_calls_are_few(slot, hooked))
		return err_set(err, ENOTSUP, "calls are wanted that have no hook");
	r = is_switched_off() ? err_set(err, EBUSY, "kernel.ftrace_enabled is 0")
			      : attach_hooks(t, slot, err);
	t->not_attached = r < 0 ? *err : (struct err){ 0 };
	if (r < 0)
		return r;
	slot->want = (slot->want & ~(uint32_t)TRACER_WANT_RETURNS) | TRACER_WANT_HOOKS;
	return 0;
}

const char *tracer_no_hooks(const struct tracer *t)
{
	if (t->no_hooks.code != 0)
		return t->no_hooks.msg;
	return t->not_attached.code != 0 ? t->not_attached.msg : NULL;
}
