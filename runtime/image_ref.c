/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_ref.h"

#include <string.h>
#include <strings.h>

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define DEFAULT_FOLDER "library/"
#define DEFAULT_TAG "latest"
#define HEX_DIGITS 64

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower_alnum(char c)
{
	return is_lower(c) || is_digit(c);
}

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

static bool is_hex(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!is_digit(text.p[i]) && (text.p[i] < 'a' || text.p[i] > 'f'))
			return false;
	}
	return true;
}

static struct span span_from(struct span text, size_t at)
{
	return (struct span){ text.p + at, text.n - at };
}

bool image_digest_is_valid(struct span text)
{
	return text.n == IMAGE_DIGEST_LEN && span_starts(text, "sha256:") &&
	       is_hex(span_from(text, strlen("sha256:")));
}

bool image_tag_is_valid(struct span text)
{
	if (text.n == 0 || text.n > IMAGE_TAG_MAX || *text.p == '.' || *text.p == '-')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = lower(text.p[i]);

		if (!is_lower_alnum(c) && c != '_' && c != '.' && c != '-')
			return false;
	}
	return true;
}

/* Labels of letters, digits and inner dashes, with dots between. */
static bool is_host(struct span host)
{
	if (host.n == 0)
		return false;
	while (host.n > 0) {
		bool more = span_has_byte(host, '.');
		struct span label = span_cut(&host, '.');

		if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			if (!is_lower_alnum(lower(label.p[i])) && label.p[i] != '-')
				return false;
		}
		if (more && host.n == 0)
			return false;
	}
	return true;
}

static bool is_port(struct span port)
{
	uint64_t number = 0;

	return span_u64(port, UINT16_MAX, &number) == 0 && number > 0;
}

/* "[::1]" or "[::1]:5000" */
static bool is_bracketed(struct span text)
{
	struct span rest = span_from(text, 1);
	struct span address = span_cut(&rest, ']');

	if (address.n == 0 || address.n + 2 > text.n || !span_has_byte(address, ':'))
		return false;
	for (size_t i = 0; i < address.n; i++) {
		char c = lower(address.p[i]);

		if (!is_digit(c) && (c < 'a' || c > 'f') && c != ':')
			return false;
	}
	return rest.n == 0 || (*rest.p == ':' && is_port(span_from(rest, 1)));
}

bool image_domain_is_valid(struct span text)
{
	bool has_port = span_has_byte(text, ':');
	struct span rest = text;
	struct span host;

	if (text.n == 0 || text.n > IMAGE_NAME_MAX)
		return false;
	if (*text.p == '[')
		return is_bracketed(text);
	host = span_cut(&rest, ':');
	return is_host(host) && (!has_port || is_port(rest));
}

/* Bytes of the separator at p: one '.', one or two '_', any number of '-'; 0 if there is none. */
static size_t separator_length(struct span text)
{
	size_t n = 0;

	if (*text.p == '.')
		return 1;
	if (*text.p == '_')
		return text.n > 1 && text.p[1] == '_' ? 2 : 1;
	while (n < text.n && text.p[n] == '-')
		n++;
	return n;
}

bool image_host_is_loopback(struct span domain)
{
	struct span rest = domain;
	struct span part;
	uint64_t number = 0;

	if (span_eq(domain, "[::1]") || span_starts(domain, "[::1]:"))
		return true;
	rest = span_cut(&rest, ':');
	if (span_eq(rest, "localhost"))
		return true;
	for (int i = 0; i < 4; i++) {
		part = span_cut(&rest, '.');
		if (span_u64(part, UINT8_MAX, &number) < 0 || (i == 0 && number != 127))
			return false;
	}
	return rest.n == 0;
}

/* Runs of lower-case letters and digits with one separator between each two. */
static bool is_component(struct span text)
{
	if (text.n == 0)
		return false;
	for (;;) {
		size_t n = 0;

		while (n < text.n && is_lower_alnum(text.p[n]))
			n++;
		if (n == 0)
			return false;
		text = span_from(text, n);
		if (text.n == 0)
			return true;
		n = separator_length(text);
		if (n == 0 || n == text.n)
			return false;
		text = span_from(text, n);
	}
}

static int check_path(struct span path, struct err *err)
{
	struct span rest = path;

	if (path.n == 0)
		return err_set(err, EINVAL, "the name is missing");
	if (path.p[path.n - 1] == '/')
		return err_set(err, EINVAL, "the name ends with a slash");
	while (rest.n > 0) {
		struct span part = span_cut(&rest, '/');
		bool upper = false;

		for (size_t i = 0; i < part.n; i++)
			upper = upper || lower(part.p[i]) != part.p[i];
		if (upper)
			return err_set(err, EINVAL, "names are in lower case");
		if (!is_component(part))
			return err_set(
				err, EINVAL,
				"\"%.*s\": a part of a name has lower-case letters and digits, with '.', '_', '__' or '-' between",
				(int)(part.n < 60 ? part.n : 60), part.p);
	}
	return 0;
}

/* Cut "@DIGEST" and ":TAG" off the end of *name. */
static int cut_pins(struct span *name, struct image_ref *ref, struct err *err)
{
	struct span rest = *name;
	bool has_digest = span_has_byte(rest, '@');
	struct span named = span_cut(&rest, '@');
	size_t colon = named.n;

	if (has_digest && !image_digest_is_valid(rest))
		return err_set(
			err, EINVAL,
			"the digest after '@' is not \"sha256:\" and 64 lower-case hexadecimal digits");
	if (has_digest)
		memcpy(ref->digest, rest.p, rest.n);
	while (colon > 0 && named.p[colon - 1] != ':' && named.p[colon - 1] != '/')
		colon--;
	/* A colon before the last slash belongs to a port. */
	if (colon > 0 && named.p[colon - 1] == ':') {
		struct span tag = span_from(named, colon);

		if (!image_tag_is_valid(tag))
			return err_set(
				err, EINVAL,
				"the tag after ':' is not 1 to 128 letters, digits, '_', '.', '-'");
		memcpy(ref->tag, tag.p, tag.n);
		named.n = colon - 1;
	}
	*name = named;
	return 0;
}

static bool looks_like_domain(struct span first)
{
	static const char localhost[] = "localhost";

	return span_has_byte(first, '.') || span_has_byte(first, ':') ||
	       (first.n == strlen(localhost) && strncasecmp(first.p, localhost, first.n) == 0);
}

static int split_domain(struct span *name, struct image_ref *ref, struct err *err)
{
	struct span rest = *name;
	bool has_slash = span_has_byte(rest, '/');
	struct span first = span_cut(&rest, '/');

	memcpy(ref->domain, DEFAULT_DOMAIN, sizeof(DEFAULT_DOMAIN));
	if (!has_slash || !looks_like_domain(first))
		return 0;
	if (!image_domain_is_valid(first))
		return err_set(err, EINVAL, "the registry \"%.*s\" is not HOST[:PORT]",
			       (int)(first.n < 60 ? first.n : 60), first.p);
	*name = rest;
	memset(ref->domain, 0, sizeof(ref->domain));
	for (size_t i = 0; i < first.n; i++)
		ref->domain[i] = lower(first.p[i]);
	if (strcmp(ref->domain, LEGACY_DOMAIN) == 0) {
		memset(ref->domain, 0, sizeof(ref->domain));
		memcpy(ref->domain, DEFAULT_DOMAIN, sizeof(DEFAULT_DOMAIN));
	}
	return 0;
}

static int parse(struct span text, struct image_ref *ref, struct err *err)
{
	struct span name = text;
	const char *folder = "";
	int r;

	if (text.n == HEX_DIGITS && is_hex(text))
		return err_set(err, EINVAL, "64 hexadecimal digits are an id, not a name");
	r = cut_pins(&name, ref, err);
	if (r < 0)
		return r;
	if (name.n > IMAGE_NAME_MAX)
		return err_set(err, EINVAL, "the name is longer than %d bytes", IMAGE_NAME_MAX);
	r = split_domain(&name, ref, err);
	if (r == 0)
		r = check_path(name, err);
	if (r < 0)
		return r;
	if (strcmp(ref->domain, DEFAULT_DOMAIN) == 0 && !span_has_byte(name, '/'))
		folder = DEFAULT_FOLDER;
	if (strlen(ref->domain) + 1 + strlen(folder) + name.n > IMAGE_NAME_MAX)
		return err_set(err, EINVAL, "the name is longer than %d bytes", IMAGE_NAME_MAX);
	memcpy(ref->path, folder, strlen(folder));
	memcpy(ref->path + strlen(folder), name.p, name.n);
	if (!ref->tag[0] && !ref->digest[0])
		memcpy(ref->tag, DEFAULT_TAG, sizeof(DEFAULT_TAG));
	return 0;
}

int image_ref_parse(struct span text, struct image_ref *ret, struct err *err)
{
	struct image_ref ref = { 0 };
	int r = parse(text, &ref, err);

	if (r < 0) {
		err->stage = ERR_USAGE;
		return err_wrap(err, "image \"%.*s\"", (int)(text.n < 80 ? text.n : 80), text.p);
	}
	*ret = ref;
	return 0;
}

static void add_pins(const struct image_ref *ref, struct strbuf *out)
{
	if (ref->tag[0])
		strbuf_addf(out, ":%s", ref->tag);
	if (ref->digest[0])
		strbuf_addf(out, "@%s", ref->digest);
}

void image_ref_print(const struct image_ref *ref, struct strbuf *out)
{
	strbuf_addf(out, "%s/%s", ref->domain, ref->path);
	add_pins(ref, out);
}

void image_ref_familiar(const struct image_ref *ref, struct strbuf *out)
{
	const char *path = ref->path;
	struct span rest = span_of(path);
	struct span first = span_cut(&rest, '/');

	/* A path that begins like a registry would be read as one. */
	if (strcmp(ref->domain, DEFAULT_DOMAIN) != 0 || (rest.n > 0 && looks_like_domain(first))) {
		image_ref_print(ref, out);
		return;
	}
	if (strncmp(path, DEFAULT_FOLDER, strlen(DEFAULT_FOLDER)) == 0 &&
	    !strchr(path + strlen(DEFAULT_FOLDER), '/'))
		path += strlen(DEFAULT_FOLDER);
	strbuf_puts(out, path);
	add_pins(ref, out);
}

const char *image_ref_pin(const struct image_ref *ref)
{
	return ref->digest[0] ? ref->digest : ref->tag;
}
