/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signatures that an image's record tells of, which were checked when it came in, and the rules
 * of today. Should: refuse what it does not understand.
 */
#include "runtime/signature_noted.h"

#include <fcntl.h>
#include <string.h>

#include "base/base64.h"
#include "base/fd.h"
#include "runtime/store.h"

#define KEY_FILE_MAX ((size_t)64 << 10)
#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define PEM_END "-----END PUBLIC KEY-----"

struct noted {
	const struct signature_rule *rule;
	const struct image_ref *ref;
	const struct image_texts *signed_by;
	struct strbuf keys; /* of the rule that vouch for it under this name */
	size_t n_keys;
	bool other_name;
};

/* Does a line of the record tell of a signature by this key that counts? */
static bool vouches(struct noted *n, const char *line, const char *key)
{
	struct span rest = span_of(line);
	struct span by = span_cut(&rest, ' ');

	span_cut(&rest, ' '); /* the payload */
	if (!span_eq(by, key) || rest.n == 0)
		return false;
	if (signature_name_fits(n->rule, n->ref, rest.p))
		return true;
	n->other_name = true;
	return false;
}

static int count_key(struct noted *n, struct span base64, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf der = { 0 };
	char key[STORE_DIGEST_LEN];
	bool counts = false;

	for (size_t i = 0; i < base64.n; i++) {
		if (!strchr("\r\n", base64.p[i]))
			strbuf_putc(&text, base64.p[i]);
	}
	if (base64_decode((struct span){ strbuf_str(&text), text.len }, &der) < 0)
		return err_set(err, EINVAL, "a public key that is no base64");
	if (text.failed || der.failed)
		return err_set(err, ENOMEM, "out of memory");
	store_digest_of(strbuf_str(&der), der.len, key);
	if (strstr(strbuf_str(&n->keys), key)) /* in two files */
		return 0;
	for (size_t i = 0; i < n->signed_by->n && !counts; i++)
		counts = vouches(n, n->signed_by->items[i], key);
	if (!counts)
		return 0;
	n->n_keys++;
	strbuf_puts(&n->keys, key);
	return n->keys.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Every key of a file. */
static int count_file(struct noted *n, const char *path, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	const char *at;
	bool found = false;
	int r = fd_read_file(AT_FDCWD, path, KEY_FILE_MAX, &text, err);

	if (r < 0)
		return r;
	for (at = strbuf_str(&text); r == 0 && (at = strstr(at, PEM_BEGIN)) != NULL;) {
		const char *end = strstr(at, PEM_END);

		at += strlen(PEM_BEGIN);
		if (!end || end < at)
			return err_set(err, EINVAL, "a public key without an end");
		r = count_key(n, (struct span){ at, (size_t)(end - at) }, err);
		at = end;
		found = true;
	}
	return r == 0 && !found ? err_set(err, EINVAL, "no public key in PEM form") : r;
}

static int judge(struct noted *n, struct err *err)
{
	const struct signature_rule *rule = n->rule;

	for (size_t i = 0; i < rule->n_keys; i++) {
		int r = count_file(n, rule->keys[i], err);

		if (r < 0)
			return err_wrap(err, "key %s", rule->keys[i]);
	}
	if (n->n_keys >= rule->need)
		return 0;
	if (n->n_keys > 0)
		return err_set(err, EACCES, "%zu of %llu keys have signed it", n->n_keys,
			       (unsigned long long)rule->need);
	return err_set(err, EACCES, "%s",
		       n->other_name ? "it is signed under another name"
		       : n->ref      ? "no signature of it that counts is known: immure pull it"
				     : "it has no name, and its signatures are for names");
}

static int check_rule(const struct signature_rule *rule, const struct image_ref *ref,
		      const struct image_texts *signed_by, struct err *err)
{
	struct noted n = { .rule = rule, .ref = ref, .signed_by = signed_by };
	int r;

	if (rule->demand == SIGNATURE_NONE)
		return 0;
	if (rule->demand == SIGNATURE_REFUSE)
		return err_set(err, EACCES, "it is refused, whoever signed it");
	r = judge(&n, err);
	strbuf_done(&n.keys);
	return r;
}

int signatures_noted(const struct signature_policies *policies, const struct image_ref *ref,
		     const struct image_texts *signed_by, struct err *err)
{
	for (size_t i = 0; i < policies->n; i++) {
		const struct signature_policy *policy = &policies->items[i];
		const struct signature_rule *rule = signature_rule_of(policy, ref);

		if (check_rule(rule, ref, signed_by, err) == 0)
			continue;
		signature_blame(policy, rule, err);
		return err_at(err, ERR_TRUST);
	}
	return 0;
}
