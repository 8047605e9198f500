/* SPDX-License-Identifier: Apache-2.0 */
/* A good run passes; each control that can fail does so when its evidence is made bad. */
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "audit/judge.h"
#include "audit/waiver.h"

static const char good_evidence[] =
	"{\"cgroup\":\"0::/user/immure-1\\n\",\"own_cgroup\":\"0::/user\\n\","
	"\"cgroup_limits\":\"cpu.max 50000 100000\\nmemory.max 1000\\npids.max 64\\n\","
	"\"devices\":\"c 1:3 null\\nc 5:0 tty\\n\",\"interfaces\":\"lo\\n\","
	"\"apparmor\":\"immure (enforce)\\n\",\"lsm_label\":\"u:r:sandbox_t:s0\\n\","
	"\"limits\":\"Max processes  64  64  processes\\nMax open files  100  100  files\\n"
	"Max core file size  0  0  bytes\\nMax locked memory  0  0  bytes\\n\","
	"\"mountinfo\":\"1 0 0:1 / / ro,nosuid,nodev - tmpfs none rw\\n"
	"2 1 8:1 /usr /usr ro,nosuid,nodev - ext4 /dev/sda rw\\n"
	"3 1 8:1 /data /data rw,nosuid,nodev,noexec - ext4 /dev/sda rw\\n\","
	"\"namespaces\":{\"user\":{\"inode\":1,\"own\":true},\"mnt\":{\"inode\":1,\"own\":true},"
	"\"pid\":{\"inode\":1,\"own\":true},\"net\":{\"inode\":1,\"own\":true},"
	"\"ipc\":{\"inode\":1,\"own\":true},\"uts\":{\"inode\":1,\"own\":true},"
	"\"cgroup\":{\"inode\":1,\"own\":true}},"
	"\"status\":{\"cap_amb\":\"0\",\"cap_bnd\":\"0\",\"cap_eff\":\"0\",\"cap_inh\":\"0\","
	"\"cap_prm\":\"0\",\"no_new_privs\":1,\"seccomp\":2,\"seccomp_filters\":1,\"uid\":1000}}";

static const char good_plan[] =
	"{\"argv\":[\"true\"],\"cgroup\":\"/user\",\"ids\":{\"uid\":1000},\"landlock_abi\":5,"
	"\"image\":{\"reference\":\"a@sha256:1\",\"digest\":\"sha256:1\"},"
	"\"files\":[{\"path\":\"/usr\",\"tree\":true,\"exec\":true,\"read\":true}],"
	"\"ledger\":[{\"layer\":\"seccomp\",\"required\":true,\"state\":\"enforced\",\"text\":\"\"}],"
	"\"limits\":{\"pids\":64,\"memory\":1000},\"rlimits\":{\"nofile\":100,\"nproc\":64,\"core\":0,"
	"\"memlock\":0},\"mounts\":[{\"kind\":\"bind\",\"source\":\"/usr\",\"target\":\"/usr\"},"
	"{\"kind\":\"bind\",\"source\":\"/data\",\"target\":\"/data\",\"volume\":true}],"
	"\"network\":\"none\",\"policy\":\"p\",\"root\":{\"kind\":\"host\"},\"user\":\"u\"}";

static const char good_events[] =
	"[{\"kind\":\"start\",\"seq\":0},{\"kind\":\"exec\",\"path\":\"/usr/bin/true\",\"seq\":1},"
	"{\"kind\":\"sealed\",\"lost\":false,\"losses\":[{\"dropped\":0,\"recorded\":1,"
	"\"source\":\"bpf\"}],\"seq\":2}]";

struct fixture {
	struct arena arena;
	struct run_record record;
	json_t *events; /* what judge() reads as the log */
	struct standard standards[8];
	size_t n_standards;
	struct finding *findings;
	int n;
};

static json_t *load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = { 0 };

	f->record = (struct run_record){ .plan = load(good_plan),
					 .evidence = load(good_evidence),
					 .status = load("{\"denied\":0,\"exit\":0}"),
					 .n_events = 3,
					 .complete = true };
	f->events = load(good_events);
	for (size_t i = 0; i < n_standard_names; i++) {
		struct standard *standard = &f->standards[f->n_standards];

		if (strcmp(standard_names[i], "host") == 0)
			continue; /* about the machine: test_check_host.c */
		assert_int_equal(
			standard_parse(standard_text(standard_names[i]), &f->arena, standard, &err),
			0);
		for (size_t k = 0; k < standard->n; k++)
			standard->controls[k].standard = standard;
		f->n_standards++;
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	run_record_done(&f->record);
	json_decref(f->events);
	arena_done(&f->arena);
	free(f);
	return 0;
}

static void judge(struct fixture *f, struct judge_input in)
{
	/* All of it is recorded, unless a test says otherwise. */
	static const struct bundle bundle = { .record = 1U << RECORDING_ALL };
	struct sightings seen = { 0 };
	struct err err = { 0 };
	json_t *event;
	size_t i;

	json_array_foreach(f->events, i, event)
	{
		sightings_take(&seen, &f->record, event);
		json_decref(f->record.last);
		f->record.last = json_incref(event);
	}
	in.bundle = in.bundle ? in.bundle : &bundle;
	in.record = &f->record;
	in.seen = &seen;
	in.standards = f->standards;
	in.n_standards = f->n_standards;
	f->n = judge_run(&in, &f->arena, &f->findings, &err);
	sightings_done(&seen);
	assert_true(f->n > 50);
}

static const struct finding *find(const struct fixture *f, const char *prefix, const char *id)
{
	for (int i = 0; i < f->n; i++) {
		if (strcmp(f->findings[i].control->id, id) == 0 &&
		    strcmp(f->findings[i].control->standard->prefix, prefix) == 0)
			return &f->findings[i];
	}
	fail_msg("no control %s %s", prefix, id);
	return NULL;
}

static void a_good_run_passes(void **state)
{
	struct fixture *f = *state;

	judge(f, (struct judge_input){ 0 });
	for (int i = 0; i < f->n; i++) {
		const struct finding *finding = &f->findings[i];
		bool open = finding->status == FINDING_NA || finding->status == FINDING_MANUAL;

		if (finding->status != FINDING_PASS && !open)
			fail_msg("%s: %s, observed %s", finding->control->id,
				 finding_status_name(finding->status), finding->observed);
	}
	assert_int_equal(find(f, "CIS", "5.1")->status, FINDING_NA);
	assert_int_equal(find(f, "CIS", "5.27")->status, FINDING_MANUAL);
}

/* The CIS items that are read from the kernel or from events. */
static void proves_what_it_says_it_proves(void **state)
{
	struct fixture *f = *state;
	int proven = 0;

	judge(f, (struct judge_input){ 0 });
	for (int i = 0; i < f->n; i++)
		proven += f->findings[i].level >= LEVEL_KERNEL &&
			  strcmp(f->findings[i].control->standard->prefix, "CIS") == 0;
	assert_int_equal(proven, 28); /* 26, and 5.8 and 5.14 where no port can be reached */
}

#define OF_HOST(ns) \
	'e', "\"" ns "\":{\"inode\":1,\"own\":true", "\"" ns "\":{\"inode\":1,\"own\":false"

/* Replace TEXT by TEXT in one of the three files, and which controls must then fail. */
static const struct {
	char where; /* e: evidence, p: plan, v: events */
	const char *from, *to;
	const char *fails;
} bad[] = {
	{ 'e', "immure (enforce)", "immure (complain)", "CIS 5.2" },
	{ 'e', "sandbox_t", "unconfined_t", "CIS 5.3" },
	{ 'e', "\"cap_bnd\":\"0\"", "\"cap_bnd\":\"01\"", "CIS 5.4,CIS 5.5,NIST 4.4.3-privilege" },
	{ 'p', "\"source\":\"/data\"", "\"source\":\"/etc\"", "CIS 5.6,NIST 4.4.4-change" },
	{ 'p', "\"source\":\"/data\"", "\"source\":\"/proc\"", "CIS 5.6" },
	{ 'v', "/usr/bin/true", "/usr/sbin/sshd", "CIS 5.7" },
	{ 'v', "/usr/bin/true", "/tmp/x", "NIST 4.4.4-process" },
	{ OF_HOST("net"), "CIS 5.10" },
	{ 'e', "memory.max 1000", "memory.max max", "CIS 5.11" },
	{ 'e', "memory.max 1000", "memory.max 1001", "CIS 5.11" },
	{ 'e', "cpu.max 50000", "cpu.max max", "CIS 5.12" },
	{ 'e', "/ / ro", "/ / rw", "CIS 5.13,NIST 4.4.3-root" },
	{ OF_HOST("pid"), "CIS 5.16" },
	{ OF_HOST("ipc"), "CIS 5.17" },
	{ 'e', "c 1:3 null", "b 8:0 sda", "CIS 5.18,CIS 5.5" },
	{ 'e', "ro,nosuid,nodev - ext4", "ro,nosuid - ext4", "CIS 5.18" },
	{ 'e', "Max open files  100", "Max open files  101", "CIS 5.19" },
	{ 'e', "Max locked memory  0", "Max locked memory  unlimited", "CIS 5.19" },
	{ 'e', "noexec - ext4", "noexec shared:7 - ext4", "CIS 5.20" },
	{ OF_HOST("uts"), "CIS 5.21" },
	{ 'e', "\"seccomp\":2", "\"seccomp\":0", "CIS 5.22,CIS 5.5,NIST 4.4.3-calls" },
	{ 'v', "\"kind\":\"exec\"", "\"kind\":\"enter\",\"uid\":1000,\"flags\":1", "CIS 5.23" },
	{ 'v', "\"kind\":\"exec\"", "\"kind\":\"enter\",\"uid\":0", "CIS 5.24" },
	{ 'e', "0::/user/immure-1", "0::/other", "CIS 5.25" },
	{ 'e', "\"no_new_privs\":1", "\"no_new_privs\":0", "CIS 5.26,NIST 4.4.3-gain" },
	{ 'p', "a@sha256:1", "a:latest", "CIS 5.28,NIST 4.4.5-image" },
	{ 'e', "Max processes  64  64  processes\\nMax open files  100",
	  "Max processes  unlimited  64  processes\\nMax open files  unlimited", "CIS 5.19" },
	{ OF_HOST("user"), "CIS 5.31" },
	{ 'e', "/data /data", "/run/docker.sock /data", "CIS 5.32" },
	{ 'p', "\"source\":\"/data\"", "\"source\":\"/var/run\"", "CIS 5.32" },
	{ 'p', "\"source\":\"/data\"", "\"source\":\"/run/user/1000/podman\"", "CIS 5.32" },
	{ 'p', "\"enforced\"", "\"lost\"", "CIS 5.5,CIS 5.22,NIST 4.4.3-calls,NIST 4.4.3-weak" },
	{ 'e', "\"uid\":1000", "\"uid\":0", "immure user" },
	{ 'e', "rw,nosuid,nodev,noexec", "rw,nodev,noexec", "immure nosuid" },
	{ 'e', "rw,nosuid,nodev,noexec", "rw,nosuid,nodev", "immure noexec" },
	{ 'p', "\"landlock_abi\":5", "\"landlock_abi\":0", "immure landlock" },
	{ 'p', "\"enforced\"", "\"weakened\"", "immure layers,NIST 4.4.3-weak" },
	{ 'p', "\"volume\":true", "\"volume\":false", "NIST 4.4.4-write" },
	{ 'v', "\"kind\":\"exec\"", "\"kind\":\"denied\",\"rule\":null,\"text\":\"x\"",
	  "NIST 4.4.4-call" },
	{ 'v', "\"kind\":\"exec\"", "\"kind\":\"denied\",\"call\":\"connect\"",
	  "NIST 4.4.4-destination" },
};

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	assert_non_null(at);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return out;
}

static bool is_listed(const char *list, const struct finding *f)
{
	char name[80];

	snprintf(name, sizeof(name), "%s %s", f->control->standard->prefix, f->control->id);
	for (struct span rest = span_of(list); rest.n > 0;) {
		if (span_eq(span_cut(&rest, ','), name))
			return true;
	}
	return false;
}

static void each_control_fails_on_bad_evidence(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t **file = bad[i].where == 'e'   ? &f->record.evidence
				: bad[i].where == 'p' ? &f->record.plan
						      : &f->events;
		const char *good = bad[i].where == 'e'   ? good_evidence
				   : bad[i].where == 'p' ? good_plan
							 : good_events;
		char *text = replaced(good, bad[i].from, bad[i].to);
		int listed = 0;

		json_decref(*file);
		*file = load(text);
		free(text);
		judge(f, (struct judge_input){ 0 });
		for (int k = 0; k < f->n; k++) {
			if (!is_listed(bad[i].fails, &f->findings[k]))
				continue;
			listed++;
			if (f->findings[k].status != FINDING_FAIL)
				fail_msg("%s -> %s: %s is %s", bad[i].from, bad[i].to,
					 f->findings[k].control->id,
					 finding_status_name(f->findings[k].status));
		}
		assert_true(listed > 0 || *bad[i].fails == '\0');
		json_decref(*file);
		*file = load(good);
	}
}

static void swap(json_t **file, const char *good, const char *from, const char *to)
{
	char *text = replaced(good, from, to);

	json_decref(*file);
	*file = load(text);
	free(text);
}

/* A network with a way out, and what then has to hold. */
static void judges_ports_where_there_is_a_network(void **state)
{
	struct fixture *f = *state;

	swap(&f->record.evidence, good_evidence, "lo\\n", "lo\\neth0\\n");
	swap(&f->record.plan, good_plan, "\"network\":\"none\"",
	     "\"ports\":[{\"address\":\"0.0.0.0\",\"outside\":80,\"inside\":80}],\"network\":\"private\"");
	swap(&f->events, good_events, "\"kind\":\"exec\"",
	     "\"kind\":\"listen\",\"local\":\"0.0.0.0:22\"");
	judge(f, (struct judge_input){ 0 });
	assert_int_equal(find(f, "CIS", "5.7")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.8")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.9")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.14")->status, FINDING_FAIL);
	assert_int_equal(find(f, "NIST", "4.4.4-listener")->status, FINDING_FAIL);
	swap(&f->record.plan, good_plan, "\"network\":\"none\"",
	     "\"ports\":[{\"address\":\"127.0.0.1\",\"outside\":8080,\"inside\":22}],\"network\":\"private\"");
	judge(f, (struct judge_input){ 0 });
	assert_int_equal(find(f, "CIS", "5.9")->status, FINDING_PASS);
	assert_int_equal(find(f, "CIS", "5.8")->status, FINDING_PASS);
	assert_int_equal(find(f, "CIS", "5.8")->level, LEVEL_INSTALLED);
	assert_int_equal(find(f, "CIS", "5.14")->status, FINDING_PASS);
}

/* Rules that the kernel holds are proof; without them, or without all counters, nothing is. */
static void judges_the_way_out_by_its_table(void **state)
{
	static const struct {
		const char *table;
		enum finding_status status;
		enum evidence_level level;
	} rows[] = {
		{ "\"network\":null,", FINDING_NOT_PROVEN, LEVEL_NONE },
		{ "\"network\":{\"complete\":true,\"stated\":false,\"rules\":[]},",
		  FINDING_NOT_PROVEN, LEVEL_NONE },
		{ "\"network\":{\"complete\":false,\"stated\":true,\"rules\":[]},",
		  FINDING_NOT_PROVEN, LEVEL_NONE },
		{ "\"network\":{\"complete\":true,\"stated\":true,\"rules\":[{}],\"refused_out\":{\"packets\":3}},",
		  FINDING_PASS, LEVEL_KERNEL },
	};
	struct fixture *f = *state;

	swap(&f->record.plan, good_plan, "\"network\":\"none\"", "\"network\":\"private\"");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = replaced(good_evidence, "lo\\n", "lo\\neth0\\n");
		char *with = malloc(strlen(text) + strlen(rows[i].table) + 1);

		snprintf(with, strlen(text) + strlen(rows[i].table) + 1, "{%s%s", rows[i].table,
			 strchr(text, '{') + 1);
		json_decref(f->record.evidence);
		f->record.evidence = load(with);
		free(text);
		free(with);
		judge(f, (struct judge_input){ 0 });
		assert_int_equal(find(f, "NIST", "4.4.2-egress")->status, rows[i].status);
		assert_int_equal(find(f, "NIST", "4.4.2-egress")->level, rows[i].level);
	}
}

static void judges_the_limit_of_processes_without_a_cgroup(void **state)
{
	struct fixture *f = *state;

	swap(&f->record.evidence, good_evidence, "pids.max 64\\n", "");
	judge(f, (struct judge_input){ 0 });
	assert_int_equal(find(f, "CIS", "5.29")->status, FINDING_PASS);
	swap(&f->record.plan, good_plan, "\"pids\":64", "\"pids\":63");
	judge(f, (struct judge_input){ 0 });
	assert_int_equal(find(f, "CIS", "5.29")->status, FINDING_FAIL);
}

static void nothing_passes_without_evidence(void **state)
{
	struct fixture *f = *state;

	json_decref(f->record.evidence);
	f->record.evidence = NULL;
	judge(f, (struct judge_input){ 0 });
	for (int i = 0; i < f->n; i++) {
		const struct finding *finding = &f->findings[i];

		if (finding->status == FINDING_PASS && finding->level >= LEVEL_KERNEL &&
		    strncmp(finding->source, "exec", 4) != 0 &&
		    !strstr(finding->source, "events") && !strstr(finding->source, "chain") &&
		    strcmp(finding->control->check, "pinned-image"))
			fail_msg("%s passes without evidence", finding->control->id);
	}
}

static void lost_events_fail_where_the_policy_says_so(void **state)
{
	static const struct bundle strict = { .record = 1U << RECORDING_ALL, .loss_fails = true };
	struct fixture *f = *state;

	judge(f, (struct judge_input){ .bundle = &strict });
	assert_int_equal(find(f, "NIST", "4.4.4-process")->status, FINDING_PASS);
	swap(&f->events, good_events, "\"dropped\":0", "\"dropped\":1");
	judge(f, (struct judge_input){ .bundle = &strict });
	assert_int_equal(find(f, "NIST", "4.4.4-process")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.23")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.4")->status, FINDING_PASS);
}

static void lost_events_prove_nothing(void **state)
{
	static const char *const losses[] = { "\"dropped\":1", "\"absent\":1,\"dropped\":0" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		swap(&f->events, good_events, "\"dropped\":0", losses[i]);
		judge(f, (struct judge_input){ 0 });
		assert_int_equal(find(f, "NIST", "4.4.4-process")->status, FINDING_NOT_PROVEN);
		assert_int_equal(find(f, "CIS", "5.23")->status, FINDING_NOT_PROVEN);
		assert_int_equal(find(f, "immure", "events")->status, FINDING_FAIL);
		/* What the kernel said does not depend on events. */
		assert_int_equal(find(f, "CIS", "5.4")->status, FINDING_PASS);
	}
}

static void a_broken_chain_proves_nothing(void **state)
{
	struct fixture *f = *state;

	f->record.chain.code = EBADMSG;
	strcpy(f->record.chain.msg, "record 1 was changed");
	judge(f, (struct judge_input){ 0 });
	for (int i = 0; i < f->n; i++)
		assert_int_not_equal(f->findings[i].status, FINDING_PASS);
}

static void weak_evidence_is_not_enough_when_more_is_asked_for(void **state)
{
	struct fixture *f = *state;

	judge(f, (struct judge_input){ .require = LEVEL_KERNEL });
	assert_int_equal(find(f, "CIS", "5.15")->status, FINDING_NOT_PROVEN);
	assert_int_equal(find(f, "CIS", "5.4")->status, FINDING_PASS);
	judge(f, (struct judge_input){ .require = LEVEL_PROBED });
	assert_int_equal(find(f, "CIS", "5.4")->status, FINDING_NOT_PROVEN);
}

/* Probes of the same policy on the same kernel make a pass certain, or show that it was none. */
static void a_proof_counts_for_its_policy_and_kernel(void **state)
{
	struct fixture *f = *state;
	json_t *proof = load("{\"policy_digest\":\"d1\",\"kernel\":\"6.1\",\"layers\":["
			     "{\"layer\":\"seccomp\",\"probes\":9,\"different\":0},"
			     "{\"layer\":\"rlimits\",\"probes\":9,\"different\":1},"
			     "{\"layer\":\"netns\",\"probes\":0,\"different\":0}]}");
	const struct judge_input in = { .proof = proof, .require = LEVEL_PROBED };

	swap(&f->record.plan, good_plan, "\"policy\":\"p\"",
	     "\"policy\":\"p\",\"policy_digest\":\"d1\",\"kernel\":\"6.1\"");
	judge(f, in);
	assert_int_equal(find(f, "CIS", "5.22")->status, FINDING_PASS);
	assert_int_equal(find(f, "CIS", "5.22")->level, LEVEL_PROBED);
	assert_int_equal(find(f, "CIS", "5.19")->status, FINDING_FAIL);
	assert_int_equal(find(f, "CIS", "5.10")->status, FINDING_NOT_PROVEN);
	swap(&f->record.plan, good_plan, "\"policy\":\"p\"",
	     "\"policy\":\"p\",\"policy_digest\":\"d1\",\"kernel\":\"6.2\"");
	judge(f, in);
	assert_int_equal(find(f, "CIS", "5.22")->status, FINDING_NOT_PROVEN);
	assert_int_equal(find(f, "CIS", "5.19")->status, FINDING_NOT_PROVEN);
	json_decref(proof);
}

static void a_waiver_holds_until_its_day_is_over(void **state)
{
	struct fixture *f = *state;
	struct waiver waivers[] = {
		{ "cis-docker-5.27", "2026-12-31", "a@b", "job", "w.json", 1, WAIVER_UNUSED },
		{ "cis-docker-1.6-5.4", "2026-12-31", "a@b", "job", "w.json", 1, WAIVER_UNUSED },
	};
	struct judge_input in = { .waivers = waivers,
				  .n_waivers = ARRAY_LEN(waivers),
				  .today = "2026-12-31" };

	judge(f, in);
	assert_int_equal(find(f, "CIS", "5.27")->status, FINDING_WAIVED);
	assert_int_equal(find(f, "CIS", "5.27")->before_waiver, FINDING_MANUAL);
	assert_int_equal(find(f, "CIS", "5.4")->status, FINDING_PASS);
	assert_int_equal(waivers[1].state, WAIVER_UNUSED);
	in.today = "2027-01-01";
	judge(f, in);
	assert_int_equal(find(f, "CIS", "5.27")->status, FINDING_MANUAL);
	assert_int_equal(waivers[0].state, WAIVER_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_good_run_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(proves_what_it_says_it_proves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_control_fails_on_bad_evidence, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(judges_ports_where_there_is_a_network, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(judges_the_way_out_by_its_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(judges_the_limit_of_processes_without_a_cgroup,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_passes_without_evidence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_events_prove_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_events_fail_where_the_policy_says_so, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_broken_chain_proves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(weak_evidence_is_not_enough_when_more_is_asked_for,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_proof_counts_for_its_policy_and_kernel, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_waiver_holds_until_its_day_is_over, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
