/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policies/bundle.h"
#include "policies/bundle_format.h"

static void put_u32(struct strbuf *out, uint32_t v)
{
	strbuf_add(out, &v, sizeof(v));
}

static void put_u64(struct strbuf *out, uint64_t v)
{
	strbuf_add(out, &v, sizeof(v));
}

/* Length, bytes, NUL; NULL is the length BUNDLE_NULL alone. */
static void put_text(struct strbuf *out, const char *s)
{
	if (!s) {
		put_u32(out, BUNDLE_NULL);
		return;
	}
	put_u32(out, (uint32_t)strlen(s));
	strbuf_add(out, s, strlen(s) + 1);
}

static void put_where(struct strbuf *out, const struct where *where)
{
	put_text(out, where->file);
	put_u32(out, where->line);
	put_u32(out, where->col);
}

static void put_program(struct strbuf *out, const struct sock_filter *code, size_t n)
{
	static const char zeros[8];

	put_u32(out, (uint32_t)n);
	strbuf_add(out, zeros, -out->len % 8);
	strbuf_add(out, code, n * sizeof(*code));
}

static void put_limits(struct strbuf *out, const struct limits *limits)
{
	put_u32(out, limits->set);
	put_u64(out, limits->memory);
	put_u64(out, limits->pids);
	put_u64(out, limits->cpus_milli);
	put_u64(out, limits->wall_ms);
	put_u64(out, limits->nofile);
	put_u64(out, limits->tmp);
	put_u64(out, limits->fsize);
	put_u64(out, limits->io);
}

static void put_net(struct strbuf *out, const struct bundle *in)
{
	put_u32(out, in->net.stated);
	put_u32(out, (uint32_t)in->net.n);
	for (size_t i = 0; i < in->net.n; i++) {
		const struct net_rule *net = &in->net.rules[i];

		put_u32(out, (uint32_t)(net->rule - in->rules));
		put_u32(out, net->verb);
		put_u32(out, net->protocols);
		put_text(out, net->program);
		put_u32(out, net->to.host);
		put_text(out, net->to.name);
		put_u32(out, net->to.prefix.v6);
		strbuf_add(out, net->to.prefix.bytes, sizeof(net->to.prefix.bytes));
		put_u32(out, net->to.bits);
		put_u32(out, net->to.low);
		put_u32(out, net->to.high);
	}
}

static void put_body(struct strbuf *out, const struct bundle *in)
{
	put_text(out, in->name);
	put_u32(out, in->identity.has_user);
	put_u32(out, in->identity.uid);
	put_u32(out, in->identity.gid);
	put_limits(out, &in->limits);
	put_u32(out, in->audit_only);
	put_u32(out, in->require);
	put_u32(out, in->record);
	put_u32(out, in->loss_fails);
	put_u32(out, in->audit_arch);
	put_u32(out, in->n_allowed);
	put_program(out, in->filter, in->n_filter);
	put_program(out, in->explain, in->n_explain);
	put_u32(out, (uint32_t)in->n_sources);
	for (size_t i = 0; i < in->n_sources; i++) {
		put_text(out, in->sources[i].name);
		put_text(out, in->sources[i].path);
		strbuf_add(out, in->sources[i].digest.bytes, DIGEST_LEN);
	}
	put_u32(out, (uint32_t)in->n_rules);
	for (size_t i = 0; i < in->n_rules; i++) {
		put_where(out, &in->rules[i].where);
		put_text(out, in->rules[i].text);
		put_text(out, in->rules[i].why);
	}
	put_u32(out, (uint32_t)in->n_files);
	for (size_t i = 0; i < in->n_files; i++) {
		put_u32(out, in->files[i].access);
		put_u32(out, in->files[i].rule);
		put_u32(out, in->files[i].tree);
		put_text(out, in->files[i].path);
	}
	put_net(out, in);
	put_u32(out, (uint32_t)in->n_waivers);
	for (size_t i = 0; i < in->n_waivers; i++) {
		put_where(out, &in->waivers[i].rule.where);
		put_text(out, in->waivers[i].id);
		put_text(out, in->waivers[i].until);
		put_text(out, in->waivers[i].by);
		put_text(out, in->waivers[i].why);
	}
	put_u32(out, (uint32_t)in->n_calls);
	put_u32(out, (uint32_t)in->calls.n);
	strbuf_span(out, in->calls);
}

int bundle_encode(const struct bundle *in, struct strbuf *ret, struct err *err)
{
	struct bundle_head head = { .magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION };
	struct strbuf out = { 0 };

	strbuf_add(&out, &head, sizeof(head));
	put_body(&out, in);
	if (out.failed) {
		strbuf_done(&out);
		return err_set(err, ENOMEM, "out of memory");
	}
	if (out.len > BUNDLE_MAX_BYTES) {
		strbuf_done(&out);
		return err_set(err, E2BIG, "the compiled policy is larger than %zu bytes",
			       BUNDLE_MAX_BYTES);
	}
	head.size = (uint32_t)out.len;
	head.digest = digest_of(out.p + sizeof(head), out.len - sizeof(head));
	memcpy(out.p, &head, sizeof(head));
	strbuf_done(ret);
	*ret = out;
	return 0;
}
