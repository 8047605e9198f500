/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a report holds, SARIF and OCSF are JSON, and no format holds a control byte:
 * nothing in a record can move a cursor, end an attribute or begin a tag. And whatever events a
 * record holds, what is said of a grant has its reason, and nothing is unused for want of evidence.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/grants.h"
#include "audit/report.h"
#include "audit/report_diff.h"
#include "policies/policy_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const char *text, size_t n)
{
	json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

	if (!json)
		abort();
	json_decref(json);
}

static void check(const json_t *report, void (*render)(const json_t *, struct strbuf *))
{
	bool is_json = render == report_sarif || render == report_ocsf || render == report_intoto;
	cleanup_strbuf struct strbuf out = { 0 };

	render(report, &out);
	if (out.failed)
		return;
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.p[i];

		/* JSON may hold DEL as it is. */
		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || (c == 0x7f && !is_json))
			abort();
	}
	if (is_json && render != report_ocsf)
		must_be_json(out.p, out.len);
	for (struct span rest = { out.p, out.len }; render == report_ocsf && rest.n > 0;) {
		struct span line = span_cut(&rest, '\n');

		must_be_json(line.p, line.n);
	}
}

static const char policy_text[] =
	"policy: 1\nname: t\nsyscalls:\n  - allow execve ptrace read\n  - allow kill if sig in {9, 15}\n"
	"files:\n  - read,exec /usr/** /lib64/**\n  - list /etc/**\n  - write /tmp/** /dev/null\n"
	"network:\n  - connect tcp 10.0.0.0/8:443 api.example.com:443 [2001:db8::]/32:*\n"
	"  - listen tcp,udp 127.0.0.1:80\naudit:\n  record: [read, write]\n";

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	(void)data;
	(void)name;
	(void)from;
	(void)arena;
	(void)err;
	*ret_path = NULL;
	*ret = span_of(policy_text);
	return 0;
}

static const struct bundle *bundle_of_policy(void)
{
	static struct arena arena;
	static struct bundle bundle;
	struct diags diags = { .arena = &arena };
	struct policy policy = { 0 };

	if (!bundle.name && (policy_resolve("p", fetch, NULL, &arena, &policy, &diags) < 0 ||
			     policy_compile(&policy, &arena, &bundle, &diags) < 0))
		abort();
	return &bundle;
}

/* {"plan", "evidence", "events", "last"}, as a run's folder has them. */
static void use_grants(const json_t *in)
{
	struct run_record record = { .plan = json_incref(json_object_get(in, "plan")),
				     .evidence = json_incref(json_object_get(in, "evidence")),
				     .last = json_incref(json_object_get(in, "last")),
				     .complete = true };
	cleanup_arena struct arena arena = { 0 };
	cleanup_grants struct grants grants = { 0 };
	struct err err = { 0 };
	bool blind;
	json_t *event;
	size_t i;

	if (grants_init(bundle_of_policy(), &arena, &grants, &err) < 0)
		abort();
	json_array_foreach(json_object_get(in, "events"), i, event)
		grants_take(&grants, &record, event);
	grants_judge(&grants, &record, &arena);
	blind = !strstr(record_text(json_array_get(json_object_get(record.last, "losses"), 0),
				    "source", ""),
			"bpf");
	for (i = 0; i < grants.n; i++) {
		const struct grant *grant = &grants.items[i];

		if ((grant->use == GRANT_UNKNOWN) != (grant->unknown != NULL) ||
		    (grant->use == GRANT_USED) != (grant->n > 0 && !grant->unknown))
			abort();
		if (blind && json_array_size(json_object_get(record.last, "losses")) < 2 &&
		    grant->use == GRANT_UNUSED && grant->kind != GRANT_NET)
			abort();
	}
	run_record_done(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate gate = { .fail_on = SEVERITY_LOW };
	json_t *diff;
	json_t *report = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (!report)
		return 0;
	check(report, report_text);
	check(report, report_sarif);
	check(report, report_junit);
	check(report, report_csv);
	check(report, report_markdown);
	check(report, report_ocsf);
	check(report, report_html);
	check(report, report_intoto);
	use_grants(report);
	(void)report_gate(report, &gate);
	/* As its own baseline it has nothing new, nor is it different from itself. */
	gate.baseline = report;
	(void)report_gate(report, &gate);
	diff = report_diff(report, report);
	if (diff && (json_array_size(json_object_get(diff, "new")) > 0 ||
		     json_array_size(json_object_get(diff, "worse")) > 0))
		abort();
	json_decref(diff);
	json_decref(report);
	return 0;
}
