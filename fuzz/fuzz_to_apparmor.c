/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever bytes a path holds, the profile is refused, or each of its file rules stands
 * on a line of its own and says that path and nothing else once its escapes are taken off.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bundle.h"
#include "policies/to_apparmor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PATHS 16

/* One path a line; its first byte is what is granted and denied. */
static size_t make_paths(const char *text, struct lsm_path *ret)
{
	struct span rest = span_of(text);
	size_t n = 0;

	while (rest.n > 1 && n < MAX_PATHS) {
		char *line = (char *)(uintptr_t)rest.p;
		size_t length = strcspn(line, "\n");
		unsigned bits = (unsigned char)line[0];

		rest.p += length + (line[length] != '\0');
		rest.n -= length + (line[length] != '\0');
		line[length] = '\0';
		if (length < 2)
			continue;
		line[1] = '/';
		ret[n++] = (struct lsm_path){ bits & 7, bits >> 3 & 7, line + 1, bits & 64 };
	}
	return n;
}

/* Does the quoted text at *at begin with the path? Leaves *at behind its closing quote. */
static bool reads_path(const char **at, const char *path)
{
	const char *p = *at + 1;

	for (; *path; path++, p++) {
		if (*p == '\\')
			p++;
		if (*p != *path)
			return false;
	}
	if (strncmp(p, "/{,**}\"", 7) == 0)
		p += 6;
	else if (strncmp(p, "/\"", 2) == 0)
		p += 1;
	*at = p + 1;
	return *p == '"';
}

static bool is_rule_of(const char *line, const struct lsm_path *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *root = strcmp(paths[i].path, "/") == 0 ? "" : paths[i].path;
		const char *at = strchr(line, '"');

		if (reads_path(&at, root) && at[0] == ' ' &&
		    at[1 + strspn(at + 1, "rkwlmix")] == ',')
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf out = { 0 };
	static const struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bundle bundle = { .explain = &none, .n_explain = 1, .calls = { "", 0 } };
	struct lsm_path paths[MAX_PATHS] = { 0 };
	struct lsm_rules rules = { .bundle = &bundle, .paths = paths };
	struct err err = { 0 };
	char *text = arena_strndup(&arena, (const char *)data, size);

	if (!text)
		return 0;
	rules.n = make_paths(text, paths);
	if (to_apparmor(&rules, "fuzz", &out, &err) < 0)
		return 0;
	for (char *line = strtok(out.p, "\n"); line; line = strtok(NULL, "\n")) {
		if (strchr(line, '"') && !is_rule_of(line, paths, rules.n))
			abort();
	}
	return 0;
}
