/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * All programs as one unit: linked from several, the types of the maps within maps would be lost
 * (clang 14 leaves them as forward declarations).
 */
#include "bpf/calls.bpf.c"
#include "bpf/guard.bpf.c"
#include "bpf/guard_calls.bpf.c"
#include "bpf/hooks.bpf.c"
#include "bpf/net.bpf.c"
#include "bpf/tasks.bpf.c"

char LICENSE[] SEC("license") = "GPL";
