/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standards and waivers, which people write by hand. Property: what is accepted is complete: each
 * control has a check that exists, each waiver a day; what is refused leaves the result untouched.
 */
#include <stdlib.h>

#include "audit/check.h"
#include "audit/waiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_standard(struct span text)
{
	cleanup_arena struct arena arena = { 0 };
	struct standard standard = { 0 };
	struct err err = { 0 };

	if (standard_parse(text, &arena, &standard, &err) < 0) {
		if (standard.n != 0 || err.code == 0)
			abort();
		return;
	}
	for (size_t i = 0; i < standard.n; i++) {
		const struct control *control = &standard.controls[i];

		if (!check_find(control->check) || !control->id || !control->remedy)
			abort();
	}
}

static void read_waivers(struct span text)
{
	cleanup_arena struct arena arena = { 0 };
	struct waiver *waivers = NULL;
	struct err err = { 0 };
	int n = waivers_parse(text, "file", &arena, &waivers, &err);

	if (n < 0 && (waivers || err.code == 0))
		abort();
	for (int i = 0; i < n; i++) {
		if (!span_is_day(span_of(waivers[i].until)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };

	read_standard(text);
	read_waivers(text);
	return 0;
}
