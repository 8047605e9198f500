/* SPDX-License-Identifier: Apache-2.0 */
/* One file that works offline, without scripts, in light and dark, and on paper. */
#include <string.h>

#include "audit/asset.h"
#include "audit/report_parts.h"
#include "audit/report_svg.h"

static const char *const statuses[] = { "fail",   "not-proven", "pass",
					"manual", "waived",     "not-applicable" };

static void put_chip(struct strbuf *out, const char *status)
{
	strbuf_puts(out, "<span class=\"chip ");
	put_xml(out, status);
	strbuf_puts(out, "\">");
	put_xml(out, status);
	strbuf_puts(out, "</span>");
}

static void put_headline(const json_t *report, const char *verdict, struct strbuf *out)
{
	size_t all = json_array_size(json_object_get(report, "findings"));
	long long fail = (long long)part_number(report, "summary", "fail", 0);
	long long open = (long long)part_number(report, "summary", "not-proven", 0);

	if (strcmp(verdict, "fail") == 0)
		strbuf_addf(out, "%lld of %zu controls fail%s", fail, all, fail == 1 ? "s" : "");
	else if (strcmp(verdict, "not-proven") == 0)
		strbuf_addf(out, "Nothing fails; %lld of %zu controls %s not proven", open, all,
			    open == 1 ? "is" : "are");
	else if (strcmp(verdict, "pass") == 0)
		strbuf_addf(out, "Nothing fails, and nothing is left unproven");
	else
		strbuf_puts(out, "The record cannot be trusted");
}

static void put_banner(const json_t *report, struct strbuf *out)
{
	const json_t *c = json_object_get(report, "completeness");
	const char *verdict = report_verdict(report);
	cleanup_strbuf struct strbuf command = { 0 };

	command_text(report, &command);
	strbuf_addf(out, "<div class=\"banner %s\"><h1>", verdict);
	put_headline(report, verdict, out);
	strbuf_puts(out, "</h1>\n<p class=\"command\"><code>");
	put_xml(out, strbuf_str(&command));
	strbuf_puts(out, "</code></p>\n<p class=\"soft small\">");
	if (is_about_host(report))
		strbuf_puts(out, "What this machine gives a sandbox, and what it lacks.");
	else if (json_is_true(json_object_get(c, "complete")))
		strbuf_addf(out, "The record is whole: %lld records, none lost, sealed.",
			    (long long)record_number(c, "records", 0));
	else
		strbuf_puts(out, "The record is not whole: ");
	put_xml(out, record_text(c, "reason", ""));
	strbuf_puts(out, "</p></div>\n");
}

static void put_tiles(const json_t *report, struct strbuf *out)
{
	static const char *const labels[] = { "fail",   "not proven", "pass",
					      "manual", "waived",     "not applicable" };

	strbuf_puts(out, "<div class=\"tiles\">");
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		int64_t n = part_number(report, "summary", statuses[i], 0);

		strbuf_addf(out, "<div class=\"tile %s%s\"><b>%lld</b><span>%s</span></div>",
			    statuses[i], n == 0 ? " none" : "", (long long)n, labels[i]);
	}
	strbuf_puts(out, "</div>\n<div class=\"bar\" role=\"presentation\">");
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		int64_t n = part_number(report, "summary", statuses[i], 0);

		if (n > 0)
			strbuf_addf(out, "<i class=\"%s\" style=\"flex:%lld\"></i>", statuses[i],
				    (long long)n);
	}
	strbuf_puts(out, "</div>\n");
}

static void put_fact(struct strbuf *out, const char *name, const char *value)
{
	if (!value || *value == '\0')
		return;
	strbuf_addf(out, "<div><dt>%s</dt><dd>", name);
	put_xml(out, value);
	strbuf_puts(out, "</dd></div>");
}

static void put_wide_fact(struct strbuf *out, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	strbuf_addf(out, "<div class=\"wide\"><dt>%s</dt><dd>", name);
	put_xml(out, value);
	strbuf_puts(out, "</dd></div>");
}

/* "2026-01-02T03:04:05.678901234Z" to the second. */
static void put_time(struct strbuf *out, const char *text)
{
	if (strlen(text) >= 19)
		strbuf_addf(out, "%.10s %.8s UTC", text, text + 11);
}

static void put_facts(const json_t *report, struct strbuf *out)
{
	const json_t *subject = json_object_get(report, "subject");
	cleanup_strbuf struct strbuf policy = { 0 };
	const json_t *identity = json_object_get(report, "identity");
	const json_t *collector = json_object_get(identity, "collector");
	const json_t *root = json_object_get(subject, "root");
	const json_t *image = json_object_get(subject, "image");
	cleanup_strbuf struct strbuf text = { 0 };

	strbuf_puts(out, "<dl class=\"facts\">");
	put_fact(out, "run", record_text(subject, "run", NULL));
	policy_text(report, &policy);
	put_fact(out, "policy", strbuf_str(&policy));
	put_fact(out, json_is_object(image) ? "image" : "root",
		 record_text(image, "reference",
			     record_text(root, "path", record_text(root, "kind", NULL))));
	put_fact(out, "image digest", record_text(image, "digest", NULL));
	put_fact(out, "user", record_text(subject, "user", NULL));
	put_time(&text, record_text(subject, "start", ""));
	put_fact(out, "started", strbuf_str(&text));
	strbuf_reset(&text);
	strbuf_addf(&text, "%lld", (long long)record_number(subject, "exit", -1));
	put_fact(out, "exit", strbuf_str(&text));
	put_fact(out, "kernel", record_text(identity, "kernel", NULL));
	strbuf_reset(&text);
	strbuf_addf(&text, "ABI %lld", (long long)record_number(identity, "landlock_abi", 0));
	put_fact(out, "landlock", strbuf_str(&text));
	strbuf_reset(&text);
	strbuf_puts(&text, record_text(collector, "name", "?"));
	if (*record_text(collector, "mode", ""))
		strbuf_addf(&text, " (%s)", record_text(collector, "mode", ""));
	strbuf_puts(&text, ", privilege ");
	strbuf_puts(&text, record_text(collector, "privilege", "?"));
	put_fact(out, "collector", strbuf_str(&text));
	strbuf_reset(&text);
	program_text(report, &text);
	put_wide_fact(out, "program", strbuf_str(&text));
	strbuf_reset(&text);
	peaks_text(report, &text);
	put_wide_fact(out, "peaks", strbuf_str(&text));
	strbuf_puts(out, "</dl>\n");
}

static void put_row(const json_t *f, struct strbuf *out)
{
	const char *status = record_text(f, "status", "?");
	cleanup_strbuf struct strbuf text = { 0 };
	bool is_bad = finding_rank(f) >= 0;

	strbuf_puts(out, "<tr class=\"");
	put_xml(out, status);
	strbuf_puts(out, "\"><td class=\"chipcell\">");
	put_chip(out, status);
	if (is_bad) {
		strbuf_puts(out, "<div class=\"severity\">");
		put_xml(out, record_text(f, "severity", "?"));
		strbuf_puts(out, "</div>");
	}
	strbuf_puts(out, "</td><td class=\"id\">");
	put_control(&text, f);
	put_xml(out, strbuf_str(&text));
	strbuf_puts(out, "</td><td>");
	put_xml(out, record_text(f, "title", "?"));
	strbuf_puts(out, "<div class=\"seen\">expected <b>");
	put_xml(out, record_text(f, "expected", "?"));
	strbuf_puts(out, "</b>, observed <b>");
	put_xml(out, record_text(f, "observed", "?"));
	strbuf_puts(out, "</b></div><div class=\"seen\">known from ");
	put_xml(out, record_text(f, "source", "?"));
	strbuf_puts(out, "</div>");
	if (is_bad) {
		strbuf_puts(out, "<div class=\"remedy\">");
		put_xml(out, record_text(f, "remedy", ""));
		strbuf_puts(out, "</div>");
	}
	if (json_is_object(json_object_get(f, "waiver"))) {
		const json_t *w = json_object_get(f, "waiver");

		strbuf_puts(out, "<div class=\"seen\">waiver ");
		put_xml(out, record_text(w, "state", "?"));
		strbuf_puts(out, " until ");
		put_xml(out, record_text(w, "until", "?"));
		strbuf_puts(out, " by ");
		put_xml(out, record_text(w, "by", "?"));
		strbuf_puts(out, ": ");
		put_xml(out, record_text(w, "why", "?"));
		strbuf_puts(out, "</div>");
	}
	strbuf_puts(out, "</td><td class=\"level\">");
	put_xml(out, record_text(f, "level", "-"));
	strbuf_puts(out, "</td><td class=\"place mono\">");
	strbuf_reset(&text);
	put_place(&text, json_object_get(f, "place"));
	put_xml(out, strbuf_str(&text));
	strbuf_puts(out, "</td></tr>\n");
}

static const char table_head[] =
	"<table><thead><tr><th>verdict</th><th>control</th><th>what has to be so, and what was "
	"seen</th><th>evidence</th><th class=\"place\">policy</th></tr></thead><tbody>\n";

static void put_open_findings(const json_t *report, struct strbuf *out)
{
	const json_t *f;
	bool any = false;
	size_t i;

	for (int rank = 0; rank < 4 * SEVERITY_COUNT + 1; rank++) {
		json_array_foreach(json_object_get(report, "findings"), i, f)
		{
			if (finding_rank(f) != rank)
				continue;
			if (!any)
				strbuf_puts(out, table_head);
			any = true;
			put_row(f, out);
		}
	}
	strbuf_puts(out, any ? "</tbody></table>\n" : "<p class=\"soft\">Nothing is open.</p>\n");
}

/* What is in order, folded, one fold for each standard. */
static void put_closed_findings(const json_t *report, const json_t *standard, struct strbuf *out)
{
	const char *name = record_text(standard, "name", "?");
	const json_t *f;
	size_t n = 0;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, f) n +=
		finding_rank(f) < 0 && strcmp(record_text(f, "standard", ""), name) == 0;
	if (n == 0)
		return;
	strbuf_puts(out, "<details><summary>");
	put_xml(out, record_text(standard, "title", name));
	strbuf_addf(out, " <span class=\"soft\">%zu in order</span></summary>\n%s", n, table_head);
	json_array_foreach(json_object_get(report, "findings"), i, f)
	{
		if (finding_rank(f) < 0 && strcmp(record_text(f, "standard", ""), name) == 0)
			put_row(f, out);
	}
	strbuf_puts(out, "</tbody></table></details>\n");
}

static void put_controls(const json_t *report, struct strbuf *out)
{
	const json_t *standard;
	size_t i;

	strbuf_puts(out, "<h2>Controls</h2>\n");
	put_open_findings(report, out);
	json_array_foreach(json_object_get(report, "standards"), i, standard)
		put_closed_findings(report, standard, out);
}

static void put_lineage(const json_t *lineage, struct strbuf *out)
{
	const json_t *who;
	size_t i;

	json_array_foreach(lineage, i, who)
	{
		strbuf_puts(out, i ? " ← " : "");
		put_xml(out, record_text(who, "comm", "?"));
	}
}

static void put_denials(const json_t *report, struct strbuf *out)
{
	const json_t *activity = json_object_get(report, "activity");
	const json_t *list = json_object_get(activity, "denials");
	const json_t *d;
	size_t i;

	strbuf_addf(out, "<h2>Refused calls <span class=\"soft\">%lld</span></h2>\n",
		    (long long)record_number(activity, "denied", 0));
	if (json_array_size(list) == 0)
		strbuf_puts(out, "<p class=\"soft\">Nothing was refused.</p>\n");
	json_array_foreach(list, i, d)
	{
		cleanup_strbuf struct strbuf place = { 0 };

		put_place(&place, json_object_get(d, "rule"));
		strbuf_puts(out, "<div class=\"card\"><div class=\"title\">");
		put_xml(out, record_text(d, "text", "?"));
		strbuf_puts(out, "</div><div class=\"how\"><span>by ");
		put_lineage(json_object_get(d, "lineage"), out);
		strbuf_puts(out, "</span><span>");
		put_xml(out, place.len > 0 ? strbuf_str(&place) : "no rule allows it");
		strbuf_puts(out, "</span><span>to allow <code>");
		put_xml(out, record_text(d, "suggest", "?"));
		strbuf_puts(out, "</code></span><span>risk ");
		put_xml(out, record_text(d, "risk", "?"));
		strbuf_puts(out, ": ");
		put_xml(out, record_text(d, "why", "?"));
		strbuf_puts(out, "</span></div></div>\n");
	}
}

static void put_drawings(const json_t *report, struct strbuf *out)
{
	const json_t *activity = json_object_get(report, "activity");
	const json_t *flows = json_object_get(activity, "flows");

	strbuf_puts(out, "<h2>What it did</h2>\n<h3>Time line</h3>\n");
	svg_timeline(json_object_get(activity, "timeline"), json_object_get(activity, "kinds"),
		     out);
	if (json_array_size(json_object_get(activity, "processes")) > 0)
		strbuf_puts(out, "<h3>Processes that are on record</h3>\n");
	svg_processes(json_object_get(activity, "processes"), out);
	strbuf_puts(out, "<h3>Connections</h3>\n");
	if (json_array_size(flows) == 0)
		strbuf_puts(out, "<p class=\"soft\">None is on record.</p>\n");
	svg_flows(flows, out);
	html_names(activity, "listeners", "Listeners", out);
	html_names(activity, "names", "Names that were asked for", out);
	html_names(activity, "written", "Files opened to be written", out);
}

static void put_layers(const json_t *report, struct strbuf *out)
{
	const json_t *layer;
	size_t i;

	strbuf_puts(out, "<h2>Layers</h2>\n<table><tbody>\n");
	json_array_foreach(json_object_get(json_object_get(report, "policy"), "layers"), i, layer)
	{
		const char *state = record_text(layer, "state", "?");
		const char *status = strcmp(state, "enforced") == 0   ? "pass"
				     : strcmp(state, "weakened") == 0 ? "not-proven"
				     : strcmp(state, "lost") == 0     ? "fail"
								      : "not-applicable";

		strbuf_addf(out, "<tr><td class=\"chipcell\"><span class=\"chip %s\">", status);
		put_xml(out, state);
		strbuf_puts(out, "</span></td><td class=\"id\">");
		put_xml(out, record_text(layer, "layer", "?"));
		strbuf_puts(out, "</td><td>");
		put_xml(out, record_text(layer, "text", ""));
		strbuf_puts(out, "</td></tr>\n");
	}
	strbuf_puts(out, "</tbody></table>\n");
}

static void put_integrity(const json_t *report, struct strbuf *out)
{
	const json_t *c = json_object_get(report, "completeness");
	const json_t *integrity = json_object_get(report, "integrity");
	const json_t *signature = json_object_get(integrity, "signature");
	const char *chain = record_text(c, "chain", "?");

	strbuf_addf(out, "<h2>Integrity</h2>\n<div class=\"integrity %s\"><p><b>Chain:</b> ",
		    strcmp(chain, "ok") == 0 && json_is_true(json_object_get(c, "sealed"))
			    ? "pass"
			    : "fail");
	put_xml(out, chain);
	strbuf_puts(out, json_is_true(json_object_get(c, "sealed")) ? ", sealed" : ", not sealed");
	strbuf_puts(out, "</p><p><b>Head:</b> <code>");
	put_xml(out, record_text(c, "head", "?"));
	strbuf_puts(out, "</code></p><p><b>Signature:</b> ");
	put_xml(out, json_is_object(signature) ? record_text(signature, "key", "?") : "none");
	if (json_is_object(signature)) {
		strbuf_puts(out, ", ");
		put_xml(out, record_text(signature, "state", "?"));
	}
	strbuf_puts(out, "</p><p class=\"soft small\">");
	put_xml(out, record_text(integrity, "limits", ""));
	strbuf_puts(out, "</p></div>\n");
}

void report_html(const json_t *report, struct strbuf *out)
{
	const json_t *tool = json_object_get(json_object_get(report, "identity"), "tool");

	strbuf_puts(out,
		    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		    "style-src 'unsafe-inline'\">\n<title>immure: ");
	put_xml(out, report_verdict(report));
	strbuf_puts(out, ", run ");
	put_xml(out, part_text(report, "subject", "run", "?"));
	strbuf_puts(out, "</title>\n<style>\n");
	strbuf_span(out, asset_text("report"));
	strbuf_puts(out, "</style></head><body><main>\n");
	put_banner(report, out);
	put_tiles(report, out);
	put_facts(report, out);
	put_controls(report, out);
	if (!is_about_host(report)) {
		put_denials(report, out);
		put_drawings(report, out);
		put_layers(report, out);
		html_policy(report, out);
		put_integrity(report, out);
	}
	strbuf_puts(out, "<footer>immure ");
	put_xml(out, record_text(tool, "version", "?"));
	strbuf_puts(out, " · report ");
	put_xml(out, record_text(report, "report_id", "?"));
	strbuf_puts(out, " · ");
	put_xml(out, record_text(report, "schema", "?"));
	strbuf_puts(out, "</footer></main></body></html>\n");
}
