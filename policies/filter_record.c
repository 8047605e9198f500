/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two programs become one: where the first returns "allow" it goes on to the second, whose every
 * other answer becomes a notification. Jumps inside each stay as they are.
 */
#include "policies/filter_record.h"

#include <linux/seccomp.h>
#include <string.h>

#include "policies/syscall_args.h"

static const char *const always[] = { "open",     "openat", "creat",     "execve",
				      "execveat", "exit",   "exit_group" };

static int call_number(const struct bundle *bundle, const char *name)
{
	const char *p = bundle->calls.p;

	for (int nr = 0; nr < (int)bundle->n_calls; nr++) {
		if (strcmp(p, name) == 0)
			return nr;
		p += strlen(p) + 1;
	}
	return -1;
}

static bool is_allow(const struct sock_filter *insn)
{
	return insn->code == (BPF_RET | BPF_K) && insn->k == SECCOMP_RET_ALLOW;
}

/* "Is it one that is always announced?", then the second program. */
static size_t put_always(const struct bundle *bundle, struct sock_filter *out)
{
	int numbers[ARRAY_LEN(always)];
	size_t n = 0;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		numbers[n] = call_number(bundle, always[i]);
		n += numbers[n] >= 0 ? 1 : 0;
	}
	out[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n; i++)
		out[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (uint32_t)numbers[i], (uint8_t)(n - i), 0);
	out[at++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1);
	out[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	return at;
}

int filter_record(const struct bundle *policy, const struct bundle *known, struct arena *arena,
		  const struct sock_filter **ret, struct err *err)
{
	size_t most = policy->n_filter + known->n_filter + ARRAY_LEN(always) + 3;
	struct sock_filter *out = arena_array(arena, most, sizeof(*out));
	size_t n = policy->n_filter;

	if (!out)
		return err_set(err, ENOMEM, "out of memory");
	if (most > BPF_MAXINSNS)
		return err_set(err, E2BIG,
			       "the filter of a learning run would need more than %d instructions",
			       BPF_MAXINSNS);
	for (size_t i = 0; i < n; i++) {
		out[i] = policy->filter[i];
		if (is_allow(&out[i]))
			out[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
							      (uint32_t)(n - i - 1));
	}
	n += put_always(policy, out + n);
	for (size_t i = 0; i < known->n_filter; i++, n++) {
		out[n] = known->filter[i];
		if (BPF_CLASS(out[n].code) == BPF_RET && !is_allow(&out[n]))
			out[n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							      SECCOMP_RET_USER_NOTIF);
	}
	*ret = out;
	return (int)n;
}
