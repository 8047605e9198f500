/* SPDX-License-Identifier: Apache-2.0 */
/* run: a whole life in one call. */
#include <stddef.h>

#include "runtime/oci.h"
#include "sandbox/oci_open.h"

#define CREATE(field) offsetof(struct oci_create_options, field)
static const struct opt run_opts[] = {
	/* clang-format off */
	{ "bundle", 'b', OPT_TEXT, CREATE(bundle), "DIR", "folder of config.json and the root; else the working folder", "@dirs" },
	{ "config", 'f', OPT_TEXT, CREATE(config), "FILE", "another name for config.json", "@files" },
	{ "detach", 'd', OPT_FLAG, CREATE(detach), NULL, "return when the program runs", NULL },
	{ "keep", 0, OPT_FLAG, CREATE(keep), NULL, "do not delete the container when its program has ended", NULL },
	{ "pid-file", 0, OPT_TEXT, CREATE(pid_file), "FILE", "write the number of the container's process there", "@files" },
	{ "console-socket", 0, OPT_TEXT, CREATE(console_socket), "SOCKET", "send the terminal's master there", "@files" },
	{ "pidfd-socket", 0, OPT_TEXT, CREATE(pidfd_socket), "SOCKET", "send a pidfd of the container's process there", "@files" },
	{ "preserve-fds", 0, OPT_TEXT, CREATE(preserve_fds), "N", "descriptors 3 to 2+N pass", NULL },
	{ "no-pivot", 0, OPT_FLAG, CREATE(no_pivot), NULL, "accepted: the root is always changed by pivot_root", NULL },
	{ "no-new-keyring", 0, OPT_FLAG, CREATE(no_new_keyring), NULL, "keep the caller's session keyring", NULL },
	{ "no-subreaper", 0, OPT_FLAG, CREATE(no_subreaper), NULL, "accepted", NULL },
	/* clang-format on */
};

static int run_to_end(const struct oci_globals *globals, const struct oci_create_options *o,
		      const char *id, struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	struct err first = { 0 };
	pid_t pid = -1;
	int status = 0;
	int r = oci_create(globals, o, id, &pid, err);

	if (r < 0)
		return r;
	r = oci_load(globals, id, &loaded, err);
	if (r == 0)
		r = oci_start(&loaded, err);
	if (r == 0 && o->detach)
		return 0;
	if (r == 0)
		r = status = oci_wait(pid, err);
	if (o->keep && r >= 0)
		return status;
	if (r < 0)
		first = *err;
	loaded.status = OCI_STOPPED;
	if (oci_destroy(&loaded, err) < 0 && r >= 0)
		return -err->code;
	if (r < 0)
		*err = first;
	return r < 0 ? r : status;
}

static int run_run(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct oci_create_options options = { 0 };
	int used = options_read(run_opts, ARRAY_LEN(run_opts), argc, argv, &arena, &options, err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 1, err);
	if (r == 0)
		r = oci_protect_self(globals->whole_argv, err);
	return r < 0 ? r : run_to_end(globals, &options, argv[used], err);
}

const struct oci_verb oci_verb_run = {
	.name = "run",
	.args = "[OPTIONS] ID",
	.help = "create, start, wait for the end and delete",
	.opts = run_opts,
	.n_opts = ARRAY_LEN(run_opts),
	.run = run_run,
};
