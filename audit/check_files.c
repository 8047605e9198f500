/* SPDX-License-Identifier: Apache-2.0 */
/* What is where: mountinfo, which the child opened after its last mount, and /dev. */
#include <string.h>

#include "audit/check_parts.h"
#include "base/path.h"

bool has_option(const char *options, const char *name)
{
	struct span rest = span_of(options);

	while (rest.n > 0) {
		if (span_eq(span_cut(&rest, ','), name))
			return true;
	}
	return false;
}

const struct proc_mount *mount_on(const struct judge *judge, const char *point)
{
	const struct proc_mount *last = NULL;

	for (size_t i = 0; i < judge->n_mounts; i++) {
		if (strcmp(judge->mounts[i].point, point) == 0)
			last = &judge->mounts[i];
	}
	return last;
}

static bool is_root_writable(const struct judge *j)
{
	return json_is_true(json_object_get(json_object_get(j->plan, "root"), "writable"));
}

void check_read_only_root(struct judge *j, const struct control *control, struct finding *ret)
{
	const struct proc_mount *root = mount_on(j, "/");

	(void)control;
	if (!root)
		judged_unread(j, ret, "ro", "mountinfo");
	else if (has_option(root->options, "ro"))
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL, TEXTS("ro", "ro", "mountinfo"));
	else
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("ro",
			     json_object_get(j->plan, "engine")
				     ? "rw, as the engine's bundle has it"
			     : is_root_writable(j) ? "rw, a throw-away layer: --writable"
						   : "rw",
			     "mountinfo"));
}

/* The plan's entry for a mount point, or NULL. */
static const json_t *planned_mount(const struct judge *j, const char *point)
{
	const json_t *found = NULL;
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(j->plan, "mounts"), i, m)
	{
		if (strcmp(record_text(m, "target", ""), point) == 0)
			found = m;
	}
	return found;
}

static void note_volume(struct judge *j, struct finding *ret, const char *point)
{
	const json_t *planned = planned_mount(j, point);

	if (!json_is_true(json_object_get(planned, "volume")) || json_object_get(j->plan, "engine"))
		return;
	ret->given = arena_printf(j->arena, "--volume %s:%s", record_text(planned, "source", "?"),
				  point);
	j->out_of_memory |= !ret->given;
}

/* Every mount has to be right; the first that is not is named. */
static void all_mounts(struct judge *j, struct finding *ret, const char *expected,
		       bool (*is_right)(const struct judge *, const struct proc_mount *))
{
	if (j->n_mounts == 0) {
		judged_unread(j, ret, expected, "mountinfo");
		return;
	}
	for (size_t i = 0; i < j->n_mounts; i++) {
		const struct proc_mount *m = &j->mounts[i];

		if (is_right(j, m))
			continue;
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS(expected,
			     arena_printf(j->arena, "%s is %s %s from %s%s%s", m->point, m->fstype,
					  m->options, m->root, *m->optional ? " " : "",
					  m->optional),
			     "mountinfo"));
		note_volume(j, ret, m->point);
		return;
	}
	judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
	       TEXTS(expected, arena_printf(j->arena, "so are all %zu", j->n_mounts), "mountinfo"));
}

static bool is_private(const struct judge *j, const struct proc_mount *m)
{
	(void)j;
	return strstr(m->optional, "shared:") == NULL;
}

void check_private_mounts(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "no mount is shared", is_private);
}

static bool is_nosuid(const struct judge *j, const struct proc_mount *m)
{
	(void)j;
	return has_option(m->options, "nosuid");
}

void check_nosuid(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "every mount is nosuid", is_nosuid);
}

static bool is_noexec(const struct judge *j, const struct proc_mount *m)
{
	(void)j;
	return has_option(m->options, "ro") || has_option(m->options, "noexec");
}

void check_noexec(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "every mount is ro or noexec", is_noexec);
}

static bool is_no_socket(const struct judge *j, const struct proc_mount *m)
{
	static const char *const names[] = { "docker.sock", "podman.sock", "containerd.sock",
					     "crio.sock", "buildkitd.sock" };

	(void)j;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strstr(m->root, names[i]) || strstr(m->point, names[i]))
			return false;
	}
	return true;
}

/* Runtimes of an ordinary user keep theirs below /run/user/UID as those of root do below /run. */
static struct span without_user(struct span path)
{
	static const char user[] = "/run/user/";

	if (!span_starts(path, user))
		return path;
	path.p += strlen(user);
	path.n -= strlen(user);
	span_cut(&path, '/');
	return path;
}

/* Is it the socket of a runtime, or a folder that has it in it or below? */
static bool shows_socket(const char *source)
{
	static const char *const sockets[] = { "docker.sock", "podman/podman.sock",
					       "containerd/containerd.sock", "crio/crio.sock",
					       "buildkit/buildkitd.sock" };
	struct span path = span_of(strncmp(source, "/var/run", 8) == 0 ? source + 4 : source);
	struct span rest = without_user(path);

	if (span_eq(path, "/") || span_eq(path, "/run") || span_eq(path, "/run/user"))
		return true;
	if (rest.p == path.p) {
		if (!span_starts(path, "/run/"))
			return false;
		rest.p += strlen("/run/");
		rest.n -= strlen("/run/");
	}
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		if (strncmp(sockets[i], rest.p, rest.n) == 0 &&
		    (rest.n == 0 || sockets[i][rest.n] == '/' || sockets[i][rest.n] == '\0'))
			return true;
	}
	return false;
}

/* A folder in which runtimes keep their sockets shows them too. */
static bool is_no_socket_folder(const struct judge *j, const struct proc_mount *m)
{
	const json_t *planned = planned_mount(j, m->point);

	if (strcmp(record_text(planned, "kind", ""), "bind") == 0 &&
	    shows_socket(record_text(planned, "source", "")))
		return false;
	return is_no_socket(j, m);
}

void check_runtime_sockets(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "no socket of a runtime is shown", is_no_socket_folder);
}

/* In a view of the host, /usr and its like are shown read-only: that is what it is for. */
static bool is_no_system_folder(const struct judge *j, const struct proc_mount *m)
{
	static const char *const never[] = { "/", "/boot", "/dev", "/proc", "/sys" };
	static const char *const readonly[] = { "/etc", "/lib", "/lib64", "/bin", "/sbin", "/usr" };
	const json_t *planned = planned_mount(j, m->point);
	const char *source = record_text(planned, "source", "");
	bool is_volume = json_is_true(json_object_get(planned, "volume"));

	if (strcmp(record_text(planned, "kind", ""), "bind") != 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		if (is_volume && strcmp(source, never[i]) == 0)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(readonly); i++) {
		if (path_is_below(source, readonly[i]) && !has_option(m->options, "ro"))
			return false;
	}
	return true;
}

void check_system_folders(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "no system folder of the host is writable", is_no_system_folder);
}

/* Private memory, its own terminals and processes, harmless devices, and what was asked for. */
static bool is_own_folder(const struct judge *j, const struct proc_mount *m)
{
	static const char *const own[] = { "tmpfs",  "devpts",   "proc",
					   "mqueue", "devtmpfs", "overlay" };
	const json_t *planned = planned_mount(j, m->point);

	if (has_option(m->options, "ro") || json_is_true(json_object_get(planned, "volume")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (strcmp(m->fstype, own[i]) == 0)
			return true;
	}
	return strcmp(m->point, "/") == 0 && is_root_writable(j);
}

void check_own_folders(struct judge *j, const struct control *control, struct finding *ret)
{
	(void)control;
	all_mounts(j, ret, "only private folders and volumes are writable", is_own_folder);
}

/* An engine's /dev, where nobody can make a node: what is in it is listed in the evidence. */
static bool is_own_dev(const struct judge *j, const struct proc_mount *m)
{
	const char *caps = record_text(j->status, "cap_bnd", NULL);

	return json_object_get(j->plan, "engine") && strcmp(m->point, "/dev") == 0 &&
	       strcmp(m->fstype, "tmpfs") == 0 && caps && strspn(caps, "0") == strlen(caps);
}

/* Of devtmpfs, only these nodes; of a folder of the host's, no device file can be opened: nodev. */
static bool is_no_device(const struct judge *j, const struct proc_mount *m)
{
	static const char *const harmless[] = { "/null",   "/zero",    "/full",
						"/random", "/urandom", "/tty" };

	if (is_own_dev(j, m))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
		if (strcmp(m->root, harmless[i]) == 0)
			return true;
	}
	return strcmp(m->fstype, "devpts") == 0 || has_option(m->options, "nodev") ||
	       (strcmp(m->fstype, "tmpfs") == 0 && has_option(m->options, "ro"));
}

static bool is_harmless_device(struct span line)
{
	/* memory devices null to urandom, tty, console and ptmx, terminals of devpts */
	static const char *const numbers[] = { "1:3", "1:5", "1:7", "1:8",
					       "1:9", "5:0", "5:1", "5:2" };
	struct span kind = span_word(&line);
	struct span number = span_word(&line);

	if (!span_eq(kind, "c"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (span_eq(number, numbers[i]))
			return true;
	}
	return span_starts(number, "136:");
}

void check_devices(struct judge *j, const struct control *control, struct finding *ret)
{
	const char *text = evidence_text(j, "devices");
	struct span rest = span_of(text ? text : "");

	(void)control;
	all_mounts(j, ret, "null, zero, full, random, urandom, tty", is_no_device);
	while (ret->status == FINDING_PASS && rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (is_harmless_device(line))
			continue;
		judged(j, ret, FINDING_FAIL, LEVEL_KERNEL,
		       TEXTS("null, zero, full, random, urandom, tty",
			     arena_strndup(j->arena, line.p, line.n), "/dev inside"));
	}
}

void check_pinned_image(struct judge *j, const struct control *control, struct finding *ret)
{
	const json_t *image = json_object_get(j->plan, "image");
	const char *reference = record_text(image, "reference", NULL);
	const char *digest = record_text(image, "digest", NULL);

	(void)control;
	if ((!image || json_is_null(image)) &&
	    strcmp(record_text(json_object_get(j->plan, "root"), "kind", ""), "image") == 0)
		judged_unread(j, ret, "NAME@sha256:...", "plan");
	else if (!image || json_is_null(image))
		judged(j, ret, FINDING_NA, LEVEL_CONFIGURED,
		       TEXTS("NAME@sha256:...",
			     strcmp(record_text(json_object_get(j->plan, "root"), "kind", ""),
				    "host") == 0
				     ? "no image: a view of the host's own files"
				     : "no image: a folder",
			     "plan"));
	else if (reference && digest && strstr(reference, "@sha256:"))
		judged(j, ret, FINDING_PASS, LEVEL_KERNEL,
		       TEXTS("NAME@sha256:...", arena_printf(j->arena, "%s", reference), "plan"));
	else {
		judged(j, ret, FINDING_FAIL, LEVEL_CONFIGURED,
		       TEXTS("NAME@sha256:...",
			     arena_printf(j->arena, "%s, which was %s", reference ? reference : "?",
					  digest ? digest : "of unknown digest"),
			     "plan"));
		ret->given = json_object_get(j->plan, "engine") ? NULL : reference;
	}
}
