/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "runtime/registry_login.h"

static void json_done(json_t **json)
{
	json_decref(*json);
}

/* "https://index.docker.io/v1/" and "docker.io" are one; "https://HOST/v2/" is HOST. */
static struct span plain_key(const char *key)
{
	struct span rest = span_of(key);
	struct span host;
	struct span path;

	if (span_starts(rest, "https://"))
		rest = (struct span){ rest.p + 8, rest.n - 8 };
	else if (span_starts(rest, "http://"))
		rest = (struct span){ rest.p + 7, rest.n - 7 };
	path = rest;
	host = span_cut(&path, '/');
	if (span_eq(host, "index.docker.io"))
		return span_of("docker.io");
	if (path.n == 0 || span_eq(path, "v1/") || span_eq(path, "v2/") || span_eq(path, "v1") ||
	    span_eq(path, "v2"))
		return host;
	return rest;
}

/* The member of a map whose key means `wanted`. */
static const json_t *find_key(json_t *map, const char *wanted)
{
	const char *key;
	json_t *value;

	json_object_foreach(map, key, value)
	{
		if (span_eq(plain_key(key), wanted))
			return value;
	}
	return NULL;
}

/* HOST/A/B, HOST/A, HOST: the first that has an entry. */
static const json_t *find_entry(json_t *map, const char *host, const char *path)
{
	char wanted[2 * IMAGE_NAME_MAX + 2];
	const json_t *found;
	char *slash;

	snprintf(wanted, sizeof(wanted), "%s%s%s", host, *path ? "/" : "", path);
	for (;;) {
		found = find_key(map, wanted);
		slash = strrchr(wanted, '/');
		if (found || !slash)
			return found;
		*slash = '\0';
	}
}

static int keep(char *ret, size_t cap, struct span text, struct err *err)
{
	if (text.n >= cap || memchr(text.p, '\0', text.n))
		return err_set(err, EBADMSG, "a user name or password is too long, or has a NUL");
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return 0;
}

/* "auth": base64 of USER:PASSWORD */
static int read_auth(const char *auth, struct registry_login *login, struct err *err)
{
	cleanup_strbuf struct strbuf pair = { 0 };
	struct span rest;
	int r = base64_decode(span_of(auth), &pair);

	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	rest = (struct span){ strbuf_str(&pair), pair.len };
	if (r < 0 || !span_has_byte(rest, ':'))
		return err_set(err, EBADMSG, "\"auth\" is not base64 of USER:PASSWORD");
	r = keep(login->user, sizeof(login->user), span_cut(&rest, ':'), err);
	/* Old versions of Docker padded the password with NULs. */
	while (rest.n > 0 && rest.p[rest.n - 1] == '\0')
		rest.n--;
	if (r == 0)
		r = keep(login->password, sizeof(login->password), rest, err);
	explicit_bzero(pair.p, pair.len);
	return r;
}

static int read_entry(const json_t *entry, struct login_entry *ret, struct err *err)
{
	const char *auth = json_string_value(json_object_get(entry, "auth"));
	const char *user = json_string_value(json_object_get(entry, "username"));
	const char *password = json_string_value(json_object_get(entry, "password"));
	const char *token = json_string_value(json_object_get(entry, "registrytoken"));
	int r = 0;

	if (token) {
		r = keep(ret->login.password, sizeof(ret->login.password), span_of(token), err);
	} else if (auth && *auth) {
		r = read_auth(auth, &ret->login, err);
	} else if (user && password) {
		r = keep(ret->login.user, sizeof(ret->login.user), span_of(user), err);
		if (r == 0)
			r = keep(ret->login.password, sizeof(ret->login.password),
				 span_of(password), err);
	} else {
		return 0; /* Docker leaves {} where a helper knows */
	}
	if (r == 0 && ret->login.password[0])
		ret->kind = LOGIN_PASSWORD;
	return r;
}

static bool is_helper(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n > 0 && name[n] == '\0' && n < sizeof(((struct login_entry *)0)->helper);
}

static int read_helper(json_t *root, const char *host, struct login_entry *ret, struct err *err)
{
	const char *name = json_string_value(find_key(json_object_get(root, "credHelpers"), host));

	if (!name)
		name = json_string_value(json_object_get(root, "credsStore"));
	if (!name || !*name)
		return 0;
	if (!is_helper(name))
		return err_set(err, EBADMSG, "the name of a credential helper has odd characters");
	ret->kind = LOGIN_HELPER;
	snprintf(ret->helper, sizeof(ret->helper), "%s", name);
	return 0;
}

int registry_login_parse(struct span json, const char *host, const char *path,
			 struct login_entry *ret, struct err *err)
{
	json_error_t fault = { 0 };
	cleanup(json_done) json_t *root =
		json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &fault);
	struct login_entry entry = { 0 };
	const json_t *found;
	int r = 0;

	if (!json_is_object(root))
		return err_set(err, EBADMSG, "line %d: %s", fault.line > 0 ? fault.line : 1,
			       root ? "expected an object" : fault.text);
	found = find_entry(json_object_get(root, "auths"), host, path);
	if (found)
		r = read_entry(found, &entry, err);
	if (r == 0 && entry.kind == LOGIN_NONE)
		r = read_helper(root, host, &entry, err);
	if (r == 0)
		*ret = entry;
	explicit_bzero(&entry.login, sizeof(entry.login));
	return r;
}
