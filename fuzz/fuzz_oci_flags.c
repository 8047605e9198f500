/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine puts on the command line, a word a line: options in front of a verb, ids,
 * numbers of descriptors. Property: as many words are used as there are, at most; an id that is
 * taken cannot leave its folder; a count is within its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/oci.h"

#define WORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct oci_verb *const verbs[] = { &oci_verb_create, &oci_verb_exec, &oci_verb_update,
						&oci_verb_events, &oci_verb_kill, &oci_verb_run };

static void check_options(int argc, char *argv[], struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		struct err err = { 0 };
		void *into = arena_alloc(arena, 4096); /* more than any verb's options */
		int used;

		if (!into)
			return;
		used = options_read(verbs[i]->opts, verbs[i]->n_opts, argc, argv, arena, into,
				    &err);
		if (used > argc || (used < 0 && err.len == 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_arena struct arena arena = { 0 };
	char *text = arena_strndup(&arena, (const char *)data, n);
	char *argv[WORDS_MAX + 1] = { (char *)(uintptr_t) "verb" };
	struct err err = { 0 };
	int argc = 1;
	int count = -7;

	if (!text)
		return 0;
	/* A word a line. */
	for (char *word = strtok(text, "\n"); word && argc < WORDS_MAX; word = strtok(NULL, "\n"))
		argv[argc++] = word;
	check_options(argc, argv, &arena);
	for (int i = 1; i < argc; i++) {
		if (oci_id_check(argv[i], &err) == 0 &&
		    (strchr(argv[i], '/') || argv[i][0] == '.' || strlen(argv[i]) > 128))
			abort();
		if (oci_count_fds(argv[i], &count, &err) == 0 && (count < 0 || count > 1024))
			abort();
	}
	return 0;
}
