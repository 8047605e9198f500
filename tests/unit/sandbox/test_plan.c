/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/plan.h"

/* A host, a policy and a request that are fine; tests change one thing. */
struct scene {
	struct arena arena;
	struct host host;
	struct rule rules[2];
	struct bundle_file files[2];
	struct bundle bundle;
	struct plan_mount mounts[2];
	struct plan_request request;
	struct plan plan;
	struct err err;
};

static char *const command[] = { (char *)(uintptr_t) "true", NULL };
static const char *const environment[] = { "PATH=/bin", NULL };

static void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
	s->host = (struct host){ .uid = 1000,
				 .gid = 1000,
				 .user = "bob",
				 .landlock_abi = 6,
				 .seccomp_filter = true,
				 .seccomp_notify = true,
				 .max_user_namespaces = 100,
				 .userns_clone = true,
				 .release = "6.1.0",
				 .lsm = "" };
	s->rules[0] = (struct rule){ .text = "read /**", .where = { "t", 1, 1 } };
	s->files[0] = (struct bundle_file){ .access = FILE_READ, .path = "/", .tree = true };
	s->files[1] = (struct bundle_file){ .access = FILE_DENY, .path = "/etc/shadow" };
	s->bundle = (struct bundle){ .name = "t",
				     .require = 1U << LAYER_SECCOMP | 1U << LAYER_USERNS,
				     .n_rules = 1,
				     .rules = s->rules,
				     .n_files = 2,
				     .files = s->files };
	s->request = (struct plan_request){
		.root_kind = ROOT_HOST, .name = "box", .env = environment, .argv = command
	};
}

static int decide(struct scene *s)
{
	return plan_make(&s->bundle, &s->host, &s->request, &s->arena, &s->plan, &s->err);
}

static const struct plan_mount *mount_at(const struct plan *plan, const char *target)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		if (strcmp(plan->mounts[i].target, target) == 0)
			return &plan->mounts[i];
	}
	return NULL;
}

static const struct ledger_entry *entry_of(const struct plan *plan, enum layer layer)
{
	for (size_t i = 0; i < plan->n_ledger; i++) {
		if (plan->ledger[i].layer == layer)
			return &plan->ledger[i];
	}
	return NULL;
}

static void shows_the_host_read_only(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(decide(&s), 0);
	assert_true(mount_at(&s.plan, "/usr")->flags & MOUNT_FLAG_RO);
	assert_true(mount_at(&s.plan, "/etc")->flags & MOUNT_FLAG_RO);
	assert_int_equal(mount_at(&s.plan, "/home")->kind, MOUNT_DIR);
	assert_int_equal(mount_at(&s.plan, "/tmp")->kind, MOUNT_TMPFS);
	assert_int_equal(mount_at(&s.plan, "/etc/shadow")->kind, MOUNT_MASK);
	assert_null(mount_at(&s.plan, "/proc"));
	assert_int_equal(s.plan.ids.how, IDMAP_SELF);
	assert_int_equal(s.plan.ids.uid, 1000);
	assert_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
}

static void refuses_users_that_overflow(void **state)
{
	static const char *const wrong[] = { "-1",         "+0", "0x0", "4294967295",
					     "4294967296", "",   "1:",  "1:-1",
					     " 1",         "1 ", "01",  "1:2:3",
					     "nosuch!user" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct scene s;

		scene_init(&s);
		s.request.user = wrong[i];
		if (decide(&s) != -EINVAL)
			fail_msg("accepted user \"%s\"", wrong[i]);
		arena_done(&s.arena);
	}
}

static void maps_root_to_an_id_that_is_nobodys(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.host.uid = s.host.gid = 0;
	s.host.is_root = true;
	assert_int_equal(decide(&s), 0);
	assert_int_equal(s.plan.ids.how, IDMAP_ROOT);
	assert_int_not_equal(s.plan.ids.uids[0].outside, 0);
	assert_int_not_equal(s.plan.ids.uid, 0);
	assert_true(s.plan.ids.drop_groups);
	arena_done(&s.arena);
}

static void says_what_a_range_of_ids_needs(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.request.ids_range = true;
	assert_int_equal(decide(&s), -EINVAL);
	assert_non_null(strstr(s.err.msg, "/etc/subuid"));
	s.host.has_subuid = s.host.has_subgid = s.host.has_newidmap = true;
	s.host.subuid = s.host.subgid = (struct proc_idmap){ 0, 100000, 65536 };
	assert_int_equal(decide(&s), 0);
	assert_int_equal(s.plan.ids.how, IDMAP_HELPER);
	assert_int_equal(s.plan.ids.uids[0].outside, 1000);
	assert_int_equal(s.plan.ids.uids[1].outside, 100000);
	arena_done(&s.arena);
}

static void refuses_volumes_that_give_too_much_away(void **state)
{
	static const struct {
		const char *source, *target;
		unsigned flags;
	} wrong[] = {
		{ "/", "/x", MOUNT_FLAG_RO },
		{ "/proc", "/x", MOUNT_FLAG_RO },
		{ "/dev", "/x", 0 },
		{ "/tmp", "/", 0 },
		{ "/tmp", "/proc/x", 0 },
		{ "/tmp", "/dev/shm", 0 },
		{ "/nonexistent/x", "/x", 0 },
		{ "/state", "/x", MOUNT_FLAG_RO },
		{ "/state/immure/runs", "/x", 0 },
		{ "/data", "/x", MOUNT_FLAG_RO },
		{ "/data/immure/volumes/v", "/x", 0 },
		{ "/proc/self/exe", "/x", 0 },
		{ "/usr/local/bin", "/x", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct scene s;

		scene_init(&s);
		s.mounts[0] = (struct plan_mount){ .kind = MOUNT_BIND,
						   .source = wrong[i].source,
						   .target = wrong[i].target,
						   .flags = wrong[i].flags };
		s.request.mounts = s.mounts;
		s.request.n_mounts = 1;
		s.request.private_dir = "/state/immure";
		s.request.data_dir = "/data/immure";
		s.request.own_program = "/usr/local/bin/immure";
		if (decide(&s) >= 0)
			fail_msg("accepted %s on %s", wrong[i].source, wrong[i].target);
		arena_done(&s.arena);
	}
}

static void refuses_a_volume_that_is_a_link(void **state)
{
	const char *dir = temp_dir_make();
	char link[300];
	struct scene s;

	(void)state;
	scene_init(&s);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink("/etc", link), 0);
	s.mounts[0] = (struct plan_mount){ .kind = MOUNT_BIND, .source = link, .target = "/x" };
	s.request.mounts = s.mounts;
	s.request.n_mounts = 1;
	assert_int_equal(decide(&s), -ELOOP);
	assert_non_null(strstr(s.err.msg, "is a link"));
	arena_done(&s.arena);
	temp_dir_remove(dir);
}

static void puts_parents_before_children(void **state)
{
	struct scene s;
	size_t parent = 0;
	size_t child = 0;

	(void)state;
	scene_init(&s);
	s.mounts[0] = (struct plan_mount){ .kind = MOUNT_TMPFS, .target = "/work/a/b" };
	s.mounts[1] = (struct plan_mount){ .kind = MOUNT_TMPFS, .target = "/work" };
	s.request.mounts = s.mounts;
	s.request.n_mounts = 2;
	assert_int_equal(decide(&s), 0);
	for (size_t i = 0; i < s.plan.n_mounts; i++) {
		if (strcmp(s.plan.mounts[i].target, "/work") == 0)
			parent = i;
		if (strcmp(s.plan.mounts[i].target, "/work/a/b") == 0)
			child = i;
	}
	assert_true(parent < child);
	arena_done(&s.arena);
}

static void hides_homes_and_the_root_as_working_folder(void **state)
{
	static const char *const hidden[] = {
		"/", "/home", "/home/bob", "/usr/lib", "/tmp", "/var"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		const struct plan_mount *m;
		struct scene s;

		scene_init(&s);
		s.request.cwd = hidden[i];
		s.request.home = "/home/bob";
		s.request.read_cwd = true;
		assert_int_equal(decide(&s), 0);
		m = mount_at(&s.plan, hidden[i]);
		assert_true(!m || !(m->flags & MOUNT_FLAG_VOLUME));
		arena_done(&s.arena);
	}
}

static void stops_when_a_required_layer_is_missing(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.host.max_user_namespaces = 0;
	assert_int_equal(decide(&s), 0);
	assert_int_equal(plan_refusal(&s.plan)->layer, LAYER_USERNS);
	assert_non_null(plan_refusal(&s.plan)->remedy);
	arena_done(&s.arena);

	scene_init(&s);
	s.host.landlock_abi = 0;
	assert_int_equal(decide(&s), 0);
	assert_null(plan_refusal(&s.plan)); /* not required by this policy */
	assert_int_equal(entry_of(&s.plan, LAYER_LANDLOCK)->state, LEDGER_LOST);
	s.bundle.require |= 1U << LAYER_LANDLOCK;
	assert_int_equal(decide(&s), 0);
	assert_int_equal(plan_refusal(&s.plan)->layer, LAYER_LANDLOCK);
	s.request.allow_degraded = 1U << LAYER_LANDLOCK;
	assert_int_equal(decide(&s), 0);
	assert_null(plan_refusal(&s.plan));
	assert_true(entry_of(&s.plan, LAYER_LANDLOCK)->degraded);
	arena_done(&s.arena);
}

static void records_the_hosts_network_as_a_weakening(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.request.network = NETWORK_HOST;
	assert_int_equal(decide(&s), 0);
	assert_int_equal(entry_of(&s.plan, LAYER_NETNS)->state, LEDGER_WEAKENED);
	assert_null(plan_refusal(&s.plan));
	s.bundle.require |= 1U << LAYER_NETNS;
	assert_int_equal(decide(&s), 0);
	assert_int_equal(plan_refusal(&s.plan)->layer, LAYER_NETNS);
	arena_done(&s.arena);
}

static void lets_the_command_line_override_limits(void **state)
{
	struct scene s;
	bool found = false;

	(void)state;
	scene_init(&s);
	s.bundle.limits =
		(struct limits){ .set = LIMIT_PIDS | LIMIT_MEMORY, .pids = 100, .memory = 1 << 30 };
	s.request.limits = (struct limits){ .set = LIMIT_PIDS, .pids = 7 };
	assert_int_equal(decide(&s), 0);
	assert_int_equal(s.plan.limits.pids, 7);
	assert_int_equal(s.plan.limits.memory, 1 << 30);
	for (size_t i = 0; i < s.plan.n_rlimits; i++)
		found = found || (s.plan.rlimits[i].resource == RLIMIT_NPROC &&
				  s.plan.rlimits[i].value == 7);
	assert_true(found);
	arena_done(&s.arena);
}

static void grants_no_folder_without_stars(void **state)
{
	static const struct {
		const char *path;
		bool folder;
	} rows[] = {
		{ "/usr", true },       { "/tmp", true },       { "/home", true },
		{ "/dev", true },       { "/dev/shm", true },   { "/dev/null", false },
		{ "/proc", true },      { "/proc/self", true }, { "/etc/passwd", false },
		{ "/etc", true },       { "/nowhere", false },  { "/usr/bin", true },
		{ "/home/any", false }, { "/", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t notes = 0;
		struct scene s;

		scene_init(&s);
		s.files[0] = (struct bundle_file){ .access = FILE_READ, .path = rows[i].path };
		assert_int_equal(decide(&s), 0);
		for (size_t k = 0; k < s.plan.n_ledger; k++)
			notes += strstr(s.plan.ledger[k].text, "nothing granted on ") != NULL;
		if ((notes == 1) != rows[i].folder)
			fail_msg("%s: %zu notes", rows[i].path, notes);
		for (size_t k = 0; rows[i].folder && k < s.plan.n_fsrules; k++) {
			if (!s.plan.fsrules[k].tree)
				fail_msg("%s is granted", rows[i].path);
		}
		arena_done(&s.arena);
	}
}

static void prints_what_it_will_do(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf json = { 0 };
	struct jsonw j = { .out = &json };
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(decide(&s), 0);
	plan_print(&s.plan, &text);
	assert_non_null(strstr(strbuf_str(&text), "layer     seccomp"));
	assert_non_null(strstr(strbuf_str(&text), "mount     mask  /etc/shadow"));
	plan_json(&s.plan, &j);
	assert_non_null(strstr(strbuf_str(&json), "\"network\":\"none\""));
	arena_done(&s.arena);
}

static const struct ledger_entry *network_entry(struct scene *s, const struct net_rule *rules,
						size_t n, enum network_kind network)
{
	scene_init(s);
	s->bundle.net = (struct net_table){ .stated = true,
					    .n = n,
					    .rules = (struct net_rule *)(uintptr_t)rules };
	s->request.network = network;
	assert_int_equal(decide(s), 0);
	return entry_of(&s->plan, LAYER_NETNS);
}

static void holds_network_rules_or_does_not_start(void **state)
{
	static const struct rule line = { .text = "connect tcp *:443", .where = { "t", 7, 5 } };
	struct net_rule rule = { .rule = &line,
				 .verb = NET_CONNECT,
				 .protocols = NET_TCP,
				 .to = { .host = NET_ANY, .low = 443, .high = 443 } };
	struct scene s;

	(void)state;
	assert_int_equal(network_entry(&s, &rule, 1, NETWORK_PRIVATE)->state, LEDGER_ENFORCED);
	assert_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
	/* By port, on the host's network, for this policy opens no other sockets and no listen(2).
	 */
	assert_int_equal(network_entry(&s, &rule, 1, NETWORK_HOST)->state, LEDGER_WEAKENED);
	assert_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
	rule.to.host = NET_NAME;
	rule.to.name = "a.example";
	assert_int_equal(network_entry(&s, &rule, 1, NETWORK_HOST)->state, LEDGER_LOST);
	assert_non_null(plan_refusal(&s.plan));
	assert_non_null(
		strstr(plan_refusal(&s.plan)->text, "t:7: Landlock tells no addresses apart"));
	arena_done(&s.arena);
	rule.program = "/usr/bin/x";
	assert_int_equal(network_entry(&s, &rule, 1, NETWORK_PRIVATE)->state, LEDGER_WEAKENED);
	assert_non_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
	assert_int_equal(network_entry(&s, &rule, 1, NETWORK_NONE)->state, LEDGER_ENFORCED);
	assert_null(plan_refusal(&s.plan));
	arena_done(&s.arena);
}

static void publishes_what_may_be_listened_on(void **state)
{
	static const struct rule line = { .text = "listen tcp *:80", .where = { "t", 7, 5 } };
	static const struct plan_port ports[] = {
		{ .address = "127.0.0.1", .outside = 8080, .inside = 80 }
	};
	struct net_rule rule = { .rule = &line,
				 .verb = NET_LISTEN,
				 .protocols = NET_TCP,
				 .to = { .host = NET_ANY, .low = 80, .high = 80 } };
	struct scene s;

	(void)state;
	for (int right = 0; right < 2; right++) {
		scene_init(&s);
		rule.to.low = rule.to.high = right ? 80 : 81;
		s.bundle.net = (struct net_table){ .stated = true, .n = 1, .rules = &rule };
		s.request.network = NETWORK_PRIVATE;
		s.request.n_ports = 1;
		s.request.ports = ports;
		assert_int_equal(decide(&s), right ? 0 : -EINVAL);
		if (!right)
			assert_non_null(strstr(s.err.msg, "listen tcp *:80"));
		arena_done(&s.arena);
	}
}

static void tells_names_inside(void **state)
{
	static const struct address found[] = { { .bytes = { 192, 0, 2, 7 } } };
	static const struct net_pin pin = { "a.example", 1, found };
	struct scene s;

	(void)state;
	scene_init(&s);
	s.bundle.net.stated = true;
	s.request.network = NETWORK_PRIVATE;
	s.request.n_pins = 1;
	s.request.pins = &pin;
	assert_int_equal(decide(&s), 0);
	assert_non_null(strstr(mount_at(&s.plan, "/etc/hosts")->source, "192.0.2.7 a.example\n"));
	assert_null(strstr(mount_at(&s.plan, "/etc/resolv.conf")->source, "nameserver"));
	arena_done(&s.arena);
	scene_init(&s);
	s.request.network = NETWORK_PRIVATE;
	assert_int_equal(decide(&s), 0);
	assert_null(mount_at(&s.plan, "/etc/hosts"));
	assert_non_null(strstr(mount_at(&s.plan, "/etc/resolv.conf")->source, "nameserver"));
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_host_read_only),
		cmocka_unit_test(refuses_users_that_overflow),
		cmocka_unit_test(maps_root_to_an_id_that_is_nobodys),
		cmocka_unit_test(says_what_a_range_of_ids_needs),
		cmocka_unit_test(refuses_volumes_that_give_too_much_away),
		cmocka_unit_test(refuses_a_volume_that_is_a_link),
		cmocka_unit_test(puts_parents_before_children),
		cmocka_unit_test(hides_homes_and_the_root_as_working_folder),
		cmocka_unit_test(stops_when_a_required_layer_is_missing),
		cmocka_unit_test(records_the_hosts_network_as_a_weakening),
		cmocka_unit_test(lets_the_command_line_override_limits),
		cmocka_unit_test(grants_no_folder_without_stars),
		cmocka_unit_test(holds_network_rules_or_does_not_start),
		cmocka_unit_test(publishes_what_may_be_listened_on),
		cmocka_unit_test(tells_names_inside),
		cmocka_unit_test(prints_what_it_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
