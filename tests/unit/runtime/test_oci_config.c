/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "runtime/oci_config.h"

#define CONFIG(process, rest)                                       \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"}," \
	"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"" process "}," \
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"}]" rest "}}"

struct read {
	struct arena arena;
	struct oci_plan plan;
	struct err err;
	int r;
};

static void read_config(struct read *t, const char *text)
{
	cleanup_json json_t *json = NULL;

	*t = (struct read){ 0 };
	t->r = oci_json_parse(text, strlen(text), &json, &t->err);
	if (t->r == 0)
		t->r = oci_config_read(json, "/bundle", &t->arena, &t->plan, &t->err);
}

static void reads_what_a_bundle_says(void **state)
{
	struct read t;

	(void)state;
	read_config(
		&t,
		CONFIG(",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":64,\"hard\":18446744073709551615}],"
		       "\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_OF_TOMORROW\"]},"
		       "\"user\":{\"uid\":7,\"gid\":8,\"additionalGids\":[9]}",
		       ",\"maskedPaths\":[\"/proc/kcore\"]"));
	assert_int_equal(t.r, 0);
	assert_string_equal(t.plan.root, "/bundle/rootfs");
	assert_int_equal(t.plan.process.uid, 7);
	assert_int_equal(t.plan.process.groups[0], 9);
	assert_int_equal(t.plan.process.rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(t.plan.process.rlimits[0].hard == UINT64_MAX);
	assert_true(t.plan.process.caps[OCI_CAP_BOUNDING] == UINT64_C(1) << CAP_KILL);
	assert_int_equal(t.plan.n_masked, 1);
	assert_true(t.plan.ns[OCI_NS_UTS].asked);
	assert_false(t.plan.ns[OCI_NS_PID].asked);
	arena_done(&t.arena);
}

static void refuses_what_the_specification_forbids(void **state)
{
	static const struct {
		const char *config, *because;
	} cases[] = {
		{ "[]", "object" },
		{ "{\"a\":1,\"a\":2}", "duplicate" },
		{ "{}", "ociVersion is missing" },
		{ "{\"ociVersion\":\"0.2.0\"}", "knows 1.0.0" },
		{ "{\"ociVersion\":\"1.4.0\"}", "knows 1.0.0" },
		{ "{\"ociVersion\":\"1.0.0\"}", "root is missing" },
		{ CONFIG(",\"terminal\":1", ""), "true or false" },
		{ CONFIG(",\"user\":{\"uid\":-1}", ""), "whole number" },
		{ CONFIG(",\"user\":{\"uid\":4294967295}", ""), "whole number" },
		{ CONFIG(",\"user\":{\"uid\":\"0\"}", ""), "whole number" },
		{ CONFIG(",\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]", ""),
		  "no resource" },
		{ CONFIG(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]", ""),
		  "above hard" },
		{ CONFIG("", ",\"namespaces\":[]"), "duplicate" },
		{ CONFIG("", ",\"devices\":[{\"path\":\"/dev/x\",\"type\":\"z\"}]"), "one of c" },
		{ CONFIG("", ",\"maskedPaths\":[\"proc\"]"), "not an absolute path" },
		{ CONFIG("", ",\"maskedPaths\":[\"/a/../b\"]"), ".." },
		{ CONFIG("", ",\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), "time namespace" },
		{ CONFIG("", ",\"rootfsPropagation\":\"odd\""), "unknown" },
		{ CONFIG("", ",\"intelRdt\":{\"closID\":\"x\"}"), "cannot do that" },
		{ CONFIG("", ",\"resources\":{\"unified\":{\"../x\":\"1\"}}"), "no limit" },
		{ CONFIG("", ",\"resources\":{\"memory\":{\"limit\":9,\"swap\":5}}"), "below" },
		{ CONFIG("", ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}"),
		  "listenerPath" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct read t;

		read_config(&t, cases[i].config);
		assert_true(t.r < 0);
		if (!strstr(t.err.msg, cases[i].because))
			print_error("case %zu: %s\n", i, t.err.msg);
		assert_non_null(strstr(t.err.msg, cases[i].because));
		assert_null(t.plan.root); /* untouched on failure */
		arena_done(&t.arena);
	}
}

static void reads_mount_options(void **state)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"/r\"},\"mounts\":["
		"{\"destination\":\"/a\",\"source\":\"src\",\"options\":[\"rbind\",\"rw\",\"ro\",\"nosuid\",\"rslave\"]},"
		"{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"noatime\",\"size=4k\",\"noswap\"]}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";
	const struct oci_mount *m;
	struct read t;

	(void)state;
	read_config(&t, text);
	assert_int_equal(t.r, 0);
	m = t.plan.mounts;
	assert_int_equal(m[0].kind, OCI_MOUNT_BIND);
	assert_string_equal(m[0].source, "/bundle/src");
	assert_true(m[0].recursive && m[0].propagate_all);
	assert_true(m[0].set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID));
	assert_true(m[0].clear == 0);
	assert_int_equal(m[0].propagation, MS_SLAVE);
	assert_true(m[1].set == MOUNT_ATTR_NOATIME);
	assert_string_equal(m[1].options[0], "size");
	assert_string_equal(m[1].options[1], "4k");
	assert_string_equal(m[1].options[2], "noswap");
	assert_null(m[1].options[3]);
	arena_done(&t.arena);
}

static void turns_limits_into_files_of_cgroup_v2(void **state)
{
	struct read t;
	const struct oci_pair *files;

	(void)state;
	read_config(&t,
		    CONFIG("", ",\"resources\":{\"memory\":{\"limit\":100,\"swap\":150},"
			       "\"cpu\":{\"quota\":5000,\"shares\":1024},\"pids\":{\"limit\":-1},"
			       "\"unified\":{\"memory.high\":\"90\"}}"));
	assert_int_equal(t.r, 0);
	files = t.plan.resources.files.items;
	assert_int_equal(t.plan.resources.files.n, 6);
	assert_string_equal(files[0].key, "memory.max");
	assert_string_equal(files[1].value, "50");
	assert_string_equal(files[2].value, "39");
	assert_string_equal(files[3].value, "5000 100000");
	assert_string_equal(files[4].value, "max");
	assert_string_equal(files[5].key, "memory.high");
	arena_done(&t.arena);
}

static void the_floor_refuses_and_adds(void **state)
{
	static const struct {
		const char *process, *rest, *because;
	} cases[] = {
		{ ",\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\"]}", "", "CAP_SYS_ADMIN" },
		{ ",\"capabilities\":{\"ambient\":[\"CAP_BPF\"]}", "", "CAP_BPF" },
		{ "",
		  ",\"devices\":[{\"path\":\"/dev/sda\",\"type\":\"b\",\"major\":8,\"minor\":0}]",
		  "/dev/sda" },
		{ "", ",\"devices\":[{\"path\":\"/dev/m\",\"type\":\"c\",\"major\":1,\"minor\":1}]",
		  "/dev/m" },
		{ "", ",\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}",
		  "allow devices" },
		{ "", ",\"sysctl\":{\"kernel.core_pattern\":\"|x\"}", "core_pattern" },
		{ "", ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}", "ip_forward" },
		{ "", ",\"sysctl\":{\"kernel.domainname\":\"d\"}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char config[1024];
		struct read t;
		int r;

		snprintf(config, sizeof(config), CONFIG("%s", "%s"), cases[i].process,
			 cases[i].rest);
		read_config(&t, config);
		assert_int_equal(t.r, 0);
		t.plan.floor = t.plan.in_host_userns = true;
		r = oci_floor_check(&t.plan, &t.arena, &t.err);
		assert_int_equal(r, cases[i].because ? -EPERM : 0);
		if (cases[i].because)
			assert_non_null(strstr(t.err.msg, cases[i].because));
		t.plan.floor = false;
		assert_int_equal(oci_floor_check(&t.plan, &t.arena, &t.err), 0);
		arena_done(&t.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_bundle_says),
		cmocka_unit_test(refuses_what_the_specification_forbids),
		cmocka_unit_test(reads_mount_options),
		cmocka_unit_test(turns_limits_into_files_of_cgroup_v2),
		cmocka_unit_test(the_floor_refuses_and_adds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
