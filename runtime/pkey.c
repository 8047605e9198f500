/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pkey.h"

#include <errno.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int pkey_read(const char *path, bool want_private, EVP_PKEY **ret)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	struct stat st = { 0 };
	EVP_PKEY *key;

	if (!file || fstat(fileno(file), &st) < 0)
		return -errno;
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	if (key && (st.st_mode & 077)) {
		EVP_PKEY_free(key);
		return -EPERM;
	}
	if (!key && !want_private) {
		rewind(file);
		key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	}
	*ret = key;
	return key ? 0 : -EINVAL;
}
