/* SPDX-License-Identifier: Apache-2.0 */
/* What a helper says of refused packets becomes records and counters; a helper that dies, a gap. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/egress.h"

struct scene {
	char folder[32];
	int dir, helper;
	struct rule lines[2];
	struct net_rule rules[2];
	struct bundle bundle;
	struct event_log log;
	struct denial_table table;
	struct egress egress;
	struct arena arena;
	struct err err;
};

static int set_up(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));
	int pair[2];

	memcpy(s->folder, "/tmp/test-egress-XXXXXX", 24);
	assert_non_null(mkdtemp(s->folder));
	s->dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(event_log_open(&s->log, s->dir, &s->err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	s->helper = pair[1];
	s->lines[0] = (struct rule){ .text = "deny to 10.0.0.0/8", .where = { "t", 3, 5 } };
	s->lines[1] = (struct rule){ .text = "connect tcp *:80", .where = { "t", 4, 5 } };
	s->rules[0] = (struct net_rule){
		&s->lines[0],
		NET_DENY,
		NET_BOTH,
		NULL,
		{ .host = NET_PREFIX, .prefix = { .bytes = { 10 } }, .bits = 8, .high = UINT16_MAX }
	};
	s->rules[1] = (struct net_rule){
		&s->lines[1], NET_CONNECT, NET_TCP, NULL, { .host = NET_ANY, .low = 80, .high = 80 }
	};
	s->bundle.net = (struct net_table){ .stated = true, .n = 2, .rules = s->rules };
	s->egress = (struct egress){
		.fd = pair[0], .bundle = &s->bundle, .log = &s->log, .table = &s->table
	};
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	close(s->egress.fd);
	close(s->helper);
	event_log_close(&s->log);
	unlinkat(s->dir, "events.jsonl", 0);
	close(s->dir);
	rmdir(s->folder);
	arena_done(&s->arena);
	test_free(s);
	return 0;
}

static void say(const struct scene *s, const struct uplink_message *message)
{
	assert_int_equal(fd_write_all(s->helper, message, sizeof(*message)), 0);
}

static void read_log(const struct scene *s, struct strbuf *ret)
{
	struct err err = { 0 };

	assert_int_equal(fd_read_file(s->dir, "events.jsonl", 1 << 20, ret, &err), 0);
}

static void records_the_first_and_counts_all(void **state)
{
	struct scene *s = *state;
	cleanup_strbuf struct strbuf text = { 0 };
	struct uplink_message packet = { .kind = UPLINK_REFUSED,
					 .protocol = IPPROTO_TCP,
					 .has_ports = true,
					 .to_port = 443,
					 .to = { 10, 1, 2, 3 } };
	size_t lines = 0;

	for (int i = 0; i < 99; i++)
		say(s, &packet);
	assert_int_equal(egress_turn(&s->egress, &s->err), 0);
	assert_int_equal(s->egress.announced, 99);
	say(s, &(const struct uplink_message){ UPLINK_COUNTER, 1, 7, 700 });
	say(s, &(const struct uplink_message){ UPLINK_COUNTER, 5000, 1, 1 });
	say(s, &(const struct uplink_message){ UPLINK_COUNTER, UPLINK_REFUSED_OUT, 99, 4000 });
	say(s, &(const struct uplink_message){ .kind = UPLINK_END });
	assert_int_equal(egress_finish(&s->egress, &s->arena, &s->err), 0);
	assert_true(s->egress.net.complete);
	assert_int_equal(s->egress.net.rules[1].packets, 7);
	assert_int_equal(s->table.total, 99);
	assert_int_equal(s->egress.announced, 0); /* the table has them */
	assert_int_equal(s->table.recorded, 9);   /* 1 to 8 and 10 */
	read_log(s, &text);
	for (const char *p = strstr(strbuf_str(&text), "10.1.2.3:443"); p;
	     p = strstr(p + 1, "\"remote\":\"10.1.2.3:443\""))
		lines++;
	assert_true(lines >= 9);
	assert_non_null(strstr(strbuf_str(&text), "\"layer\":\"netns\""));
	assert_non_null(strstr(strbuf_str(&text), "deny to 10.0.0.0/8"));
}

static void does_not_wait_for_the_dead(void **state)
{
	struct scene *s = *state;

	assert_int_equal(fd_write_all(s->helper, "half a message", 14), 0);
	shutdown(s->helper, SHUT_RDWR);
	assert_int_equal(egress_finish(&s->egress, &s->arena, &s->err), 0);
	assert_true(s->egress.net.asked);
	assert_false(s->egress.net.complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_the_first_and_counts_all, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(does_not_wait_for_the_dead, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
