/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/landlock_rights.h"

#include <string.h>

#include "policies/policy.h"

#define BIT(n) ((uint64_t)1 << (n))

const struct landlock_right landlock_rights[] = {
	/* clang-format off */
	{ "execute",      BIT(0), LANDLOCK_FS,  1, FILE_EXEC,  false },
	{ "write_file",   BIT(1), LANDLOCK_FS,  1, FILE_WRITE, false },
	{ "read_file",    BIT(2), LANDLOCK_FS,  1, FILE_READ,  false },
	{ "read_dir",     BIT(3), LANDLOCK_FS,  1, FILE_READ | FILE_LIST, true },
	{ "remove_dir",   BIT(4), LANDLOCK_FS,  1, FILE_WRITE, true },
	{ "remove_file",  BIT(5), LANDLOCK_FS,  1, FILE_WRITE, true },
	/* Device nodes are handled and thereby refused to everybody. */
	{ "make_char",    BIT(6), LANDLOCK_FS,  1, 0,          true },
	{ "make_dir",     BIT(7), LANDLOCK_FS,  1, FILE_WRITE, true },
	{ "make_reg",     BIT(8), LANDLOCK_FS,  1, FILE_WRITE, true },
	{ "make_sock",    BIT(9), LANDLOCK_FS,  1, FILE_WRITE, true },
	{ "make_fifo",    BIT(10), LANDLOCK_FS, 1, FILE_WRITE, true },
	{ "make_block",   BIT(11), LANDLOCK_FS, 1, 0,          true },
	{ "make_sym",     BIT(12), LANDLOCK_FS, 1, FILE_WRITE, true },
	{ "refer",        BIT(13), LANDLOCK_FS, 2, FILE_WRITE, true },
	{ "truncate",     BIT(14), LANDLOCK_FS, 3, FILE_WRITE, false },
	{ "ioctl_dev",    BIT(15), LANDLOCK_FS, 5, FILE_WRITE, false },
	/* connect(2) to the socket of somebody outside: unix(7) wants it writable, so do we. */
	{ "resolve_unix", BIT(16), LANDLOCK_FS, 9, FILE_WRITE, false },

	{ "bind_tcp",         BIT(0), LANDLOCK_NET, 4,  0, false },
	{ "connect_tcp",      BIT(1), LANDLOCK_NET, 4,  0, false },
	{ "bind_udp",         BIT(2), LANDLOCK_NET, 10, 0, false },
	{ "connect_send_udp", BIT(3), LANDLOCK_NET, 10, 0, false },

	{ "abstract_unix_socket", BIT(0), LANDLOCK_SCOPE, 6, 0, false },
	{ "signal",               BIT(1), LANDLOCK_SCOPE, 6, 0, false },

	{ "log_same_exec_off",  BIT(0), LANDLOCK_LOG, 7, 0, false },
	{ "log_new_exec_on",    BIT(1), LANDLOCK_LOG, 7, 0, false },
	{ "log_subdomains_off", BIT(2), LANDLOCK_LOG, 7, 0, false },
	/* clang-format on */
};
const size_t n_landlock_rights = ARRAY_LEN(landlock_rights);

uint64_t landlock_known(enum landlock_kind kind, int abi)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n_landlock_rights; i++) {
		if (landlock_rights[i].kind == kind && landlock_rights[i].abi <= abi)
			bits |= landlock_rights[i].bit;
	}
	return bits;
}

uint64_t landlock_granted(unsigned access, bool folder)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n_landlock_rights; i++) {
		const struct landlock_right *right = &landlock_rights[i];

		if (right->kind == LANDLOCK_FS && (right->access & access) &&
		    (folder || !right->of_folder))
			bits |= right->bit;
	}
	return bits;
}

bool landlock_knows(enum landlock_kind kind, const char *name, int abi)
{
	return landlock_known(kind, abi) & landlock_bit(kind, name);
}

uint64_t landlock_bit(enum landlock_kind kind, const char *name)
{
	for (size_t i = 0; i < n_landlock_rights; i++) {
		if (landlock_rights[i].kind == kind && strcmp(landlock_rights[i].name, name) == 0)
			return landlock_rights[i].bit;
	}
	return 0;
}
