/* SPDX-License-Identifier: Apache-2.0 */
/* Alone in its file: openssl/err.h, which evp.h brings, takes names that base/err.h has. */
#include "runtime/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct hash {
	EVP_MD_CTX *context;
};

struct hash *hash_new(void)
{
	struct hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return NULL;
	hash->context = EVP_MD_CTX_new();
	if (!hash->context || !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL)) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

void hash_free(struct hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

bool hash_add(struct hash *hash, const void *bytes, size_t n)
{
	return EVP_DigestUpdate(hash->context, bytes, n) == 1;
}

bool hash_end(struct hash *hash, char ret[DIGEST_HEX_LEN])
{
	struct digest d = { { 0 } };

	if (EVP_DigestFinal_ex(hash->context, d.bytes, NULL) != 1)
		return false;
	digest_hex(&d, ret);
	return true;
}
