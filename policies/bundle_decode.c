/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a file of the user's holds: every length is checked before it is believed. */
#include <string.h>

#include "policies/bpf_eval.h"
#include "policies/bundle.h"
#include "policies/bundle_format.h"

#define MAX_ITEMS 16384U

struct reader {
	const char *p;
	size_t n, at;
	bool bad;
};

static const void *take(struct reader *r, size_t n)
{
	const void *p = r->p + r->at;

	if (r->bad || n > r->n - r->at) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return p;
}

static uint32_t take_u32(struct reader *r)
{
	const void *p = take(r, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t take_u64(struct reader *r)
{
	const void *p = take(r, sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* A text that must be there, NUL-terminated and without NUL inside. */
static const char *take_text(struct reader *r)
{
	uint32_t n = take_u32(r);
	const char *p = n < BUNDLE_MAX_BYTES ? take(r, (size_t)n + 1) : NULL;

	if (!p || p[n] != '\0' || memchr(p, '\0', n)) {
		r->bad = true;
		return "";
	}
	return p;
}

static const char *take_optional_text(struct reader *r)
{
	struct reader ahead = *r;

	if (take_u32(&ahead) != BUNDLE_NULL)
		return take_text(r);
	*r = ahead;
	return NULL;
}

static uint32_t take_count(struct reader *r)
{
	uint32_t n = take_u32(r);

	if (n > MAX_ITEMS)
		r->bad = true;
	return r->bad ? 0 : n;
}

static const struct sock_filter *take_program(struct reader *r, size_t *ret_n)
{
	uint32_t n = take_u32(r);
	const struct sock_filter *code;

	take(r, -r->at % 8);
	code = n <= BPF_MAXINSNS ? take(r, n * sizeof(*code)) : NULL;
	if (!code || !bpf_is_loadable(code, n)) {
		r->bad = true;
		return NULL;
	}
	*ret_n = n;
	return code;
}

static void take_limits(struct reader *r, struct limits *limits)
{
	limits->set = take_u32(r);
	limits->memory = take_u64(r);
	limits->pids = take_u64(r);
	limits->cpus_milli = take_u64(r);
	limits->wall_ms = take_u64(r);
	limits->nofile = take_u64(r);
	limits->tmp = take_u64(r);
	limits->fsize = take_u64(r);
	limits->io = take_u64(r);
}

static bool take_sources(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->n_sources = take_count(r);
	b->sources = arena_array(arena, b->n_sources + 1, sizeof(*b->sources));
	if (!b->sources)
		return false;
	for (size_t i = 0; i < b->n_sources && !r->bad; i++) {
		const void *digest;

		b->sources[i].name = take_text(r);
		b->sources[i].path = take_optional_text(r);
		digest = take(r, DIGEST_LEN);
		if (digest)
			memcpy(b->sources[i].digest.bytes, digest, DIGEST_LEN);
	}
	return true;
}

static bool take_rules(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->n_rules = take_count(r);
	b->rules = arena_array(arena, b->n_rules + 1, sizeof(*b->rules));
	if (!b->rules)
		return false;
	for (size_t i = 0; i < b->n_rules && !r->bad; i++) {
		b->rules[i].where.file = take_text(r);
		b->rules[i].where.line = take_u32(r);
		b->rules[i].where.col = take_u32(r);
		b->rules[i].text = take_text(r);
		b->rules[i].why = take_optional_text(r);
	}
	return true;
}

static bool take_files(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->n_files = take_count(r);
	b->files = arena_array(arena, b->n_files + 1, sizeof(*b->files));
	if (!b->files)
		return false;
	for (size_t i = 0; i < b->n_files && !r->bad; i++) {
		struct bundle_file *file = &b->files[i];
		uint32_t rule;

		file->access = take_u32(r);
		rule = take_u32(r);
		file->tree = take_u32(r) != 0;
		file->path = take_text(r);
		if (file->access > (FILE_READ | FILE_WRITE | FILE_EXEC | FILE_DENY | FILE_LIST) ||
		    rule >= b->n_rules || file->path[0] != '/')
			r->bad = true;
		file->rule = (uint16_t)rule;
	}
	return true;
}

/* Whatever it says, it must be something that the parser could have made. */
static bool net_makes_sense(const struct net_rule *net)
{
	const struct net_target *to = &net->to;
	struct address masked = to->prefix;

	address_mask(&masked, to->bits);
	return net->verb <= NET_DENY && net->protocols && net->protocols <= NET_BOTH &&
	       to->host < NET_HOST_COUNT && (to->host == NET_NAME) == (to->name != NULL) &&
	       to->low <= to->high && to->bits <= address_bits(&to->prefix) &&
	       address_eq(&masked, &to->prefix) && (!to->name || net_name_is_valid(to->name)) &&
	       (net->verb == NET_CONNECT || to->host != NET_NAME);
}

static bool take_net(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->net.stated = take_u32(r) != 0;
	b->net.n = take_count(r);
	b->net.rules = arena_array(arena, b->net.n + 1, sizeof(*b->net.rules));
	if (!b->net.rules)
		return false;
	for (size_t i = 0; i < b->net.n && !r->bad; i++) {
		struct net_rule *net = &b->net.rules[i];
		uint32_t rule = take_u32(r);
		const void *bytes;

		net->verb = (enum net_verb)take_u32(r);
		net->protocols = (uint8_t)take_u32(r);
		net->program = take_optional_text(r);
		net->to.host = (enum net_host)take_u32(r);
		net->to.name = take_optional_text(r);
		net->to.prefix.v6 = take_u32(r) != 0;
		bytes = take(r, sizeof(net->to.prefix.bytes));
		if (bytes)
			memcpy(net->to.prefix.bytes, bytes, sizeof(net->to.prefix.bytes));
		net->to.bits = (uint8_t)take_u32(r);
		net->to.low = (uint16_t)take_u32(r);
		net->to.high = (uint16_t)take_u32(r);
		if (rule >= b->n_rules || !net_makes_sense(net))
			r->bad = true;
		else
			net->rule = &b->rules[rule];
	}
	return true;
}

static bool take_waivers(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->n_waivers = take_count(r);
	b->waivers = arena_array(arena, b->n_waivers + 1, sizeof(*b->waivers));
	if (!b->waivers)
		return false;
	for (size_t i = 0; i < b->n_waivers && !r->bad; i++) {
		struct policy_waiver *w = &b->waivers[i];

		w->rule.where.file = take_text(r);
		w->rule.where.line = take_u32(r);
		w->rule.where.col = take_u32(r);
		w->id = take_text(r);
		w->until = take_text(r);
		w->by = take_text(r);
		w->why = take_text(r);
	}
	return true;
}

static void take_calls(struct reader *r, struct bundle *b)
{
	size_t names = 0;

	b->n_calls = take_count(r);
	b->calls.n = take_u32(r);
	b->calls.p = take(r, b->calls.n);
	for (size_t i = 0; !r->bad && i < b->calls.n; i++)
		names += b->calls.p[i] == '\0';
	if (names != b->n_calls || r->at != r->n)
		r->bad = true;
}

static bool take_body(struct reader *r, struct arena *arena, struct bundle *b)
{
	b->name = take_text(r);
	b->identity.has_user = take_u32(r) != 0;
	b->identity.uid = take_u32(r);
	b->identity.gid = take_u32(r);
	take_limits(r, &b->limits);
	b->audit_only = take_u32(r) != 0;
	b->require = take_u32(r);
	b->record = take_u32(r);
	b->loss_fails = take_u32(r) != 0;
	b->audit_arch = take_u32(r);
	b->n_allowed = take_u32(r);
	b->filter = take_program(r, &b->n_filter);
	b->explain = take_program(r, &b->n_explain);
	if (!take_sources(r, arena, b) || !take_rules(r, arena, b) || !take_files(r, arena, b) ||
	    !take_net(r, arena, b))
		return false;
	if (!take_waivers(r, arena, b))
		return false;
	take_calls(r, b);
	return true;
}

int bundle_decode(const void *bytes, size_t n, struct arena *arena, struct bundle *ret,
		  struct err *err)
{
	struct reader r = { .p = bytes, .n = n, .at = sizeof(struct bundle_head) };
	struct bundle_head head = { 0 };
	struct digest digest;
	struct bundle b = { 0 };

	assert((uintptr_t)bytes % 8 == 0);
	if (n < sizeof(head))
		return err_set(err, EBADMSG, "a compiled policy is cut short");
	memcpy(&head, bytes, sizeof(head));
	if (head.magic != BUNDLE_MAGIC || head.version != BUNDLE_VERSION)
		return err_set(err, EBADMSG, "not a compiled policy of this version");
	if (head.size != n)
		return err_set(err, EBADMSG, "a compiled policy is cut short");
	digest = digest_of(r.p + r.at, n - r.at);
	if (memcmp(digest.bytes, head.digest.bytes, DIGEST_LEN) != 0)
		return err_set(err, EBADMSG,
			       "a compiled policy has been changed: its digest is wrong");
	b.digest = head.digest;
	if (!take_body(&r, arena, &b))
		return err_set(err, ENOMEM, "out of memory");
	if (r.bad)
		return err_set(err, EBADMSG, "a compiled policy makes no sense");
	*ret = b;
	return 0;
}

const char *bundle_call_name(const struct bundle *bundle, int number)
{
	const char *p = bundle->calls.p;

	if (number < 0 || (size_t)number >= bundle->n_calls)
		return "";
	while (number-- > 0)
		p += strlen(p) + 1;
	return p;
}
