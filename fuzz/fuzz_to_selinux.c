/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever name and paths a policy has, its module is made of words of the language's
 * own alphabet in brackets that match, it allows its own domain and nobody else anything, and the
 * same policy gives the same module.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/to_selinux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_FILES 32
#define WORDS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* The name on the first line, then one path a line; its first byte is what the rule says. */
static size_t make_files(char *text, struct bundle_file *ret)
{
	size_t n = 0;

	for (char *line = strchr(text, '\n'); line && n < MAX_FILES; line = strchr(line, '\n')) {
		unsigned bits;

		*line++ = '\0';
		bits = (unsigned char)*line;
		if (bits < ' ' || line[1] == '\0' || line[1] == '\n')
			continue;
		line[1] = '/';
		ret[n++] = (struct bundle_file){
			.access = bits & 16 ? FILE_DENY : bits & 7,
			.tree = bits & 64,
			.path = line + 1,
		};
	}
	return n;
}

/* Statements one a line, comments apart: brackets match, all else is words. */
static void check_line(const char *line, const char *domain)
{
	int depth = 0;

	if (line[0] == ';')
		return;
	if (!strstr(line, domain))
		abort();
	for (const char *p = line; *p; p++) {
		depth += (*p == '(') - (*p == ')');
		if (depth < 0 || (depth == 0 && p[1] != '\0') || !strchr(WORDS " ()", *p))
			abort();
	}
	if (depth != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	cleanup_strbuf struct strbuf again = { 0 };
	static const struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bundle_file files[MAX_FILES];
	struct bundle bundle = {
		.explain = &none, .n_explain = 1, .calls = { "", 0 }, .files = files
	};
	char name[SELINUX_NAME_MAX];
	char domain[SELINUX_NAME_MAX + 2];
	struct err err = { 0 };
	char *text = arena_strndup(&arena, (const char *)data, size);

	if (!text)
		return 0;
	bundle.n_files = make_files(text, files);
	bundle.name = text;
	bundle.audit_only = size & 1;
	if (to_selinux(&bundle, &out, name, &err) < 0)
		return 0;
	if (to_selinux(&bundle, &again, name, &err) < 0 || again.len != out.len ||
	    memcmp(again.p, out.p, out.len) != 0)
		abort();
	if (strspn(name, WORDS) != strlen(name))
		abort();
	memcpy(domain, name, strlen(name));
	memcpy(domain + strlen(name), "_t", 3);
	for (char *line = strtok(out.p, "\n"); line; line = strtok(NULL, "\n"))
		check_line(line, domain);
	return 0;
}
