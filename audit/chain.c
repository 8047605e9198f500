/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/jsonw.h"

#define HASH_KEY ",\"hash\":\""
/* HASH_KEY, the digits, quote and brace. */
#define TAIL_LEN (sizeof(HASH_KEY) - 1 + DIGEST_HEX_LEN - 1 + 2)

void chain_init(struct chain *chain, int fd)
{
	*chain = (struct chain){ .fd = fd };
}

int chain_add(struct chain *chain, const char *kind, const struct strbuf *members, struct err *err)
{
	struct strbuf *line = &chain->line;
	struct timespec now = { 0 };
	char hex[DIGEST_HEX_LEN];
	struct digest hash;
	int r;

	digest_hex(&chain->head, hex);
	strbuf_reset(line);
	strbuf_addf(line, "{\"kind\":\"%s\"", kind);
	if (members->len > 0) {
		strbuf_putc(line, ',');
		strbuf_add(line, members->p, members->len);
	}
	strbuf_addf(line, ",\"prev\":\"%s\",\"seq\":%llu,\"time\":\"", hex,
		    (unsigned long long)chain->seq);
	clock_gettime(CLOCK_REALTIME, &now);
	strbuf_utc(line, &now);
	strbuf_puts(line, "\",\"v\":1}");
	if (line->failed || members->failed)
		return err_set(err, ENOMEM, "out of memory");
	hash = digest_of(line->p, line->len);
	line->len--;
	digest_hex(&hash, hex);
	strbuf_addf(line, HASH_KEY "%s\"}\n", hex);
	if (line->failed)
		return err_set(err, ENOMEM, "out of memory");
	r = fd_write_all(chain->fd, line->p, line->len);
	if (r < 0)
		return err_sys(err, -r, "cannot write the event log");
	chain->head = hash;
	chain->written = line->len;
	chain->seq++;
	return 0;
}

void chain_done(struct chain *chain)
{
	strbuf_done(&chain->line);
}

/* Behind prev and seq: a time of 30 bytes and the version. */
#define END_LEN (30 + sizeof("\",\"v\":1") - 1)

/* Do the last members, which nothing untrusted can imitate, stand at their place? */
static bool has_members(struct span line, const char *members)
{
	size_t n = strlen(members);
	const char *end;

	if (line.n <= n + TAIL_LEN + END_LEN)
		return false;
	end = line.p + line.n - TAIL_LEN - END_LEN;
	return memcmp(end - n, members, n) == 0 &&
	       memcmp(end + 30, "\",\"v\":1", END_LEN - 30) == 0;
}

int chain_check(struct span line, struct digest *prev, uint64_t *seq, struct err *err)
{
	char members[128];
	char hex[DIGEST_HEX_LEN];
	struct digest hash;
	struct span tail;

	if (line.n < TAIL_LEN + 2)
		return err_set(err, EBADMSG, "record %llu is cut short", (unsigned long long)*seq);
	tail = (struct span){ line.p + line.n - TAIL_LEN, TAIL_LEN };
	if (!span_starts(tail, HASH_KEY))
		return err_set(err, EBADMSG, "record %llu has no hash", (unsigned long long)*seq);
	hash = digest_joined(line.p, line.n - TAIL_LEN, "}", 1);
	digest_hex(&hash, hex);
	if (memcmp(tail.p + sizeof(HASH_KEY) - 1, hex, DIGEST_HEX_LEN - 1) != 0 ||
	    memcmp(tail.p + TAIL_LEN - 2, "\"}", 2) != 0)
		return err_set(err, EBADMSG, "record %llu was changed: its hash is another",
			       (unsigned long long)*seq);
	digest_hex(prev, hex);
	snprintf(members, sizeof(members), ",\"prev\":\"%s\",\"seq\":%llu,\"time\":\"", hex,
		 (unsigned long long)*seq);
	if (!has_members(line, members))
		return err_set(
			err, EBADMSG,
			"record %llu does not follow the one before it: one was removed or moved",
			(unsigned long long)*seq);
	*prev = hash;
	(*seq)++;
	return 0;
}
