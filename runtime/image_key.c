/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_key.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/pkey.h"

struct image_keys {
	size_t n;
	EVP_PKEY *keys[IMAGE_KEYS_MAX];
};

static void pkey_done(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void ctx_done(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void bio_done(BIO **bio)
{
	BIO_free(*bio);
}

#define cleanup_pkey cleanup(pkey_done)
#define cleanup_ctx cleanup(ctx_done)
#define cleanup_bio cleanup(bio_done)

static bool is_usable(const EVP_PKEY *key)
{
	static const char *const curves[] = { "prime256v1", "secp384r1", "secp521r1" };
	char curve[32] = "";

	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve),
					   NULL) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		if (strcmp(curve, curves[i]) == 0)
			return true;
	}
	return false;
}

/* Ed25519 hashes for itself. */
static const EVP_MD *hash_for(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

/* Nothing but blanks is left. */
static bool is_at_end(BIO *bio)
{
	char *rest = NULL;
	long n = BIO_get_mem_data(bio, &rest);

	for (long i = 0; i < n; i++) {
		if (!strchr(" \t\r\n", rest[i]))
			return false;
	}
	return true;
}

int image_keys_read(const void *pem, size_t n, struct image_keys **ret, size_t *ret_count)
{
	cleanup_bio BIO *bio = n <= INT32_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;
	struct image_keys *keys = calloc(1, sizeof(*keys));
	int r = bio && keys ? 0 : -ENOMEM;

	*ret_count = 0;
	while (r == 0 && !is_at_end(bio)) {
		EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

		if (!key || !is_usable(key))
			r = -EINVAL;
		else if (keys->n == IMAGE_KEYS_MAX)
			r = -E2BIG;
		if (r < 0) {
			EVP_PKEY_free(key);
			break;
		}
		keys->keys[keys->n++] = key;
		*ret_count = keys->n;
	}
	if (r == 0)
		*ret = keys;
	else
		image_keys_free(keys);
	return r;
}

void image_keys_free(struct image_keys *keys)
{
	for (size_t i = 0; keys && i < keys->n; i++)
		EVP_PKEY_free(keys->keys[i]);
	free(keys);
}

bool image_key_fits(const struct image_keys *keys, size_t i, const void *bytes, size_t n,
		    const uint8_t *signature, size_t n_signature)
{
	cleanup_ctx EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = keys->keys[i];

	return ctx && EVP_DigestVerifyInit(ctx, NULL, hash_for(key), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature, n_signature, bytes, n) == 1;
}

int image_key_digest(const struct image_keys *keys, size_t i, char ret[DIGEST_HEX_LEN])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(keys->keys[i], &der);
	struct digest digest = { { 0 } };
	bool made = n > 0 && EVP_Digest(der, (size_t)n, digest.bytes, NULL, EVP_sha256(), NULL);

	OPENSSL_free(der);
	digest_hex(&digest, ret);
	return made ? 0 : -EIO;
}

int image_key_sign(const char *path, const void *bytes, size_t n, uint8_t ret[IMAGE_SIGNATURE_MAX],
		   FILE *public)
{
	cleanup_pkey EVP_PKEY *key = NULL;
	cleanup_ctx EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t length = IMAGE_SIGNATURE_MAX;
	int r = ctx ? pkey_read(path, true, &key) : -ENOMEM;

	if (r < 0)
		return r;
	if (!is_usable(key))
		return -EINVAL;
	if (EVP_DigestSignInit(ctx, NULL, hash_for(key), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, ret, &length, bytes, n) != 1 || !PEM_write_PUBKEY(public, key) ||
	    fflush(public) != 0)
		return -EIO;
	return (int)length;
}
