/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_PROTO_H
#define IMMURE_RUNTIME_REGISTRY_PROTO_H

/*
 * What immure-tool and its helper immure-registry say to one another: one fixed-size message each
 * way on a SOCK_SEQPACKET pair, which is descriptor 0 of the helper. A descriptor that goes with a
 * request stands beside it (SCM_RIGHTS).
 *
 * The helper reads what registries answer, so nobody trusts what it says: registry_client.c checks
 * each reply, and bodies arrive through descriptors that their readers bound and hash.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "runtime/image_ref.h"

#define REGISTRY_VERSION 1
#define REGISTRY_MEDIA_MAX 256
#define REGISTRY_USER_MAX 256
#define REGISTRY_PASSWORD_MAX 4096
#define REGISTRY_SMALL_BODY \
	((uint64_t)4 << 20) /* manifests; distribution-spec 1.1 wants this much */
#define REGISTRY_MAX_WORKERS 16

/* The first message. Its descriptor, if there is one, is PEM text: the only CAs to be trusted. */
struct registry_hello {
	uint32_t version;
	char host[IMAGE_NAME_MAX + 1]; /* HOST[:PORT] */
	bool loopback;                 /* plain HTTP may be used if HTTPS is not spoken there */
	bool insecure;                 /* the same, and certificates are not verified */
	char user[REGISTRY_USER_MAX];  /* "" with password: a token to be used as it is */
	char password[REGISTRY_PASSWORD_MAX];
};

enum registry_op {
	REGISTRY_PING,         /* are we let in? */
	REGISTRY_MANIFEST,     /* name: tag or digest; body to the descriptor */
	REGISTRY_REFERRERS,    /* name: digest; body (an index) to the descriptor */
	REGISTRY_BLOB,         /* name: digest; from offset up to size, to the descriptor */
	REGISTRY_PUT_BLOB,     /* name: digest; size bytes of the descriptor, unless it is there */
	REGISTRY_PUT_MANIFEST, /* name: tag or digest; size bytes of the descriptor, of type media
				*/
};

struct registry_request {
	uint32_t id;
	uint32_t op;
	char repository[IMAGE_NAME_MAX + 1];
	char from[IMAGE_NAME_MAX + 1]; /* PUT_BLOB: a repository there that may have it; or "" */
	char name[IMAGE_TAG_MAX + 1];
	char media[REGISTRY_MEDIA_MAX];
	uint64_t offset;
	uint64_t size;
};

enum registry_reply_kind {
	REGISTRY_PROGRESS, /* bytes so far */
	REGISTRY_NOTE,     /* err.msg: something is tried again */
	REGISTRY_DONE,
	REGISTRY_FAILED, /* err */
};

struct registry_reply {
	uint32_t id;
	uint32_t kind;
	uint64_t bytes;                    /* offset + what was written, or of the blob sent */
	uint32_t present;                  /* PUT_BLOB: not 0 if it was there already */
	char media[REGISTRY_MEDIA_MAX];    /* MANIFEST: Content-Type */
	char digest[IMAGE_DIGEST_LEN + 1]; /* MANIFEST: what the registry says it is; or "" */
	struct err err;
};

#endif
