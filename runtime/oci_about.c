/* SPDX-License-Identifier: Apache-2.0 */
/* features and spec: what this runtime can do, and a bundle to begin with. */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/oci.h"
#include "runtime/oci_config.h"
#include "runtime/oci_words.h"

static void word_list(struct jsonw *j, const char *key, const struct oci_word *words)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; words[i].name; i++)
		jsonw_str(j, words[i].name);
	jsonw_array_end(j);
}

static void name_list(struct jsonw *j, const char *key, const char *const *names, size_t n)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < n; i++)
		jsonw_str(j, names[i]);
	jsonw_array_end(j);
}

static void enabled(struct jsonw *j, const char *key, bool on)
{
	jsonw_key(j, key);
	jsonw_object(j);
	jsonw_kbool(j, "enabled", on);
	jsonw_object_end(j);
}

static void cap_list(struct jsonw *j)
{
	jsonw_key(j, "capabilities");
	jsonw_array(j);
	for (int cap = 0; oci_cap_name(cap); cap++) {
		char name[40];

		snprintf(name, sizeof(name), "CAP_%s", oci_cap_name(cap));
		jsonw_str(j, name);
	}
	jsonw_array_end(j);
}

static void linux_features(struct jsonw *j)
{
	jsonw_key(j, "linux");
	jsonw_object(j);
	jsonw_key(j, "namespaces");
	jsonw_array(j);
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		jsonw_str(j, oci_ns_rows[i].name);
	jsonw_array_end(j);
	cap_list(j);
	jsonw_key(j, "cgroup");
	jsonw_object(j);
	jsonw_kbool(j, "v1", false);
	jsonw_kbool(j, "v2", true);
	jsonw_kbool(j, "systemd", scope_is_possible());
	jsonw_kbool(j, "systemdUser", scope_is_possible());
	jsonw_kbool(j, "rdma", true);
	jsonw_object_end(j);
	jsonw_key(j, "seccomp");
	jsonw_object(j);
	jsonw_kbool(j, "enabled", true);
	word_list(j, "actions", oci_seccomp_actions);
	word_list(j, "operators", oci_seccomp_operators);
	word_list(j, "archs", oci_seccomp_archs);
	word_list(j, "knownFlags", oci_seccomp_flags);
	word_list(j, "supportedFlags", oci_seccomp_flags);
	jsonw_object_end(j);
	enabled(j, "apparmor", true);
	enabled(j, "selinux", true);
	enabled(j, "intelRdt", false);
	jsonw_key(j, "mountExtensions");
	jsonw_object(j);
	enabled(j, "idmap", true);
	jsonw_object_end(j);
	jsonw_object_end(j);
}

static int run_features(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	static const char *const hooks[] = { "prestart",       "createRuntime", "createContainer",
					     "startContainer", "poststart",     "poststop" };
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };
	const char *const *options;
	size_t n;
	int r = oci_want_args(argc, argv, 1, 0, 0, err);

	(void)globals;
	if (r < 0)
		return r;
	options = oci_mount_option_names(&n);
	jsonw_object(&j);
	jsonw_kstr(&j, "ociVersionMin", "1.0.0");
	jsonw_kstr(&j, "ociVersionMax", "1.3.0");
	name_list(&j, "hooks", hooks, ARRAY_LEN(hooks));
	name_list(&j, "mountOptions", options, n);
	linux_features(&j);
	jsonw_key(&j, "annotations");
	jsonw_object(&j);
	jsonw_kstr(&j, "immure.version", IMMURE_VERSION);
	jsonw_object_end(&j);
	name_list(&j, "potentiallyUnsafeConfigAnnotations", NULL, 0);
	jsonw_object_end(&j);
	strbuf_putc(&out, '\n');
	return oci_print(&out, err);
}

const struct oci_verb oci_verb_features = {
	.name = "features",
	.args = "",
	.help = "print what this runtime can do as JSON",
	.run = run_features,
};

static const char spec_head[] =
	"{\n"
	"  \"ociVersion\": \"1.3.0\",\n"
	"  \"process\": {\n"
	"    \"terminal\": false,\n"
	"    \"user\": { \"uid\": 0, \"gid\": 0 },\n"
	"    \"args\": [ \"sh\" ],\n"
	"    \"env\": [ \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\", \"TERM=xterm\" ],\n"
	"    \"cwd\": \"/\",\n"
	"    \"capabilities\": {},\n"
	"    \"rlimits\": [ { \"type\": \"RLIMIT_CORE\", \"hard\": 0, \"soft\": 0 } ],\n"
	"    \"noNewPrivileges\": true\n"
	"  },\n"
	"  \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
	"  \"hostname\": \"immure\",\n"
	"  \"mounts\": [\n"
	"    { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\", \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] },\n"
	"    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [ \"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\" ] },\n"
	"    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\", \"options\": [ \"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\" ] },\n"
	"    { \"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\", \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\" ] },\n"
	"    { \"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\", \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] },\n"
	"    { \"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\", \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] }\n"
	"  ],\n"
	"  \"linux\": {\n";
static const char spec_tail[] =
	"    \"namespaces\": [ { \"type\": \"pid\" }, { \"type\": \"network\" }, { \"type\": \"ipc\" }, { \"type\": \"uts\" }, { \"type\": \"mount\" }, { \"type\": \"cgroup\" }%s ],\n"
	"    \"maskedPaths\": [ \"/proc/acpi\", \"/proc/kcore\", \"/proc/keys\", \"/proc/timer_list\", \"/proc/sched_debug\", \"/proc/scsi\", \"/sys/firmware\" ],\n"
	"    \"readonlyPaths\": [ \"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\" ]\n"
	"  }\n"
	"}\n";

struct spec_options {
	const char *bundle;
	bool rootless;
};

#define SPEC(field) offsetof(struct spec_options, field)
static const struct opt spec_opts[] = {
	/* clang-format off */
	{ "bundle", 'b', OPT_TEXT, SPEC(bundle), "DIR", "where to; else the working folder", "@dirs" },
	{ "rootless", 0, OPT_FLAG, SPEC(rootless), NULL, "with a user namespace of the caller's own ids", NULL },
	/* clang-format on */
};

static int write_spec(int dir, bool rootless, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_close int fd =
		openat(dir, "config.json", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "cannot make config.json");
	strbuf_puts(&text, spec_head);
	if (rootless)
		strbuf_addf(
			&text,
			"    \"uidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n"
			"    \"gidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n",
			geteuid(), getegid());
	strbuf_addf(&text, spec_tail, rootless ? ", { \"type\": \"user\" }" : "");
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(fd, text.p, text.len);
	return r < 0 ? err_sys(err, -r, "cannot write config.json") : 0;
}

static int run_spec(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct spec_options options = { 0 };
	cleanup_close int dir = -1;
	int used = options_read(spec_opts, ARRAY_LEN(spec_opts), argc, argv, &arena, &options, err);
	int r = used < 0 ? used : 0;

	(void)globals;
	if (r == 0)
		r = oci_want_args(argc, argv, used, 0, 0, err);
	if (r < 0)
		return r;
	dir = open(options.bundle ? options.bundle : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "cannot open %s", options.bundle ? options.bundle : ".");
	return write_spec(dir, options.rootless, err);
}

const struct oci_verb oci_verb_spec = {
	.name = "spec",
	.args = "[OPTIONS]",
	.help = "write a config.json to begin with",
	.opts = spec_opts,
	.n_opts = ARRAY_LEN(spec_opts),
	.run = run_spec,
};
