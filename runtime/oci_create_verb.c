/* SPDX-License-Identifier: Apache-2.0 */
/* create, as it is called: the work is in oci_create.c. */
#include <stddef.h>

#include "runtime/oci.h"
#include "sandbox/oci_open.h"

#define CREATE(field) offsetof(struct oci_create_options, field)
static const struct opt create_opts[] = {
	/* clang-format off */
	{ "bundle", 'b', OPT_TEXT, CREATE(bundle), "DIR", "folder of config.json and the root; else the working folder", "@dirs" },
	{ "config", 'f', OPT_TEXT, CREATE(config), "FILE", "another name for config.json", "@files" },
	{ "pid-file", 0, OPT_TEXT, CREATE(pid_file), "FILE", "write the number of the container's process there", "@files" },
	{ "console-socket", 0, OPT_TEXT, CREATE(console_socket), "SOCKET", "send the terminal's master there", "@files" },
	{ "pidfd-socket", 0, OPT_TEXT, CREATE(pidfd_socket), "SOCKET", "send a pidfd of the container's process there", "@files" },
	{ "preserve-fds", 0, OPT_TEXT, CREATE(preserve_fds), "N", "descriptors 3 to 2+N pass", NULL },
	{ "no-pivot", 0, OPT_FLAG, CREATE(no_pivot), NULL, "accepted: the root is always changed by pivot_root", NULL },
	{ "no-new-keyring", 0, OPT_FLAG, CREATE(no_new_keyring), NULL, "keep the caller's session keyring", NULL },
	/* clang-format on */
};

static int run_create(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct oci_create_options options = { 0 };
	pid_t pid = -1;
	int used = options_read(create_opts, ARRAY_LEN(create_opts), argc, argv, &arena, &options,
				err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 1, err);
	if (r == 0)
		r = oci_protect_self(globals->whole_argv, err);
	if (r == 0)
		r = oci_create(globals, &options, argv[used], &pid, err);
	return r;
}

const struct oci_verb oci_verb_create = {
	.name = "create",
	.args = "[OPTIONS] ID",
	.help = "make a container; its program waits for start",
	.opts = create_opts,
	.n_opts = ARRAY_LEN(create_opts),
	.run = run_create,
};
