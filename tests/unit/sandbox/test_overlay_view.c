/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/overlay.h"
#include "sandbox/plan.h"
#include "tests/support/userns.h"

static char dir[256], lower[300], middle[300], kept[300], upper[310];
static int at;

static bool put(int folder, const char *name)
{
	int fd = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool there(int folder, const char *name)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, temp_dir_make());
	snprintf(lower, sizeof(lower), "%s/lower", dir);
	snprintf(middle, sizeof(middle), "%s/middle", dir);
	snprintf(kept, sizeof(kept), "%s/kept", dir);
	snprintf(upper, sizeof(upper), "%s/" OVERLAY_UPPER, kept);
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return at < 0 || mkdirat(at, "lower", 0755) < 0 || mkdirat(at, "middle", 0755) < 0 ||
	       mkdirat(at, "kept", 0700) < 0 || mkdirat(at, "kept/" OVERLAY_UPPER, 0755) < 0 ||
	       mkdirat(at, "kept/" OVERLAY_WORK, 0755) < 0 || !put(at, "lower/low") ||
	       !put(at, "middle/mid") || !put(at, "kept/" OVERLAY_UPPER "/written");
}

static int teardown(void **state)
{
	(void)state;
	/* overlayfs leaves it without rights. */
	if (fchmodat(at, "kept/" OVERLAY_WORK "/work", 0700, 0) < 0 && errno != ENOENT)
		return -1;
	close(at);
	temp_dir_remove(dir);
	return 0;
}

static int view(bool writable)
{
	const char *const layers[] = { lower, middle };
	const struct overlay_view wanted = {
		.n_layers = 2, .layers = layers, .kept = kept, .upper = upper, .writable = writable
	};
	struct err err = { 0 };
	int r = overlay_view_apply(&wanted, &err);

	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	return r;
}

static int try_looking(const void *nothing)
{
	int root = view(false);

	(void)nothing;
	userns_check(root >= 0);
	userns_check(there(root, "low") && there(root, "mid") && there(root, "written"));
	/* Whatever is done to it stays with whoever looks. */
	if (put(root, "new"))
		userns_check(!there(at, "kept/" OVERLAY_UPPER "/new"));
	userns_check(unlinkat(root, "written", 0) == 0 || errno == EROFS);
	userns_check(there(at, "kept/" OVERLAY_UPPER "/written"));
	userns_check(!there(at, "kept/" OVERLAY_WORK "/work"));
	/* Other users' processes are not seen from here. */
	userns_check(access("/proc/self", F_OK) < 0);
	return 0;
}

static int try_writing(const void *nothing)
{
	int root = view(true);

	(void)nothing;
	userns_check(root >= 0);
	userns_check(there(root, "low") && there(root, "mid") && there(root, "written"));
	userns_check(put(root, "new") && there(at, "kept/" OVERLAY_UPPER "/new"));
	userns_check(unlinkat(root, "written", 0) == 0);
	userns_check(!there(at, "kept/" OVERLAY_UPPER "/written"));
	userns_check(unlinkat(root, "low", 0) == 0 && !there(root, "low"));
	userns_check(there(at, "lower/low"));
	return 0;
}

static int try_absent(const void *nothing)
{
	(void)nothing;
	userns_check(unlinkat(at, "middle/mid", 0) == 0 &&
		     unlinkat(at, "middle", AT_REMOVEDIR) == 0 &&
		     symlinkat("lower", at, "middle") == 0);
	/* No link is followed to a layer. */
	userns_check(view(false) < 0);
	return 0;
}

static int try_many(const void *nothing)
{
	const char *layers[PLAN_MAX_LAYERS];
	const struct overlay_view wanted = {
		.n_layers = ARRAY_LEN(layers), .layers = layers, .kept = kept, .upper = upper
	};
	struct err err = { 0 };

	(void)nothing;
	for (size_t i = 0; i < ARRAY_LEN(layers); i++)
		layers[i] = lower;
	userns_check(overlay_view_apply(&wanted, &err) == -E2BIG);
	userns_check(access("/proc/self", F_OK) == 0); /* nothing has been done */
	return 0;
}

static void who_looks_changes_nothing(void **state)
{
	(void)state;
	userns_try(try_looking, NULL);
}

static void who_writes_changes_what_was_kept_alone(void **state)
{
	(void)state;
	userns_try(try_writing, NULL);
}

static void a_layer_that_is_a_link_is_refused(void **state)
{
	(void)state;
	userns_try(try_absent, NULL);
}

static void more_layers_than_a_plan_may_have_are_refused(void **state)
{
	(void)state;
	userns_try(try_many, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_looks_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(who_writes_changes_what_was_kept_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_layer_that_is_a_link_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(more_layers_than_a_plan_may_have_are_refused, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
