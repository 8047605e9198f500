/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that runs used become rules, and no wider than the reason behind them says. */
#include "tests/support/unit.h"

#include <string.h>

#include "policies/learned_policy.h"

static void generalises_by_rules_that_are_shown(void **state)
{
	static const struct {
		const char *seen; /* items, one a line */
		const char *rules;
	} rows[] = {
		{ "net connect tcp 10.0.0.1:80\n", "connect tcp 10.0.0.1:80;" },
		{ "net connect tcp 10.0.0.1:80\nnet connect udp 10.0.0.1:80\n",
		  "connect tcp 10.0.0.1:80;" },
		{ "net connect udp 10.0.0.1:0\n", "" },
		{ "net connect 10.0.0.1:80\n", "" },
		{ "net connect unix:/run/x\n", "" },
		{ "net connect udp 169.254.1.53:53\nnet connect udp [fd00::1]:53\n",
		  "connect udp resolver:53 (a name server);" },
		{ "net connect tcp [2001:db8::1]:443\n", "connect tcp [2001:db8::1]:443;" },
		{ "net connect tcp 10.0.0.1:80\nnet connect tcp 10.0.0.2:80\nnet connect tcp 10.0.0.3:80\n"
		  "net connect tcp 10.0.0.4:80\n",
		  "connect tcp 10.0.0.0/24:80 (many addresses of a network);" },
		{ "net connect tcp 10.0.0.1:80\nnet connect tcp 10.0.1.2:80\nnet connect tcp 10.0.2.3:80\n"
		  "net connect tcp 10.0.3.4:80\n",
		  "connect tcp *:80 (many addresses);" },
		{ "net connect tcp 127.0.0.1:80\nnet connect tcp 127.0.0.2:80\nnet connect tcp 127.0.0.3:80\n"
		  "net connect tcp 127.0.0.4:80\n",
		  "connect tcp 127.0.0.1:80;connect tcp 127.0.0.2:80;connect tcp 127.0.0.3:80;connect tcp 127.0.0.4:80;" },
		{ "net connect tcp 127.0.0.1:40000\nnet connect tcp 127.0.0.1:80\nnet connect tcp 127.0.0.1:81\n"
		  "net listen tcp 127.0.0.1:0\nnet listen tcp 0.0.0.0:80\n",
		  "connect tcp 127.0.0.1:81;listen tcp *:80;listen tcp 127.0.0.1:0;" },
		{ "net listen tcp 0.0.0.0:8080\nnet listen tcp 127.0.0.1:0\nnet listen udp 0.0.0.0:0\n",
		  "listen tcp *:8080;listen tcp 127.0.0.1:0;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_arena struct arena arena = { 0 };
		cleanup_strbuf struct strbuf text = { 0 };
		cleanup_strbuf struct strbuf out = { 0 };
		struct diags diags = { .arena = &arena };
		const struct bundle base = { .name = "builtin/start" };
		struct span rest = span_of(rows[i].seen);
		struct learned learned = { 0 };
		struct grants grants = { 0 };
		struct err err = { 0 };

		strbuf_puts(&text, "immure learned 1\nrun a\n");
		while (rest.n > 0) {
			strbuf_puts(&text, "0 ");
			strbuf_span(&text, span_cut(&rest, '\n'));
			strbuf_putc(&text, '\n');
		}
		if (learned_read(span_of(strbuf_str(&text)), "t", &arena, &learned, &diags) < 0)
			fail_msg("%s: %s", rows[i].seen, diags.items[0].text);
		assert_int_equal(grants_make(&learned, &base, &arena, &grants, &err), 0);
		for (size_t k = 0; k < grants.n; k++) {
			const struct grant *g = &grants.items[k];

			assert_int_equal(g->kind, GRANT_NET);
			strbuf_addf(&out, "%s %s", g->subject, g->object);
			if (g->note)
				strbuf_addf(&out, " (%s)", g->note);
			strbuf_putc(&out, ';');
		}
		assert_string_equal(strbuf_str(&out), rows[i].rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generalises_by_rules_that_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
