/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of the signature that stands beside a run's policy. Keys and signatures are those of
 * immure-sign, which is looked for beside the program: so this one runs as a copy of itself beside
 * a link to it.
 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/dsse.h"
#include "base/fd.h"
#include "base/jsonw.h"
#include "runtime/audit_policy.h"
#include "runtime/audit_sign.h"
#include "runtime/policy_signature.h"
#include "runtime/sign.h"

#define WHERE_VARIABLE "TEST_AUDIT_POLICY"

static struct arena arena;
static struct policy_source sources[2];
static struct bundle bundle;
static const char *folder;

static const char *in_folder(const char *name)
{
	const char *path = arena_printf(&arena, "%s/%s", folder, name);

	assert_non_null(path);
	return path;
}

static void put_file(const char *path, const void *bytes, size_t n)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, n), 0);
}

static int setup(void **state)
{
	(void)state;
	folder = getenv(WHERE_VARIABLE);
	sources[0].path = in_folder("p.yaml");
	sources[0].name = "p.yaml";
	sources[0].digest = digest_of("first", 5);
	sources[1].name = "builtin/default";
	sources[1].digest = digest_of("second", 6);
	bundle = (struct bundle){ .name = "p", .n_sources = 2, .sources = sources };
	return setenv("XDG_STATE_HOME", in_folder("own"), 1);
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* The key of whoever has that folder of state, made if need be. */
static const char *key_of(const char *who)
{
	struct err err = { 0 };
	const char *path = NULL;
	bool made = false;

	assert_int_equal(setenv("XDG_STATE_HOME", in_folder(who), 1), 0);
	assert_int_equal(sign_own_key(&arena, &path, &made, &err), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", in_folder("own"), 1), 0);
	return path;
}

/* Sign a statement about the first n sources as they are now. */
static void sign_sources(size_t n, const char *type, const char *key)
{
	cleanup_strbuf struct strbuf body = { 0 };
	cleanup_strbuf struct strbuf envelope = { 0 };
	struct jsonw j = { .out = &body };
	struct err err = { 0 };
	const char *id = NULL;
	char hex[DIGEST_HEX_LEN];

	jsonw_object(&j);
	jsonw_key(&j, "sources");
	jsonw_array(&j);
	for (size_t i = 0; i < n; i++) {
		digest_hex(&sources[i].digest, hex);
		jsonw_str(&j, hex);
	}
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	assert_int_equal(audit_envelope(type, &body, key, &arena, &envelope, &id, &err), 0);
	put_file(in_folder("p.yaml.sig"), envelope.p, envelope.len);
}

static void expect(const char *wanted)
{
	json_t *said = audit_policy_signature(&bundle, &arena);

	assert_non_null(said);
	assert_string_equal(json_string_value(json_object_get(said, "state")), wanted);
	assert_int_equal(strncmp(json_string_value(json_object_get(said, "key")), "ed25519:", 8),
			 0);
	json_decref(said);
}

static void says_nothing_where_nothing_can_be_read(void **state)
{
	struct bundle none = { 0 };

	(void)state;
	assert_null(audit_policy_signature(NULL, &arena));
	assert_null(audit_policy_signature(&none, &arena));
	assert_null(audit_policy_signature(&bundle, &arena));
	put_file(in_folder("p.yaml.sig"), "{}", 2);
	assert_null(audit_policy_signature(&bundle, &arena));
	/* A builtin has no file, and nothing beside it. */
	sources[0].path = NULL;
	assert_null(audit_policy_signature(&bundle, &arena));
	sources[0].path = in_folder("p.yaml");
}

static void tells_one_s_own_key_from_another(void **state)
{
	(void)state;
	sign_sources(2, POLICY_TYPE, key_of("other"));
	expect("unknown key"); /* there is none of one's own yet */
	sign_sources(2, POLICY_TYPE, key_of("own"));
	expect("ok");
	sign_sources(2, POLICY_TYPE, key_of("other"));
	expect("unknown key");
}

static void tells_a_signature_of_other_sources(void **state)
{
	struct digest kept = sources[1].digest;

	(void)state;
	sign_sources(1, POLICY_TYPE, key_of("own"));
	expect("other version");
	sign_sources(2, "application/vnd.immure.head+json", key_of("own"));
	expect("other version");
	sign_sources(2, POLICY_TYPE, key_of("own"));
	sources[1].digest = digest_of("changed", 7);
	expect("other version");
	sources[1].digest = kept;
	expect("ok");
}

/* Of the right sources, by the right key's name, and yet not made by it. */
static void tells_a_signature_that_does_not_fit(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf changed = { 0 };
	struct dsse envelope = { 0 };
	struct err err = { 0 };

	(void)state;
	sign_sources(2, POLICY_TYPE, key_of("own"));
	assert_int_equal(fd_read_file(AT_FDCWD, in_folder("p.yaml.sig"), 65536, &text, &err), 0);
	assert_int_equal(dsse_decode((struct span){ text.p, text.len }, &arena, &envelope, &err),
			 0);
	envelope.signature[7] ^= 1;
	dsse_encode(envelope.type, &envelope.body, envelope.key_id, envelope.signature, &changed);
	put_file(in_folder("p.yaml.sig"), changed.p, changed.len);
	expect("does not fit");
	dsse_done(&envelope);
}

static int policy_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_where_nothing_can_be_read),
		cmocka_unit_test(tells_one_s_own_key_from_another),
		cmocka_unit_test(tells_a_signature_of_other_sources),
		cmocka_unit_test(tells_a_signature_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* A copy of this program beside a link to the helper. Returns its exit status. */
static int run_beside_helper(const char *own, const char *helper)
{
	const char *dir = temp_dir_make();
	cleanup_strbuf struct strbuf program = { 0 };
	struct err err = { 0 };
	char copy[PATH_MAX], link[PATH_MAX];
	char *argv[] = { copy, NULL };
	int status = -1;
	pid_t pid = -1;

	folder = dir;
	snprintf(copy, sizeof(copy), "%s/test", dir);
	snprintf(link, sizeof(link), "%s/immure-sign", dir);
	if (fd_read_file(AT_FDCWD, own, (size_t)256 << 20, &program, &err) == 0 &&
	    symlink(helper, link) == 0 && setenv(WHERE_VARIABLE, dir, 1) == 0) {
		put_file(copy, program.p, program.len);
		if (posix_spawn(&pid, copy, NULL, NULL, argv, environ) == 0)
			waitpid(pid, &status, 0);
	}
	temp_dir_remove(dir);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
	char own[PATH_MAX] = "";
	char helper[PATH_MAX + 40];

	if (getenv(WHERE_VARIABLE))
		return policy_tests();
	if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
		return 1;
	snprintf(helper, sizeof(helper), "%.*s/../../runtime/immure-sign",
		 (int)(strrchr(own, '/') - own), own);
	return run_beside_helper(own, helper);
}
