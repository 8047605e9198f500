/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/overlay.h"
#include "sandbox/steps.h"
#include "tests/support/userns.h"

static char dir[256];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, temp_dir_make());
	return 0;
}

static int teardown(void **state)
{
	char work[300];

	(void)state;
	/* overlayfs leaves it without rights. */
	snprintf(work, sizeof(work), "%s/kept/work/work", dir);
	(void)chmod(work, 0700);
	temp_dir_remove(dir);
	return 0;
}

static int put(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	int r = fd < 0 ? -1 : fd_write_all(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return r;
}

static bool has(int at, const char *name, const char *text)
{
	cleanup_strbuf struct strbuf found = { 0 };
	struct err ignored = { 0 };

	return fd_read_file(at, name, 100, &found, &ignored) == 0 &&
	       strcmp(strbuf_str(&found), text) == 0;
}

/* A folder of the test, as a tree that can be attached. */
static int folder_tree(const char *name)
{
	char path[300];
	struct err ignored = { 0 };
	int fd;
	int tree;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = fd < 0 ? -1 : tree_clone(fd, "", true, &ignored);
	if (fd >= 0)
		close(fd);
	return tree;
}

/* Folder 0 is the lowest: each has a file of its own, and "same" is in all of them. */
static int make_layers(size_t n)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < n; i++) {
		char name[32];
		char text[64];

		snprintf(name, sizeof(name), "%zu", i);
		userns_check(mkdirat(at, name, 0755) == 0);
		snprintf(text, sizeof(text), "%zu/same", i);
		userns_check(put(at, text, name) == 0);
		snprintf(text, sizeof(text), "%zu/own-%zu", i, i);
		userns_check(put(at, text, name) == 0);
	}
	close(at);
	return 0;
}

/* The overlay of n layers. Returns a descriptor, or what is wrong as a negative number. */
static int lay(size_t n, int kept)
{
	struct err err = { 0 };
	int scratch = tmpfs_make(1 << 20, 4096, 0700, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &err);
	int r = scratch < 0 ? scratch : scratch_attach(scratch, &err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		char name[32];
		int tree;

		snprintf(name, sizeof(name), "%zu", i);
		tree = folder_tree(name);
		r = tree < 0 ? -ENOENT : overlay_attach(scratch, i, tree, &err);
	}
	if (r == 0)
		r = overlay_make(scratch, n, kept, NULL, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	return r;
}

static int try_order(const void *of_n)
{
	size_t n = *(const size_t *)of_n;
	char last[32];
	char own[300];
	int root;

	userns_check(make_layers(n) == 0);
	root = lay(n, -1);
	userns_check(root >= 0);
	snprintf(last, sizeof(last), "%zu", n - 1);
	userns_check(has(root, "same", last));
	for (size_t i = 0; i < n; i++) {
		char text[32];

		snprintf(own, sizeof(own), "own-%zu", i);
		snprintf(text, sizeof(text), "%zu", i);
		userns_check(has(root, own, text));
	}
	/* What is written is thrown away. */
	userns_check(put(root, "new", "x") == 0 && has(root, "new", "x"));
	snprintf(own, sizeof(own), "%s/0/new", dir);
	userns_check(access(own, F_OK) < 0);
	return 0;
}

static int try_kept(const void *nothing)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root;

	(void)nothing;
	userns_check(make_layers(2) == 0);
	userns_check(mkdirat(at, "kept", 0700) == 0 &&
		     mkdirat(at, "kept/" OVERLAY_UPPER, 0755) == 0 &&
		     mkdirat(at, "kept/" OVERLAY_WORK, 0755) == 0);
	root = lay(2, folder_tree("kept"));
	userns_check(root >= 0);
	userns_check(put(root, "new", "x") == 0);
	userns_check(unlinkat(root, "own-0", 0) == 0);
	userns_check(has(at, "kept/" OVERLAY_UPPER "/new", "x"));
	userns_check(has(at, "0/own-0", "0"));
	return 0;
}

static void the_uppermost_layer_hides_the_others(void **state)
{
	static const size_t n = 3;

	(void)state;
	userns_try(try_order, &n);
}

static void as_many_layers_as_a_plan_may_have_fit(void **state)
{
	static const size_t n = PLAN_MAX_LAYERS;

	(void)state;
	userns_try(try_order, &n);
}

static void what_is_written_to_a_kept_folder_is_there(void **state)
{
	(void)state;
	userns_try(try_kept, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_uppermost_layer_hides_the_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(as_many_layers_as_a_plan_may_have_fit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_written_to_a_kept_folder_is_there, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
