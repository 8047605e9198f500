// SPDX-License-Identifier: Apache-2.0
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/label_tree.h"

#define LABEL "u:object_r:immure_data_t:s0:c1,c2"

static void is_labelled(const char *path, const char *want)
{
	char label[128] = "";

	if (lgetxattr(path, "security.selinux", label, sizeof(label) - 1) < 0)
		label[0] = '\0';
	if (strcmp(label, want) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", path, label, want);
}

/* As root only: nobody else may write that attribute where SELinux is off. */
static void labels_what_is_below_and_follows_nothing(void **state)
{
	char top[] = "/tmp/immure-label-XXXXXX";
	struct err err = { 0 };
	char command[512];

	(void)state;
	if (geteuid() != 0)
		skip_because("only root may label files");
	assert_non_null(mkdtemp(top));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p in/a/b out && touch in/file in/a/b/deep out/file && "
		 "ln -s ../out in/folder && ln -s ../out/file in/link && mkfifo in/fifo",
		 top);
	assert_int_equal(system(command), 0);
	assert_int_equal(chdir(top), 0);
	if (label_tree("in", LABEL, &err) < 0 && err.code == ENOTSUP)
		skip_because("/tmp takes no labels");
	assert_string_equal(err.msg, "");
	is_labelled("in", LABEL);
	is_labelled("in/file", LABEL);
	is_labelled("in/a/b/deep", LABEL);
	is_labelled("in/fifo", LABEL);
	is_labelled("in/link", LABEL);
	is_labelled("out/file", "");
	is_labelled("out", "");
	assert_int_equal(label_tree("out/file", LABEL, &err), 0);
	is_labelled("out/file", LABEL);
	assert_int_equal(label_tree("no such", LABEL, &err), -ENOENT);
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	assert_int_equal(system(command), 0);
}

static void refuses_what_is_not_for_sandboxes(void **state)
{
	static const char *const bad[] = { "/", "/etc", "/usr", "/home/bob", "/tmp" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct plan_mount mount = { .kind = MOUNT_BIND,
					    .flags = MOUNT_FLAG_LABEL,
					    .source = bad[i] };
		struct plan plan = { .n_mounts = 1,
				     .mounts = &mount,
				     .lsm = { .selinux = "x", .selinux_data = LABEL } };
		struct err err = { 0 };

		assert_int_equal(label_volumes(&plan, "/home/bob", &err), -EINVAL);
		plan.lsm.selinux = NULL; /* nothing to do without SELinux */
		assert_int_equal(label_volumes(&plan, "/home/bob", &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_what_is_below_and_follows_nothing),
		cmocka_unit_test(refuses_what_is_not_for_sandboxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
