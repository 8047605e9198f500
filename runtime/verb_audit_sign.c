/* SPDX-License-Identifier: Apache-2.0 */
/* audit sign, audit verify, audit key: who answers for a record. */
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "runtime/audit_run.h"
#include "runtime/audit_sign.h"
#include "runtime/sign.h"
#include "runtime/verb_audit.h"

struct sign_options {
	const char *key;
	const char *segment; /* sign only */
};

#define KEY_OPTION                                                                   \
	{                                                                            \
		"key", 'k', OPT_TEXT, offsetof(struct sign_options, key), "FILE",    \
			"an Ed25519 key in PEM form, in place of your own", "@files" \
	}

static const struct opt sign_opts[] = {
	KEY_OPTION,
	{ "segment", 0, OPT_TEXT, offsetof(struct sign_options, segment), "N",
	  "only the events up to the end of segment N, counted from 0, of a run that may go on",
	  NULL },
};

static const struct opt verify_opts[] = {
	KEY_OPTION,
};

static const char *which_run(const struct verb_call *call)
{
	return call->argc > 0 ? call->argv[0] : NULL;
}

static int sign_segment(const struct verb_call *call, struct err *err)
{
	const struct sign_options *options = call->options;
	const char *run = NULL;
	const char *key = NULL;
	uint64_t segment = 0;
	cleanup_close int dir = -1;
	int r;

	if (span_u64(span_of(options->segment), UINT16_MAX, &segment) < 0) {
		err_set(err, EINVAL, "--segment %.20s: expected a number", options->segment);
		return err_at(err, ERR_USAGE);
	}
	dir = audit_run_open_folder(which_run(call), call->arena, &run, err);
	if (dir < 0)
		return dir;
	r = audit_sign_segment(dir, run, (uint32_t)segment, options->key, call->arena, &key, err);
	if (r == 0)
		printf("run %s, segment %llu signed by %s\n", run, (unsigned long long)segment,
		       key);
	return r;
}

static int sign(const struct verb_call *call, struct err *err)
{
	const struct sign_options *options = call->options;
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	const char *id = NULL;
	int r;

	r = audit_key_check(options->key, call->arena, err);
	if (r < 0)
		return r;
	if (options->segment)
		return sign_segment(call, err);
	r = audit_run_open_sealed(which_run(call), call->arena, &run, err);
	if (r < 0)
		return r;
	r = audit_sign(&run, options->key, call->arena, &id, err);
	if (r == -EBADMSG) {
		fprintf(stderr, "%s\n", err->msg);
		return STATUS_INTEGRITY;
	}
	if (r < 0)
		return r;
	printf("run %s signed by %s\n", run.id, id);
	return 0;
}

/* Prints what is known of the signature. */
static int verify_signature(const struct audit_run *run, const char *key, struct arena *arena,
			    struct err *err)
{
	json_t *signature = NULL;
	int r = audit_signature(run, key, arena, &signature, err);
	bool is_known;

	if (r == -EBADMSG) {
		printf("signed  BROKEN: %s\n", err->msg);
		return STATUS_INTEGRITY;
	}
	if (r < 0)
		return r;
	is_known = !signature || strcmp(record_text(signature, "state", ""), "ok") == 0;
	if (!signature && (run->record.chain.code || !run->record.complete))
		printf("signed  no\n");
	else if (!signature)
		printf("signed  no: immure audit sign %s\n", run->id);
	else if (is_known)
		printf("signed  by %s\n", record_text(signature, "key", "?"));
	else
		printf("signed  by %.60s, which is not your key: name it by --key to check\n",
		       record_text(signature, "key", "?"));
	json_decref(signature);
	return is_known ? 0 : STATUS_INTEGRITY;
}

static int verify(const struct verb_call *call, struct err *err)
{
	const struct sign_options *options = call->options;
	cleanup_audit_run struct audit_run run = { .dir = -1 };
	int r = audit_key_check(options->key, call->arena, err);
	char head[DIGEST_HEX_LEN];
	int status = 0;

	if (r == 0)
		r = audit_run_open_sealed(which_run(call), call->arena, &run, err);
	if (r < 0)
		return r;
	digest_hex(&run.record.head, head);
	printf("run     %s, %llu records\n", run.id, (unsigned long long)run.record.n_events);
	if (run.record.chain.code || !run.record.complete)
		status = STATUS_INTEGRITY;
	if (run.record.chain.code)
		printf("chain   BROKEN: %s\n", run.record.chain.msg);
	else if (!run.record.complete)
		printf("chain   ok so far, but %s\n",
		       run.record.lives ? "the run goes on: it is not sealed yet"
					: "the run was cut short: it was never sealed");
	else
		printf("chain   ok, sealed\n");
	printf("head    %s\n", head);
	r = audit_segment_signatures(&run, options->key, call->arena, err);
	if (r == -EBADMSG) {
		printf("signed  BROKEN: %s\n", err->msg);
		return STATUS_INTEGRITY;
	}
	if (r > 0)
		printf("signed  %d full segments while it went on\n", r);
	if (r >= 0)
		r = verify_signature(&run, options->key, call->arena, err);
	return r != 0 ? r : status;
}

static int key(const struct verb_call *call, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const char *path = NULL;
	bool made = false;
	int r = sign_own_key(call->arena, &path, &made, err);

	if (r == 0)
		r = sign_public_key(path, call->arena, &text, err);
	if (r < 0)
		return r;
	r = fd_write_all(STDOUT_FILENO, strbuf_str(&text), text.len);
	return r < 0 ? err_sys(err, -r, "cannot write the key") : 0;
}

const struct verb verb_audit_sign = {
	.name = "sign",
	.args = "[--key FILE] [RUN]",
	.help = "sign the head of a sealed run with your key, which is made when it is first needed",
	.opts = sign_opts,
	.n_opts = ARRAY_LEN(sign_opts),
	.options_size = sizeof(struct sign_options),
	.max_args = 1,
	.mixed = true,
	.run = sign,
};

const struct verb verb_audit_verify = {
	.name = "verify",
	.args = "[--key FILE] [RUN]",
	.help = "check the record of a run and its signature: exit 0, or 4 if it does not hold",
	.opts = verify_opts,
	.n_opts = ARRAY_LEN(verify_opts),
	.options_size = sizeof(struct sign_options),
	.max_args = 1,
	.mixed = true,
	.run = verify,
};

const struct verb verb_audit_key = {
	.name = "key",
	.args = "",
	.help = "print the public half of your key, for those who verify",
	.options_size = sizeof(struct sign_options),
	.run = key,
};
