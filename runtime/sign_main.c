/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-sign: Ed25519 signatures, and the only program that reads a private key. It is apart from
 * the others so that none of them links libcrypto for it. Messages come from standard input.
 *
 *   immure-sign new KEY              make a key; KEY must not be there yet
 *   immure-sign public KEY           print the public key (PEM)
 *   immure-sign id KEY               print the key's id: the start of the digest of its public key
 *   immure-sign sign KEY             sign standard input: 64 raw bytes
 *   immure-sign sign-image KEY       the same with any key of image_key.h: the signature in base64,
 * a line, then the public key (PEM) immure-sign verify KEY HEX       does the signature fit
 * standard input? exit 1: it does not
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/log.h"
#include "runtime/ed25519.h"
#include "runtime/image_key.h"

#define MESSAGE_MAX ((size_t)256 << 20)
#define STATUS_NO_FIT 1

static void key_done(struct ed25519_key **key)
{
	ed25519_close(*key);
}

#define cleanup_key cleanup(key_done)

static int open_key(const char *path, bool want_private, struct ed25519_key **ret, struct err *err)
{
	int r = ed25519_open(path, want_private, ret);

	if (r == -EPERM)
		return err_set(err, EPERM, "the key %s can be read by others: chmod 600", path);
	if (r == -EINVAL)
		return err_set(err, EINVAL, "%s holds no Ed25519 key in PEM form", path);
	return r < 0 ? err_sys(err, -r, "cannot open the key %s", path) : 0;
}

static int print_id(const struct ed25519_key *key)
{
	uint8_t public[ED25519_PUBLIC_LEN];
	char hex[DIGEST_HEX_LEN];
	struct digest digest;

	if (ed25519_public(key, public) < 0)
		return -EIO;
	digest = digest_of(public, sizeof(public));
	digest_hex(&digest, hex);
	return printf("ed25519:%.16s\n", hex) > 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

static int sign(const struct ed25519_key *key, const struct strbuf *message)
{
	uint8_t signature[ED25519_SIGNATURE_LEN];
	int r = ed25519_sign(key, strbuf_str(message), message->len, signature);

	return r < 0 ? r : fd_write_all(STDOUT_FILENO, signature, sizeof(signature));
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, uint8_t ret[ED25519_SIGNATURE_LEN])
{
	if (strlen(text) != 2 * (size_t)ED25519_SIGNATURE_LEN)
		return false;
	for (size_t i = 0; i < ED25519_SIGNATURE_LEN; i++) {
		int high = digit(text[2 * i]);
		int low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int verify(const struct ed25519_key *key, const char *hex, const struct strbuf *message)
{
	uint8_t signature[ED25519_SIGNATURE_LEN] = { 0 };

	if (!parse_hex(hex, signature))
		return -EINVAL;
	return ed25519_fits(key, strbuf_str(message), message->len, signature) ? 0 : STATUS_NO_FIT;
}

/* All verbs but "new": the key, the whole message where there is one, and then the answer. */
static int with_key(int argc, char *argv[], struct err *err)
{
	bool has_message = strcmp(argv[1], "sign") == 0 || argc == 4;
	cleanup_strbuf struct strbuf message = { 0 };
	cleanup_key struct ed25519_key *key = NULL;
	int r = has_message ? fd_read_all(STDIN_FILENO, MESSAGE_MAX, &message) : 0;

	if (r < 0)
		return err_sys(err, -r, "cannot read the message");
	r = open_key(argv[2], strcmp(argv[1], "sign") == 0, &key, err);
	if (r < 0)
		return r;
	if (strcmp(argv[1], "public") == 0)
		r = ed25519_print_public(key, stdout);
	else if (strcmp(argv[1], "id") == 0)
		r = print_id(key);
	else if (strcmp(argv[1], "sign") == 0)
		r = sign(key, &message);
	else
		r = verify(key, argv[3], &message);
	return r < 0 ? err_sys(err, -r, "cannot %s", argv[1]) : r;
}

static int sign_image(const char *path, struct err *err)
{
	uint8_t signature[IMAGE_SIGNATURE_MAX];
	cleanup_strbuf struct strbuf message = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_free char *public = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&public, &length);
	int r = memory ? fd_read_all(STDIN_FILENO, MESSAGE_MAX, &message) : -ENOMEM;

	if (r == 0)
		r = image_key_sign(path, strbuf_str(&message), message.len, signature, memory);
	if (memory)
		fclose(memory);
	if (r == -EPERM)
		return err_set(err, EPERM, "the key %s can be read by others: chmod 600", path);
	if (r == -EINVAL)
		return err_set(err, EINVAL,
			       "%s holds no Ed25519 or ECDSA (P-256, P-384, P-521) private key in "
			       "PEM form",
			       path);
	if (r < 0)
		return err_sys(err, -r, "cannot sign with the key %s", path);
	base64_encode(signature, (size_t)r, &text);
	strbuf_addf(&text, "\n%s", public);
	r = text.failed ? -ENOMEM : fd_write_all(STDOUT_FILENO, text.p, text.len);
	return r < 0 ? err_sys(err, -r, "cannot hand on a signature") : 0;
}

static int call(int argc, char *argv[], struct err *err)
{
	static const char *const verbs[] = { "public", "id", "sign" };
	int r;

	if (argc == 3 && strcmp(argv[1], "new") == 0) {
		r = ed25519_make(argv[2]);
		return r < 0 ? err_sys(err, -r, "cannot make the key %s", argv[2]) : 0;
	}
	if (argc == 3 && strcmp(argv[1], "sign-image") == 0)
		return sign_image(argv[2], err);
	for (size_t i = 0; argc == 3 && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i]) == 0)
			return with_key(argc, argv, err);
	}
	if (argc == 4 && strcmp(argv[1], "verify") == 0)
		return with_key(argc, argv, err);
	return err_set(err, EINVAL,
		       "expected new|public|id|sign|sign-image KEY, or verify KEY SIGNATURE");
}

int main(int argc, char *argv[])
{
	struct err err = { 0 };
	int r = call(argc, argv, &err);

	if (r >= 0)
		return r;
	log_error("sign: %s", err.msg);
	return 2;
}
