/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/landlock_rights.h"

#include <string.h>

#include "policies/policy.h"

#define BIT(n) ((uint64_t)1 << (n))

const struct landlock_right landlock_rights[] = {
	/* clang-format off */
	{ "execute",      LANDLOCK_FS, BIT(0),  1, FILE_EXEC,  false },
	{ "write_file",   LANDLOCK_FS, BIT(1),  1, FILE_WRITE, false },
	{ "read_file",    LANDLOCK_FS, BIT(2),  1, FILE_READ,  false },
	{ "read_dir",     LANDLOCK_FS, BIT(3),  1, FILE_READ,  true },
	{ "remove_dir",   LANDLOCK_FS, BIT(4),  1, FILE_WRITE, true },
	{ "remove_file",  LANDLOCK_FS, BIT(5),  1, FILE_WRITE, true },
	/* Device nodes are handled and thereby refused to everybody. */
	{ "make_char",    LANDLOCK_FS, BIT(6),  1, 0,          true },
	{ "make_dir",     LANDLOCK_FS, BIT(7),  1, FILE_WRITE, true },
	{ "make_reg",     LANDLOCK_FS, BIT(8),  1, FILE_WRITE, true },
	{ "make_sock",    LANDLOCK_FS, BIT(9),  1, FILE_WRITE, true },
	{ "make_fifo",    LANDLOCK_FS, BIT(10), 1, FILE_WRITE, true },
	{ "make_block",   LANDLOCK_FS, BIT(11), 1, 0,          true },
	{ "make_sym",     LANDLOCK_FS, BIT(12), 1, FILE_WRITE, true },
	{ "refer",        LANDLOCK_FS, BIT(13), 2, FILE_WRITE, true },
	{ "truncate",     LANDLOCK_FS, BIT(14), 3, FILE_WRITE, false },
	{ "ioctl_dev",    LANDLOCK_FS, BIT(15), 5, FILE_WRITE, false },
	/* connect(2) to the socket of somebody outside: unix(7) wants it writable, so do we. */
	{ "resolve_unix", LANDLOCK_FS, BIT(16), 9, FILE_WRITE, false },

	{ "bind_tcp",         LANDLOCK_NET, BIT(0), 4,  0, false },
	{ "connect_tcp",      LANDLOCK_NET, BIT(1), 4,  0, false },
	{ "bind_udp",         LANDLOCK_NET, BIT(2), 10, 0, false },
	{ "connect_send_udp", LANDLOCK_NET, BIT(3), 10, 0, false },

	{ "abstract_unix_socket", LANDLOCK_SCOPE, BIT(0), 6, 0, false },
	{ "signal",               LANDLOCK_SCOPE, BIT(1), 6, 0, false },

	{ "log_same_exec_off",  LANDLOCK_LOG, BIT(0), 7, 0, false },
	{ "log_new_exec_on",    LANDLOCK_LOG, BIT(1), 7, 0, false },
	{ "log_subdomains_off", LANDLOCK_LOG, BIT(2), 7, 0, false },
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

uint64_t landlock_bit(enum landlock_kind kind, const char *name)
{
	for (size_t i = 0; i < n_landlock_rights; i++) {
		if (landlock_rights[i].kind == kind && strcmp(landlock_rights[i].name, name) == 0)
			return landlock_rights[i].bit;
	}
	return 0;
}
