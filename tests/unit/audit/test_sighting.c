/* SPDX-License-Identifier: Apache-2.0 */
/* What verdicts ask of events is found while they go by: the first, and how many. */
#include "tests/support/unit.h"

#include "audit/sighting.h"

static const char plan[] =
	"{\"files\":[{\"path\":\"/usr\",\"tree\":true,\"exec\":true},"
	"{\"path\":\"/opt/a\",\"tree\":false,\"exec\":true}],\"ports\":[{\"inside\":80}]}";

static void each_is_seen_and_no_other(void **state)
{
	/* clang-format off */
	static const struct { const char *event; enum sighting_kind kind; bool seen; } cases[] = {
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":0,\"flags\":0}",        SIGHT_ENTER_ROOT, true },
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":1,\"flags\":0}",        SIGHT_ENTER_ROOT, false },
		{ "{\"kind\":\"enter\",\"seq\":5}",                              SIGHT_ENTER_UNKNOWN, true },
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":1,\"flags\":0}",        SIGHT_ENTER_UNKNOWN, false },
		{ "{\"kind\":\"enter\",\"seq\":5}",                              SIGHT_ENTER, true },
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":1,\"flags\":32}",       SIGHT_ENTER_PRIVILEGED, true },
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":1,\"flags\":1}",        SIGHT_ENTER_PRIVILEGED, false },
		{ "{\"kind\":\"enter\",\"seq\":5,\"uid\":1,\"flags\":0}",        SIGHT_ENTER_PRIVILEGED, false },
		{ "{\"kind\":\"exec\",\"path\":\"/usr/bin/a\"}",                 SIGHT_EXEC, true },
		{ "{\"kind\":\"exec\",\"path\":\"/usr/bin/a\"}",                 SIGHT_EXEC_FOREIGN, false },
		{ "{\"kind\":\"exec\",\"path\":\"/opt/a\"}",                     SIGHT_EXEC_FOREIGN, false },
		{ "{\"kind\":\"exec\",\"path\":\"/opt/a/b\"}",                   SIGHT_EXEC_FOREIGN, true },
		{ "{\"kind\":\"exec\"}",                                         SIGHT_EXEC_FOREIGN, true },
		{ "{\"kind\":\"exec\",\"path\":\"/usr/sbin/sshd\"}",             SIGHT_EXEC_SSHD, true },
		{ "{\"kind\":\"exec\",\"path\":\"/usr/sbin/xsshd\"}",            SIGHT_EXEC_SSHD, false },
		{ "{\"kind\":\"listen\",\"local\":\"[::]:22\"}",                 SIGHT_LISTEN_SSH, true },
		{ "{\"kind\":\"listen\",\"local\":\"[::]:2222\"}",               SIGHT_LISTEN_SSH, false },
		{ "{\"kind\":\"listen\",\"local\":\"0.0.0.0:80\"}",              SIGHT_LISTEN_UNASKED, false },
		{ "{\"kind\":\"listen\",\"local\":\"0.0.0.0:81\"}",              SIGHT_LISTEN_UNASKED, true },
		{ "{\"kind\":\"listen\"}",                                       SIGHT_LISTEN_UNASKED, true },
		{ "{\"kind\":\"listen\",\"local\":\"[::]:22\",\"errno\":95}",    SIGHT_LISTEN_SSH, false },
		{ "{\"kind\":\"listen\",\"local\":\"[::]:81\",\"errno\":95}",    SIGHT_LISTEN_UNASKED, false },
		{ "{\"kind\":\"connect\"}",                                      SIGHT_CONNECT, true },
		{ "{\"kind\":\"denied\",\"rule\":null,\"call\":\"bpf\"}",        SIGHT_CALL_UNNAMED, true },
		{ "{\"kind\":\"would-deny\",\"rule\":null,\"call\":\"bpf\"}",    SIGHT_CALL_UNNAMED, true },
		{ "{\"kind\":\"denied\",\"rule\":{\"line\":3},\"call\":\"bpf\"}", SIGHT_CALL_UNNAMED, false },
		{ "{\"kind\":\"denied\",\"rule\":null,\"layer\":\"netns\"}",     SIGHT_CALL_UNNAMED, false },
		{ "{\"kind\":\"denied\",\"rule\":null,\"layer\":\"netns\"}",     SIGHT_CONNECT_DENIED, true },
		{ "{\"kind\":\"denied\",\"rule\":null,\"call\":\"connect\"}",    SIGHT_CONNECT_DENIED, true },
		{ "{\"kind\":\"denied\",\"rule\":null,\"call\":\"bpf\"}",        SIGHT_CONNECT_DENIED, false },
	};
	/* clang-format on */
	struct run_record record = {
		.plan = json_loads(plan, 0, NULL),
		.evidence = json_loads("{\"status\":{\"cap_bnd\":\"0000000000000001\"}}", 0, NULL)
	};

	(void)state;
	assert_non_null(record.plan);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sightings sightings = { 0 };
		json_t *event = json_loads(cases[i].event, 0, NULL);
		const struct sighting *found = &sightings.of[cases[i].kind];

		assert_non_null(event);
		sightings_take(&sightings, &record, event);
		sightings_take(&sightings, &record, event);
		if ((found->first != NULL) != cases[i].seen)
			fail_msg("%s", cases[i].event);
		assert_int_equal(found->n, cases[i].seen ? 2 : 0);
		sightings_done(&sightings);
		json_decref(event);
	}
	run_record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_seen_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
