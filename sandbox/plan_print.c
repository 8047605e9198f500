/* SPDX-License-Identifier: Apache-2.0 */
/* The plan in words, and as canonical JSON (keys in byte order). */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/signal_name.h"
#include "policies/landlock_rights.h"
#include "sandbox/plan.h"

static const char *const mount_names[] = { "bind", "tmpfs", "link", "dir", "mask", "text" };
static const char *const state_names[] = { "enforced", "weakened", "lost", "n/a" };
static const char *const idmap_names[] = { "self", "helper", "root" };

static const struct {
	int resource;
	const char *name;
} rlimit_names[] = {
	{ RLIMIT_CORE, "core" },
	{ RLIMIT_NOFILE, "nofile" },
	{ RLIMIT_MEMLOCK, "memlock" },
	{ RLIMIT_MSGQUEUE, "msgqueue" },
	{ RLIMIT_SIGPENDING, "sigpending" },
	{ RLIMIT_NICE, "nice" },
	{ RLIMIT_RTPRIO, "rtprio" },
	{ RLIMIT_NPROC, "nproc" },
	{ RLIMIT_FSIZE, "fsize" },
	{ RLIMIT_DATA, "data" },
};

static const char *rlimit_name(int resource)
{
	for (size_t i = 0; i < ARRAY_LEN(rlimit_names); i++) {
		if (rlimit_names[i].resource == resource)
			return rlimit_names[i].name;
	}
	return "?";
}

static void put_access(struct strbuf *out, unsigned access)
{
	strbuf_puts(out, access & FILE_READ ? "r" : access & FILE_LIST ? "l" : "-");
	strbuf_putc(out, access & FILE_WRITE ? 'w' : '-');
	strbuf_putc(out, access & FILE_EXEC ? 'x' : '-');
}

static void put_text(struct strbuf *out, const char *s)
{
	strbuf_escaped(out, s, strlen(s));
}

static void print_mounts(const struct plan *plan, struct strbuf *out)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];

		strbuf_addf(out, "mount     %-5s ", mount_names[m->kind]);
		put_text(out, m->target);
		if (m->source && m->kind != MOUNT_TEXT &&
		    (m->kind == MOUNT_LINK || strcmp(m->source, m->target) != 0)) {
			strbuf_puts(out, m->kind == MOUNT_LINK ? " -> " : " from ");
			put_text(out, m->source);
		}
		if (m->kind == MOUNT_BIND)
			strbuf_puts(out, m->flags & MOUNT_FLAG_RO     ? "  read-only"
					 : m->flags & MOUNT_FLAG_EXEC ? "  writable, executable"
								      : "  writable");
		if (m->kind == MOUNT_TMPFS)
			strbuf_addf(out, "  %llu KiB", (unsigned long long)(m->size >> 10));
		strbuf_putc(out, '\n');
	}
}

static void print_files(const struct plan *plan, struct strbuf *out)
{
	for (size_t i = 0; i < plan->n_fsrules; i++) {
		const struct plan_fsrule *rule = &plan->fsrules[i];

		strbuf_puts(out, "file      ");
		put_access(out, rule->access);
		strbuf_putc(out, ' ');
		put_text(out, rule->path);
		strbuf_puts(out, rule->tree ? "  and below\n" : "\n");
	}
}

static void print_ids(const struct plan *plan, struct strbuf *out)
{
	const struct plan_ids *ids = &plan->ids;

	strbuf_addf(out, "ids       %u:%u inside;", ids->uid, ids->gid);
	for (size_t i = 0; i < ids->n_uid; i++)
		strbuf_addf(out, " %u=%u+%u", ids->uids[i].inside, ids->uids[i].outside,
			    ids->uids[i].count);
	strbuf_addf(out, " (%s)", idmap_names[ids->how]);
	for (size_t i = 0; i < plan->n_groups; i++)
		strbuf_addf(out, "%s%u", i == 0 ? "; groups " : ",", plan->groups[i]);
	strbuf_putc(out, '\n');
}

static void print_ledger(const struct plan *plan, struct strbuf *out)
{
	for (size_t i = 0; i < plan->n_ledger; i++) {
		const struct ledger_entry *e = &plan->ledger[i];

		strbuf_addf(out, "layer     %-12s %-9s%s %s", layer_name(e->layer),
			    state_names[e->state], e->required ? "*" : " ", e->text);
		if (e->remedy && e->state != LEDGER_ENFORCED)
			strbuf_addf(out, " [%s]", e->remedy);
		strbuf_putc(out, '\n');
	}
	strbuf_puts(out, "          (* required by the policy)\n");
}

static void print_network(const struct plan *plan, struct strbuf *out)
{
	if (plan->network == NETWORK_NONE)
		return;
	strbuf_addf(out, "network   %s\n", network_name(plan->network));
	for (size_t i = 0; i < plan->n_ports; i++)
		strbuf_addf(out, "port      %s %s:%u -> %u\n", plan->ports[i].udp ? "udp" : "tcp",
			    plan->ports[i].address, plan->ports[i].outside, plan->ports[i].inside);
	for (size_t i = 0; i < plan->n_pins; i++) {
		strbuf_addf(out, "name      %s", plan->pins[i].name);
		for (size_t k = 0; k < plan->pins[i].n; k++) {
			strbuf_putc(out, ' ');
			address_print(&plan->pins[i].addresses[k], out);
		}
		strbuf_putc(out, '\n');
	}
}

static void print_stop(const struct plan *plan, struct strbuf *out)
{
	char name[SIGNAL_NAME_MAX];

	if (!plan->stop.signal)
		return;
	signal_print(plan->stop.signal, name);
	strbuf_addf(out, "stop      SIG%s, SIGKILL after %llu ms\n", name,
		    (unsigned long long)(plan->stop.ms ? plan->stop.ms : STOP_MS_DEFAULT));
}

void plan_print(const struct plan *plan, struct strbuf *out)
{
	strbuf_addf(out, "policy    %s, %u calls open\n", plan->bundle->name,
		    plan->bundle->n_allowed);
	strbuf_puts(out, "root      ");
	put_text(out, plan->root_kind == ROOT_HOST ? "host, read-only view" : plan->root_dir);
	if (plan->root_kind == ROOT_LAYERS)
		strbuf_addf(out, ", image of %zu layers", plan->n_layers);
	strbuf_puts(out, plan->keep.path       ? ", kept layer\n"
			 : plan->root_writable ? ", throw-away layer\n"
					       : "\n");
	strbuf_addf(out, "hostname  %s\n", plan->hostname);
	print_ids(plan, out);
	strbuf_puts(out, "folder    ");
	put_text(out, plan->cwd);
	strbuf_puts(out, "\ncommand  ");
	for (size_t i = 0; plan->argv[i]; i++) {
		strbuf_putc(out, ' ');
		put_text(out, plan->argv[i]);
	}
	strbuf_puts(out, "\nenv      ");
	for (size_t i = 0; plan->env[i]; i++) {
		strbuf_putc(out, ' ');
		strbuf_escaped(out, plan->env[i], strcspn(plan->env[i], "="));
	}
	strbuf_putc(out, '\n');
	print_network(plan, out);
	print_mounts(plan, out);
	print_files(plan, out);
	for (size_t i = 0; i < plan->n_rlimits; i++)
		strbuf_addf(out, "rlimit    %-10s %llu\n", rlimit_name(plan->rlimits[i].resource),
			    (unsigned long long)plan->rlimits[i].value);
	if (plan->limits.set & LIMIT_WALL)
		strbuf_addf(out, "limit     wall       %llu ms\n",
			    (unsigned long long)plan->limits.wall_ms);
	print_stop(plan, out);
	print_ledger(plan, out);
}

static void json_mounts(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "mounts");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];

		jsonw_object(j);
		jsonw_kbool(j, "exec", m->flags & MOUNT_FLAG_EXEC);
		jsonw_kstr(j, "kind", mount_names[m->kind]);
		jsonw_kbool(j, "readonly", m->flags & MOUNT_FLAG_RO);
		jsonw_kstr(j, "source", m->source);
		jsonw_kstr(j, "target", m->target);
		jsonw_kbool(j, "volume", m->flags & MOUNT_FLAG_VOLUME);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void json_files(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "files");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_fsrules; i++) {
		const struct plan_fsrule *rule = &plan->fsrules[i];

		jsonw_object(j);
		jsonw_kbool(j, "exec", rule->access & FILE_EXEC);
		jsonw_kbool(j, "list", rule->tree && (rule->access & (FILE_LIST | FILE_READ)));
		jsonw_kstr(j, "path", rule->path);
		jsonw_kbool(j, "read", rule->access & FILE_READ);
		jsonw_kbool(j, "tree", rule->tree);
		jsonw_kbool(j, "write", rule->access & FILE_WRITE);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void json_maps(struct jsonw *j, const char *key, const struct proc_idmap *maps, size_t n)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		jsonw_array(j);
		jsonw_u64(j, maps[i].inside);
		jsonw_u64(j, maps[i].outside);
		jsonw_u64(j, maps[i].count);
		jsonw_array_end(j);
	}
	jsonw_array_end(j);
}

static void json_ids(const struct plan *plan, struct jsonw *j)
{
	const struct plan_ids *ids = &plan->ids;

	jsonw_key(j, "ids");
	jsonw_object(j);
	jsonw_kbool(j, "drop_groups", ids->drop_groups);
	jsonw_ku64(j, "gid", ids->gid);
	json_maps(j, "gids", ids->gids, ids->n_gid);
	jsonw_key(j, "groups");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_groups; i++)
		jsonw_u64(j, plan->groups[i]);
	jsonw_array_end(j);
	jsonw_kstr(j, "how", idmap_names[ids->how]);
	jsonw_ku64(j, "uid", ids->uid);
	json_maps(j, "uids", ids->uids, ids->n_uid);
	jsonw_object_end(j);
}

static void json_ledger(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "ledger");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_ledger; i++) {
		const struct ledger_entry *e = &plan->ledger[i];

		jsonw_object(j);
		jsonw_kbool(j, "degraded", e->degraded);
		jsonw_kstr(j, "layer", layer_name(e->layer));
		jsonw_kstr(j, "remedy", e->remedy);
		jsonw_kbool(j, "required", e->required);
		jsonw_kstr(j, "state", state_names[e->state]);
		jsonw_kstr(j, "text", e->text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void json_ports(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "ports");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_ports; i++) {
		jsonw_object(j);
		jsonw_kstr(j, "address", plan->ports[i].address);
		jsonw_ku64(j, "inside", plan->ports[i].inside);
		jsonw_ku64(j, "outside", plan->ports[i].outside);
		jsonw_kstr(j, "protocol", plan->ports[i].udp ? "udp" : "tcp");
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* What Landlock refuses but for the ports of rules. */
static void json_landlock_net(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "landlock_net");
	jsonw_array(j);
	for (size_t i = 0; i < n_landlock_rights; i++) {
		if (landlock_rights[i].kind == LANDLOCK_NET &&
		    plan->net_handled & landlock_rights[i].bit)
			jsonw_str(j, landlock_rights[i].name);
	}
	jsonw_array_end(j);
}

static void json_pins(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "names");
	jsonw_array(j);
	for (size_t i = 0; i < plan->n_pins; i++) {
		jsonw_object(j);
		jsonw_key(j, "addresses");
		jsonw_array(j);
		for (size_t k = 0; k < plan->pins[i].n; k++) {
			cleanup_strbuf struct strbuf text = { 0 };

			address_print(&plan->pins[i].addresses[k], &text);
			jsonw_str(j, strbuf_str(&text));
		}
		jsonw_array_end(j);
		jsonw_kstr(j, "name", plan->pins[i].name);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void json_engine(const struct plan *plan, struct jsonw *j)
{
	if (!plan->engine)
		return;
	jsonw_key(j, "engine");
	jsonw_object(j);
	jsonw_kstr(j, "bundle", plan->engine->bundle);
	jsonw_kstr(j, "container", plan->engine->container);
	jsonw_kstr(j, "floor", plan->engine->floor ? "on" : "off");
	jsonw_object_end(j);
}

static void json_limits(const struct plan *plan, struct jsonw *j)
{
	const struct limits *limits = &plan->limits;
	const struct {
		const char *name;
		uint32_t bit;
		uint64_t value;
	} all[] = {
		{ "cpus_milli", LIMIT_CPUS, limits->cpus_milli },
		{ "fsize", LIMIT_FSIZE, limits->fsize },
		{ "io", LIMIT_IO, limits->io },
		{ "memory", LIMIT_MEMORY, limits->memory },
		{ "nofile", LIMIT_NOFILE, limits->nofile },
		{ "pids", LIMIT_PIDS, limits->pids },
		{ "tmp", LIMIT_TMP, limits->tmp },
		{ "wall_ms", LIMIT_WALL, limits->wall_ms },
	};

	jsonw_key(j, "limits");
	jsonw_object(j);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (limits->set & all[i].bit)
			jsonw_ku64(j, all[i].name, all[i].value);
	}
	jsonw_object_end(j);
	jsonw_key(j, "rlimits");
	jsonw_object(j);
	for (size_t i = 0; i < plan->n_rlimits; i++)
		jsonw_ku64(j, rlimit_name(plan->rlimits[i].resource), plan->rlimits[i].value);
	jsonw_object_end(j);
}

static void json_names(struct jsonw *j, const char *key, const char *const *list, bool cut)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; list[i]; i++)
		jsonw_strn(j, list[i], cut ? strcspn(list[i], "=") : strlen(list[i]));
	jsonw_array_end(j);
}

static const char *const root_kinds[] = {
	[ROOT_HOST] = "host",
	[ROOT_DIR] = "dir",
	[ROOT_LAYERS] = "image",
};

/* What the root was made of, lowest first. */
static void json_layers(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "layers");
	jsonw_array(j);
	for (size_t i = 0; plan->root_kind == ROOT_LAYERS && i < plan->n_layers; i++)
		jsonw_str(j, plan->layers[i].path);
	jsonw_array_end(j);
}

static void json_stop(const struct plan *plan, struct jsonw *j)
{
	char name[SIGNAL_NAME_MAX];

	signal_print(plan->stop.signal ? plan->stop.signal : SIGTERM, name);
	jsonw_key(j, "stop");
	jsonw_object(j);
	jsonw_ku64(j, "ms", plan->stop.ms ? plan->stop.ms : STOP_MS_DEFAULT);
	jsonw_kstr(j, "signal", name);
	jsonw_object_end(j);
}

static void json_word(struct jsonw *j, const char *key, struct span word)
{
	jsonw_key(j, key);
	jsonw_strn(j, word.p, word.n);
}

/* What the store noted when the image came in: whose signatures vouched for it. */
static void json_signatures(const char *const *texts, struct jsonw *j)
{
	jsonw_key(j, "signatures");
	jsonw_array(j);
	for (; texts && *texts; texts++) {
		struct span rest = span_of(*texts);
		struct span key = span_cut(&rest, ' ');
		struct span payload = span_cut(&rest, ' ');

		jsonw_object(j);
		json_word(j, "key", key);
		json_word(j, "name", rest);
		json_word(j, "payload", payload);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void json_image(const struct plan *plan, struct jsonw *j)
{
	jsonw_key(j, "image");
	if (!plan->image) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_kstr(j, "digest", plan->image_digest);
	jsonw_kstr(j, "reference", plan->image);
	json_signatures(plan->image_signed, j);
	jsonw_object_end(j);
}

void plan_json(const struct plan *plan, struct jsonw *j)
{
	char hex[DIGEST_HEX_LEN];

	digest_hex(&plan->bundle->digest, hex);
	jsonw_object(j);
	json_names(j, "argv", (const char *const *)plan->argv, false);
	jsonw_kstr(j, "cgroup", plan->cgroup_dir);
	jsonw_kstr(j, "cwd", plan->cwd);
	json_engine(plan, j);
	json_names(j, "env", plan->env, true);
	json_files(plan, j);
	jsonw_kstr(j, "hostname", plan->hostname);
	json_ids(plan, j);
	json_image(plan, j);
	jsonw_kstr(j, "kernel", plan->host->release);
	jsonw_ki64(j, "landlock_abi", plan->landlock_abi);
	json_landlock_net(plan, j);
	json_ledger(plan, j);
	json_limits(plan, j);
	jsonw_kstr(j, "mode", plan->bundle->audit_only ? "audit" : "enforce");
	json_mounts(plan, j);
	json_pins(plan, j);
	jsonw_kstr(j, "network", network_name(plan->network));
	jsonw_kstr(j, "policy", plan->bundle->name);
	jsonw_kstr(j, "policy_digest", hex);
	json_ports(plan, j);
	jsonw_key(j, "root");
	jsonw_object(j);
	jsonw_kstr(j, "kept", plan->keep.path);
	jsonw_kstr(j, "kind", root_kinds[plan->root_kind]);
	json_layers(plan, j);
	jsonw_kstr(j, "path", plan->root_dir);
	jsonw_kbool(j, "writable", plan->root_writable);
	jsonw_object_end(j);
	json_stop(plan, j);
	jsonw_kbool(j, "tty", plan->tty);
	jsonw_kstr(j, "user", plan->host->user);
	jsonw_ku64(j, "version", 1);
	jsonw_object_end(j);
}
