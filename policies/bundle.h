/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_BUNDLE_H
#define IMMURE_POLICIES_BUNDLE_H

/*
 * A compiled policy: all that a launch needs, in one block of bytes that is read without parsing
 * text. The launcher decodes it; immure-tool encodes it. Little-endian, versioned, bounds-checked.
 */

#include <linux/filter.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "policies/policy.h"

#define BUNDLE_MAX_BYTES ((size_t)1 << 20)
#define BUNDLE_NO_RULE UINT16_MAX /* an index that names no rule: the default answered */

/*
 * What a leaf of the `explain` program says of a call: the same tree as the kernel's filter, but
 * its return value tells which rule decided. Run by bpf_eval() in the supervisor and in `why`.
 */
#define EXPLAIN_RULE(leaf) ((uint16_t)((leaf) >> 16)) /* index into rules, or BUNDLE_NO_RULE */
#define EXPLAIN_ACTION(leaf) (((leaf) >> 12) & 0xf)   /* enum verdict */
#define EXPLAIN_ERRNO(leaf) ((int)((leaf)&0xfff))
#define EXPLAIN_LEAF(rule, action, error) \
	((uint32_t)(rule) << 16 | (uint32_t)(action) << 12 | (uint32_t)(error))

enum verdict {
	VERDICT_ALLOW,
	VERDICT_NOTIFY, /* refused; the supervisor records it and answers */
	VERDICT_ERRNO,  /* refused by the filter itself, not recorded */
	VERDICT_KILL,   /* another ABI */
	VERDICT_AUDIT,  /* mode audit: would be refused; the supervisor records it and lets it go on
			 */
	VERDICT_LOOK,   /* mode audit: allowed; the supervisor looks at the file that it names */
};

struct bundle_file {
	uint32_t access; /* enum file_access bits */
	uint16_t rule;   /* index into rules */
	bool tree;
	const char *path;
};

struct bundle {
	const char *name;     /* of the policy */
	struct digest digest; /* of what follows it in the encoded block */
	struct identity identity;
	struct limits limits;
	bool audit_only;     /* mode: audit */
	uint32_t require;    /* bits 1 << enum layer */
	uint32_t record;     /* bits 1 << enum recording */
	bool loss_fails;     /* what needs lost events fails, instead of being not proven */
	uint32_t audit_arch; /* AUDIT_ARCH_* that the filter is for */
	uint32_t n_allowed;  /* calls allowed, with or without conditions */
	size_t n_sources;
	struct policy_source *sources;
	size_t n_rules;
	struct rule *rules;
	size_t n_files;
	struct bundle_file *files;
	struct net_table net;       /* each rule points into rules */
	size_t n_filter, n_explain; /* instructions, at most BPF_MAXINSNS */
	const struct sock_filter *filter;
	const struct sock_filter *explain;
	size_t n_waivers;
	struct policy_waiver *waivers; /* of controls and of findings; for the record */
	size_t n_calls;                /* highest known number + 1 */
	struct span calls; /* the names by number, each followed by NUL; "" where there is none */
};

/*
 * Encode. The digest field of in is not read.
 *
 *   ret  the block; released by strbuf_done()
 */
must_check int bundle_encode(const struct bundle *in, struct strbuf *ret, struct err *err);

/*
 * Decode. Strings, filter and explain point into `bytes`; tables are made in arena.
 *
 *   bytes  8-byte aligned; must outlive *ret; may be anything (a file of the user's)
 *   ret    filled only on success
 *
 * Returns   0, -EBADMSG (not a bundle, another version, cut short, wrong digest), -ENOMEM.
 */
must_check int bundle_decode(const void *bytes, size_t n, struct arena *arena, struct bundle *ret,
			     struct err *err);

/* The name of a call by its number; "" if there is none. Points into the bundle. */
const char *bundle_call_name(const struct bundle *bundle, int number);

/* AUDIT_ARCH_* of the machine that this was built for. */
extern const uint32_t policy_native_arch;

/* Compile a merged policy for this machine's architecture. Problems that stop it go to diags. */
must_check int policy_compile(const struct policy *policy, struct arena *arena, struct bundle *ret,
			      struct diags *diags);

#endif
