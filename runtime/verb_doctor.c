/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/strbuf.h"
#include "policies/landlock_rights.h"
#include "policies/to_selinux.h"
#include "runtime/dirs.h"
#include "runtime/selinux_store.h"
#include "runtime/tracer_client.h"
#include "runtime/verb.h"
#include "sandbox/host.h"

struct doctor_options {
	bool json;
};

static const struct opt doctor_opts[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct doctor_options, json), NULL, "print JSON", NULL },
};

enum finding_state {
	FINDING_OK,
	FINDING_LESS,
	FINDING_STOPS
};

/* One thing that this machine gives or lacks. */
struct finding {
	const char *name;
	enum finding_state state;
	const char *text;   /* what is there */
	const char *remedy; /* how to get what is not, or NULL */
};

#define MAX_FINDINGS 16

struct findings {
	size_t n;
	struct finding items[MAX_FINDINGS];
};

static void add(struct findings *f, const char *name, enum finding_state state, const char *text,
		const char *remedy)
{
	if (f->n < MAX_FINDINGS)
		f->items[f->n++] = (struct finding){ name, state, text ? text : "?", remedy };
}

static void look_at_namespaces(const struct host *h, struct arena *arena, struct findings *f)
{
	bool allowed = h->max_user_namespaces > 0 && (h->userns_clone || h->is_root);

	add(f, "user namespaces", allowed ? FINDING_OK : FINDING_STOPS,
	    allowed ? arena_printf(arena, "allowed, up to %llu",
				   (unsigned long long)h->max_user_namespaces)
		    : "forbidden here: nothing can be run",
	    allowed ? NULL
		    : "as root: sysctl user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1");
	if (h->is_root)
		add(f, "ids", FINDING_OK, "root: programs get ids of a range of their own", NULL);
	else if (h->has_subuid && h->has_subgid && h->has_newidmap)
		add(f, "ids", FINDING_OK,
		    arena_printf(arena, "%s has %u subordinate ids: --ids range works", h->user,
				 h->subuid.count),
		    NULL);
	else
		add(f, "ids", FINDING_LESS, "one id only: --ids range does not work",
		    h->has_newidmap
			    ? "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
			    : "as root: apt install uidmap, then usermod --add-subuids ...");
}

static void look_at_layers(const struct host *h, struct arena *arena, struct findings *f)
{
	bool scopes = landlock_knows(LANDLOCK_SCOPE, "abstract_unix_socket", h->landlock_abi);

	add(f, "seccomp", h->seccomp_filter ? FINDING_OK : FINDING_STOPS,
	    h->seccomp_filter ? "filters" : "no filters: nothing can be run",
	    h->seccomp_filter ? NULL : "a kernel with CONFIG_SECCOMP_FILTER");
	add(f, "denial records", h->seccomp_notify ? FINDING_OK : FINDING_LESS,
	    h->seccomp_notify ? "refused calls are recorded with no privilege"
			      : "refused calls cannot be recorded",
	    h->seccomp_notify ? NULL : "Linux 5.0 or newer");
	add(f, "landlock", scopes ? FINDING_OK : FINDING_LESS,
	    h->landlock_abi ? arena_printf(arena, "abi %d", h->landlock_abi)
			    : "not there: no path rules inside the root",
	    scopes ? NULL : "a newer kernel, with landlock in lsm=");
	add(f, "cgroup", h->cgroup.dir ? FINDING_OK : FINDING_LESS,
	    h->cgroup.dir
		    ? h->cgroup.dir
		    : "none delegated: memory is limited per process, processor time not at all",
	    h->cgroup.dir ? NULL : "systemd-run --user --scope -p Delegate=yes immure run ...");
	add(f, "security modules", FINDING_OK,
	    h->lsm[0] ? h->lsm : "the list cannot be read (no securityfs)", NULL);
}

static void look_at_apparmor(const struct host *h, struct findings *f)
{
	static const struct {
		enum finding_state state;
		const char *text, *remedy;
	} all[] = {
		[APPARMOR_OFF] = { FINDING_OK, "not enabled: mounts and landlock stand in", NULL },
		[APPARMOR_BARE] = { FINDING_LESS, "enabled, but no profile is prepared",
				    "as root, once: immure setup apparmor" },
		[APPARMOR_FLOOR_ONLY] = { FINDING_LESS, "the floor profile only",
					  "as root, once: immure setup apparmor" },
		[APPARMOR_OWN] = { FINDING_OK, "each program gets a profile made of its policy",
				   NULL },
	};
	enum apparmor_have have = h->lsm_facts.apparmor;

	add(f, "apparmor", all[have].state, all[have].text, all[have].remedy);
}

static void look_at_selinux(const struct host *h, struct findings *f)
{
	enum selinux_have have = h->lsm_facts.selinux;
	bool prepared = have != SELINUX_OFF && selinux_store_has(SELINUX_ANY);

	if (have == SELINUX_OFF)
		add(f, "selinux", FINDING_OK, "not enabled: mounts and landlock stand in", NULL);
	else if (!prepared)
		add(f, "selinux", FINDING_LESS, "enabled, but our module is not installed",
		    "as root, once: immure setup selinux");
	else if (have == SELINUX_PERMISSIVE)
		add(f, "selinux", FINDING_LESS, "permissive: refusals are only recorded",
		    "as root: setenforce 1");
	else
		add(f, "selinux", FINDING_OK, "each program gets a domain and its own categories",
		    NULL);
}

static void look_at_folder(struct arena *arena, struct findings *f)
{
	struct err err = { 0 };
	cleanup_close int dir = dirs_open_state("runs", &err);

	if (dir < 0)
		add(f, "records", FINDING_STOPS, arena_strdup(arena, err.msg),
		    "set HOME or XDG_STATE_HOME to a folder of yours");
	else
		add(f, "records", FINDING_OK, "the folder for records can be written", NULL);
}

/* What answers there and is of no use is not what is missing. */
static void look_at_collector(struct arena *arena, struct findings *f)
{
	const char *remedy = "as root: immure setup tracer";
	const char *text = "refused calls only: no immure-tracerd";
	struct err err = { 0 };
	uint32_t can = 0;
	int r = tracer_client_ask(&can, &err);

	if (r == 0) {
		add(f, "collector", FINDING_OK,
		    can & WIRE_CAN_HOOK
			    ? "immure-tracerd: the kernel records programs, files, connections, "
			      "by hooks on their calls"
			    : "immure-tracerd: the kernel records programs, files, connections, "
			      "where all calls return",
		    NULL);
		return;
	}
	if (*tracer_client_socket() == '\0')
		remedy = "unset IMMURE_TRACERD, which is empty";
	else if (r == -EPROTONOSUPPORT)
		remedy = "as root, with one version of both: immure setup tracer; systemctl "
			 "restart immure-tracerd";
	else if (r != -ENOENT)
		remedy = "as root: systemctl restart immure-tracerd, or start it by hand";
	if (r != -ENOENT || *tracer_client_socket() == '\0')
		text = arena_printf(arena, "refused calls only: %s", err.msg);
	add(f, "collector", FINDING_LESS, text, remedy);
}

static void print_text(const struct findings *f, const struct host *h)
{
	static const char *const names[] = { "ok", "less", "STOPS" };

	printf("kernel %s, user %s\n", h->release, h->user);
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->items[i];

		printf("%-6s %-17s %s\n", names[x->state], x->name, x->text);
		if (x->remedy)
			printf("       %-17s -> %s\n", "", x->remedy);
	}
}

static void print_json(const struct findings *f, const struct host *h, bool works)
{
	static const char *const names[] = { "ok", "less", "stops" };
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_object(&j);
	jsonw_key(&j, "findings");
	jsonw_array(&j);
	for (size_t i = 0; i < f->n; i++) {
		jsonw_object(&j);
		jsonw_kstr(&j, "name", f->items[i].name);
		jsonw_kstr(&j, "remedy", f->items[i].remedy);
		jsonw_kstr(&j, "state", names[f->items[i].state]);
		jsonw_kstr(&j, "text", f->items[i].text);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_kstr(&j, "kernel", h->release);
	jsonw_ki64(&j, "landlock_abi", h->landlock_abi);
	jsonw_kbool(&j, "works", works);
	jsonw_object_end(&j);
	printf("%s\n", strbuf_str(&out));
}

static int doctor(const struct verb_call *call, struct err *err)
{
	const struct doctor_options *options = call->options;
	struct findings findings = { 0 };
	struct host host = { 0 };
	bool works = true;
	int r = host_read(call->arena, &host, err);

	if (r == 0)
		r = host_read_more(call->arena, &host, err);
	if (r < 0)
		return r;
	look_at_namespaces(&host, call->arena, &findings);
	look_at_layers(&host, call->arena, &findings);
	look_at_apparmor(&host, &findings);
	look_at_selinux(&host, &findings);
	look_at_folder(call->arena, &findings);
	look_at_collector(call->arena, &findings);
	for (size_t i = 0; i < findings.n; i++)
		works = works && findings.items[i].state != FINDING_STOPS;
	if (options->json)
		print_json(&findings, &host, works);
	else
		print_text(&findings, &host);
	return works ? 0 : 1;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.args = "[--json]",
	.help = "what this machine offers, what is missing, and how to get it",
	.more = "Exit status: 0 if programs can be run here, 1 if not.\n",
	.opts = doctor_opts,
	.n_opts = ARRAY_LEN(doctor_opts),
	.options_size = sizeof(struct doctor_options),
	.max_args = 0,
	.run = doctor,
};
