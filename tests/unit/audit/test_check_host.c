/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <string.h>

#include "audit/judge.h"

static const char good[] =
	"{\"values\":{\"user.max_user_namespaces\":\"100\",\"kernel.seccomp.actions_avail\":"
	"\"kill errno user_notif allow\",\"landlock_abi\":\"4\",\"lsm\":\"lockdown,apparmor\","
	"\"cgroup_controllers\":\"memory pids cpu\",\"kernel.unprivileged_bpf_disabled\":\"2\","
	"\"kernel.kptr_restrict\":\"1\",\"kernel.dmesg_restrict\":\"1\","
	"\"kernel.perf_event_paranoid\":\"3\",\"kernel.randomize_va_space\":\"2\","
	"\"fs.protected_symlinks\":\"1\",\"fs.protected_fifos\":\"1\",\"fs.suid_dumpable\":\"0\","
	"\"vm.mmap_min_addr\":\"65536\",\"kernel.core_pattern\":\"core\","
	"\"module.sig_enforce\":\"Y\"},\"cpu\":{\"l1tf\":\"Not affected\",\"mds\":"
	"\"Mitigation: Clear CPU buffers\"},\"sockets\":[]}";

static enum finding_status status_of(const char *evidence, const char *id)
{
	cleanup_arena struct arena arena = { 0 };
	struct standard standard = { 0 };
	struct finding *findings = NULL;
	struct err err = { 0 };
	struct run_record record = { .evidence = json_loads(evidence, 0, NULL), .complete = true };
	const struct judge_input in = { .record = &record,
					.standards = &standard,
					.n_standards = 1 };
	enum finding_status status = FINDING_STATUS_COUNT;
	int n;

	assert_non_null(record.evidence);
	assert_int_equal(standard_parse(standard_text("host"), &arena, &standard, &err), 0);
	for (size_t i = 0; i < standard.n; i++)
		standard.controls[i].standard = &standard;
	n = judge_run(&in, &arena, &findings, &err);
	for (int i = 0; i < n; i++) {
		if (strcmp(findings[i].control->id, id) == 0)
			status = findings[i].status;
	}
	run_record_done(&record);
	return status;
}

static void each_control_passes_and_fails(void **state)
{
	static const struct {
		const char *id, *from, *to;
	} cases[] = {
		{ "userns", "namespaces\":\"100", "namespaces\":\"0" },
		{ "seccomp", "user_notif", "trap" },
		{ "landlock", "landlock_abi\":\"4", "landlock_abi\":\"3" },
		{ "lsm", "apparmor", "yama" },
		{ "cgroup", "memory pids cpu", "memory pids" },
		{ "bpf", "bpf_disabled\":\"2", "bpf_disabled\":\"0" },
		{ "kptr", "kptr_restrict\":\"1", "kptr_restrict\":\"0" },
		{ "dmesg", "dmesg_restrict\":\"1", "dmesg_restrict\":\"0" },
		{ "perf", "paranoid\":\"3", "paranoid\":\"-1" },
		{ "aslr", "va_space\":\"2", "va_space\":\"1" },
		{ "links", "symlinks\":\"1", "symlinks\":\"0" },
		{ "fifos", "fifos\":\"1", "fifos\":\"0" },
		{ "suid-dump", "dumpable\":\"0", "dumpable\":\"2" },
		{ "mmap", "65536", "0" },
		{ "core", "\"core\"", "\"|/usr/bin/crash\"" },
		{ "cpu", "Not affected", "Vulnerable" },
		{ "sockets", "\"sockets\":[]", "\"sockets\":[\"/run/docker.sock\"]" },
		{ "modules", "enforce\":\"Y", "enforce\":\"N" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(good, cases[i].from);
		cleanup_strbuf struct strbuf bad = { 0 };

		assert_non_null(at);
		strbuf_add(&bad, good, (size_t)(at - good));
		strbuf_puts(&bad, cases[i].to);
		strbuf_puts(&bad, at + strlen(cases[i].from));
		if (status_of(good, cases[i].id) != FINDING_PASS)
			fail_msg("%s does not pass", cases[i].id);
		if (status_of(bad.p, cases[i].id) != FINDING_FAIL)
			fail_msg("%s does not fail", cases[i].id);
	}
}

static void what_cannot_be_read_is_not_proven(void **state)
{
	(void)state;
	assert_int_equal(status_of("{}", "aslr"), FINDING_NOT_PROVEN);
	assert_int_equal(status_of("{}", "cpu"), FINDING_NOT_PROVEN);
	assert_int_equal(status_of("{}", "sockets"), FINDING_NOT_PROVEN);
	assert_int_equal(status_of("{}", "lsm"), FINDING_NOT_PROVEN);
	assert_int_equal(status_of("{}", "modules"), FINDING_NA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_control_passes_and_fails),
		cmocka_unit_test(what_cannot_be_read_is_not_proven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
