/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device rules of a container as a BPF program on its cgroup: the last rule that matches
 * decides. Source: Documentation/bpf/prog_cgroup_device (kernel/bpf/cgroup.c), bpf(2)
 */
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/oci_cgroup.h"

#define INSNS_MAX 4096

/* struct bpf_insn with its two registers in one byte. */
struct insn {
	uint8_t code, registers;
	int16_t off;
	int32_t imm;
};

struct program {
	struct insn insns[INSNS_MAX];
	size_t n;
	bool full;
};

/* What every container may use, and make nodes of. Source: other runtimes' defaults */
static const struct oci_device_rule always[] = {
	{ -1, -1, 'c', true, false, false, true }, { -1, -1, 'b', true, false, false, true },
	{ 1, 3, 'c', true, true, true, true },     { 1, 5, 'c', true, true, true, true },
	{ 1, 7, 'c', true, true, true, true },     { 1, 8, 'c', true, true, true, true },
	{ 1, 9, 'c', true, true, true, true },     { 5, 0, 'c', true, true, true, true },
	{ 5, 1, 'c', true, true, true, true },     { 5, 2, 'c', true, true, true, true },
	{ 136, -1, 'c', true, true, true, true },
};

static void put(struct program *p, int code, int to, int from, int value)
{
	const struct insn insn = { .code = (uint8_t)code,
				   .registers = (uint8_t)(from << 4 | to),
				   .imm = value };

	if (p->n == INSNS_MAX)
		p->full = true;
	else
		p->insns[p->n++] = insn;
}

static void move(struct program *p, int to, int from)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0);
}

static void compute(struct program *p, int op, int to, int value)
{
	put(p, BPF_ALU | op | BPF_K, to, 0, value);
}

/* 32 bits of struct bpf_cgroup_dev_ctx. */
static void load(struct program *p, int to, int offset)
{
	put(p, BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, 0);
	if (!p->full)
		p->insns[p->n - 1].off = (int16_t)offset;
}

/* Leave the rule unless reg == value; the distance is filled in when the rule is complete. */
static void unless_equal(struct program *p, int reg, int value)
{
	put(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, value);
}

static void finish(struct program *p, bool allow)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, allow);
	put(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

/* r2: type, r3: access, r4: major, r5: minor. */
static void add_rule(struct program *p, const struct oci_device_rule *rule)
{
	int32_t access = (rule->make ? BPF_DEVCG_ACC_MKNOD : 0) |
			 (rule->read ? BPF_DEVCG_ACC_READ : 0) |
			 (rule->write ? BPF_DEVCG_ACC_WRITE : 0);
	size_t start = p->n;

	if (rule->type != 'a')
		unless_equal(p, BPF_REG_2,
			     rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	if (rule->allow) { /* all that is wanted must be granted */
		move(p, BPF_REG_0, BPF_REG_3);
		compute(p, BPF_AND, BPF_REG_0, ~access & 7);
		unless_equal(p, BPF_REG_0, 0);
	} else if (access != 7) { /* something that is wanted is refused */
		move(p, BPF_REG_0, BPF_REG_3);
		compute(p, BPF_AND, BPF_REG_0, access);
		put(p, BPF_JMP32 | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0);
	}
	if (rule->major >= 0)
		unless_equal(p, BPF_REG_4, (int32_t)rule->major);
	if (rule->minor >= 0)
		unless_equal(p, BPF_REG_5, (int32_t)rule->minor);
	finish(p, rule->allow);
	for (size_t i = start; i < p->n; i++) {
		uint8_t op = p->insns[i].code;

		if (op == (BPF_JMP32 | BPF_JNE | BPF_K) || op == (BPF_JMP32 | BPF_JEQ | BPF_K))
			p->insns[i].off = (int16_t)(p->n - i - 1);
	}
}

/* "Deny everything", with which bundles begin: it decides whatever comes to it. */
static bool fits_all(const struct oci_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 && !rule->allow &&
	       rule->make && rule->read && rule->write;
}

static void write_program(const struct oci_resources *resources, struct program *p)
{
	load(p, BPF_REG_2, 0);
	move(p, BPF_REG_3, BPF_REG_2);
	compute(p, BPF_AND, BPF_REG_2, 0xffff);
	compute(p, BPF_RSH, BPF_REG_3, 16);
	load(p, BPF_REG_4, 4);
	load(p, BPF_REG_5, 8);
	for (size_t i = ARRAY_LEN(always); i-- > 0;)
		add_rule(p, &always[i]);
	for (size_t i = resources->n_devices; i-- > 0;) {
		add_rule(p, &resources->devices[i]);
		/* What stands behind could not be reached, and the verifier refuses that. */
		if (fits_all(&resources->devices[i]))
			return;
	}
	finish(p, false);
}

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int oci_cgroup_allow_devices(int dir, const struct oci_resources *resources, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct program *p = arena_alloc(&arena, sizeof(*p));
	union bpf_attr attr;
	cleanup_close int program = -1;

	if (!p)
		return err_set(err, ENOMEM, "out of memory");
	write_program(resources, p);
	if (p->full)
		return err_set(err, E2BIG, "too many device rules");
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	program = bpf(BPF_PROG_LOAD, &attr);
	if (program < 0)
		return err_sys(err, errno, "cannot load the device rules");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (bpf(BPF_PROG_ATTACH, &attr) < 0)
		return err_sys(err, errno, "cannot attach the device rules");
	return 0;
}
