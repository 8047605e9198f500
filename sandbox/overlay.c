/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/overlay.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/steps.h"

#define LOWERS_LEN 257 /* the option that lists them holds 256 bytes */
#define KEPT "kept"

/* Names as short as they can be. */
static const char *lower_name(size_t index, char ret[4])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	ret[0] = letters[index % (sizeof(letters) - 1)];
	ret[1] = index < sizeof(letters) - 1 ? '\0' : '0';
	ret[2] = '\0';
	return ret;
}
static_assert(PLAN_MAX_LAYERS <= 2 * 52, "lower_name() has two rounds of letters");
static_assert(52 * 2 + (PLAN_MAX_LAYERS - 52) * 3 < LOWERS_LEN, "all names fit into one option");

static int attach_as(int scratch, const char *name, int tree, struct err *err)
{
	cleanup_close int at = -1;

	if (mkdirat(scratch, name, 0755) < 0)
		return err_sys(err, errno, "cannot make the overlay's folders");
	at = openat(scratch, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return err_sys(err, errno, "cannot open the overlay's folder");
	return tree_attach(tree, at, err);
}

int overlay_attach(int scratch, size_t index, int tree, struct err *err)
{
	char name[4];

	return attach_as(scratch, lower_name(index, name), tree, err);
}

/* The uppermost first, as overlayfs wants them. */
static void list_lowers(size_t n, char ret[LOWERS_LEN])
{
	size_t used = 0;

	*ret = '\0';
	for (size_t i = n; i > 0; i--) {
		char name[4];
		int length = snprintf(ret + used, LOWERS_LEN - used, "%s%s",
				      lower_name(i - 1, name), i > 1 ? ":" : "");

		used += length > 0 ? (size_t)length : 0;
	}
}

static int make_upper(int scratch, struct err *err)
{
	static const char *const names[] = { OVERLAY_UPPER, OVERLAY_WORK };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (mkdirat(scratch, names[i], 0755) < 0)
			return err_sys(err, errno, "cannot make the overlay's folders");
	}
	return 0;
}

int overlay_make(int scratch, size_t n, int kept, const char *label, struct err *err)
{
	char lowers[LOWERS_LEN];
	const char *upper = kept >= 0 ? KEPT "/" OVERLAY_UPPER : OVERLAY_UPPER;
	const char *work = kept >= 0 ? KEPT "/" OVERLAY_WORK : OVERLAY_WORK;
	const char *const options[] = { "lowerdir",
					lowers,
					"upperdir",
					upper,
					"workdir",
					work,
					"userxattr",
					NULL,
					"source",
					"immure",
					label ? "context" : NULL,
					label,
					NULL };
	int r = kept >= 0 ? attach_as(scratch, KEPT, kept, err) : make_upper(scratch, err);

	if (r < 0)
		return r;
	list_lowers(n, lowers);
	/* These names are ours, below a folder of ours. */
	if (fchdir(scratch) < 0)
		return err_sys(err, errno, "cannot enter our private folder");
	return fs_make("overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}
