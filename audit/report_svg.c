/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report_svg.h"

#include <string.h>

#include "audit/report_parts.h"

#define LANES_MAX 16
#define LANE 26
#define LEFT 96
#define WIDTH 1030
#define RIGHT 20
#define ROWS_MAX 60
#define LOOKED_AT 1024 /* processes; a report has at most ACTIVITY_MAX and some */
#define ROW 26
#define STEP 24
#define DEPTH_MAX 20
#define FLOWS_MAX 20

static void put_svg(struct strbuf *out, int height, const char *title)
{
	strbuf_addf(
		out,
		"<div class=\"drawing\"><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"xMinYMin\" role=\"img\" aria-label=\"%s\">\n",
		WIDTH, height, title);
}

static void end_svg(struct strbuf *out)
{
	strbuf_puts(out, "</svg></div>\n");
}

/* At most n bytes of a name, cut between characters. */
static void put_name(struct strbuf *out, const char *name, size_t n)
{
	cleanup_strbuf struct strbuf cut = { 0 };
	size_t len = strlen(name);

	if (len > n) {
		len = n;
		while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
		strbuf_add(&cut, name, len);
		strbuf_puts(&cut, "…");
	} else {
		strbuf_puts(&cut, name);
	}
	put_xml(out, strbuf_str(&cut));
}

static const char *class_of(const char *kind)
{
	return strcmp(kind, "denied") == 0 || strcmp(kind, "lost") == 0    ? "fail"
	       : strcmp(kind, "exec") == 0 || strcmp(kind, "fork") == 0    ? "pass"
	       : strcmp(kind, "start") == 0 || strcmp(kind, "sealed") == 0 ? "not-applicable"
									   : "manual";
}

static void put_axis(struct strbuf *out, int64_t total_us, int lanes)
{
	int bottom = lanes * LANE + 8;

	for (int i = 0; i <= 4; i++) {
		int x = LEFT + (WIDTH - LEFT - RIGHT) * i / 4;
		double ms = (double)total_us * i / 4000.0;

		strbuf_addf(out, "<line class=\"rule\" x1=\"%d\" y1=\"4\" x2=\"%d\" y2=\"%d\"/>", x,
			    x, bottom);
		strbuf_addf(
			out,
			"<text class=\"soft\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.*f%s</text>\n",
			x, bottom + 16,
			i == 0   ? "start"
			: i == 4 ? "end"
				 : "middle",
			total_us < 100000 ? 1 : 0, total_us < 10000000 ? ms : ms / 1000,
			total_us < 10000000 ? " ms" : " s");
	}
}

struct lanes {
	int n;
	const char *names[LANES_MAX];
};

static int find_lane(struct lanes *lanes, const char *kind)
{
	for (int i = 0; i < lanes->n; i++) {
		if (strcmp(lanes->names[i], kind) == 0)
			return i;
	}
	if (lanes->n == LANES_MAX)
		return LANES_MAX - 1;
	lanes->names[lanes->n] = kind;
	return lanes->n++;
}

void svg_timeline(const json_t *timeline, const json_t *kinds, struct strbuf *out)
{
	struct lanes lanes = { 0 };
	int64_t total = 1;
	const json_t *event;
	size_t i;

	json_array_foreach(timeline, i, event)
	{
		int64_t us = record_number(event, "us", 0);

		find_lane(&lanes, record_text(event, "kind", "?"));
		total = us > total ? us : total;
	}
	if (lanes.n == 0)
		return;
	put_svg(out, lanes.n * LANE + 32, "Events over time");
	put_axis(out, total, lanes.n);
	for (int k = 0; k < lanes.n; k++) {
		int y = k * LANE + 17;

		strbuf_addf(out, "<text x=\"0\" y=\"%d\">", y + 4);
		put_name(out, lanes.names[k], 12);
		strbuf_addf(out, " <tspan class=\"soft\">%lld</tspan></text>\n",
			    (long long)record_number(kinds, lanes.names[k], 1));
		strbuf_addf(out, "<line class=\"rule\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
			    LEFT, y, WIDTH - RIGHT, y);
	}
	json_array_foreach(timeline, i, event)
	{
		const char *kind = record_text(event, "kind", "?");
		int64_t us = record_number(event, "us", 0);
		double x = LEFT + (double)(WIDTH - LEFT - RIGHT) * (double)us / (double)total;

		strbuf_addf(out, "<circle class=\"mark %s\" cx=\"%.1f\" cy=\"%d\" r=\"5\"/>\n",
			    class_of(kind), us < 0 ? LEFT : x, find_lane(&lanes, kind) * LANE + 17);
	}
	end_svg(out);
}

struct tree {
	const json_t *list;
	bool chosen[LOOKED_AT], drawn[LOOKED_AT];
	size_t n_chosen;
	int row;
	struct strbuf *out;
};

/* The last one of that number; -1 if there is none. */
static int index_of(const struct tree *t, int64_t pid)
{
	for (size_t i = json_array_size(t->list); i-- > 0;) {
		if (i < LOOKED_AT && record_number(json_array_get(t->list, i), "pid", 0) == pid)
			return (int)i;
	}
	return -1;
}

/* One process with those that made it, as far as there is room. */
static void choose_with_makers(struct tree *t, int i)
{
	for (int depth = 0; i >= 0 && depth < DEPTH_MAX && t->n_chosen < ROWS_MAX; depth++) {
		if (t->chosen[i])
			return;
		t->chosen[i] = true;
		t->n_chosen++;
		i = index_of(t, record_number(json_array_get(t->list, (size_t)i), "parent", 0));
	}
}

/* Those that something was refused to come first; the others in their order. */
static void choose(struct tree *t)
{
	const json_t *p;
	size_t i;

	json_array_foreach(t->list, i, p)
	{
		if (i < LOOKED_AT && record_number(p, "denied", 0) > 0)
			choose_with_makers(t, (int)i);
	}
	for (i = 0; i < json_array_size(t->list) && i < LOOKED_AT; i++)
		choose_with_makers(t, (int)i);
}

static void put_process(struct tree *t, const json_t *p, int depth, int parent_row)
{
	int x = depth * STEP + 6;
	int y = t->row * ROW + 16;
	int64_t denied = record_number(p, "denied", 0);

	if (parent_row >= 0)
		strbuf_addf(t->out, "<path class=\"rule\" d=\"M%d %d V%d H%d\"/>", x - STEP + 5,
			    parent_row * ROW + 22, y, x - 4);
	strbuf_addf(t->out, "<circle class=\"mark %s\" cx=\"%d\" cy=\"%d\" r=\"5\"/>",
		    denied > 0 ? "fail" : "pass", x + 5, y);
	strbuf_addf(t->out, "<text class=\"mono\" x=\"%d\" y=\"%d\">", x + 18, y + 4);
	put_name(t->out, record_text(p, "name", "?"), 70);
	strbuf_addf(t->out, " <tspan class=\"soft\">%lld</tspan>",
		    (long long)record_number(p, "pid", 0));
	if (denied > 0)
		strbuf_addf(t->out, " <tspan class=\"mark fail\">%lld refused</tspan>",
			    (long long)denied);
	strbuf_puts(t->out, "</text>\n");
}

/* Rows are bounded and each process is drawn once, so that a ring of parents ends. */
static void draw_below(struct tree *t, int64_t parent, int depth,
		       int parent_row) /* NOLINT: bounded */
{
	const json_t *p;
	size_t i;

	json_array_foreach(t->list, i, p)
	{
		int row = t->row;

		if (i >= LOOKED_AT || depth >= DEPTH_MAX || !t->chosen[i] || t->drawn[i] ||
		    record_number(p, "parent", 0) != parent)
			continue;
		t->drawn[i] = true;
		put_process(t, p, depth, parent_row);
		t->row++;
		draw_below(t, record_number(p, "pid", -1), depth + 1, row);
	}
}

void svg_processes(const json_t *processes, struct strbuf *out)
{
	size_t n = json_array_size(processes);
	struct tree tree = { .list = processes, .out = out };
	cleanup_strbuf struct strbuf rows = { 0 };
	const json_t *p;
	size_t i;

	if (n == 0)
		return;
	tree.out = &rows;
	choose(&tree);
	json_array_foreach(processes, i, p)
	{
		int64_t parent = record_number(p, "parent", 0);
		int maker = index_of(&tree, parent);

		if (i < LOOKED_AT && tree.chosen[i] && !tree.drawn[i] &&
		    (maker < 0 || !tree.chosen[maker]))
			draw_below(&tree, parent, 0, -1);
	}
	put_svg(out, tree.row * ROW + 8, "Processes");
	strbuf_add(out, strbuf_str(&rows), rows.len);
	out->failed |= rows.failed;
	end_svg(out);
	if (n > (size_t)tree.row)
		strbuf_addf(out, "<p class=\"soft small\">… and %zu more processes.</p>\n",
			    n - (size_t)tree.row);
}

void svg_flows(const json_t *flows, struct strbuf *out)
{
	size_t n = json_array_size(flows);
	int rows = (int)(n < FLOWS_MAX ? n : FLOWS_MAX);
	int middle = rows * 34 / 2 + 4;
	int64_t most = 1;
	const json_t *flow;
	size_t i;

	if (n == 0)
		return;
	json_array_foreach(flows, i, flow)
	{
		int64_t bytes =
			record_number(flow, "bytes_in", 0) + record_number(flow, "bytes_out", 0);

		most = bytes > most ? bytes : most;
	}
	put_svg(out, rows * 34 + 8, "Connections");
	strbuf_addf(out,
		    "<rect class=\"box\" x=\"0\" y=\"%d\" width=\"96\" height=\"32\" rx=\"8\"/>"
		    "<text x=\"48\" y=\"%d\" text-anchor=\"middle\">sandbox</text>\n",
		    middle - 16, middle + 4);
	json_array_foreach(flows, i, flow)
	{
		int64_t in = record_number(flow, "bytes_in", 0);
		int64_t sent = record_number(flow, "bytes_out", 0);
		int y = (int)i * 34 + 20;

		if (i >= FLOWS_MAX)
			break;
		strbuf_addf(
			out,
			"<path class=\"link\" stroke-width=\"%.1f\" d=\"M96 %d C260 %d 220 %d 384 %d\"/>",
			1.5 + 12.0 * (double)(in + sent) / (double)most, middle, middle, y, y);
		strbuf_addf(out, "<text class=\"mono\" x=\"396\" y=\"%d\">", y + 4);
		put_name(out, record_text(flow, "remote", "?"), 48);
		strbuf_puts(out, " <tspan class=\"soft\">");
		put_xml(out, record_text(flow, "protocol", ""));
		strbuf_puts(out, "  in ");
		put_bytes(out, in);
		strbuf_puts(out, ", out ");
		put_bytes(out, sent);
		strbuf_puts(out, "</tspan></text>\n");
	}
	end_svg(out);
}
