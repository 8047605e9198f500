// SPDX-License-Identifier: Apache-2.0
/* All of it is readable by everybody: no privilege, no attempt that might fail half-way. */
#include "sandbox/host_lsm.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "policies/to_apparmor.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
#define APPARMOR_POLICY "/sys/kernel/security/apparmor/policy"
#define LABEL_MAX 4096

static bool says_yes(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte = 0;

	return fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'Y';
}

/* A loaded profile is a folder NAME.NUMBER. */
static bool is_floor_loaded(void)
{
	cleanup_closedir DIR *dir = opendir(APPARMOR_POLICY "/profiles");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, APPARMOR_FLOOR ".", strlen(APPARMOR_FLOOR ".")) == 0)
			return true;
	}
	return false;
}

static enum apparmor_have read_apparmor(unsigned uid)
{
	char path[128];

	if (!says_yes(APPARMOR_ENABLED) || access(APPARMOR_POLICY, F_OK) < 0)
		return APPARMOR_OFF;
	if (!is_floor_loaded())
		return APPARMOR_BARE;
	snprintf(path, sizeof(path), APPARMOR_POLICY "/namespaces/" APPARMOR_NAMESPACE "%u", uid);
	return access(path, F_OK) == 0 ? APPARMOR_OWN : APPARMOR_FLOOR_ONLY;
}

static const char *read_label(struct arena *arena)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct span rest;
	struct span line;

	if (fd_read_file(AT_FDCWD, "/proc/self/attr/current", LABEL_MAX, &text, &ignored) < 0)
		return NULL;
	rest = (struct span){ strbuf_str(&text), strlen(strbuf_str(&text)) };
	line = span_cut(&rest, '\n');
	return line.n > 0 ? arena_strndup(arena, line.p, line.n) : NULL;
}

void host_lsm_read(unsigned uid, struct arena *arena, struct host_lsm *ret)
{
	struct host_lsm lsm = { .apparmor = read_apparmor(uid), .selinux = host_selinux_read() };

	if (lsm.apparmor != APPARMOR_OFF || lsm.selinux != SELINUX_OFF)
		lsm.label = read_label(arena);
	*ret = lsm;
}
