// SPDX-License-Identifier: Apache-2.0
/*
 * The floor profile, and for each user a namespace of policies that he may fill himself. Any local
 * user can enter such a namespace, which is why the floor stands beneath: see SECURITY.md.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policies/to_apparmor.h"
#include "runtime/profile.h"
#include "runtime/setup.h"

#define NAMESPACES PROFILE_POLICY "/namespaces/"
#define PROFILE_FILE "/etc/apparmor.d/" APPARMOR_FLOOR
#define TMPFILES "/etc/tmpfiles.d/immure-apparmor.conf"

static const char *namespace_path(const struct setup *setup, unsigned uid)
{
	return arena_printf(setup->arena, NAMESPACES APPARMOR_NAMESPACE "%u", uid);
}

static int load_floor(const struct setup *setup, const struct strbuf *text, struct err *err)
{
	cleanup_strbuf struct strbuf compiled = { 0 };
	int r;

	if (!setup_say(setup, "load the profile %s", APPARMOR_FLOOR))
		return 0;
	r = profile_compile(text, &compiled, err);
	return r < 0 ? r : profile_write(PROFILE_REPLACE, compiled.p, compiled.len, err);
}

static int make_namespaces(const struct setup *setup, struct err *err)
{
	for (size_t i = 0; i < setup->n_users; i++) {
		const char *path = namespace_path(setup, setup->users[i]);

		if (!path)
			return err_set(err, ENOMEM, "out of memory");
		if (access(path, F_OK) == 0 ||
		    !setup_say(setup, "make the policy namespace of user %u", setup->users[i]))
			continue;
		if (mkdir(path, 0755) < 0)
			return err_sys(err, errno, "cannot make %s", path);
	}
	return 0;
}

/* Namespaces are gone after a restart; systemd-tmpfiles(8) makes them again. */
static int write_tmpfiles(const struct setup *setup, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_puts(&text, "# Made by immure setup: see immure-setup(1).\n");
	for (size_t i = 0; i < setup->n_users; i++)
		strbuf_addf(&text, "d " NAMESPACES APPARMOR_NAMESPACE "%u - - - -\n",
			    setup->users[i]);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return setup_write(setup, TMPFILES, text.p, err);
}

static int install(const struct setup *setup, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r;

	to_apparmor_floor(&text);
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = load_floor(setup, &text, err);
	if (r == 0 && access("/etc/apparmor.d", F_OK) == 0)
		r = setup_write(setup, PROFILE_FILE, text.p, err);
	if (r == 0)
		r = make_namespaces(setup, err);
	if (r == 0 && access("/etc/tmpfiles.d", F_OK) == 0)
		r = write_tmpfiles(setup, err);
	return r;
}

/* The floor stays loaded as long as a sandbox may stand on it: until the restart. */
static int uninstall(const struct setup *setup, struct err *err)
{
	for (size_t i = 0; i < setup->n_users; i++) {
		const char *path = namespace_path(setup, setup->users[i]);

		if (!path)
			return err_set(err, ENOMEM, "out of memory");
		if (access(path, F_OK) < 0 ||
		    !setup_say(setup, "remove the policy namespace of user %u", setup->users[i]))
			continue;
		if (rmdir(path) < 0)
			return err_sys(err, errno, "cannot remove %s", path);
	}
	if (setup_unlink(setup, TMPFILES, err) < 0)
		return -err->code;
	return setup_unlink(setup, PROFILE_FILE, err);
}

static int run(const struct setup *setup, struct err *err)
{
	if (access(PROFILE_POLICY, F_OK) < 0)
		return err_set(err, ENOTSUP, "AppArmor is not enabled here");
	return setup->remove ? uninstall(setup, err) : install(setup, err);
}

const struct setup_part setup_apparmor = {
	.name = "apparmor",
	.help = "a floor profile, and a namespace of policies for each user",
	.run = run,
};
