/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ed25519.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/pkey.h"

struct ed25519_key {
	EVP_PKEY *pkey;
};

static void pkey_done(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void ctx_done(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

#define cleanup_pkey cleanup(pkey_done)
#define cleanup_ctx cleanup(ctx_done)

int ed25519_make(const char *path)
{
	cleanup_pkey EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	cleanup_fclose FILE *file = NULL;
	int fd;

	if (!key)
		return -EIO;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		unlink(path);
		return -ENOMEM;
	}
	if (PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fflush(file) == 0 &&
	    fsync(fileno(file)) == 0)
		return 0;
	unlink(path);
	return -EIO;
}

int ed25519_open(const char *path, bool want_private, struct ed25519_key **ret)
{
	struct ed25519_key *key = calloc(1, sizeof(*key));
	int r;

	if (!key)
		return -ENOMEM;
	r = pkey_read(path, want_private, &key->pkey);
	if (r == 0 && !EVP_PKEY_is_a(key->pkey, "ED25519"))
		r = -EINVAL;
	if (r == 0)
		*ret = key;
	else
		ed25519_close(key);
	return r;
}

void ed25519_close(struct ed25519_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

int ed25519_print_public(const struct ed25519_key *key, FILE *out)
{
	return PEM_write_PUBKEY(out, key->pkey) && fflush(out) == 0 ? 0 : -EIO;
}

int ed25519_public(const struct ed25519_key *key, uint8_t ret[ED25519_PUBLIC_LEN])
{
	size_t n = ED25519_PUBLIC_LEN;

	return EVP_PKEY_get_raw_public_key(key->pkey, ret, &n) && n == ED25519_PUBLIC_LEN ? 0
											  : -EIO;
}

int ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t n,
		 uint8_t ret[ED25519_SIGNATURE_LEN])
{
	cleanup_ctx EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t length = ED25519_SIGNATURE_LEN;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
	    EVP_DigestSign(ctx, ret, &length, bytes, n) != 1)
		return -EIO;
	return length == ED25519_SIGNATURE_LEN ? 0 : -EIO;
}

bool ed25519_fits(const struct ed25519_key *key, const void *bytes, size_t n,
		  const uint8_t signature[ED25519_SIGNATURE_LEN])
{
	cleanup_ctx EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	return ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
	       EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE_LEN, bytes, n) == 1;
}
