/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/strace_read.h"
#include "base/fd.h"
#include "policies/policy_import.h"
#include "policies/policy_read.h"
#include "runtime/status.h"
#include "runtime/verb_policy.h"

#define IMPORT_MAX_BYTES ((size_t)64 << 20)

struct import_verb_options {
	const char *from, *name, *output;
	struct opt_list caps;
};

static const struct opt import_opts[] = {
	{ "from", 0, OPT_TEXT, offsetof(struct import_verb_options, from), "FORMAT",
	  "what the file is: oci (a seccomp profile of Docker, Podman or OCI), strace (a log) or systemd (a unit)",
	  "oci strace systemd" },
	{ "name", 0, OPT_TEXT, offsetof(struct import_verb_options, name), "NAME",
	  "the name of the policy (imported)", NULL },
	{ "cap", 0, OPT_LIST, offsetof(struct import_verb_options, caps), "CAP",
	  "a capability that the profile would be used with, such as CAP_SYS_CHROOT", NULL },
	{ "output", 'o', OPT_TEXT, offsetof(struct import_verb_options, output), "FILE",
	  "where the policy goes, instead of standard output", "@files" },
};

/* A log becomes a record of learning, of one run that is named by the log's digest. */
static int import_strace(struct span text, const char *file, const struct import_options *options,
			 struct arena *arena, struct strbuf *ret, struct diags *diags)
{
	struct digest digest = digest_of(text.p, text.n);
	cleanup_recorder struct recorder recorder = { 0 };
	struct err err = { 0 };
	char hex[DIGEST_HEX_LEN];
	char run[32];

	(void)options;
	(void)arena;
	if (strace_read(text, &recorder) == 0) {
		diags_add(diags, (struct where){ file, 1, 1 },
			  "not a log of strace; expected lines such as openat(...) = 3");
		return -EINVAL;
	}
	digest_hex(&digest, hex);
	snprintf(run, sizeof(run), "strace-%.12s", hex);
	return recorder_encode(&recorder, run, ret, &err);
}

static const struct format {
	const char *name;
	int (*read)(struct span text, const char *file, const struct import_options *options,
		    struct arena *arena, struct strbuf *ret, struct diags *diags);
} formats[] = {
	{ "oci", import_oci },
	{ "strace", import_strace },
	{ "systemd", import_systemd },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(formats); i++) {
		if (strcmp(name, formats[i].name) == 0)
			return &formats[i];
	}
	return NULL;
}

static int read_file(const char *name, struct strbuf *text, struct err *err)
{
	bool is_stdin = strcmp(name, "-") == 0;
	cleanup_close int fd =
		is_stdin ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", name);
	r = fd_read_all(fd, IMPORT_MAX_BYTES, text);
	return r < 0 ? err_sys(err, -r, "cannot read %s", name) : 0;
}

static int usage(struct err *err, const char *what)
{
	err_set(err, EINVAL, "%s", what);
	return err_at(err, ERR_USAGE);
}

static int run_import(const struct verb_call *call, struct err *err)
{
	const struct import_verb_options *options = call->options;
	const struct format *format = find_format(options->from);
	const struct import_options how = { .name = options->name ? options->name : "imported",
					    .n_caps = options->caps.n,
					    .caps = options->caps.items };
	struct diags diags = { .arena = call->arena };
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	int r;

	if (!format)
		return usage(err, "no format: expected --from oci, strace or systemd");
	if (!text_is_id(how.name))
		return usage(err, "--name: expected letters, digits, '_', '.', '-'");
	r = read_file(call->argv[0], &text, err);
	if (r < 0)
		return r;
	r = format->read((struct span){ strbuf_str(&text), text.len }, call->argv[0], &how,
			 call->arena, &out, &diags);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r < 0) {
		policy_print_diags(&diags);
		return STATUS_USAGE;
	}
	if (options->output)
		return policy_write_file(options->output, strbuf_str(&out), out.len, call->arena,
					 err);
	fputs(strbuf_str(&out), stdout);
	return 0;
}

const struct verb verb_policy_import = {
	.name = "import",
	.args = "--from FORMAT [OPTION...] FILE",
	.help = "make a policy of what another tool wrote",
	.opts = import_opts,
	.n_opts = ARRAY_LEN(import_opts),
	.options_size = sizeof(struct import_verb_options),
	.min_args = 1,
	.max_args = 1,
	.mixed = true,
	.run = run_import,
};
