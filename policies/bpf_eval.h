/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_BPF_EVAL_H
#define IMMURE_POLICIES_BPF_EVAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Run a classic BPF program on the arguments of a call, as the kernel would.
 *
 * Returns   the program's return value; SECCOMP_RET_KILL_PROCESS for a program that the kernel
 *           would not load (bad jump, bad load, no return).
 * Effects   none. Ends: classic BPF only jumps forward.
 * Source    Documentation/networking/filter.rst, kernel/seccomp.c
 */
uint32_t bpf_eval(const struct sock_filter *prog, size_t n, const struct seccomp_data *data);

/* Does this conditional jump take its `jt` way, with a in the accumulator and v to compare it with?
 */
bool bpf_jump_holds(uint16_t code, uint32_t a, uint32_t v);

/* True if seccomp(2) would accept the program: known opcodes, forward jumps inside, ends in RET. */
bool bpf_is_loadable(const struct sock_filter *prog, size_t n);

#endif
