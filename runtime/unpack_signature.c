/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signature of an image: which of the keys made it, and only then what it says. Standard input is
 * the payload, the blob's descriptor holds the keys.
 */
#include <unistd.h>

#include "base/base64.h"
#include "base/fd.h"
#include "base/flat.h"
#include "runtime/image_json.h"
#include "runtime/image_key.h"
#include "runtime/unpack.h"

struct signature_task {
	struct strbuf pem, payload, signature;
	struct image_keys *keys;
	size_t n_keys;
};

static void task_done(struct signature_task *task)
{
	strbuf_done(&task->pem);
	strbuf_done(&task->payload);
	strbuf_done(&task->signature);
	image_keys_free(task->keys);
}

static int read_all(const struct unpack *unpack, struct signature_task *task, struct err *err)
{
	int r = fd_read_all(unpack->blob, UNPACK_KEYS_MAX, &task->pem);

	if (r < 0)
		return err_sys(err, -r, "cannot read the keys");
	r = fd_read_all(STDIN_FILENO, UNPACK_PAYLOAD_MAX, &task->payload);
	if (r < 0)
		return err_sys(err, -r, "cannot read the payload");
	r = image_keys_read(strbuf_str(&task->pem), task->pem.len, &task->keys, &task->n_keys);
	if (r < 0)
		return err_set(err, -r,
			       "key %zu is no Ed25519 or ECDSA (P-256, P-384, P-521) public key in "
			       "PEM form",
			       task->n_keys + 1);
	return base64_decode(span_of(unpack->options.signature), &task->signature);
}

/* Returns how many keys made it. */
static int tell_keys(const struct signature_task *task, struct strbuf *report, struct err *err)
{
	int n = 0;

	for (size_t i = 0; i < task->n_keys; i++) {
		char digest[DIGEST_HEX_LEN];

		if (!image_key_fits(task->keys, i, strbuf_str(&task->payload), task->payload.len,
				    (const uint8_t *)strbuf_str(&task->signature),
				    task->signature.len))
			continue;
		if (image_key_digest(task->keys, i, digest) < 0)
			return err_set(err, EIO, "cannot hash");
		flat_puts(report, "key", digest);
		n++;
	}
	return n;
}

int unpack_signature(struct unpack *unpack, struct err *err)
{
	cleanup(task_done) struct signature_task task = { .keys = NULL };
	int r = read_all(unpack, &task, err);

	if (r < 0 && err->code)
		return r;
	/* What is no base64 fits no key. */
	if (r < 0 || task.signature.len > IMAGE_SIGNATURE_MAX)
		return 0;
	r = tell_keys(&task, &unpack->report, err);
	if (r <= 0)
		return r;
	return image_json_flatten("payload", strbuf_str(&task.payload), task.payload.len,
				  &unpack->report, err);
}
