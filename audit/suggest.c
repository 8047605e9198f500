/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/suggest.h"

#include <string.h>

#include "policies/learned_policy.h"
#include "policies/syscall_args.h"
#include "policies/syscall_sets.h"

static const uint32_t *low_halves(const json_t *args, uint32_t ret[6])
{
	for (size_t i = 0; i < 6; i++)
		ret[i] = (uint32_t)json_integer_value(json_array_get(args, i));
	return ret;
}

void suggest_call(const char *call, const json_t *args, struct strbuf *out)
{
	struct arg_info info[6];
	uint32_t values[6] = { 0 };
	int n = syscall_args_find(call, info);

	strbuf_addf(out, "allow %s", call);
	if (args) {
		const char *usual = usual_condition_of(call, low_halves(args, values));

		if (usual) {
			strbuf_addf(out, " if %s", usual);
			return;
		}
	}
	for (int i = 0; i < n && args; i++) {
		uint32_t value = (uint32_t)json_integer_value(json_array_get(args, (size_t)i));
		struct span name = constant_name(info[i].names, value);

		if (info[i].kind != ARG_ENUM)
			continue;
		strbuf_puts(out, " if ");
		strbuf_span(out, info[i].name);
		strbuf_puts(out, " == ");
		if (name.n > 0)
			strbuf_span(out, name);
		else
			strbuf_addf(out, "0x%x", value);
		return;
	}
}

bool rule_mentions_call(const char *text, const char *call)
{
	struct span rest = span_of(text);
	struct name_list family = syscall_family(call);

	span_word(&rest); /* the verb */
	for (;;) {
		struct span words = span_word(&rest);
		struct name_list list = { 0 };

		if (words.n == 0 || span_eq(words, "if") || span_eq(words, "as"))
			return false;
		if (syscall_group_find(words, &list)) {
			for (size_t i = 0; i < list.n; i++) {
				if (strcmp(list.names[i], call) == 0)
					return true;
			}
		}
		while (words.n > 0) {
			struct span word = span_cut(&words, ',');

			if (span_eq(word, call))
				return true;
			for (size_t i = 0; i < family.n; i++) {
				if (span_eq(word, family.names[i]))
					return true;
			}
		}
	}
}
