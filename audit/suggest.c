/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/suggest.h"

#include "policies/syscall_args.h"

void suggest_call(const char *call, const json_t *args, struct strbuf *out)
{
	struct arg_info info[6];
	int n = syscall_args_find(call, info);

	strbuf_addf(out, "allow %s", call);
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
