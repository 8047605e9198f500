/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/run_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int run_list(int runs, struct arena *arena, const char ***ret, struct err *err)
{
	int copy = openat(runs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	const char **ids = arena_alloc(arena, sizeof(*ids));
	size_t cap = 1;
	size_t n = 0;

	if (!dir) {
		closep(&copy);
		return err_sys(err, errno, "cannot list the runs");
	}
	if (!ids)
		return err_set(err, ENOMEM, "out of memory");
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || !text_is_id(entry->d_name))
			continue;
		ids = arena_grow(arena, ids, &cap, n + 1, sizeof(*ids));
		if (!ids)
			return err_set(err, ENOMEM, "out of memory");
		ids[n] = arena_strdup(arena, entry->d_name);
		if (!ids[n++])
			return err_set(err, ENOMEM, "out of memory");
	}
	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_name);
	*ret = ids;
	return (int)n;
}

static bool fits(const char *id, const char *part)
{
	size_t n = strlen(id);
	size_t k = strlen(part);

	return k > 0 && k <= n && (strncmp(id, part, k) == 0 || strcmp(id + n - k, part) == 0);
}

static int64_t sealed_at(int runs, const char *id)
{
	char path[RUN_ID_LEN + sizeof("/status.json")];
	struct stat st = { 0 };

	if (strlen(id) >= RUN_ID_LEN)
		return 0;
	snprintf(path, sizeof(path), "%s/status.json", id);
	if (fstatat(runs, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

bool run_is_probe(int runs, const char *id)
{
	char path[RUN_ID_LEN + sizeof("/" RUN_PROBE_MARK)];

	if (strlen(id) >= RUN_ID_LEN)
		return false;
	snprintf(path, sizeof(path), "%s/" RUN_PROBE_MARK, id);
	return faccessat(runs, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The run that ended last; if none has, the one that began last. Nobody asked for those of probes.
 */
static int find_last(int runs, const char **ids, int n, const char **ret, struct err *err)
{
	int64_t newest = 0;

	const char *last = NULL;

	for (int i = 0; i < n; i++) {
		int64_t at = sealed_at(runs, ids[i]);

		if (at < newest || run_is_probe(runs, ids[i]))
			continue;
		newest = at;
		last = ids[i];
	}
	if (!last)
		return err_set(err, ENOENT, "there is no run yet: immure run makes one");
	*ret = last;
	return 0;
}

int run_find(int runs, const char *which, struct arena *arena, const char **ret, struct err *err)
{
	const char **ids = NULL;
	const char *found = NULL;
	int n = run_list(runs, arena, &ids, err);

	if (n < 0)
		return n;
	assert(ids);
	if (!which || strcmp(which, "last") == 0)
		return find_last(runs, ids, n, ret, err);
	for (int i = 0; i < n; i++) {
		if (!fits(ids[i], which))
			continue;
		if (found && strcmp(ids[i], which) != 0 && strcmp(found, which) != 0)
			return err_set(err, EINVAL, "\"%.40s\" fits several runs: %s, %s", which,
				       found, ids[i]);
		if (!found || strcmp(ids[i], which) == 0)
			found = ids[i];
	}
	if (!found)
		return err_set(err, ENOENT, "no run \"%.40s\"; immure audit list names them",
			       which);
	*ret = found;
	return 0;
}
