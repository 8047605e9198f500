/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an error is one of usage and says something; a request has a command and an
 * environment. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "runtime/run_options.h"

#define MAX_WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct run_caller caller = { .cwd = "/" };
	cleanup_arena struct arena arena = { 0 };
	struct span rest = { (const char *)data, size };
	char *argv[MAX_WORDS + 2] = { (char *)(uintptr_t) "run" };
	struct run_options options = { 0 };
	struct plan_request request = { 0 };
	struct err err = { 0 };
	int argc = 1;
	int used = 0;
	int r;

	while (rest.n > 0 && argc <= MAX_WORDS) {
		struct span word = span_cut(&rest, '\n');

		argv[argc++] = arena_strndup(&arena, word.p, word.n);
	}
	used = options_read(run_opts, N_RUN_OPTS, argc, argv, &arena, &options, &err);
	options.env_files.n = 0; /* files of this machine are not part of the input */
	r = used;
	if (used >= 0)
		r = run_request(&options, &caller, argv + used, &arena, &request, &err);
	if (r < 0 && (err.code == 0 || err.len == 0))
		abort();
	if (r == 0 && (!request.argv[0] || !request.env[0] || used > argc))
		abort();
	return 0;
}
