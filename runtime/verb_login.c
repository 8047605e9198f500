/* SPDX-License-Identifier: Apache-2.0 */
/* immure login, immure logout */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/registry_client.h"
#include "runtime/registry_verb.h"

#define DEFAULT_REGISTRY "docker.io"

struct login_options {
	bool insecure, password_stdin;
	const char *user;
};

#define ROW(field) offsetof(struct login_options, field)

static const struct opt login_opts[] = {
	{ "insecure", 0, OPT_FLAG, ROW(insecure), NULL,
	  "take plain HTTP, and certificates that nobody vouches for", NULL },
	{ "password-stdin", 0, OPT_FLAG, ROW(password_stdin), NULL,
	  "read the password from standard input", NULL },
	{ "username", 'u', OPT_TEXT, ROW(user), "NAME", "who you are there", NULL },
};

/* Without the end of line; everything else belongs to it. */
static int read_line(char *ret, size_t cap, const char *what, struct err *err)
{
	size_t n = 0;

	for (;;) {
		char c;
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, errno, "cannot read the %s", what);
		if (got == 0 || c == '\n')
			break;
		if (n + 1 == cap || c == '\0')
			return err_set(err, EINVAL, "the %s is too long, or has a NUL", what);
		ret[n++] = c;
	}
	if (n > 0 && ret[n - 1] == '\r')
		n--;
	ret[n] = '\0';
	return n > 0 ? 0 : err_set(err, EINVAL, "no %s was given", what);
}

static int ask(const char *prompt, bool hidden, char *ret, size_t cap, struct err *err)
{
	struct termios before;
	struct termios quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int r;

	if (!terminal)
		return err_set(err, EINVAL,
			       "no %s and no terminal to ask on: use -u NAME --password-stdin",
			       prompt);
	fprintf(stderr, "%s: ", prompt);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (hidden && tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
		return err_sys(err, errno, "cannot hide what is typed");
	r = read_line(ret, cap, prompt, err);
	if (hidden) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return r;
}

static int read_login(const struct login_options *options, struct registry_login *login,
		      struct err *err)
{
	int r = 0;

	if (options->user && strlen(options->user) >= sizeof(login->user))
		return err_set(err, EINVAL, "the user name is too long");
	if (options->password_stdin && !options->user)
		return err_set(err, EINVAL, "--password-stdin goes with --username");
	if (options->user)
		memcpy(login->user, options->user, strlen(options->user) + 1);
	else
		r = ask("user name", false, login->user, sizeof(login->user), err);
	if (r == 0 && strchr(login->user, ':'))
		r = err_set(err, EINVAL, "a user name has no ':'");
	if (r < 0)
		return r;
	if (options->password_stdin)
		return read_line(login->password, sizeof(login->password), "password", err);
	return ask("password", true, login->password, sizeof(login->password), err);
}

static int find_domain(const struct verb_call *call, char ret[IMAGE_NAME_MAX + 1], struct err *err)
{
	const char *name = call->argc > 0 ? call->argv[0] : DEFAULT_REGISTRY;

	if (!image_domain_is_valid(span_of(name))) {
		err_set(err, EINVAL, "the registry \"%.60s\" is not HOST[:PORT]", name);
		return err_at(err, ERR_USAGE);
	}
	snprintf(ret, IMAGE_NAME_MAX + 1, "%s", name);
	return 0;
}

/* Is this login taken? */
static int try_login(const char *domain, const struct registry_rule *rule,
		     const struct registry_login *login, struct err *err)
{
	cleanup_registry_client struct registry_client client = REGISTRY_CLIENT_NONE;
	struct registry_request request = { .op = REGISTRY_PING };
	struct registry_reply reply = { 0 };
	int r = registry_client_open(registry_api_host(domain), rule, login, &client, err);

	if (r == 0)
		r = registry_client_call(&client, &request, -1, &reply, err);
	return r < 0 ? err_wrap(err, "%s", domain) : 0;
}

static int login(const struct verb_call *call, struct err *err)
{
	const struct login_options *options = call->options;
	struct registry_config config = { 0 };
	struct registry_login given = { 0 };
	struct registry_rule rule;
	char domain[IMAGE_NAME_MAX + 1];
	const char *path = NULL;
	int r = find_domain(call, domain, err);

	if (r == 0)
		r = registry_verb_config(call->arena, &config, err);
	if (r != 0)
		return r;
	rule = *registry_rule_of(&config, domain);
	rule.insecure |= options->insecure;
	r = read_login(options, &given, err);
	if (r < 0)
		return err_at(err, ERR_USAGE);
	r = try_login(domain, &rule, &given, err);
	if (r == 0)
		r = registry_login_save(domain, &given, call->arena, &path, err);
	explicit_bzero(&given, sizeof(given));
	if (r < 0)
		return r;
	printf("logged in to %s as noted in %s, which is not encrypted\n", domain, path);
	return 0;
}

static int logout(const struct verb_call *call, struct err *err)
{
	char domain[IMAGE_NAME_MAX + 1];
	const char *path = NULL;
	int r = find_domain(call, domain, err);

	if (r == 0)
		r = registry_login_save(domain, NULL, call->arena, &path, err);
	if (r < 0)
		return r;
	if (r > 0)
		return err_set(err, ENOENT, "no login for %s in %s", domain, path);
	printf("forgot the login for %s\n", domain);
	return 0;
}

const struct verb verb_login = {
	.name = "login",
	.args = "[-u NAME] [--password-stdin] [REGISTRY]",
	.help = "note a user name and a password for a registry",
	.opts = login_opts,
	.n_opts = ARRAY_LEN(login_opts),
	.options_size = sizeof(struct login_options),
	.max_args = 1,
	.run = login,
};

const struct verb verb_logout = {
	.name = "logout",
	.args = "[REGISTRY]",
	.help = "forget the login for a registry",
	.options_size = sizeof(struct login_options),
	.max_args = 1,
	.run = logout,
};
